"""What became of every recipient of many bulks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from ippanel_provider.campaign.width import at_once, wide_enough
from ippanel_provider.client import Client, Delivery
from ippanel_provider.client.gateway import gateway
from ippanel_provider.client.watch import BulkWatch
from ippanel_provider.service import MAX_PAGE_SIZE, Api

AT_ONCE = 32
_PAUSES = (1.0, 30.0)
"""Seconds between two looks: the first ones, and at most."""


class Report(NamedTuple):
    """What became of the recipients of a bulk; of more than these where the service's list broke off."""

    outbox_id: int
    recipients: list[Delivery]
    incomplete: bool


def deliveries(
    client: Client,
    outbox_ids: Iterable[int],
    *,
    settle_until: float = 0.0,
    concurrency: int = AT_ONCE,
    tell: Callable[[BulkWatch], None] = lambda watch: None,
) -> Iterator[Report]:
    """Yield the report of each bulk, in the order given.

    The service has one report a bulk, so many are asked for at once, and none before its bulk is final: until then all
    are looked at together. Recipients whose status is not final are asked after again. When ``settle_until`` (epoch
    seconds) has come, what is known is yielded as it is.

    :param tell: told of what is waited for, after each look
    """
    ids = outbox_ids if isinstance(outbox_ids, Sequence) else list(outbox_ids)
    if settle_until > time.time() and client.settings.api is Api.EDGE:
        _wait_for_all(client, BulkWatch(ids, fail_on=frozenset()), settle_until, tell)
    with wide_enough(client, concurrency) as wide:
        yield from at_once(partial(_settled, wide, settle_until), ids, concurrency)


def _wait_for_all(client: Client, watch: BulkWatch, until: float, tell: Callable[[BulkWatch], None]) -> None:
    for pause in _pauses(until):
        client.run(watch.look(gateway(client.settings.api)))
        if watch.is_done:
            return
        tell(watch)
        time.sleep(pause)


def _settled(client: Client, settle_until: float, outbox_id: int) -> Report:
    api = gateway(client.settings.api)
    for pause in _pauses(settle_until):
        walk = client.walk(api.recipients(outbox_id, per_page=MAX_PAGE_SIZE))
        found = list(walk)
        # A list that lags is empty.
        if found and all(delivery.status is not None and delivery.status.is_final for delivery in found):
            break
        time.sleep(pause)
    return Report(outbox_id, found, walk.incomplete)


def _pauses(until: float) -> Iterator[float]:
    """Yield the seconds to the next look, until the time has come; the look after the last pause is the last."""
    pause, most = _PAUSES
    while (left := until - time.time()) > 0:
        yield min(pause, left)
        pause = min(pause * 1.5, most)
    yield 0.0
