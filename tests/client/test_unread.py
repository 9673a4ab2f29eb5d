"""What came in is read oldest first, as it is read: what it costs, and that nothing is passed over."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from ippanel_provider.client import Client, Settings, Unreadable, unread, watch
from ippanel_provider.client.models import InboxMessage
from ippanel_provider.client.requests import Page
from ippanel_provider.client.unread import Unread
from ippanel_provider.sandbox.runner import RunningSandbox

SIZE = 10


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (unread, watch):
        monkeypatch.setattr(module, "MAX_PAGE_SIZE", SIZE)


@pytest.fixture
def client(ippanel_sandbox: RunningSandbox) -> Iterator[Client]:
    with Client(ippanel_sandbox.api_key, Settings(base_url=ippanel_sandbox.base_url)) as running:
        yield running


def texts(sandbox: RunningSandbox, count: int) -> list[int]:
    return [sandbox.inbox("+989120000001", f"text {number}") for number in range(count)]


def turns(client: Client, reader: Unread, between: Callable[[], object] = lambda: None) -> list[list[int]]:
    found = []
    while reader.has_more:
        found.append([text.inbox_id for text in client.run(reader.turn())])
        between()
    return found


def test_many_come_in_order_a_page_at_a_time_and_cost_one_request_more_than_pages(
    client: Client, ippanel_sandbox: RunningSandbox
) -> None:
    ids = texts(ippanel_sandbox, 4 * SIZE + 5)
    found = turns(client, Unread(0))
    assert [inbox_id for some in found for inbox_id in some] == ids
    assert [len(some) for some in found] == [5, SIZE, SIZE, SIZE, SIZE]
    assert ippanel_sandbox.stats()["requests"]["POST /api/report/messages-inbox"] == 5 + 1


def test_a_few_or_none_cost_one_request(client: Client, ippanel_sandbox: RunningSandbox) -> None:
    assert turns(client, Unread(0)) == [[]]
    ids = texts(ippanel_sandbox, 3)
    assert turns(client, Unread(ids[0])) == [ids[1:]]
    assert ippanel_sandbox.stats()["requests"]["POST /api/report/messages-inbox"] == 2


def test_what_comes_in_meanwhile_is_not_passed_over(client: Client, ippanel_sandbox: RunningSandbox) -> None:
    ids = texts(ippanel_sandbox, 3 * SIZE)
    more = iter([[*range(7)], [*range(4)]])
    found = turns(client, Unread(0), lambda: ids.extend(texts(ippanel_sandbox, len(next(more, [])))))
    assert [inbox_id for some in found for inbox_id in some] == ids


@pytest.mark.parametrize("facts", [{"page_cap": 7}, {"page_figures": False}])
def test_panels_that_list_otherwise_only_cost_requests(
    client: Client, ippanel_sandbox: RunningSandbox, facts: dict[str, Any]
) -> None:
    ids = texts(ippanel_sandbox, 25)
    ippanel_sandbox.profile(**facts)
    assert [inbox_id for some in turns(client, Unread(0)) for inbox_id in some] == ids


def text(inbox_id: int) -> InboxMessage:
    return InboxMessage(messages_inbox_id=inbox_id, **{"from": "+989120000001"}, number="+983000505", message="hi")


def made(reader: Unread, listed: Callable[[int], Sequence[int]], page_of: Callable[[int], int] = int) -> list[int]:
    """Turn to the end over a list that is made up: ``listed`` gives what it shows after an id, newest first."""
    found: list[int] = []
    while reader.has_more:
        flow, answer = reader.turn(), None
        while True:
            try:
                request = flow.send(answer)
            except StopIteration as stop:
                found += [each.inbox_id for each in stop.value]
                break
            asked = json.loads(request.body or b"{}")
            shown, size = listed(int(asked["filters"].get("from_id", 0))), asked["per_page"]
            first = (page_of(asked["page"]) - 1) * size
            items = [text(inbox_id) for inbox_id in shown[first : first + size]]
            answer = Page(items, asked["page"], size, -(-len(shown) // size), len(shown))
    return found


def test_a_list_in_no_order_of_ids_is_read_whole_before_anything_is_handed_out() -> None:
    ids = random.Random(3).sample(range(1, 1000), 42)
    assert sorted(made(Unread(0), lambda after: [each for each in ids if each > after])) == sorted(ids)


def test_a_panel_that_heeds_no_first_id_hands_out_none_twice() -> None:
    assert made(Unread(40), lambda after: range(95, 0, -1)) == list(range(41, 96))


def test_a_page_that_repeats_itself_is_an_error_and_no_end() -> None:
    with pytest.raises(Unreadable, match="does not go on"):
        made(Unread(0), lambda after: range(3 * SIZE, after, -1), page_of=lambda number: 1)
