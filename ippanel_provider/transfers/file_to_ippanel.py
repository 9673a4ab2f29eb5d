"""A text for every row of a file."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ippanel_provider import lineage
from ippanel_provider.operators import fields
from ippanel_provider.operators.campaign import CampaignOperator, texts_of
from ippanel_provider.operators.hidden_fields import Private, value_of
from ippanel_provider.transfers.base import check_messages, rows_of, tell_of_template

if TYPE_CHECKING:
    from typing import Unpack

    from airflow.providers.openlineage.extractors import OperatorLineage

    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.campaign.chunks import Form
    from ippanel_provider.operators.signatures import CampaignArguments
    from ippanel_provider.tables.records import Record


class FileToIPPanelOperator(CampaignOperator):
    """Send every row of a CSV, JSON lines, Parquet or Excel file the text its columns make.

    Each recipient gets one text, however often it is in the file. A row is named by the line it has in an editor or
    the row it has in a spreadsheet, the header included; in Parquet, by its place. What is empty in CSV or Excel is
    missing. CSV, JSON lines and Parquet are read a little at a time; Excel keeps its texts in one table, which is read
    whole. Returns what :class:`~ippanel_provider.operators.send.IPPanelSendOperator` returns; the parameters of
    :class:`~ippanel_provider.operators.campaign.CampaignOperator` hold too.

    :param path: the file: a local path, or any URL that object storage takes, as ``s3://conn@bucket/key`` (templated)
    :param file_conn_id: the connection of the object storage, if the path does not name it (templated)
    :param file_format: ``csv``, ``jsonl``, ``parquet`` (extra ``parquet``) or ``xlsx`` (extra ``xlsx``); default is
        what the path ends in (templated)
    :param row_message: a Jinja template in which each column of the row is a variable, as ``سلام {{ row.name }}``;
        it is rendered once a row, when the row is read, and so is not a template of the task. A row in which a column
        it uses is missing gets no text and is reported.
    :param message: instead of it, one text for all, which takes a request and an outbox id for a thousand recipients
        (templated)
    :param recipient_column: the column with the mobile number (templated)
    :param columns: the names of the columns, if a CSV or Excel file has no header
    :param encoding: of CSV and JSON lines; default is UTF-8. Excel of a Persian Windows saves ``cp1256``
        (templated)
    :param delimiter: what stands between the values of a CSV line (templated)
    :param sheet: the sheet of an Excel file; default is the first (templated)
    :raises SendFailed: if the service did not accept everything; it says how far it came, and a retry goes on from
        there
    """

    template_fields: Sequence[str] = (
        *("path", "file_conn_id", "message", "recipient_column", "file_format", "encoding", "delimiter", "sheet"),
        *CampaignOperator.template_fields,
    )

    encoding = fields.encoding()
    message = Private()
    once_per = "recipient"

    def __init__(
        self,
        *,
        path: str,
        file_conn_id: str | None = None,
        file_format: str | None = None,
        columns: Sequence[str] | None = None,
        encoding: str = "utf-8-sig",
        delimiter: str = ",",
        sheet: str | None = None,
        row_message: str | None = None,
        message: str | None = None,
        recipient_column: str = "recipient",
        **kwargs: Unpack[CampaignArguments],
    ) -> None:
        super().__init__(**kwargs)
        check_messages(row_message, message)
        self.path = path
        self.file_conn_id = file_conn_id
        self.file_format = file_format
        self.columns = columns
        self.encoding = encoding
        self.delimiter = delimiter
        self.sheet = sheet
        self.row_message = row_message
        self.message = message
        self.lint_constants({"checks": self.checks, "row_message": row_message, "message": message})
        self.recipient_column = recipient_column

    def kind(self) -> Form:
        """A text for each row, or one text for all."""
        tell_of_template(self)
        return texts_of(None if self.row_message is not None else value_of(self.message) or "")

    def rows(self) -> Iterator[Row]:
        """Yield the rows of the source with their texts."""
        from ippanel_provider.tables.formats import to_read

        return rows_of(self, self.records(), is_table=to_read(self.path, self.file_format) != "jsonl")

    def reads(self) -> OperatorLineage[Any, Any] | None:
        """Name the file it reads, for OpenLineage."""
        return lineage.of_file(str(self.path))

    def records(self) -> Generator[Record, None, None]:
        """Open the file and yield its rows."""
        from ippanel_provider.operators.files import opened
        from ippanel_provider.tables.formats import to_read
        from ippanel_provider.tables.layout import Layout
        from ippanel_provider.tables.readers import read

        kind = to_read(self.path, self.file_format)
        layout = Layout(self.encoding, self.delimiter, self.columns, self.sheet, self.recipient_column)
        with opened(self.path, self.file_conn_id) as file:
            yield from read(file, kind, layout)
