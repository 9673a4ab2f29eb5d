"""What stands in the cells of a row, as the template of its text sees it: what cannot be written says so, and names the
column, as soon as anything would put it into a text.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateRuntimeError, Undefined

from ippanel_provider.tables.values import BadValue, plain, written


class Unwritable(TemplateRuntimeError):
    """A value that the text needs cannot be written; the message says which and why."""


class Absent(StrictUndefined):
    """What a record, or a value of it, does not have. Its name may be a value of another cell, so it is not told."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        return "its text needs a value that is not there"


class _Cell(StrictUndefined):
    """A cell of which no text can be made."""

    __slots__ = ()

    def _fail(self, *_: object) -> Any:
        return str(self)

    # ``%r`` and ``pprint`` put it into a text too.
    def __repr__(self) -> str:
        return str(self)

    # What jinja2.Undefined leaves to object, which would not name the column.
    __format__ = __round__ = __index__ = __reversed__ = __trunc__ = _fail


class Empty(_Cell):
    """An empty cell: false, equal to none, and undefined to ``default``; but never a text."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        return f"a column that its text needs is empty: {self._undefined_name!r}"

    def __bool__(self) -> Any:
        return False

    def __eq__(self, other: object) -> Any:
        return other is None or isinstance(other, Empty)

    def __ne__(self, other: object) -> Any:
        return not self == other

    def __hash__(self) -> Any:
        return hash(None)


class _Gone(Empty):
    """What a mapping was asked for and does not have. Its name may be a value of another cell."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        return "its text needs a value that is not there"


_GONE = _Gone(exc=Unwritable)


class Bad(_Cell):
    """A cell that holds nothing that could be written; no default stands in for it."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        return f"the column {self._undefined_name!r} {self._undefined_hint}"


class RowCells(dict[str, Any]):
    """The cells of a record, or a mapping in one of them. Nobody is greeted by the whole of it."""

    def __str__(self) -> str:
        raise Unwritable("its text would hold a whole mapping; name one of its values")

    __repr__ = __str__

    def get(self, key: str, default: Any = None) -> Any:
        """``row.get('name')``: what is not there is empty, rather than None."""
        found = super().get(key, default)
        return _GONE if found is None else found


class ListCell(list[Any]):
    """The list in a cell: to be gone through, or joined, but no text."""

    def __init__(self, column: str, items: Any) -> None:
        super().__init__(items)
        self._column = column

    def __str__(self) -> str:
        raise Unwritable(f"the column {self._column!r} is a list, and no text; join it")

    __repr__ = __str__


def shown(value: Any) -> str:
    """What stands in a text for a value."""
    if type(value) is str:
        return value
    if type(value) is int:
        return str(value)
    if isinstance(value, (Undefined, RowCells, ListCell)):
        return str(value)
    try:
        return written(value)
    except BadValue as error:
        raise Unwritable(f"a value in its text {error}") from None


def cell_of(name: str, value: Any, nulls: Collection[str]) -> Any:
    """Return the value of a cell as a template sees it."""
    try:
        value = plain(value, nulls)
    except BadValue as error:
        return Bad(hint=str(error), name=name, exc=Unwritable)
    if type(value) is str:
        return value
    if value is None:
        return empty_cell(name)
    if isinstance(value, Mapping):
        # Keys within a cell may be data; only the column is named.
        return RowCells({str(key): cell_of(name, item, nulls) for key, item in value.items()})
    if isinstance(value, (list, tuple, set, frozenset)):
        return ListCell(name, [cell_of(name, item, nulls) for item in value])
    return value


@functools.lru_cache(maxsize=1024)
def empty_cell(name: str) -> Empty:
    return Empty(name=name, exc=Unwritable)
