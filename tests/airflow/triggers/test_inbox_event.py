"""A text comes in, an event goes out: through Airflow's own manager of shared streams, as in a triggerer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any, ClassVar

import pytest
from airflow.triggers.shared_stream import SharedStreamManager

from ippanel_provider.client import unread
from ippanel_provider.client import watch as watch_module
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.triggers.inbox_event import IPPanelInboxEventTrigger

ANA, BEN = "+989120000001", "+989120000002"


class Store:
    """The store of an asset's state, which outlives triggerers."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    async def aget(self, key: str, default: Any = None) -> Any:
        return self.kept.get(key, default)

    async def aset(self, key: str, value: Any) -> None:
        json.dumps(value)
        self.kept[key] = value


class Triggerer:
    """Does with event triggers what Airflow's triggerer does; ``database`` has the payloads of persisted events."""

    def __init__(self) -> None:
        self.manager = SharedStreamManager()
        self.database: dict[int, list[dict[str, Any]]] = {}
        self.unconfirmed: list[int] = []
        self.persists = True
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def start(self, trigger_id: int, trigger: IPPanelInboxEventTrigger) -> None:
        self.database.setdefault(trigger_id, [])
        self._tasks[trigger_id] = asyncio.create_task(self._run(trigger_id, trigger))

    async def _run(self, trigger_id: int, trigger: IPPanelInboxEventTrigger) -> None:
        key = trigger.shared_stream_key()
        assert key is not None
        stream = self.manager.subscribe(trigger_id=trigger_id, trigger=trigger, key=key)
        try:
            async for event in trigger.filter_shared_stream(stream):
                bound = self.manager.bind_pending_event(trigger_id=trigger_id, key=key)
                if self.persists:
                    self.database[trigger_id].append(event.payload)
                    if bound is not None:
                        self.manager.confirm_persisted([bound])
        finally:
            await self.manager.unsubscribe(trigger_id, key)

    async def kill(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self.manager.stop_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                for task in self._tasks.values():
                    assert not task.done(), task.exception()
                await asyncio.sleep(0.01)

    def ids(self, trigger_id: int = 1) -> list[int]:
        return [inbox_id for payload in self.database[trigger_id] for inbox_id in payload["inbox_ids"]]


@asynccontextmanager
async def triggerer() -> AsyncIterator[Triggerer]:
    running = Triggerer()
    try:
        yield running
    finally:
        await running.kill()


def trigger(store: Store | None = None, **options: Any) -> IPPanelInboxEventTrigger:
    made = IPPanelInboxEventTrigger(**{"poll_interval": 0.05, "start": "earliest"} | options)
    made.asset_state_store = store
    return made


def test_it_comes_back_from_what_is_stored_of_it() -> None:
    path, kwargs = trigger(line="+983000505", keywords="stop", include=["sender"]).serialize()
    module, _, name = path.rpartition(".")
    assert getattr(import_module(module), name)(**json.loads(json.dumps(kwargs))).serialize() == (path, kwargs)


@pytest.mark.parametrize(
    "words", [{"stop", "لغو"}, ("لغو", "stop"), ["stop", "لغو", "stop"], dict.fromkeys(["stop", "لغو"])]
)
def test_its_words_are_one_watcher_in_whatever_order_they_are_given(words: Any) -> None:
    same = trigger(keywords=["stop", "لغو"])
    assert trigger(keywords=words).serialize() == same.serialize()
    assert trigger(keywords=words)._key == same._key


@pytest.mark.parametrize(
    "options", [{"keywords": ["word1", "word2"]}, {"matching": "word"}, {"start": "latest", "keywords": "word2"}]
)
def test_a_watcher_whose_filter_is_changed_goes_on_where_it_was(sandbox: RunningSandbox, options: Any) -> None:
    store = Store()

    async def fired(watcher: Any, condition: Any) -> list[int]:
        async with triggerer() as running:
            running.start(1, watcher)
            await running.until(lambda: condition(running))
            return running.ids()

    sandbox.inbox("+989120000001", "word1 a")
    first = asyncio.run(
        fired(trigger(store, keywords=["word1"]), lambda running: store.kept.values() and running.ids())
    )
    asyncio.run(fired(trigger(store, keywords=["word1"]), lambda running: set(store.kept.values()) == set(first)))
    # What comes in while the DAG is deployed anew.
    sandbox.inbox("+989120000001", "word2 b")
    second = asyncio.run(fired(trigger(store, **options), lambda running: running.ids()))
    assert len(second) == 1
    assert second[0] > first[0]


def test_what_comes_in_fires_once_without_personal_data(sandbox: RunningSandbox) -> None:
    async def watch() -> None:
        first = await asyncio.to_thread(sandbox.inbox, ANA, "سلام")
        async with triggerer() as running:
            running.start(1, trigger(Store()))
            await running.until(lambda: len(running.database[1]) == 1)
            second = await asyncio.to_thread(sandbox.inbox, BEN, "درود")
            await running.until(lambda: len(running.database[1]) == 2)
            assert running.database[1] == [{"inbox_ids": [first]}, {"inbox_ids": [second]}]

    asyncio.run(watch())


def test_what_is_asked_for_comes_along(sandbox: RunningSandbox) -> None:
    async def watch() -> None:
        await asyncio.to_thread(sandbox.inbox, ANA, "STOP now")
        async with triggerer() as running:
            running.start(1, trigger(Store(), keywords=["stop"], include=["sender", "message"]))
            await running.until(lambda: bool(running.database[1]))
            (payload,) = running.database[1]
            assert payload["texts"] == [{"inbox_id": payload["inbox_ids"][0], "sender": ANA, "message": "STOP now"}]

    asyncio.run(watch())


def test_watchers_share_one_poll_and_each_gets_what_it_means(sandbox: RunningSandbox) -> None:
    async def watch() -> None:
        sandbox.account(lines=["+9810001"])
        async with triggerer() as running:
            for number in range(20):
                running.start(number, trigger(Store(), keywords=[f"word{number}"]))
            running.start(20, trigger(Store(), line="+9810001"))
            ids = [await asyncio.to_thread(sandbox.inbox, ANA, f"Word{number} please") for number in range(20)]
            other = await asyncio.to_thread(sandbox.inbox, ANA, "hello", number="+9810001")
            await running.until(lambda: all(running.database.values()))
            assert [running.ids(number) for number in range(21)] == [[inbox_id] for inbox_id in [*ids, other]]
        looks = sandbox.stats()["requests"]["POST /api/report/messages-inbox"]
        assert looks < 21 * 3, "not a poll for each"

    asyncio.run(watch())


def test_a_killed_triggerer_misses_nothing_that_came_in_meanwhile(sandbox: RunningSandbox) -> None:
    store = Store()

    async def watch(expected: int) -> list[int]:
        async with triggerer() as running:
            running.start(1, trigger(store, start="latest"))
            await running.until(lambda: bool(store.kept) and len(running.ids()) >= expected)
            return running.ids()

    assert asyncio.run(watch(0)) == []
    ids = [sandbox.inbox(ANA, f"text {number}") for number in range(250)]
    assert asyncio.run(watch(250)) == ids


def test_an_event_that_was_lost_on_the_way_to_the_database_comes_again(sandbox: RunningSandbox) -> None:
    store = Store()
    ids = [sandbox.inbox(ANA, "one"), sandbox.inbox(ANA, "two")]

    async def killed_before_it_was_persisted() -> None:
        async with triggerer() as running:
            running.persists = False
            watching = trigger(store)
            running.start(1, watching)
            await running.until(lambda: bool(store.kept))
            await asyncio.sleep(0.3)

    async def after() -> list[int]:
        async with triggerer() as running:
            running.start(1, trigger(store))
            await running.until(lambda: len(running.ids()) == 2)
            await running.until(lambda: set(store.kept.values()) == {ids[-1]})
            return running.ids()

    asyncio.run(killed_before_it_was_persisted())
    assert set(store.kept.values()) == {0}, "the cursor follows what is in the database"
    assert asyncio.run(after()) == ids


def test_one_that_joins_later_gets_what_it_has_not_seen_and_the_others_nothing_twice(sandbox: RunningSandbox) -> None:
    ids = [sandbox.inbox(ANA, f"text {number}") for number in range(3)]

    async def watch() -> None:
        async with triggerer() as running:
            running.start(1, trigger(Store()))
            await running.until(lambda: len(running.ids(1)) == 3)
            running.start(2, trigger(Store(), keywords=["text"]))
            await running.until(lambda: len(running.ids(2)) == 3)
            assert running.ids(1) == running.ids(2) == ids

    asyncio.run(watch())


def test_a_trigger_of_two_assets_goes_on_from_the_one_furthest_behind(sandbox: RunningSandbox) -> None:
    first, second = sandbox.inbox(ANA, "one"), sandbox.inbox(ANA, "two")
    ahead, behind = Store(), Store()

    class Several:
        _by_name: ClassVar[dict[str, Store]] = {"ahead": ahead, "behind": behind}

    watching = trigger()
    watching.asset_state_store = Several()
    ahead.kept[watching._key], behind.kept[watching._key] = second, first

    async def watch() -> None:
        async with triggerer() as running:
            running.start(1, watching)
            await running.until(lambda: behind.kept[watching._key] == second)
            assert running.ids() == [second]

    asyncio.run(watch())


def test_an_outage_and_a_wrong_key_are_ridden_out(sandbox: RunningSandbox, connect: Callable[..., str]) -> None:
    inbox_id = sandbox.inbox(ANA, "one")
    fault = sandbox.fault("unauthorized", path="/api/report/messages-inbox")

    async def watch() -> None:
        async with triggerer() as running:
            running.start(1, trigger(Store()))
            await asyncio.sleep(0.5)
            await asyncio.to_thread(sandbox.lift, fault)
            await running.until(lambda: running.ids() == [inbox_id])

    asyncio.run(watch())


def test_behind_many_it_fires_in_order_as_it_reads_and_without_a_pause(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (unread, watch_module):
        monkeypatch.setattr(module, "MAX_PAGE_SIZE", 10)
    ids = [sandbox.inbox(ANA, f"text {number}") for number in range(34)]

    async def watch() -> None:
        async with triggerer() as running:
            running.start(1, trigger(Store(), poll_interval=3600.0))
            await running.until(lambda: len(running.ids()) >= len(ids))
            assert running.ids() == ids
            assert len(running.database[1]) >= 4

    async def watch_alone() -> None:
        fired = aiter(trigger(poll_interval=3600.0).run())
        alone: list[int] = []
        async with asyncio.timeout(10):
            while len(alone) < len(ids):
                alone += (await anext(fired)).payload["inbox_ids"]
        assert alone == ids

    asyncio.run(watch())
    asyncio.run(watch_alone())


def test_alone_as_in_airflow_3_0_it_fires_as_well(sandbox: RunningSandbox) -> None:
    ids = [sandbox.inbox(ANA, "one"), sandbox.inbox(ANA, "two")]

    async def watch() -> list[int]:
        events = trigger().run()
        found: list[int] = (await anext(events)).payload["inbox_ids"]
        return found

    assert asyncio.run(asyncio.wait_for(watch(), 10)) == ids


def test_it_is_a_message_queue_of_its_own_scheme() -> None:
    from ippanel_provider.queues.inbox import IPPanelMessageQueueProvider

    provider = IPPanelMessageQueueProvider()
    assert provider.scheme_matches("ippanel")
    assert provider.trigger_class() is IPPanelInboxEventTrigger


@pytest.mark.parametrize(("options", "field"), [({"include": ["number"]}, "include"), ({"start": "now"}, "start")])
def test_mistakes_are_named_when_the_dag_is_read(options: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        IPPanelInboxEventTrigger(**options)
