"""Lists are walked to their end, and one that breaks off never passes for a whole one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ippanel_provider.client import AsyncClient, Client, Flow, IPPanelError, PageRequest, Settings, Unreadable, edge
from ippanel_provider.client.requests import Together, each, everything, pages
from ippanel_provider.client.responses import reading_page

from .raw_server import Arrived, Raw, RawServer, http, listening

KEY = "k3y-OF-the-panel-0123456789abcdef="
NO_FIGURES: dict[str, Any] = {}
FIVE = [1, 2, 3, 4, 5]


@pytest.fixture
def server() -> Iterator[RawServer]:
    with listening() as listener:
        yield listener


def listed(number: int = 1, per_page: int = 2) -> PageRequest[int]:
    return PageRequest(
        "report.inbox",
        "GET",
        "/api/inbox",
        reading_page(int, number, per_page),
        query=(("page", str(number)),),
        number=number,
        turn=lambda page: listed(page, per_page),
    )


def answers(*of_pages: list[int], figures: dict[str, Any]) -> Any:
    """Page n is the n-th; what lies beyond shows the last one."""

    def respond(arrived: Arrived) -> Raw:
        number = int(arrived.line.split()[1].rpartition("=")[2])
        return http(200, {"data": of_pages[min(number, len(of_pages)) - 1], "meta": {"status": True, **figures}})

    return respond


WHOLE = [
    pytest.param([[1, 2], [3]], {"last_page": 2, "per_page": 2}, 2, [1, 2, 3], 2, id="the figures say where it ends"),
    pytest.param([[1, 2], [3]], {"total": 3}, 2, [1, 2, 3], 2, id="only the total is told"),
    pytest.param([[1, 2], [3, 4]], {"total": 4}, 2, [1, 2, 3, 4], 2, id="only the total is told, and the last is full"),
    pytest.param([[1, 2], [3], []], NO_FIGURES, 2, [1, 2, 3], 2, id="no figures, and a short last page"),
    pytest.param([[1, 2], [3, 4], []], NO_FIGURES, 2, [1, 2, 3, 4], 3, id="no figures, and a full last page"),
    pytest.param([FIVE, [6, 7]], NO_FIGURES, 9, [*FIVE, 6, 7], 2, id="pages capped below what was asked for"),
    pytest.param([FIVE], NO_FIGURES, 9, FIVE, 2, id="few items on a list that knows no pages"),
    pytest.param([[1, 2, 3]], NO_FIGURES, 2, [1, 2, 3], 1, id="more items than were asked for"),
    pytest.param([[]], NO_FIGURES, 2, [], 1, id="nothing there"),
    pytest.param([[]], {"last_page": 1, "total": 0}, 2, [], 1, id="nothing there, and the figures say so"),
    pytest.param([[]], {"last_page": 0}, 2, [], 1, id="a service that counts no page of nothing"),
]
PAGES = [[2 * page, 2 * page + 1] for page in range(10)]
BROKEN = [
    pytest.param([[1, 2]], {"last_page": 9}, 2, [1, 2], 2, id="the first page again, with figures"),
    pytest.param([[1, 2]], NO_FIGURES, 2, [1, 2], 2, id="a full first page again, without figures"),
    pytest.param([[1, 2], [3, 4], [1, 2]], {"last_page": 9}, 2, [1, 2, 3, 4], 3, id="round in a circle"),
    pytest.param([[1, 2], [3, 4]], {"total": 99}, 2, [1, 2, 3, 4], 3, id="a later page again"),
    pytest.param([[1, 2], []], {"last_page": 3}, 2, [1, 2], 2, id="nothing, though the figures promise more"),
]


@pytest.mark.parametrize(("of_pages", "figures", "per_page", "items", "requests"), WHOLE)
def test_a_list_is_walked_to_its_end(
    server: RawServer,
    of_pages: list[list[int]],
    figures: dict[str, Any],
    per_page: int,
    items: list[int],
    requests: int,
) -> None:
    server.respond = answers(*of_pages, figures=figures)
    with Client(KEY, Settings(base_url=server.url)) as client:
        walk = client.walk(listed(per_page=per_page))
        assert (list(walk), walk.incomplete) == (items, False)
        assert len(server.requests) == requests
        assert client.run(everything(listed(per_page=per_page))) == items


@pytest.mark.parametrize(("of_pages", "figures", "per_page", "items", "requests"), BROKEN)
def test_a_list_that_breaks_off_ends_and_says_so(
    server: RawServer,
    caplog: pytest.LogCaptureFixture,
    of_pages: list[list[int]],
    figures: dict[str, Any],
    per_page: int,
    items: list[int],
    requests: int,
) -> None:
    server.respond = answers(*of_pages, figures=figures)

    async def on_a_loop() -> tuple[list[int], bool]:
        async with AsyncClient(KEY, Settings(base_url=server.url)) as client:
            walk = client.walk(listed(per_page=per_page))
            return [item async for item in walk], walk.incomplete

    with Client(KEY, Settings(base_url=server.url)) as client:
        walk = client.walk(listed(per_page=per_page))
        assert (list(walk), walk.incomplete) == (items, True)
        assert len(server.requests) == requests
        assert f"report.inbox: the list does not go on at page {requests}, so it is incomplete." in caplog.messages
        assert asyncio.run(on_a_loop()) == (items, True)


@pytest.mark.parametrize(("of_pages", "figures", "per_page", "items", "requests"), BROKEN)
def test_whoever_needs_all_of_it_gets_an_error(
    server: RawServer,
    of_pages: list[list[int]],
    figures: dict[str, Any],
    per_page: int,
    items: list[int],
    requests: int,
) -> None:
    server.respond = answers(*of_pages, figures=figures)
    met: list[int] = []
    with Client(KEY, Settings(base_url=server.url)) as client:
        with pytest.raises(Unreadable, match=f"^report.inbox: .*not go on at page {requests}, .*incomplete"):
            client.run(each(listed(per_page=per_page), met.append))
        assert met == items
        with pytest.raises(Unreadable):
            list(client.walk(listed(per_page=per_page), whole=True))


def test_the_pages_are_steps_of_a_flow(server: RawServer) -> None:
    server.respond = answers([1, 2], [3], figures={"last_page": 2})

    def numbered() -> Flow[list[tuple[int, list[int]]]]:
        found: list[tuple[int, list[int]]] = []
        walk = pages(listed())
        while page := (yield from walk.turn()):
            found.append((page.number, list(page.items)))
        assert (yield from walk.turn()) is None
        return found

    with Client(KEY, Settings(base_url=server.url)) as client:
        assert client.run(numbered()) == [(1, [1, 2]), (2, [3])]


def meeting(together: int) -> Any:
    """Answers pages, but those after the first only once so many of them are asked for at once."""
    barrier = threading.Barrier(together)
    answer = answers(*PAGES, figures={"last_page": 10})

    def respond(arrived: Arrived) -> Raw:
        if not arrived.line.split()[1].endswith("page=1"):
            barrier.wait(10)
        return answer(arrived)  # type: ignore[no-any-return]

    return respond


def test_pages_are_read_ahead_once_the_first_has_told_how_many_there_are(server: RawServer) -> None:
    server.respond = meeting(3)
    met: list[int] = []

    async def on_a_loop() -> None:
        async with AsyncClient(KEY, Settings(base_url=server.url)) as client:
            await client.run(each(listed(), met.append, ahead=3))

    with Client(KEY, Settings(base_url=server.url)) as client:
        client.run(each(listed(), met.append, ahead=3))
    asyncio.run(on_a_loop())
    assert met == [*range(20), *range(20)]
    assert len(server.requests) == 20


@pytest.mark.parametrize(("of_pages", "figures", "per_page", "items", "requests"), WHOLE)
def test_reading_ahead_finds_what_turning_pages_does(
    server: RawServer,
    of_pages: list[list[int]],
    figures: dict[str, Any],
    per_page: int,
    items: list[int],
    requests: int,
) -> None:
    server.respond = answers(*of_pages, figures=figures)
    met: list[int] = []
    with Client(KEY, Settings(base_url=server.url)) as client:
        client.run(each(listed(per_page=per_page), met.append, ahead=4))
    assert met == items
    assert len(server.requests) == requests


def test_a_page_that_fails_fails_the_walk_after_what_was_before_it(server: RawServer) -> None:
    answer = answers(*PAGES, figures={"last_page": 10})
    server.respond = lambda arrived: http(403, {}) if arrived.line.split()[1].endswith("page=6") else answer(arrived)
    met: list[int] = []

    async def on_a_loop() -> None:
        async with AsyncClient(KEY, Settings(base_url=server.url)) as client:
            await client.run(each(listed(), met.append, ahead=4))

    with Client(KEY, Settings(base_url=server.url)) as client, pytest.raises(IPPanelError):
        client.run(each(listed(), met.append, ahead=4))
    assert met == list(range(10))
    with pytest.raises(IPPanelError):
        asyncio.run(on_a_loop())


def test_sends_are_never_made_together() -> None:
    send = edge.send.webservice("سلام", ["09120000001"], sender="+983000505")
    with pytest.raises(TypeError, match="one by one"):
        Together([send])
