"""A text for every row of a query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseHook

from ippanel_provider.operators.sending import SendingOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.delivery.audience import Row


class SqlToIPPanelOperator(SendingOperator):
    """Send every row of a query the text its columns make. Each recipient gets one, however often it is in the rows.

    The rows go from the database to the service without passing through XCom, logs or rendered fields. Returns what
    :class:`~ippanel_provider.operators.send.IPPanelSendOperator` returns; the parameters of
    :class:`~ippanel_provider.operators.sending.SendingOperator` hold too.

    :param sql: the query, or the path of a ``.sql`` file (templated)
    :param parameters: values for the query's placeholders (templated)
    :param row_message: a Jinja template in which each column of the row is a variable, as ``سلام {{ row.name }}``;
        it is rendered once a row, when the row is read, and so is not a template of the task. A row in which a column
        it uses is missing or NULL gets no text and is reported.
    :param recipient_column: the column with the mobile number
    :param sql_conn_id: the connection to the database (templated)
    :raises SendFailed: if the service did not accept everything; it says how far it came, and a retry goes on from there
    """

    template_fields: Sequence[str] = ("sql", "parameters", "sql_conn_id", *SendingOperator.template_fields)
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers = {"sql": "sql"}  # noqa: RUF012 - the base class declares it so

    def __init__(
        self,
        *,
        sql: str,
        row_message: str,
        sql_conn_id: str,
        recipient_column: str = "recipient",
        parameters: Mapping[str, Any] | Sequence[Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sql = sql
        self.row_message = row_message
        self.sql_conn_id = sql_conn_id
        self.recipient_column = recipient_column
        self.parameters = parameters

    def execute(self, context: Context) -> dict[str, Any]:
        """Read, render and send; return what was accepted."""
        from ippanel_provider.delivery.forms import OwnTexts

        return self.send_rows(context, self._rows(), form=OwnTexts(), once_per="recipient")

    def _rows(self) -> Iterator[Row]:
        from ippanel_provider.delivery.rows import rendered
        from ippanel_provider.transfers.cursor import read

        sql_hook = BaseHook.get_connection(self.sql_conn_id).get_hook()
        yield from rendered(read(sql_hook, self.sql, self.parameters), self.row_message, self.recipient_column)
