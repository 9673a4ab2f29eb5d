"""A task that is tried again texts nobody twice, wherever its book is kept; a user's clear sends again only if asked
to.
"""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseHook

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.ledger.outbox import WitnessLedger
from ippanel_provider.campaign.ledger.sql import SqlLedger
from ippanel_provider.campaign.ledger.task_state import TaskLedger
from ippanel_provider.campaign.order import OncePer
from ippanel_provider.campaign.recognition import Patience
from ippanel_provider.campaign.sending import Terms
from ippanel_provider.client import edge
from ippanel_provider.exceptions import SendFailed
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.operators.ledgers import ledger_for
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.sandbox.runner import RunningSandbox

HAS_STATE_STORE = importlib.util.find_spec("airflow.triggers.shared_stream") is not None
MESSAGES = [(f"0912{n:07d}", f"سلام {n}") for n in range(25)]


@pytest.fixture
def ledger_conn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A SQL connection for the book."""
    monkeypatch.setenv(
        "AIRFLOW_CONN_LEDGER", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "ledger.sqlite")})
    )
    return "ledger"


def given(sandbox: RunningSandbox) -> Counter[tuple[str, str]]:
    return Counter((text["recipient"], text["text"]) for text in sandbox.messages())


def everyone_once() -> Counter[tuple[str, str]]:
    return Counter((f"+98{number[1:]}", text) for number, text in MESSAGES)


@pytest.mark.parametrize("fault", ["refused", "drop_after"])
@pytest.mark.parametrize("home", ["the default", "sql"])
def test_a_retry_goes_on_where_the_try_before_ended(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, ledger_conn: str, home: str, fault: str
) -> None:
    sandbox.account(duplicate_guard=0)
    sandbox.fault(fault, path="^/v1/api/send$", times=1, after=1)
    if fault == "drop_after":
        # What the outbox does not show in time stays in doubt until the next try.
        sandbox.fault("outbox_lag", path="/api/report/new_list", seconds=3600, times=1)
    with new_dag() as dag:
        IPPanelSendOperator(
            task_id="send", messages=MESSAGES, chunk_size=10, concurrency=1, settle=0, retries=2,
            retry_delay=timedelta(0),
            ledger_conn_id=ledger_conn if home == "sql" else None,
        )  # fmt: skip
    run = run_dag(dag)
    assert run.state == "success"
    assert given(sandbox) == everyone_once()
    if HAS_STATE_STORE or home == "sql":
        assert run.results["send"]["accepted"] == 25
        assert len(set(run.results["send"]["outbox_ids"])) == 25


def test_the_same_campaign_in_another_run_sends_to_nobody_it_has_reached(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, ledger_conn: str
) -> None:
    sandbox.account(duplicate_guard=0)
    with new_dag() as dag:
        IPPanelSendOperator(task_id="send", messages=MESSAGES, ledger_conn_id=ledger_conn, campaign_id="nowruz")
    assert run_dag(dag).state == "success"
    assert run_dag(dag).state == "success"
    assert given(sandbox) == everyone_once()


class Store(dict[str, Any]):
    """A task state store."""

    def set(self, key: str, value: Any, *, retention: object = None) -> None:
        """Store."""
        self[key] = value


def context_of(sandbox: RunningSandbox, *, try_number: int = 1, max_tries: int = 0, **more: Any) -> Any:
    ti = SimpleNamespace(
        dag_id="d", task_id="send", run_id="r", map_index=-1, try_number=try_number, max_tries=max_tries
    )
    return {"ti": ti, "dag_run": SimpleNamespace(start_date=datetime(2025, 1, 1, tzinfo=UTC)), **more}


@pytest.fixture
def book(sandbox: RunningSandbox) -> Callable[..., Any]:
    """Return the book that a task with these options keeps in a context."""

    def open_book(context: Any, **options: Any) -> Any:
        task = IPPanelSendOperator(task_id="send", messages=[], **options)
        return ledger_for(task, context, Terms(sandbox.sender, patience=Patience(settle=0)), OncePer.MESSAGE)

    return open_book


def test_the_book_is_kept_where_the_task_says_else_in_the_state_store_else_nowhere(
    sandbox: RunningSandbox, book: Callable[..., Any], ledger_conn: str
) -> None:
    with_store = context_of(sandbox, task_state_store=Store())
    assert isinstance(book(with_store), TaskLedger)
    assert isinstance(book(with_store, ledger_conn_id=ledger_conn), SqlLedger)
    assert isinstance(book(context_of(sandbox)), WitnessLedger)


def test_a_clear_keeps_the_book_and_begins_a_new_one_only_if_asked(
    sandbox: RunningSandbox, book: Callable[..., Any]
) -> None:
    store = Store()
    for options, keys in (({}, 1), ({"on_clear": "resend"}, 2)):
        for max_tries in (1, 3):
            book(context_of(sandbox, max_tries=max_tries, task_state_store=store), retries=1, **options).history()
        assert len(store) == keys + (1 if options else 0)


def test_a_clear_that_nothing_remembers_is_refused_unless_it_is_to_send_again(
    sandbox: RunningSandbox, book: Callable[..., Any]
) -> None:
    cleared = context_of(sandbox, try_number=2, max_tries=3)
    with pytest.raises(SendFailed, match="nothing here remembers who was reached"):
        book(cleared, retries=1)
    assert isinstance(book(cleared, retries=1, on_clear="resend"), WitnessLedger)


def test_texts_of_an_earlier_try_are_found_though_the_services_clock_is_behind(
    sandbox: RunningSandbox, book: Callable[..., Any]
) -> None:
    message = Message("+989120000001", "سلام")
    IPPanelHook().run(edge.send.webservice(message.text, [message.recipient], sender=sandbox.sender))
    retried = context_of(sandbox, try_number=2)
    retried["dag_run"].start_date = datetime.fromtimestamp(sandbox.now() + 45, UTC)
    ledger = book(retried, retries=1)
    assert list(ledger.history()) == []
    assert ledger.unknown([message]) == []


def test_the_database_of_the_book_is_the_connections(
    sandbox: RunningSandbox, ledger_conn: str, book: Callable[..., Any]
) -> None:
    list(book(context_of(sandbox), ledger_conn_id=ledger_conn).history())
    path = BaseHook.get_connection(ledger_conn).host
    assert b"ippanel_ledger_chunk" in Path(path).read_bytes()
