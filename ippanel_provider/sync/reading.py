"""Lists of the panel, page by page. Flows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ippanel_provider.client import Flow, PageRequest

T = TypeVar("T")


def each(request: PageRequest[T], take: Callable[[T], object]) -> Flow[None]:
    """Call ``take`` with every item. What is made meanwhile moves others to the next page, where they show again."""
    while True:
        page = yield request
        for item in page.items:
            take(item)
        if not page.has_more:
            return
        request = request.turn(request.number + 1)


def walked(request: PageRequest[T]) -> Flow[list[T]]:
    """Return all items, as :func:`each` meets them."""
    items: list[T] = []
    yield from each(request, items.append)
    return items
