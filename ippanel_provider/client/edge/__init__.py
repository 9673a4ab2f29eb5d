"""The Edge API, one module a chapter; each function returns a request and sends nothing."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from types import FunctionType, MappingProxyType
from typing import Any

from ippanel_provider.client.edge import (
    auth,
    bank,
    draft,
    number,
    package,
    pattern,
    payment,
    phonebook,
    report,
    send,
    ticket,
    user,
)
from ippanel_provider.client.requests import Request
from ippanel_provider.tracebacks import make_discreet

__all__ = [
    "auth",
    "bank",
    "draft",
    "number",
    "operations",
    "package",
    "pattern",
    "payment",
    "phonebook",
    "report",
    "send",
    "ticket",
    "user",
]

_CHAPTERS = (auth, send, bank, report, number, user, package, ticket, draft, payment, pattern, phonebook)


for _chapter in _CHAPTERS:
    make_discreet(_chapter)


@functools.cache
def operations() -> Mapping[str, Callable[..., Request[Any]]]:
    """Return every call of the API by its name, as ``phonebook.create_option``, chapter by chapter."""
    return MappingProxyType(
        {
            f"{chapter.__name__.rpartition('.')[2]}.{call.__name__}": call
            for chapter in _CHAPTERS
            for call in vars(chapter).values()
            if inspect.isfunction(call) and call.__module__ == chapter.__name__ and _is_public_call(call)
        }
    )


def _is_public_call(function: FunctionType) -> bool:
    # Annotations are texts here; the helpers of a chapter start with an underscore.
    returned = str(function.__annotations__.get("return"))
    return not function.__name__.startswith("_") and returned.startswith(("Request[", "PageRequest["))
