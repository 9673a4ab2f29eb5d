"""Who got it."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators.arguments import ids_of
from ippanel_provider.operators.base import IPPanelOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

COLUMNS = ("outbox_id", "recipient", "status", "parts")


class IPPanelDeliveryReportOperator(IPPanelOperator):
    """Write what became of every recipient of some bulks to a CSV file, one line each.

    The columns are ``outbox_id, recipient, status, parts``; the status is ``delivered``, ``not_delivered``,
    ``blacklisted``, ``sent_to_operator`` or ``operator_received``, the last two not yet being final.
    Returns ``{"path", "recipients": n, <status>: n, …}``. The file holds phone numbers: put it where they may lie.

    :param outbox_ids: the bulks: an id, a list of ids, or what a sending task returned (templated)
    :param path: where to write: a local path or any URL that object storage takes (templated)
    :param settle: for how many seconds to keep asking after recipients whose status is not final; default is not at all
    :param concurrency: how many bulks to ask after at once
    :param ippanel_conn_id: the connection to IPPanel (templated)
    """

    template_fields: Sequence[str] = ("outbox_ids", "path", "ippanel_conn_id")
    ui_color = "#fdf3dc"

    def __init__(
        self,
        *,
        outbox_ids: Sequence[int] | Mapping[str, Any] | int | str,
        path: str,
        settle: float = 0.0,
        concurrency: int = 10,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.outbox_ids = outbox_ids
        self.path = path
        self.settle = settle
        self.concurrency = concurrency

    def execute(self, context: Context) -> dict[str, Any]:
        """Ask and write; return the counts."""
        from airflow.providers.common.compat.sdk import ObjectStoragePath

        from ippanel_provider.delivery.report import deliveries

        counts: Counter[str] = Counter()
        found = deliveries(
            self.hook.get_conn(), ids_of(self.outbox_ids), settle_until=time.time() + self.settle, concurrency=self.concurrency
        )
        target = ObjectStoragePath(self.path)
        if target.protocol in {"", "file"}:
            target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for outbox_id, recipients in found:
                for delivery in recipients:
                    status = "unknown" if delivery.status is None else delivery.status.name.lower()
                    counts[status] += 1
                    writer.writerow((outbox_id, delivery.recipient, status, delivery.parts))
        self.log.info("Wrote %d recipients to %s: %s.", counts.total(), self.path, ", ".join(f"{n} {name}" for name, n in counts.items()))
        return {"path": self.path, "recipients": counts.total(), **counts}
