"""Who got it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators import fields
from ippanel_provider.operators.base import IPPanelOperator
from ippanel_provider.operators.bulk_outcome import news_of
from ippanel_provider.operators.fields import ids_of
from ippanel_provider.operators.waiting import Teller

if TYPE_CHECKING:
    from datetime import timedelta
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.operators.signatures import ConnectedArguments


class IPPanelDeliveryReportOperator(IPPanelOperator):
    """Write what became of every recipient of some bulks to a file, one line each.

    The columns are ``outbox_id, recipient, status, parts``; the status is ``delivered``, ``not_delivered``,
    ``blacklisted``, ``sent_to_operator`` or ``operator_received``, the last two not yet being final.
    Returns ``{"path", "recipients": n, <status>: n, …}``, and ``"incomplete"``, the bulks whose list the service broke
    off, where there are such. The file holds phone numbers: put it where they may lie.

    :param outbox_ids: the bulks: an id, a list of ids, or what a sending task returned (templated)
    :param path: where to write: a local path, or any URL that object storage takes, as ``s3://connection@bucket/key``;
        an error midway leaves what was there before (templated)
    :param format: ``csv``, ``jsonl``, ``parquet`` (extra ``parquet``) or ``xlsx`` (extra ``xlsx``); default is what the
        path ends in (templated)
    :param settle: for how many seconds to keep asking after recipients whose status is not final; default is none;
        a bulk that is not final is only asked for once it is, or when that time is up (templated)
    :param concurrency: how many bulks to ask after at once, 1 to 100 (templated)
    :param ippanel_conn_id: the connection to IPPanel (templated)
    """

    template_fields: Sequence[str] = ("outbox_ids", "path", "format", "settle", "concurrency", "ippanel_conn_id")

    settle = fields.seconds()
    concurrency = fields.whole(1, 100)
    ui_color = "#fdf3dc"

    def __init__(
        self,
        *,
        outbox_ids: Sequence[int] | Mapping[str, Any] | int | str,
        path: str,
        format: str | None = None,
        settle: float | timedelta | str = 0.0,
        concurrency: int | str = 32,
        **kwargs: Unpack[ConnectedArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.outbox_ids = outbox_ids
        self.path = path
        self.format = format
        self.settle = settle
        self.concurrency = concurrency

    def perform(self, context: Context) -> dict[str, Any]:
        """Ask and write; return the counts."""
        from ippanel_provider.operators.files import write
        from ippanel_provider.tables.writers import Column

        counts: Counter[str] = Counter()
        self._incomplete: list[int] = []
        columns = (Column("outbox_id", "int64"), Column("recipient"), Column("status"), Column("parts", "int64"))
        write(self.path, columns, self._rows(counts), format=self.format)
        self.log.info(
            "Wrote %d recipients to %s: %s.",
            counts.total(),
            self.path,
            ", ".join(f"{n} {name}" for name, n in counts.items()),
        )
        said: dict[str, Any] = {"path": str(self.path), "recipients": counts.total(), **counts}
        if self._incomplete:
            self.log.warning(
                "The service's lists of %d bulks broke off: there are more recipients.", len(self._incomplete)
            )
            said["incomplete"] = self._incomplete
        return said

    def _rows(self, counts: Counter[str]) -> Iterator[tuple[Any, ...]]:
        from ippanel_provider.campaign.delivery_report import deliveries

        ids = ids_of(self.outbox_ids)
        teller = Teller(self.log)
        found = deliveries(
            self.hook.get_conn(),
            ids,
            settle_until=time.time() + self.settle,
            concurrency=self.concurrency,
            tell=lambda watch: teller.tell(partial(news_of, watch)),
        )
        for report in found:
            if report.incomplete:
                self._incomplete.append(report.outbox_id)
            for delivery in report.recipients:
                status = "unknown" if delivery.status is None else delivery.status.name.lower()
                counts[status] += 1
                yield report.outbox_id, delivery.recipient, status, delivery.parts
