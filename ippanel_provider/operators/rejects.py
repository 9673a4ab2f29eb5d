"""The file of rejected rows of a sending task, on a disk or on any object storage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators.files import keeps_formulas, location

if TYPE_CHECKING:
    from ippanel_provider.campaign.audience import Row


@contextmanager
def rejects_to(path: Any, *, with_numbers: bool = False) -> Iterator[Callable[[Row, str], None] | None]:
    """Give what writes a rejected row down: its line, the reason, and its number only if that is wanted.

    The file appears at ``path`` when the block ends, also by an error, unless that came before any row. Without a path
    there is nothing to give.

    :raises InvalidInput: at once, if the path does not say which format.
    """
    from ippanel_provider.tables.formats import REPORTS, to_write
    from ippanel_provider.tables.writers import Column, table

    if not path:
        yield None
        return
    kind = to_write(path, field="rejects_path", kinds=REPORTS)
    columns = (Column("line", "int64"), Column("reason"), *([Column("recipient")] if with_numbers else []))
    with table(location(path), columns, kind, partial=True, formulas=keeps_formulas()) as add:

        def write(row: Row, reason: str) -> None:
            number = "" if row.recipient is None else str(row.recipient)
            add((row.line, reason, number) if with_numbers else (row.line, reason))

        yield write
