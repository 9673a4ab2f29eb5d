"""What a type checker knows of each step of a flow. Checked by test_typing, not imported."""

from __future__ import annotations

from typing import assert_type

from ippanel_provider.client import Bulk, Client, Flow, InboxMessage, Page, Receipt, Sleep, edge
from ippanel_provider.client.requests import everything, pages


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
