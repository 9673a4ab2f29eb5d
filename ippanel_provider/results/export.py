"""The rows of a campaign as a file."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa

from ippanel_provider.results.schema import Tables, naming
from ippanel_provider.results.writing import ResultRow
from ippanel_provider.tables.formats import to_write
from ippanel_provider.tables.storage import Location
from ippanel_provider.tables.writers import Column, table

_KINDS = ("csv", "jsonl", "parquet")
_TYPES: dict[str, Literal["int64", "float64", "timestamp"]] = {
    **dict.fromkeys(("line", "outbox_id", "parts"), "int64"),
    "cost": "float64",
    **dict.fromkeys(("accepted_at", "send_at", "final_at"), "timestamp"),
}
_NAMES = [name for name in ResultRow._fields if name not in ("message_hash", "revision")]


def checked(path: str | os.PathLike[str]) -> str:
    """Return the format of a path.

    :raises InvalidInput: it has none.
    """
    return to_write(path, field="results.path", kinds=_KINDS)


def write(engine: sa.Engine, tables: Tables, campaign: str, path: Location, shown: str) -> int:
    """Write all rows of a campaign in the order of their keys, or leave what was there; return how many there are.

    :raises InvalidInput: the path is of no format.
    :raises Unwritable: the table cannot be read.
    """
    columns = [Column(name, _TYPES.get(name, "string"), key=name == "row_key") for name in _NAMES]
    rows = tables.results.c
    found = sa.select(*(rows[name] for name in _NAMES)).where(rows.campaign == campaign).order_by(rows.row_key)
    count = 0
    with table(path, columns, checked(shown)) as add, naming(tables), engine.connect() as connection:
        for row in connection.execution_options(stream_results=True, yield_per=1000).execute(found):
            add([_zoned(value) for value in row])
            count += 1
    return count


def _zoned(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
