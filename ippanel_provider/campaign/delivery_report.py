"""What became of every recipient of many bulks."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

from ippanel_provider.client import Client, Delivery
from ippanel_provider.client.gateway import gateway
from ippanel_provider.service import MAX_PAGE_SIZE

POLL_SECONDS = 1.0


class Report(NamedTuple):
    """What became of the recipients of a bulk; of more than these where the service's list broke off."""

    outbox_id: int
    recipients: list[Delivery]
    incomplete: bool


def deliveries(
    client: Client, outbox_ids: Iterable[int], *, settle_until: float = 0.0, concurrency: int = 10
) -> Iterator[Report]:
    """Yield the report of each bulk, in the order given.

    The service has one report a bulk, so several are asked at once. A bulk with recipients whose status is not final is
    asked again until ``settle_until`` (epoch seconds); then it is yielded as it is.
    """
    remaining = iter(outbox_ids)
    with ThreadPoolExecutor(max_workers=max(1, concurrency)) as pool:
        # A campaign of texts of their own has a bulk a recipient, so no more are asked for than are soon needed.
        asked = deque(
            pool.submit(_settled, client, settle_until, outbox_id) for outbox_id in islice(remaining, 2 * concurrency)
        )
        try:
            while asked:
                answer = asked.popleft()
                yield answer.result()
                asked.extend(
                    pool.submit(_settled, client, settle_until, following) for following in islice(remaining, 1)
                )
        finally:
            for answer in asked:
                answer.cancel()


def _settled(client: Client, settle_until: float, outbox_id: int) -> Report:
    while True:
        walk = client.walk(gateway(client.settings.api).recipients(outbox_id, per_page=MAX_PAGE_SIZE))
        found = list(walk)
        if time.time() >= settle_until or all(
            delivery.status is not None and delivery.status.is_final for delivery in found
        ):
            return Report(outbox_id, found, walk.incomplete)
        time.sleep(min(POLL_SECONDS, max(0.0, settle_until - time.time())))
