"""Flows that ask after many bulks at the least cost (API: report)."""

from __future__ import annotations

from collections.abc import Iterable

from ippanel_provider.client.edge import report
from ippanel_provider.client.errors import NotFound
from ippanel_provider.client.request import Flow
from ippanel_provider.service import MAX_PAGE_SIZE, BulkState

FEW = 3
"""Up to so many bulks are asked for one by one; for more, a page of the outbox list answers a thousand at once."""


def states(outbox_ids: Iterable[int]) -> Flow[dict[int, BulkState]]:
    """Return the state of each bulk. A bulk the service does not know yet counts as being created.

    New bulks stand at the head of the outbox list, so its pages are read while they still hold what is asked for;
    what they do not show (older bulks, a list that lags) is asked for one by one.
    """
    missing = set(outbox_ids)
    found: dict[int, BulkState] = {}
    page_number = 1
    while len(missing) > FEW:
        page = yield report.outbox(page=page_number, per_page=min(MAX_PAGE_SIZE, max(100, len(missing))))
        hits = {bulk.outbox_id: bulk.state for bulk in page.items if bulk.outbox_id in missing}
        found |= hits
        missing -= hits.keys()
        if not hits or not page.has_more:
            break
        page_number += 1
    for outbox_id in sorted(missing):
        try:
            found[outbox_id] = (yield report.bulk(outbox_id)).state
        except NotFound:
            found[outbox_id] = BulkState.CREATING
    return found
