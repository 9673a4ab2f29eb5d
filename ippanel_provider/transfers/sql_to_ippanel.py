"""A text for every row of a query."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseHook

from ippanel_provider import lineage
from ippanel_provider.operators.campaign import CampaignOperator, texts_of
from ippanel_provider.operators.hidden_fields import Private, value_of
from ippanel_provider.transfers.base import check_messages, rows_of, tell_of_template

if TYPE_CHECKING:
    from typing import Unpack

    from airflow.providers.openlineage.extractors import OperatorLineage

    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.campaign.chunks import Form
    from ippanel_provider.operators.signatures import UncountedArguments
    from ippanel_provider.tables.records import Record


class SqlToIPPanelOperator(CampaignOperator):
    """Send every row of a query the text its columns make. Each recipient gets one, however often it is in the rows.

    The rows are read a thousand at a time, from a cursor at the server where there is one (PostgreSQL, MySQL), so that
    a million take no more memory than a thousand. Returns what
    :class:`~ippanel_provider.operators.send.IPPanelSendOperator` returns; the parameters of
    :class:`~ippanel_provider.operators.campaign.CampaignOperator` hold too.

    :param sql: the query, or the path of a ``.sql`` file (templated)
    :param parameters: values for the query's placeholders (templated)
    :param row_message: a Jinja template in which each column of the row is a variable, as ``سلام {{ row.name }}``;
        it is rendered once a row, when the row is read, and so is not a template of the task. A row in which a column
        it uses is missing or NULL gets no text and is reported.
    :param message: instead of it, one text for all, which takes a request and an outbox id for a thousand recipients
        (templated)
    :param recipient_column: the column with the mobile number (templated)
    :param sql_conn_id: the connection to the database (templated)
    :param first_pass: run the query twice, the first time only to count: so that the credit is checked against the
        whole cost, and the log tells the time left; default is to run it once and check the credit against the first
        request
    :raises SendFailed: if the service did not accept everything; it says how far it came, and a retry goes on from
        there
    """

    template_fields: Sequence[str] = (
        *("sql", "parameters", "sql_conn_id", "message", "recipient_column"),
        *CampaignOperator.template_fields,
    )
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers = {"sql": "sql"}  # noqa: RUF012 - the base class declares it so

    message = Private()
    once_per = "recipient"

    def __init__(
        self,
        *,
        sql: str,
        sql_conn_id: str,
        parameters: Mapping[str, Any] | Sequence[Any] | None = None,
        row_message: str | None = None,
        message: str | None = None,
        recipient_column: str = "recipient",
        first_pass: bool = False,
        **kwargs: Unpack[UncountedArguments],
    ) -> None:
        super().__init__(first_pass=first_pass, **kwargs)
        check_messages(row_message, message)
        self.sql = sql
        self.sql_conn_id = sql_conn_id
        self.parameters = parameters
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
        return rows_of(self, self.records())

    def reads(self) -> OperatorLineage[Any, Any] | None:
        """Name the tables it reads, for OpenLineage."""
        return lineage.of_query(self.sql, self.sql_conn_id)

    def records(self) -> Generator[Record, None, None]:
        """Run the query and yield its rows, counted from 1."""
        from ippanel_provider.tables.records import numbered
        from ippanel_provider.tables.sql import read

        with closing(read(BaseHook.get_connection(self.sql_conn_id).get_hook(), self.sql, self.parameters)) as rows:
            yield from numbered(rows)
