"""One try of a campaign, to be run in a process that may be killed at any moment."""

from __future__ import annotations

import json
import os
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import OwnTexts, SharedText
from ippanel_provider.campaign.doubts import InDoubt
from ippanel_provider.campaign.ledger.base import Ledger, Task
from ippanel_provider.campaign.ledger.hashes import MemberKey, secret_of
from ippanel_provider.campaign.ledger.task_state import TaskLedger
from ippanel_provider.campaign.ledger.variables import VariableLedger
from ippanel_provider.campaign.order import OncePer, OnUnconfirmed, Order
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.run import deliver
from ippanel_provider.client import Client, Retry, Settings

IN_DOUBT = 3
"""How a try ends that leaves something for a person or the next try."""


class FileStore:
    """A task state store, or Variables, in a folder: a value is there whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the stored JSON."""
        path = self._folder / key
        return json.loads(path.read_text()) if path.exists() else default

    def set(self, key: str, value: Any, *, retention: object = None) -> None:
        """Store JSON."""
        draft = self._folder / f"{key}.{os.getpid()}.draft"
        draft.write_text(json.dumps(value))
        draft.replace(self._folder / key)

    def delete(self, key: str) -> None:
        """Delete it."""
        (self._folder / key).unlink(missing_ok=True)


def audience(campaign: int, people: int, shared_text: str | None) -> list[Message]:
    """Return the same messages for the same campaign, always."""
    text = shared_text or f"پیام {campaign} برای شماره "
    return [Message(f"+98912{n:07d}", text if shared_text else text + str(n), n + 1) for n in range(people)]


def ledger_of(options: dict[str, Any]) -> Ledger:
    """Open the campaign's home."""
    key = MemberKey(secret_of("faults"), OncePer.MESSAGE)
    folder = Path(options["folder"])
    match options["home"]:
        case "task":
            return TaskLedger(FileStore(folder / f"store-{options['campaign']}"), key)
        case "sql" | "mariadb":
            import sqlalchemy

            from ippanel_provider.campaign.ledger.sql import SqlLedger

            engine = sqlalchemy.create_engine(
                options.get("database") or f"sqlite:///{folder / 'ledger'}-{options['campaign']}.sqlite"
            )
            # Each has a sandbox begun anew, whose ids say nothing of those of another one.
            name = f"campaign {options.get('name')} {options['campaign']}"
            return SqlLedger(engine, key, name, account=name)
        case _:
            store = FileStore(folder / f"variables-{options['campaign']}")
            return VariableLedger(store, key, Task("dag", "task", "run", try_number=options["try"]))


def attempt(options: dict[str, Any], begun: Connection) -> None:
    """Send the campaign, saying when that begins."""
    settings = Settings(base_url=options["base_url"], read_timeout=5, retry=Retry(first_delay=0.05))
    with Client(options["api_key"], settings) as client:
        ledger = ledger_of(options)
        messages = audience(options["campaign"], options["people"], options["shared_text"])
        form = OwnTexts() if options["shared_text"] is None else SharedText(options["shared_text"])
        order = Order(
            sender=options["sender"],
            kind=form,
            chunk_size=options["chunk_size"],
            on_unconfirmed=OnUnconfirmed.RESEND,
            settle=options["settle"],
        )
        begun.send(True)
        try:
            deliver(order, messages, client, ledger, Progress())
        except InDoubt:
            sys.exit(IN_DOUBT)
