"""The text that a Jinja template makes of a record.

A column that is empty, or holds an error, can be asked about (``{% if row.name %}``, ``row.name or …``,
``row.name | default(…)``), but whatever would put it into a text rejects the row and names the column.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from jinja2 import Template, TemplateError, Undefined, UndefinedError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.filters import make_attrgetter
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedFormatter

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.row_cells import Absent, Bad, Empty, RowCells, Unwritable, cell_of, empty_cell, shown
from ippanel_provider.tables.values import NO_NULLS, BadValue, plain, text_of, written
from ippanel_provider.text.jalali import FILTERS, amount
from ippanel_provider.values import InvalidValue

_STRINGS = {
    *("capitalize", "center", "e", "escape", "forceescape", "format", "indent", "lower", "persian_digits", "pprint"),
    *("replace", "safe", "string", "striptags", "title", "tojson", "trim", "truncate", "upper", "urlencode", "urlize"),
    *("wordcount", "wordwrap", "xmlattr"),
}
"""Filters that make a text of what they are given."""
_DEFAULTS = {"default", "d"}
_JINJAS = {"row", "loop", "self", "super", "caller", "varargs", "kwargs"}
_METHODS = frozenset(dir(dict))


class _Generator(CodeGenerator):
    """Compiles ``a ~ b`` so that each of them is written as people do, and ``row.name`` so that columns cost no
    call."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self.write("environment.joined((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        if not (isinstance(node.node, nodes.Name) and node.node.name == "row"):
            super().visit_Getattr(node, frame)
            return
        self.write("(")
        for code in (f"[{node.attr!r}] if {node.attr!r} in ", " else environment.getattr(", f", {node.attr!r}))"):
            self.visit(node.node, frame)
            self.write(code)


class _Formatter(SandboxedFormatter):
    """Puts into a text what people write."""

    def convert_field(self, value: Any, conversion: Any) -> Any:
        return super().convert_field(_to_format(value) if conversion else value, conversion)

    def format_field(self, value: Any, format_spec: str) -> Any:
        return super().format_field(_to_format(value), format_spec)


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox of Jinja, in which ``row.items`` is a column of that name rather than the method of a dict."""

    code_generator_class = _Generator
    intercepted_binops = frozenset({"%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """``"…%s" % row.name``."""
        if isinstance(left, str):
            if type(right) is dict:
                right = {name: _to_format(item) for name, item in right.items()}
            else:
                right = tuple(map(_to_format, right)) if isinstance(right, tuple) else _to_format(right)
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> Any:
        """``"…{}".format(row.name)`` and ``"…{name}".format_map(row)``."""
        if super().wrap_str_format(value) is None:
            return None
        if value.__name__ == "format_map":
            return lambda named: _Formatter(self).vformat(value.__self__, (), named)
        return lambda *given, **named: _Formatter(self).vformat(value.__self__, given, named)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Look for a column first, which spares every row the exceptions on the way to it."""
        if type(obj) is RowCells and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def joined(self, parts: tuple[Any, ...]) -> str:
        """``a ~ b``."""
        return "".join([part if type(part) is str else shown(part) for part in parts])


_NO_TEXTS = {type(None), bool, list, tuple, set, dict}


class _Number(float):
    """A number with a fraction that stays one for ``%.1f`` and ``{:,}``, and to ``%s`` and ``{}`` is what people
    write."""

    def __str__(self) -> str:
        return written(float(self))

    __repr__ = __str__

    def __format__(self, form: str) -> str:
        return super().__format__(form) if form else str(self)


def _to_format(value: Any) -> Any:
    """What may be put into a text by its form: a number stays one."""
    if type(value) in _NO_TEXTS:
        return shown(value)
    if type(value) is float and plain(value) is not None:
        # Without the noise of the machine, as a text has it.
        value = plain(float(f"{value:.15g}"))
        return _Number(value) if type(value) is float else value
    return value


def _to_replace(value: Any) -> Any:
    return value if type(value) is int else shown(value)


_ARGUMENTS: dict[str, Callable[[Any], Any]] = {
    "format": _to_format,
    "replace": _to_replace,
}
"""Filters whose arguments get into the text, and as what."""


def _counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """``int`` and ``float``, to which a text that is no number is not 0, and ``1,500,000`` is what it says."""

    @functools.wraps(call)
    def read(value: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(value, str) and not arguments and "default" not in named:
            value = plain(amount(value, name))
        return call(value, *arguments, **named)

    return read


def _joined(call: Callable[..., Any]) -> Callable[..., Any]:
    """``join``, to whose list nothing is not the text "None"."""

    @functools.wraps(call)
    def join(context: Any, value: Any, d: str = "", attribute: Any = None) -> Any:
        if attribute is not None:
            value = map(make_attrgetter(context.environment, attribute), value)
        if not isinstance(value, (str, Undefined)):
            value = list(map(shown, value))
        return call(context, value, d)

    return join


def _guarded(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """A filter to which nothing is not the text "None", and a float what it is to people."""
    place = 1 if hasattr(call, "jinja_pass_arg") else 0
    makes_text = name in _STRINGS
    is_default = name in _DEFAULTS
    is_ours = name in FILTERS
    in_text = _ARGUMENTS.get(name)

    @functools.wraps(call)
    def guarded(*arguments: Any, **named: Any) -> Any:
        value = arguments[place]
        if type(value) is not str:
            if is_default:
                if isinstance(value, Bad):
                    str(value)
            elif makes_text or value is None:
                value = shown(value)
            elif is_ours and isinstance(value, Undefined):
                str(value)
            elif type(value) is float:
                value = plain(value)
            arguments = (*arguments[:place], value, *arguments[place + 1 :])
        if in_text:
            arguments = (*arguments[: place + 1], *map(in_text, arguments[place + 1 :]))
            named = {key: in_text(item) for key, item in named.items()}
        return call(*arguments, **named)

    return guarded


def _environment() -> _Environment:
    made = _Environment(undefined=Absent, finalize=shown, autoescape=False)
    made.filters |= {name: _counted(name, made.filters[name]) for name in ("int", "float")}
    made.filters["join"] = _joined(made.filters["join"])
    made.filters |= {name: _guarded(name, call) for name, call in (made.filters | FILTERS).items()}
    made.tests["none"] = lambda value: value is None or isinstance(value, Empty)
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
            _refuse_what_is_not_there(tree)
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
        except Unwritable as error:
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
        context, row = self._context, RowCells()
        context.vars.clear()
        context.exported_vars.clear()
        columns = record if self._columns is None else self._columns
        try:
            self.fallbacks = self._fill(row, record, columns)
        except BadValue:
            self.fallbacks = 0
            for name in columns:
                if name in record:
                    row[name] = cell_of(name, record[name], self._nulls)
        if self._has_bare:
            context.parent = {**self._globals, **row, "row": row}
        else:
            context.parent["row"] = row
        return _ENVIRONMENT.concat(self._root(context))

    def _fill(self, row: RowCells, record: Mapping[str, Any], columns: Iterable[str]) -> int:
        """Put the cells of a record into ``row`` and return how many are empty. As ``cell_of`` does it, with a call
        less for most: a campaign comes through here once a cell.
        """
        nulls, empty = self._nulls, 0
        for name in columns:
            if name in record:
                value = record[name]
                kind = type(value)
                if kind is str:
                    value = text_of(value, nulls)
                    if value is None:
                        value = empty_cell(name)
                        empty += 1
                elif kind is not int:
                    value = cell_of(name, value, nulls)
                    empty += type(value) is Empty
                row[name] = value
        return empty


def _refuse_what_is_not_there(tree: nodes.Template) -> None:
    """What Jinja finds out in a branch that some row takes is the author's mistake, and no row's.

    :raises InvalidInput: naming it.
    """
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        raise InvalidInput(f"row_message: line {node.lineno}: there is no other template to take in; write it all here")
    for kind, there in ((nodes.Filter, _ENVIRONMENT.filters), (nodes.Test, _ENVIRONMENT.tests)):
        for named in tree.find_all(kind):
            if named.name not in there:
                raise InvalidInput(f"row_message: there is no {kind.__name__.lower()} {named.name!r}")


class _Names:
    """Which columns a template speaks of, read from its tree."""

    def __init__(self, tree: nodes.Template) -> None:
        self._made = {node.name for node in tree.find_all(nodes.Name) if node.ctx != "load"}
        self._made |= {node.name for node in tree.find_all(nodes.Macro)}
        self._known = self._made | _JINJAS | set(_ENVIRONMENT.globals)
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
