"""Paths of tasks: on a disk or on any object storage, as text, ``Path`` or ``ObjectStoragePath``."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from os import PathLike
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from airflow.providers.common.compat.sdk import ObjectStoragePath, conf

if TYPE_CHECKING:
    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.tables.storage import Location
    from ippanel_provider.tables.writers import Column
    from ippanel_provider.tables.writers import Row as Cells

AnyPath = str | PathLike[str]
"""What a parameter for a path takes."""


def location(path: Any, conn_id: str | None = None) -> Location:
    """Return the place of a path.

    :param conn_id: the connection of the object storage, if the path does not name it
    """
    if not isinstance(path, (str, PathLike)):
        return cast("Location", path)
    if isinstance(path, ObjectStoragePath) and conn_id is None:
        return cast("Location", path)
    text = str(path)
    return cast("Location", ObjectStoragePath(text, conn_id=conn_id)) if "://" in text else Path(text)


def opened(path: Any, conn_id: str | None = None) -> AbstractContextManager[IO[bytes]]:
    """Open a file to be read."""
    return cast("AbstractContextManager[IO[bytes]]", location(path, conn_id).open("rb"))


def keeps_formulas() -> bool:
    """Whether texts that a spreadsheet takes for formulas are written as they came; ``[ippanel] keep_formulas``."""
    return bool(conf.getboolean("ippanel", "keep_formulas", fallback=False))


def write(path: Any, columns: Sequence[Column], rows: Iterable[Cells], *, format: str | None = None) -> None:
    """Write all rows to ``path``, or nothing: a source that fails midway leaves what was there before.

    The rows are not asked for before it is sure that they can be written.

    :param format: ``csv``, ``jsonl``, ``parquet`` or ``xlsx``; default is what the path ends in
    :raises InvalidInput: naming the path or the format, if it is none or what it needs is not installed.
    """
    from ippanel_provider.tables.formats import to_write
    from ippanel_provider.tables.writers import table

    with table(location(path), columns, to_write(path, format), formulas=keeps_formulas()) as add:
        for row in rows:
            add(row)


@contextmanager
def uploaded(path: Any) -> Iterator[Any]:
    """Give the file at ``path`` in the form that calls upload.

    :raises InvalidInput: if there is none.
    """
    from ippanel_provider.client import InvalidInput, Upload

    source: Any = location(path)
    if getattr(source, "protocol", "") in {"", "file", "local"}:
        # A path is streamed, and can be read again when a request is repeated.
        yield Path(getattr(source, "path", str(source)))
        return
    # What object storage gives cannot always go back to its start.
    with tempfile.TemporaryFile("w+b") as spool:
        try:
            with source.open("rb") as file:
                shutil.copyfileobj(file, spool)
        except FileNotFoundError:
            raise InvalidInput(f"path: there is no file {path}") from None
        yield Upload(source.name, spool)


@contextmanager
def rejects_to(
    path: Any, *, with_numbers: bool = False, with_keys: bool = False
) -> Iterator[Callable[[Row, str], None] | None]:
    """Give what writes a rejected row down: its line, the reason, its key where rows have one, and its number only if
    that is wanted.

    The file appears at ``path`` when the block ends, also by an error, unless that came before any row. Without a path
    there is nothing to give.

    :raises InvalidInput: at once, if the path does not say which format.
    """
    from ippanel_provider.campaign.keys import told_key
    from ippanel_provider.tables.formats import REPORTS, to_write
    from ippanel_provider.tables.writers import Column, table

    if not path:
        yield None
        return
    kind = to_write(path, field="rejects_path", kinds=REPORTS)
    columns = [Column("line", "int64"), Column("reason")]
    columns += [Column("key", key=True)] if with_keys else []
    columns += [Column("recipient")] if with_numbers else []
    with table(location(path), columns, kind, partial=True, formulas=keeps_formulas()) as add:

        def write(row: Row, reason: str) -> None:
            key = [told_key(row.key, with_numbers=with_numbers)] if with_keys else []
            number = ["" if row.recipient is None else str(row.recipient)] if with_numbers else []
            add([row.line, reason, *key, *number])

        yield write
