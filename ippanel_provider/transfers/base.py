"""What transfers of rows have in common: a text for every row, or one text for all."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators.hidden_fields import value_of
from ippanel_provider.values import InvalidValue

if TYPE_CHECKING:
    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.tables.records import Record


def check_messages(row_message: Any, message: Any) -> None:
    """Refuse both, or neither.

    :raises InvalidValue: naming them.
    """
    if (row_message is None) == (message is None):
        raise InvalidValue("row_message, message", "give one of the two")


def tell_of_template(task: Any) -> None:
    """Log where a row's text has nothing to stand in for an empty cell: such a row gets no text."""
    if task.row_message is None or task.checks.lint == "off":
        return
    from ippanel_provider.text.lint import lint

    for finding in lint(task.row_message):
        if finding.rule == "no-fallback":
            task.log.info("lint: row_message: %s.", finding)


def rows_of(task: Any, records: Generator[Record, None, None], *, is_table: bool = True) -> Iterator[Row]:
    """Yield the rows that a transfer makes of the records of its source.

    :param task: says by ``row_message``, ``message`` and ``recipient_column`` how
    :param is_table: whether all records have the same columns
    """
    from ippanel_provider.campaign.audience import sendable
    from ippanel_provider.campaign.rows import addressed, rendered
    from ippanel_provider.tables.values import nulls_of

    column = str(task.recipient_column)
    with closing(records):
        if task.row_message is not None:
            nulls = nulls_of(task.checks.null_values)
            yield from rendered(records, task.row_message, column, nulls, task.key_column, is_table=is_table)
        else:
            text = sendable(value_of(task.message), "message")
            yield from addressed(records, text, column, task.key_column, is_table=is_table)
