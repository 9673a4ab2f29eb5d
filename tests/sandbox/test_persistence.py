"""``--state``: what was answered survives kill -9, for every kind of change; reset empties it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from ippanel_provider.sandbox.runner import SandboxError, running_sandbox
from tests.sandbox.conftest import Wire

Start = Callable[..., AbstractContextManager[Wire]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Start a sandbox on the same file again and again; each ends by kill -9 unless it is told otherwise."""

    @contextmanager
    def started(*options: str, kill: bool = True, examples: bool = False) -> Iterator[Wire]:
        with running_sandbox("--state", str(tmp_path / "state.db"), *options, examples=examples) as sandbox:
            wire = Wire(sandbox)
            with wire.http:
                yield wire
            if kill:
                assert sandbox.pid is not None
                os.kill(sandbox.pid, signal.SIGKILL)

    return started


def report(wire: Wire) -> dict[str, Any]:
    """Everything the service can be asked, but what moves with the clock."""
    sandbox = wire.sandbox
    stats = sandbox.stats()
    return {
        "messages": sandbox.messages(),
        "account": sandbox.account(),
        "stats": {name: value for name, value in stats.items() if name not in ("requests", "alternates")},
        "outbox": wire.outbox(),
        "inbox": wire.post("/api/report/messages-inbox", {}).json()["data"],
        **{
            path: wire.http.get(path, params={"per_page": 100}, headers={"Host": "localhost"}).json()
            for path in (
                "/api/patterns",
                "/api/phonebooks/list-new",
                "/api/phonebooks/options/list-new",
                "/api/phonebooks/numbers/contact-list",
                "/api/user/draft/group/list",
                "/api/user/draft/list",
                "/api/ticket",
                "/api/user/list",
                "/api/number/numbers",
            )
        },
    }


def do_everything(wire: Wire) -> None:
    """At least one change of every kind."""
    sandbox = wire.sandbox
    sandbox.speed(0)
    sandbox.account(credit=5_000_000, lines=["+983000999"], name="سارا")
    wire.ids(wire.send("سلام", "+989120000000", "+989120000993"))
    wire.ids(wire.send_each("یک", "دو", "emoji 😀", "چهار"))
    later = datetime.fromtimestamp(sandbox.now() + 3600, UTC).strftime("%Y-%m-%d %H:%M:%S")
    (scheduled,) = wire.ids(wire.send("later", send_time=later))
    assert wire.post("/api/send/cancel", {"message_outbox_id": scheduled}).status_code == 200
    (rejected,) = wire.ids(wire.send("soon"))
    sandbox.decide(rejected, state_id=3)
    wire.ids(
        wire.post("/api/send", {"sending_type": "votp", "message": "1234", "params": {"recipients": ["+989120000000"]}})
    )
    key = {"Authorization": f"AccessKey {sandbox.api_key}"}
    body = {"originator": sandbox.sender, "recipients": ["+989120000000"], "message": "rest"}
    assert wire.http.post("/messages", json=body, headers=key).status_code == 200
    sandbox.inbox("09120000000", "پاسخ")
    variables = [{"name": "code", "type": "string"}]
    pattern = {"title": "t", "description": "d", "is_share": False, "message": "کد %code%", "variable": variables}
    code = wire.post("/api/patterns/normal", pattern).json()["data"]["pattern_code"]
    sandbox.approve(code)
    sent = {
        "sending_type": "pattern",
        "from_number": sandbox.sender,
        "code": code,
        "recipients": ["+989120000000"],
        "params": {"code": "7"},
    }
    wire.ids(wire.post("/api/send", sent))
    option = wire.post("/api/phonebooks/options", {"type": "string", "title": "شهر"}).json()["data"]["id"]
    book = wire.post("/api/phonebooks", {"title": "مشتریان", "options": [option]}).json()["data"]["id"]
    contact = {"number": "+989120000000", "phonebook_id": book, "name": "سارا", "options": {str(option): "یزد"}}
    assert wire.post("/api/phonebooks/numbers/add-list-new", {"list": [contact]}).status_code in (200, 201)
    assert wire.post("/api/user/draft/group", {"title": "گروه"}).status_code == 200
    ticket = {"subject": "پرسش", "category_id": 1, "description": "متن"}
    assert wire.http.post("/api/ticket", data=ticket).status_code == 200
    sandbox.advance(500)
    sandbox.pace(2)
    wire.ids(wire.send("just now"))


def log_in(wire: Wire) -> str:
    """A token of a login."""
    token: str = wire.post("/api/acl/auth/login", {"username": "ippanel", "password": "sandbox-password"}).json()[
        "data"
    ]["token"]
    return token


def test_everything_survives_kill_9(start: Start) -> None:
    with start(examples=True) as wire:
        do_everything(wire)
        token = log_in(wire)
        before, time = report(wire), wire.sandbox.now()
    with start(examples=True) as wire:
        assert report(wire) == before
        assert wire.post("/api/acl/auth/check_token", headers={"Authorization": token}).status_code == 200
        assert wire.sandbox.now() == time
        life = wire.sandbox.control("GET", "clock")["life"]
        assert wire.send("just now").status_code == 429
        more = wire.ids(wire.send("after"))
    with start(examples=True, kill=False) as wire:
        assert wire.sandbox.control("GET", "clock")["life"] == life
        assert wire.ids(wire.send("later still"))[0] > more[0]


def test_a_send_whose_answer_never_came_is_there(start: Start) -> None:
    with start() as wire:
        wire.sandbox.fault("drop_after", times=1)
        with pytest.raises(httpx.RemoteProtocolError):
            wire.send("a")
    with start() as wire:
        assert [text["text"] for text in wire.sandbox.messages()] == ["a"]
        assert wire.sandbox.control("GET", "faults")["faults"] == []


def test_time_goes_on_while_nobody_runs(start: Start) -> None:
    with start("--speed", "100") as wire:
        (bulk_id,) = wire.ids(wire.send("a"))
        before = wire.sandbox.now()
    with start() as wire:
        assert wire.sandbox.now() > before
        assert wire.sandbox.control("GET", "clock")["speed"] == 100
        assert wire.bulk(bulk_id)["state_id"] == 6
    with start("--speed", "0") as wire:
        assert wire.sandbox.now() == wire.sandbox.now()


def test_reset_empties_it(start: Start) -> None:
    with start() as wire:
        wire.ids(wire.send("a"))
        wire.sandbox.account(credit=1)
        wire.sandbox.reset()
        wire.ids(wire.send("b"))
        credit = wire.sandbox.account()["credit"]
    with start() as wire:
        assert [text["text"] for text in wire.sandbox.messages()] == ["b"]
        assert wire.sandbox.account()["credit"] == credit > 1


def test_examples_are_as_old_after_a_reset_as_at_the_start(start: Start) -> None:
    with start(examples=True, kill=False) as wire:
        wire.sandbox.advance(10 * 86_400)
        wire.sandbox.reset()
        accepted = [float(bulk["time"]) for bulk in wire.outbox()["data"]]
        assert max(accepted) <= wire.sandbox.now()
        assert accepted == sorted(accepted, reverse=True)


def test_contacts_have_the_ids_they_had_though_their_import_was_looked_at_before_its_book_went(
    start: Start, tmp_path: Path
) -> None:
    with start() as wire:
        wire.sandbox.speed(0)
        gone, kept = (wire.sandbox.add_phonebook(title)["id"] for title in ("gone", "kept"))
        workbook = openpyxl.Workbook()
        workbook.active.append(["09120000001"])
        workbook.save(tmp_path / "people.xlsx")
        with (tmp_path / "people.xlsx").open("rb") as file:
            assert wire.post(f"/api/phonebooks/{gone}/import", files={"file": ("people.xlsx", file)}).status_code == 200
        wire.sandbox.advance(10)
        assert wire.get("/api/phonebooks/list-new", id=gone).json()["data"][0]["count"] == 1
        assert wire.post("/api/phonebooks/delete-list", {"listPhonebooks": [gone]}).status_code == 200
        contact = {"number": "+989120000002", "phonebook_id": kept}
        assert wire.post("/api/phonebooks/numbers/add-list-new", {"list": [contact]}).status_code == 201
        before = report(wire)
    with start(kill=False) as wire:
        assert report(wire) == before


def test_two_sandboxes_on_one_file(start: Start) -> None:
    with start(kill=False), pytest.raises(SandboxError, match="did not start"), start():
        pass


def test_what_is_no_state_file_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be mistaken for one " * 20)
    command = [sys.executable, "-m", "ippanel_provider.sandbox", "--port", "0", "--state", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(f"the file {path} is no state of a sandbox; name another file")
