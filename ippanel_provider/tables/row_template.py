"""The text that a Jinja template makes of a record.

A column that is empty, or holds an error, can be asked about (``{% if row.name %}``, ``row.name or …``,
``row.name | default(…)``), but whatever would put it into a text rejects the row and names the column.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateRuntimeError, Undefined, UndefinedError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.values import NO_NULLS, BadValue, plain, text_of, written
from ippanel_provider.text.jalali import FILTERS
from ippanel_provider.values import InvalidValue

_STRINGS = {
    *("capitalize", "center", "e", "escape", "forceescape", "indent", "lower", "replace", "safe", "string"),
    *("striptags", "title", "trim", "truncate", "upper", "urlencode", "urlize", "wordcount", "wordwrap"),
}
"""Filters that make a text of what they are given."""
_DEFAULTS = {"default", "d"}
_METHODS = frozenset(dir(dict))


class _Unwritable(TemplateRuntimeError):
    """A value that the text needs cannot be written; the message says which and why."""


class _Absent(StrictUndefined):
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

    # What jinja2.Undefined leaves to object, which would not name the column.
    __round__ = __index__ = __reversed__ = __trunc__ = _fail


class _Empty(_Cell):
    """An empty cell: false, equal to none, and undefined to ``default``; but never a text."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        return f"a column that its text needs is empty: {self._undefined_name!r}"

    def __bool__(self) -> Any:
        return False

    def __eq__(self, other: object) -> Any:
        return other is None or isinstance(other, _Empty)

    def __ne__(self, other: object) -> Any:
        return not self == other

    def __hash__(self) -> Any:
        return hash(None)


class _Bad(_Cell):
    """A cell that holds nothing that could be written; no default stands in for it."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        return f"the column {self._undefined_name!r} {self._undefined_hint}"


class _Row(dict[str, Any]):
    """The cells of a record, or a mapping in one of them. Nobody is greeted by the whole of it."""

    def __str__(self) -> str:
        raise _Unwritable("its text would hold a whole mapping; name one of its values")


class _List(list[Any]):
    """The list in a cell: to be gone through, or joined, but no text."""

    def __init__(self, column: str, items: Any) -> None:
        super().__init__(items)
        self._column = column

    def __str__(self) -> str:
        raise _Unwritable(f"the column {self._column!r} is a list, and no text; join it")


class _Generator(CodeGenerator):
    """Compiles ``a ~ b`` so that each of them is written as people do."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self.write("environment.joined((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox of Jinja, in which ``row.items`` is a column of that name rather than the method of a dict."""

    code_generator_class = _Generator

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Look for a column first, which spares every row the exceptions on the way to it."""
        if type(obj) is _Row and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def joined(self, parts: tuple[Any, ...]) -> str:
        """``a ~ b``."""
        return "".join([part if type(part) is str else _shown(part) for part in parts])


def _shown(value: Any) -> str:
    """What stands in a text for a value."""
    if type(value) is str:
        return value
    if type(value) is int:
        return str(value)
    if isinstance(value, (Undefined, _Row, _List)):
        return str(value)
    try:
        return written(value)
    except BadValue as error:
        raise _Unwritable(f"a value in its text {error}") from None


def _guarded(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """A filter to which nothing is not the text "None", and a float what it is to people."""
    place = 1 if hasattr(call, "jinja_pass_arg") else 0
    makes_text = name in _STRINGS
    is_default = name in _DEFAULTS
    is_ours = name in FILTERS

    @functools.wraps(call)
    def guarded(*arguments: Any, **named: Any) -> Any:
        value = arguments[place]
        if type(value) is not str:
            if is_default:
                if isinstance(value, _Bad):
                    str(value)
            elif makes_text or value is None:
                value = _shown(value)
            elif is_ours and isinstance(value, Undefined):
                str(value)
            elif type(value) is float:
                value = plain(value)
            arguments = (*arguments[:place], value, *arguments[place + 1 :])
        return call(*arguments, **named)

    return guarded


def _environment() -> _Environment:
    made = _Environment(undefined=_Absent, finalize=_shown, autoescape=False)
    made.filters |= {name: _guarded(name, call) for name, call in (made.filters | FILTERS).items()}
    made.tests["none"] = lambda value: value is None or isinstance(value, _Empty)
    return made


_ENVIRONMENT = _environment()


class RowTemplate:
    """A template rendered once for each of many records; several times as fast as rendering it anew each time.

    :param nulls: texts of cells that stand for nothing
    :raises InvalidInput: if the template is broken.
    """

    def __init__(self, source: str, nulls: Collection[str] = NO_NULLS) -> None:
        try:
            tree = _ENVIRONMENT.parse(source)
            names = _Names(tree)
            code = _ENVIRONMENT.compile(tree)
            template = Template.from_code(_ENVIRONMENT, code, dict(_ENVIRONMENT.globals))
        except (TemplateError, RecursionError) as error:
            raise InvalidInput(f"row_message: {error}") from None
        self.required = names.required
        """The columns without which it can make no text."""
        self.fallbacks = 0
        """How many of the columns it uses were empty in the record of the last text."""
        self._columns = None if names.uses_all else tuple(sorted(names.columns))
        self._has_bare = names.has_bare
        self._nulls = nulls
        self._root = template.root_render_func
        self._context = template.new_context()
        self._globals = dict(self._context.parent)
        self._context.parent = self._globals.copy()

    def text(self, record: Mapping[str, Any]) -> tuple[str, str]:
        """Return the text, or an empty one and why it cannot be made; ``row`` and every column are its variables."""
        try:
            return self._render(record), ""
        except _Unwritable as error:
            return "", str(error)
        except UndefinedError as error:
            absent = next((name for name in self._columns or () if name not in record), None)
            return "", str(error) if absent is None else f"it has no column {absent!r}"
        except InvalidValue as error:
            return "", f"a value in its text {error.problem} (filter {error.field})"
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever one row does to a template, the others get their texts
            return "", f"its text cannot be made ({type(error).__name__})"

    def _render(self, record: Mapping[str, Any]) -> str:
        # Making a context costs three times as much as a usual text, so one serves all, without what a text before has
        # set.
        context, row = self._context, _Row()
        context.vars.clear()
        context.exported_vars.clear()
        columns = record if self._columns is None else self._columns
        try:
            self.fallbacks = self._fill(row, record, columns)
        except BadValue:
            self.fallbacks = 0
            for name in columns:
                if name in record:
                    row[name] = _cell(name, record[name], self._nulls)
        if self._has_bare:
            context.parent = {**self._globals, **row, "row": row}
        else:
            context.parent["row"] = row
        return _ENVIRONMENT.concat(self._root(context))

    def _fill(self, row: _Row, record: Mapping[str, Any], columns: Iterable[str]) -> int:
        """Put the cells of a record into ``row`` and return how many are empty. As ``_cell`` does it, with a call less
        for most: a campaign comes through here once a cell.
        """
        nulls, empty = self._nulls, 0
        for name in columns:
            if name in record:
                value = record[name]
                kind = type(value)
                if kind is str:
                    value = text_of(value, nulls)
                    if value is None:
                        value = _empty(name)
                        empty += 1
                elif kind is not int:
                    value = _cell(name, value, nulls)
                    empty += type(value) is _Empty
                row[name] = value
        return empty


def _cell(name: str, value: Any, nulls: Collection[str]) -> Any:
    """Return the value of a cell as a template sees it."""
    try:
        value = plain(value, nulls)
    except BadValue as error:
        return _Bad(hint=str(error), name=name, exc=_Unwritable)
    if type(value) is str:
        return value
    if value is None:
        return _empty(name)
    if isinstance(value, Mapping):
        # Keys within a cell may be data; only the column is named.
        return _Row({str(key): _cell(name, item, nulls) for key, item in value.items()})
    if isinstance(value, (list, tuple, set, frozenset)):
        return _List(name, [_cell(name, item, nulls) for item in value])
    return value


@functools.lru_cache(maxsize=1024)
def _empty(name: str) -> _Empty:
    return _Empty(name=name, exc=_Unwritable)


class _Names:
    """Which columns a template speaks of, read from its tree."""

    def __init__(self, tree: nodes.Template) -> None:
        self._made = {node.name for node in tree.find_all(nodes.Name) if node.ctx != "load"}
        self._made |= {node.name for node in tree.find_all(nodes.Macro)}
        self._known = self._made | {"row", "loop", "caller", "varargs", "kwargs", *_ENVIRONMENT.globals}
        self.columns: set[str] = set()
        self.required: set[str] = set()
        self.uses_all = False
        self.has_bare = False
        """Whether it names a column without ``row``."""
        self._asked: set[str] = set()
        self._look(tree)
        self.required -= self._asked

    def _look(self, node: nodes.Node) -> None:
        for child in node.iter_child_nodes():
            self._take(child)

    def _take(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.Call) and self._column(node.node) in _METHODS and _of_row(node.node):
            # A method of the whole row, as row.get(…).
            self.uses_all = True
            for argument in [*node.args, *node.kwargs]:
                self._take(argument)
            return
        if (column := self._column(node)) is not None:
            self.columns.add(column)
            self.required.add(column)
            if isinstance(node, nodes.Getitem | nodes.Getattr):
                return
        elif isinstance(node, nodes.Name) and node.name == "row" and node.ctx == "load":
            self.uses_all = True
        elif isinstance(node, nodes.Filter) and node.name in _DEFAULTS and self._fallen_back(node.node):
            for argument in [*node.args, *(pair.value for pair in node.kwargs)]:
                self._take(argument)
            return
        elif isinstance(node, nodes.Test) and node.name in {"defined", "undefined"}:
            self._asked |= {column for column in [self._column(node.node)] if column}
        self._look(node)

    def _fallen_back(self, node: nodes.Node | None) -> bool:
        """Take a column for which something else stands in where it is not there."""
        column = None if node is None else self._column(node)
        if column is not None:
            self.columns.add(column)
        return column is not None

    def _column(self, node: nodes.Node | None) -> str | None:
        """Return the column that a node is, None if it is none."""
        if isinstance(node, nodes.Name):
            if node.ctx != "load" or node.name in self._known:
                return None
            self.has_bare = True
            return node.name
        if _of_row(node):
            if isinstance(node, nodes.Getattr):
                return node.attr
            if (
                isinstance(node, nodes.Getitem)
                and isinstance(node.arg, nodes.Const)
                and isinstance(node.arg.value, str)
            ):
                return node.arg.value
        return None


def _of_row(node: nodes.Node | None) -> bool:
    return (
        isinstance(node, (nodes.Getattr, nodes.Getitem))
        and isinstance(node.node, nodes.Name)
        and node.node.name == "row"
    )
