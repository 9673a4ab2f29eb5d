"""What transfers of rows have in common: a text for every row, or one text for all."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators.hidden_fields import Private, value_of
from ippanel_provider.operators.sending import SendingOperator
from ippanel_provider.values import InvalidValue

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.tables.records import Record


class RowsToIPPanelOperator(SendingOperator):
    """Base of the operators that send to every row of a source. Each recipient gets one text, however often it is
    there.

    The rows go from the source to the service without passing through XCom, logs or rendered fields.

    :param row_message: a Jinja template in which each column of the row is a variable, as ``سلام {{ row.name }}``;
        it is rendered once a row, when the row is read, and so is not a template of the task. A row in which a column
        it uses is missing or empty (NULL) gets no text and is reported.
    :param message: instead of it, one text for all, which takes a request and an outbox id for a thousand recipients
        (templated)
    :param recipient_column: the column with the mobile number
    """

    template_fields: Sequence[str] = ("message", *SendingOperator.template_fields)

    message = Private()

    def __init__(
        self,
        *,
        row_message: str | None = None,
        message: str | None = None,
        recipient_column: str = "recipient",
        show_rendered: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.show_rendered = show_rendered
        if (row_message is None) == (message is None):
            raise InvalidValue("row_message, message", "give one of the two")
        self.row_message = row_message
        self.message = message
        self.recipient_column = recipient_column

    def perform(self, context: Context) -> dict[str, Any]:
        """Read, make the texts and send; return what was accepted."""
        from ippanel_provider.campaign.kinds import OwnTexts, SharedText
        from ippanel_provider.client.validation import text

        form = OwnTexts() if self.row_message is not None else SharedText(text(value_of(self.message) or ""))
        return self.send_rows(context, self._rows, form=form, once_per="recipient")

    @abstractmethod
    def records(self) -> Generator[Record, None, None]:
        """Yield the rows of the source, from its beginning."""

    def _rows(self) -> Iterator[Row]:
        from ippanel_provider.campaign.rows import addressed, rendered

        with closing(self.records()) as records:
            if self.row_message is not None:
                yield from rendered(records, self.row_message, self.recipient_column)
            else:
                yield from addressed(records, value_of(self.message), self.recipient_column)
