"""What stands by while tasks run: which classes of the provider were at work, and what errors carry along.

A report of errors can show the values of all names in a traceback, so those in our functions are written down; and
so is what a trigger is kept as, what it tells, and how tasks show themselves.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

from ippanel_provider.provider_info import get_provider_info
from tests.leaks.kinds import classes_of_tasks

HOME = Path(os.environ.get("AIRFLOW_HOME", "."))
ENTRANCES = {
    "tasks": ("execute", "resume_execution", "render_template_fields"),
    "notifiers": ("__call__", "notify", "async_notify"),
    "links": ("get_link",),
    "queues": ("trigger_class",),
    "hooks": ("test_connection", "run", "get_apprise_url", "get_conn"),
}
"""Where others enter our classes; each of them has to be entered."""


def classes() -> dict[str, dict[str, Any]]:
    """Return every class that Airflow is told of, by what it is."""
    info = get_provider_info()
    hooks = [name for group in info["hooks"] for name in group["python-modules"]]
    triggers = [name for group in info["triggers"] for name in group["python-modules"]]
    decorated = [_function(decorator["class-name"]).__module__ for decorator in info["task-decorators"]]
    return {
        "tasks": classes_of_tasks() | _classes_in(decorated, "DecoratedOperator"),
        "triggers": _classes_in(triggers, "BaseTrigger"),
        "notifiers": _classes(info["notifications"]),
        "links": _classes(info["extra-links"]),
        "queues": _classes(info["queues"]),
        "hooks": _classes_in(hooks, "BaseHook"),
    }


def _function(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def _classes(paths: list[str]) -> dict[str, Any]:
    found = {}
    for path in paths:
        # What this Airflow has no place for; the newest has one for everything, see tests/leaks/run.py.
        with suppress(AirflowOptionalProviderFeatureException):
            found[path.rpartition(".")[2]] = _function(path)
    return found


def _classes_in(modules: list[str], base: str) -> dict[str, Any]:
    return {
        name: kind
        for module in modules
        for name, kind in vars(import_module(module)).items()
        if inspect.isclass(kind)
        and kind.__module__ == module
        and any(above.__name__ == base for above in kind.__mro__[1:])
    }


class Witness:
    """Watches every class that Airflow is told of."""

    def __init__(self) -> None:
        self.expected = {f"{what}: {name}" for what, kinds in classes().items() for name in kinds}
        self.seen: set[str] = set()
        for what, kinds in classes().items():
            for name, kind in kinds.items():
                if what == "triggers":
                    kind.run = self._trigger(f"{what}: {name}", kind.run)
                for entrance in ENTRANCES.get(what, ()):
                    if hasattr(kind, entrance):
                        setattr(kind, entrance, self._entrance(f"{what}: {name}", getattr(kind, entrance)))

    def _entrance(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: Any, **kwargs: Any) -> Any:
                self.seen.add(name)
                try:
                    return await function(*args, **kwargs)
                except BaseException as error:
                    note_error(error)
                    raise

            return awaited

        @functools.wraps(function)
        def entered(*args: Any, **kwargs: Any) -> Any:
            self.seen.add(name)
            note("shown.log", repr(args[0]), str(args[0]))
            try:
                return function(*args, **kwargs)
            except BaseException as error:
                note_error(error)
                raise

        return entered

    def _trigger(self, name: str, function: Callable[..., AsyncIterator[Any]]) -> Callable[..., AsyncIterator[Any]]:
        @functools.wraps(function)
        async def run(trigger: Any) -> AsyncIterator[Any]:
            self.seen.add(name)
            note("triggers.log", repr(trigger), json.dumps(trigger.serialize()))
            try:
                async for event in function(trigger):
                    note("triggers.log", repr(event), json.dumps(event.payload))
                    yield event
            except BaseException as error:
                note_error(error)
                raise

        return run


def note(file: str, *lines: str) -> None:
    """Write lines into a file of Airflow's home."""
    with (HOME / file).open("a", encoding="utf-8") as opened:
        opened.writelines(f"{line}\n" for line in lines)


def note_error(error: BaseException | None) -> None:
    """Write down an error, all that came before it, and the values in those of our functions that it passed."""
    seen: set[int] = set()
    following = [error]
    while following:
        one = following.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        following += [one.__cause__, one.__context__]
        note("errors.log", f"{type(one).__name__}: {one!s}", repr(one), repr(vars(one)))
        stack = traceback.StackSummary.extract(traceback.walk_tb(one.__traceback__), capture_locals=True)
        for frame in stack:
            if "/ippanel_provider/" in frame.filename:
                note("errors.log", f"{frame.filename}:{frame.lineno} {frame.name} {frame.locals}")
