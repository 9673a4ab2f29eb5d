"""What a type checker knows of a flow; mypy reads this file, and a test has it do so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import assert_type

from ippanel_provider.client import Bulk, Client, Flow, InboxMessage, Page, Receipt, Sleep, edge
from ippanel_provider.client.requests import everything, pages

TOP = Path(__file__).parents[2]


def flow() -> Flow[Receipt]:
    page = yield from edge.report.outbox()
    assert_type(page, Page[Bulk])
    yield from Sleep(1)
    walk = pages(edge.report.inbox())
    while inbox := (yield from walk.turn()):
        assert_type(inbox, Page[InboxMessage])
    assert_type((yield from everything(edge.report.outbox())), list[Bulk])
    return (yield from edge.send.webservice("سلام", ["09120000000"], sender="+983000505"))


def run(client: Client) -> None:
    assert_type(client.run(flow()), Receipt)
    assert_type(client.run(edge.report.bulk(7)), Bulk)
    assert_type(list(client.walk(edge.report.outbox())), list[Bulk])


def test_a_type_checker_knows_what_each_step_gives() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--follow-imports=silent", str(Path(__file__).relative_to(TOP))],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
