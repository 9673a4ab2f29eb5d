"""Texts that came in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators import fields
from ippanel_provider.operators.base import IPPanelOperator

if TYPE_CHECKING:
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.operators.signatures import ConnectedArguments


class IPPanelInboxOperator(IPPanelOperator):
    """Write the texts that came in to a file, one line each, oldest first.

    The columns are ``inbox_id, sender, line, message, received_at``. Returns ``{"path", "texts": n, "last_id"}``; with
    ``last_id`` as the next run's ``after_id`` each text is written once. The file holds personal data: put it where
    that may lie.

    :param path: where to write: a local path, or any URL that object storage takes; an error midway leaves what was
        there before (templated)
    :param after_id: only texts with a higher id; default is all (templated)
    :param line: only texts to this line, in any spelling; default is all (templated)
    :param format: ``csv``, ``jsonl``, ``parquet`` (extra ``parquet``) or ``xlsx`` (extra ``xlsx``); default is what the
        path ends in (templated)
    :param ippanel_conn_id: the connection to IPPanel (templated)
    """

    template_fields: Sequence[str] = ("path", "after_id", "line", "format", *IPPanelOperator.template_fields)

    after_id = fields.whole(0)
    ui_color = "#fdf3dc"

    def __init__(
        self,
        *,
        path: str,
        after_id: int | str | None = None,
        line: str | None = None,
        format: str | None = None,
        **kwargs: Unpack[ConnectedArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.after_id = after_id
        self.line = line
        self.format = format

    def perform(self, context: Context) -> dict[str, Any]:
        """Read and write; return the count."""
        from ippanel_provider.client.unread import Unread
        from ippanel_provider.operators.files import write
        from ippanel_provider.tables.formats import to_write
        from ippanel_provider.tables.writers import Column
        from ippanel_provider.text.lines import line_key

        to_write(self.path, self.format)
        reader = Unread(self.after_id or 0)
        wanted = line_key(self.line) if self.line else None
        written = 0

        def rows() -> Iterator[Sequence[Any]]:
            nonlocal written
            while reader.has_more:
                for text in self.hook.run(reader.turn()):
                    if wanted in (None, line_key(text.line)):
                        written += 1
                        yield text.inbox_id, text.sender, text.line, text.message, text.received_at

        columns = (
            Column("inbox_id", "int64"),
            Column("sender"),
            Column("line"),
            Column("message"),
            Column("received_at", "timestamp"),
        )
        write(self.path, columns, rows(), format=self.format)
        self.log.info("Wrote %d texts to %s.", written, self.path)
        return {"path": str(self.path), "texts": written, "last_id": reader.cursor}
