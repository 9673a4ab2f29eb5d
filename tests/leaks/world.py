"""What the tasks of the run find: an account with a pattern and a phonebook, files with people, connections."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from ippanel_provider.client import Client, Settings, edge
from ippanel_provider.sandbox.runner import RunningSandbox
from tests.leaks.canaries import BY_NAME
from tests.leaks.kinds import LATIN, PEOPLE, TEXT, VALUE


def the_order(sandbox: RunningSandbox, told_back: str, data: Path, ways: list[str]) -> dict[str, Any]:
    """Make all of it, and return what the worker has to know."""
    write_files(data)
    sandbox.account(duplicate_guard=0, credit=1e12, lines=[sandbox.sender, "+98BANK"])
    with Client(sandbox.api_key, Settings(base_url=sandbox.base_url)) as client:
        patterns = [
            client.run(edge.pattern.create(f"{word} %name%", variables={"name": "string"}, description="x")).code
            for word in ("سلام", "درود", "بدرود")
        ]
        given = {"message": "پیام", "recipients": PEOPLE, "sender": sandbox.sender}
        later = datetime.now(UTC) + timedelta(hours=1)
        sent, scheduled = (
            client.run(edge.send.webservice(send_time=time, **given)).outbox_ids[0] for time in (None, later)
        )
    for code in patterns:
        sandbox.approve(code)
    sandbox.inbox(PEOPLE[0], f"stop {LATIN}")
    book = sandbox.add_phonebook("Leaks", [{"number": PEOPLE[0], "name": TEXT}])["id"]
    return {
        "connections": connections(sandbox, told_back, data, ways),
        "variables": {"leaks_people": json.dumps(PEOPLE), "leaks_text": f"{TEXT} {VALUE}"},
        "data": str(data),
        "pattern": patterns[0],
        "changing": patterns[1],
        "deleted": patterns[2],
        "sent": sent,
        "scheduled": scheduled,
        "book": book,
        "sender": sandbox.sender,
    }


def connections(sandbox: RunningSandbox, told_back: str, data: Path, ways: list[str]) -> dict[str, dict[str, Any]]:
    """Return the connections: to the sandbox, and to a service that tells back, with a key and with a login."""
    extra = {"sender": sandbox.sender, "read_timeout": 1.0, "allow_http": True}
    by_key = {"conn_type": "ippanel", "password": sandbox.api_key, "extra": extra}
    secret = {"totp_secret": BY_NAME["TOTP secret"].value}
    by_login = {"conn_type": "ippanel", "login": "shop", "password": BY_NAME["login password"].value}
    proxy = {"proxy": "http://shop:Pl0ver%26Night%3Ajar%2577@127.0.0.1:9"}
    found: dict[str, dict[str, Any]] = {
        "ippanel_default": {**by_key, "host": sandbox.base_url},
        "login": {**by_login, "host": sandbox.base_url, "extra": {**extra, **secret}},
        "proxy": {**by_key, "host": sandbox.base_url, "extra": {**extra, **proxy}},
    }
    for way in ways:
        for scope in ("send", "all"):
            found[f"{scope}-{way}"] = {**by_key, "host": f"{told_back}/{way}/{scope}/v1"}
        found[f"login-{way}"] = {**by_login, "host": f"{told_back}/{way}/all/v1", "extra": {**extra, **secret}}
    return found


def write_files(data: Path) -> None:
    """Write the sources, with rows that are right and rows that are wrong."""
    rows = [(PEOPLE[0], TEXT), (PEOPLE[1], LATIN), (TEXT, PEOPLE[1]), ("0912", VALUE)]
    with (data / "people.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("mobile", "text"), *rows])
    with closing(sqlite3.connect(data / "warehouse.sqlite")) as database, database:
        database.execute("CREATE TABLE people (mobile TEXT, text TEXT)")
        database.executemany("INSERT INTO people VALUES (?, ?)", rows)
    (data / "patterns").mkdir()
    (data / "patterns" / "hello.yaml").write_text("message: بدرود %name%\n", encoding="utf-8")
    sheet(data / "numbers.xlsx", [("number",), *((number,) for number in PEOPLE)])
    sheet(data / "contacts.xlsx", [("number", "pre", "name", "email"), (PEOPLE[0], "", TEXT, "")])


def sheet(path: Path, rows: list[tuple[str, ...]]) -> None:
    """Write rows into an Excel file."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
