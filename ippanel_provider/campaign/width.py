"""Many requests at once, by one client."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from ippanel_provider.client import Client

T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def wide_enough(client: Client, concurrency: int) -> Iterator[Client]:
    """Give a client that has as many connections as requests are wanted under way, and one for a look."""
    if client.settings.max_in_flight > concurrency:
        yield client
        return
    with Client(client.auth, replace(client.settings, max_in_flight=concurrency + 1)) as wide:
        yield wide


def at_once(ask: Callable[[T], R], items: Iterable[T], concurrency: int) -> Iterator[R]:
    """Yield what ``ask`` returns for each item, in their order; so many are under way at once.

    No more are begun than are soon taken. The first error in the order leaves, and nothing more is begun.
    """
    remaining = iter(items)
    with ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="ippanel-ask") as pool:
        under_way = deque(pool.submit(ask, item) for item in islice(remaining, 2 * concurrency))
        try:
            while under_way:
                yield under_way.popleft().result()
                under_way.extend(pool.submit(ask, item) for item in islice(remaining, 1))
        finally:
            for asked in under_way:
                asked.cancel()
