"""A wire API as a table of routes: a request comes in as a :class:`Call`, a handler returns a :class:`Reply`.

Handlers are plain functions and never wait; faults, reading and writing happen around them, in :mod:`.serving`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from pydantic_core import from_json, to_json

from .faults import Effects
from .takes import Field

if TYPE_CHECKING:
    from .records import Credential
    from .state import Sandbox

JSON = b"application/json"
HTML = b"text/html; charset=utf-8"


@dataclass(slots=True)
class Reply:
    """An answer: status, bytes, and what headers it needs."""

    status: int
    body: bytes
    media_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()

    @classmethod
    def json(cls, content: object, status: int = 200) -> Reply:
        """An answer in JSON."""
        return cls(status, to_json(content))


@dataclass
class Upload:
    """A file of a multipart form."""

    name: str
    content: bytes


@dataclass
class Form:
    """A multipart form, read: values by field name without ``[]``, files likewise."""

    values: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[Upload]] = field(default_factory=dict)


class Denied(Exception):
    """A handler does not do what it is asked; ``reply`` is the answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class UnreadableBody(Exception):
    """The body is not the JSON it should be."""


@dataclass
class Call:
    """One request, read. ``path`` has no double slashes and no host; ``params`` are the ``{…}`` of the route."""

    sandbox: Sandbox
    method: str
    path: str
    query_string: bytes
    headers: Mapping[bytes, bytes]
    raw_body: bytes
    form: Form | None = None
    params: dict[str, str] = field(default_factory=dict)
    credential: Credential | None = None
    takes: Sequence[Field] = ()
    """The fields that its route declares."""
    effects: Effects = field(default_factory=Effects)
    """What faults change about it."""

    def header(self, name: bytes) -> str:
        """A header by its lower-case name, empty when absent."""
        return self.headers.get(name, b"").decode("utf-8", "replace")

    def uploads(self, field: str) -> Sequence[Upload]:
        """The files of a field."""
        return () if self.form is None else self.form.files.get(field, ())

    @cached_property
    def query(self) -> dict[str, str]:
        """The query; of a key given twice the last counts."""
        return dict(parse_qsl(self.query_string.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def given(self) -> Mapping[str, Any]:
        """The fields as they came: of the query of a GET, of the body of everything else."""
        return self.query if self.method == "GET" else self.body

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None when there is none.

        :raises UnreadableBody: when it is something else.
        """
        if not self.raw_body.strip():
            return None
        try:
            return from_json(self.raw_body, cache_strings="keys")
        except ValueError as error:
            raise UnreadableBody from error

    @cached_property
    def body(self) -> Mapping[str, Any]:
        """The fields of the body, of JSON or of a form; empty when there is none, or it is ``null`` or a list.

        :raises UnreadableBody: when it should be JSON and is not.
        """
        if self.form is not None:
            return _fields(self.form)
        content = self.json
        return content if isinstance(content, dict) else {}


def _fields(form: Form) -> dict[str, Any]:
    """A form's values as the fields of a body: JSON where a value is a JSON list or object, a list where a field
    repeats.
    """
    fields: dict[str, Any] = {}
    for name, values in form.values.items():
        read = [_value(value) for value in values]
        fields[name] = read[0] if len(read) == 1 else read
    return fields


def _value(text: str) -> Any:
    if text[:1] in ("{", "["):
        try:
            return from_json(text)
        except ValueError:
            return text
    return text


def with_plus(number: str) -> str:
    """A number out of an address, where a plus that was not encoded arrives as a space."""
    return "+" + number[1:] if number.startswith(" ") else number


Handler = Callable[[Call], Reply]


@dataclass(frozen=True)
class Route:
    """One call of an API. ``path`` is written from after ``/v1`` and may hold ``{name}`` segments.

    ``auth`` is ``any`` (key or token), ``token`` (API keys are refused) or ``none``. ``alternate`` routes are those the
    documents print besides; they can be switched off.
    """

    method: str
    path: str
    handler: Handler
    op: str
    auth: str = "any"
    alternate: bool = False
    takes: tuple[Field, ...] = ()
    """The fields of its query (GET) or of its body."""


@dataclass(frozen=True)
class Api:
    """A wire API: its routes, and how it says no.

    ``authorize`` fills ``call.credential`` or returns the refusal; ``unknown`` answers a path (404) or method (405)
    nobody serves; ``unreadable`` a body that is no JSON; ``refused`` (message, code) and ``unauthorized`` are the
    faults of the same name in this API's words. ``shown`` turns an answer into the one of this panel.
    """

    name: str
    title: str
    prefix: str
    routes: Sequence[Route]
    authorize: Callable[[Call, Route], Reply | None]
    unknown: Callable[[int], Reply]
    unreadable: Callable[[], Reply]
    refused: Callable[[str | None, str | None], Reply]
    unauthorized: Callable[[str], Reply]
    repeated: Callable[[str], Reply]
    """The refusal of a repetition (``guard``) or without credit (``credit``)."""
    shown: Callable[[Call, Reply], Reply] = lambda call, reply: reply


class RouteTable:
    """Finds the route of a request: fixed paths by a dictionary, paths with ``{…}`` in the order they were written."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._fixed: dict[str, dict[str, Route]] = {}
        self._patterned: list[tuple[re.Pattern[str], Route]] = []
        for route in routes:
            if "{" in route.path:
                self._patterned.append(
                    (re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(route.path)) + r"\Z"), route)
                )
            else:
                methods = self._fixed.setdefault(route.path, {})
                if route.method in methods:
                    raise ValueError(f"two routes for {route.method} {route.path}")
                methods[route.method] = route

    def find(self, method: str, path: str, *, alternates: bool = True) -> tuple[Route, dict[str, str]] | int:
        """The route and the values of its ``{…}``, or the status that says why there is none: 404 or 405."""
        seen = False
        methods = self._fixed.get(path)
        if methods is not None:
            seen = True
            route = methods.get(method)
            if route is not None and (alternates or not route.alternate):
                return route, {}
        for pattern, route in self._patterned:
            if (alternates or not route.alternate) and (match := pattern.match(path)):
                seen = True
                if route.method == method:
                    return route, match.groupdict()
        return 405 if seen else 404
