"""What errors carry along: a traceback holds every function it passed, and what reports errors may show the values of
all names in them. In ours these are texts, phone numbers and keys.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from traceback import walk_tb
from types import CodeType, FunctionType, TracebackType
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_PAUSES = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def forget_values(error: BaseException) -> None:
    """Empty our functions that an error, its cause and what came before it have left. Where they stand is kept."""
    for one in _chain(error):
        one.__traceback__ = _emptied(one.__traceback__)
        if one.__suppress_context__:
            # Hidden from people, and kept all the same.
            one.__context__ = None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: list[BaseException | None] = [error]
    while following:
        one = following.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            following += [one.__cause__, one.__context__]
            yield one


def _emptied(passed: TracebackType | None) -> TracebackType | None:
    entries = []
    while passed is not None:
        entries.append(passed)
        passed = passed.tb_next
    following: TracebackType | None = None
    for entry in reversed(entries):
        entry.tb_next = following
        following = entry
        code = entry.tb_frame.f_code
        if not entry.tb_frame.f_globals.get("__name__", "").startswith("ippanel_provider."):
            continue
        if code.co_flags & _PAUSES:
            # It may have caught the error and go on later; emptied, it would be ended.
            following = _stand_in(code, entry)
        else:
            # One that still runs cannot be emptied; who called it does.
            with suppress(RuntimeError):
                entry.tb_frame.clear()
    return following


def _stand_in(code: CodeType, entry: TracebackType) -> TracebackType:
    """An entry of the same place, of a function without any values."""
    raising = compile("\n" * (entry.tb_lineno - 1) + "raise LookupError", code.co_filename, "exec")
    values: dict[str, object] = {}
    try:
        exec(raising.replace(co_name=code.co_name, co_qualname=code.co_qualname), values)  # noqa: S102 - the line above
    except LookupError as raised:
        *_, (frame, line) = walk_tb(raised.__traceback__)
        values.clear()
        return TracebackType(entry.tb_next, frame, frame.f_lasti, line)
    raise AssertionError


def discreet(function: Callable[P, R]) -> Callable[P, R]:
    """Let its errors out without the values that it and what it called were given."""
    if inspect.iscoroutinefunction(function):
        return _discreet_on_a_loop(function)  # type: ignore[no-any-return]

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            forget_values(error)
            # They stand in this function's own frame.
            del args, kwargs
            raise

    return called


def _discreet_on_a_loop(function: Callable[..., Any]) -> Any:
    @wraps(function)
    async def called(*args: Any, **kwargs: Any) -> Any:
        try:
            return await function(*args, **kwargs)
        except Exception as error:
            forget_values(error)
            del args, kwargs
            raise

    return called


def make_discreet(place: T) -> T:
    """Make all public functions of a class or a module so; return it."""
    names = vars(place)
    home = names.get("__name__") if inspect.ismodule(place) else names.get("__module__")
    for name, function in list(names.items()):
        if isinstance(function, FunctionType) and function.__module__ == home and not name.startswith("_"):
            setattr(place, name, discreet(function))
    return place
