"""What outlives the process: every change of the service's memory, written down before it is answered.

A part of the memory is a :class:`Store`; each of its methods that changes it is marked with :func:`change`. With a
:class:`.state_file.StateFile` in place, the call of such a method is written down as data (service time, method,
arguments) and made again, at the same service time, when the sandbox starts anew. Three rules make the second life
equal the first:

- **Arguments are plain data** that JSON can carry and the method's annotations can read back: numbers, texts, lists,
  mappings, dataclasses. The annotated types must be importable when the program runs, not only for type checking.
- **Chance comes in as an argument**: a new token or code is made by the caller. Time is :meth:`Store.now`.
- **A change that raises has changed nothing**, and takes no number from a counter; it is not written down.

A change that makes other changes is written down once, as the outermost call.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, get_type_hints

from pydantic_core import from_json, to_json

from .clock import Clock
from .state_file import Row, StateFile, StateFileError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="Store")


class Store:
    """A part of the service's memory whose changes are written down. There is one of each class in a sandbox."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        journal.register(self)

    def now(self) -> float:
        """The service's time, in seconds since the epoch; it stands still while a change is made."""
        return self.journal.clock.now()


def change(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Mark a method of a :class:`Store` as one that changes it."""

    @functools.wraps(method)
    def changing(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        journal = self.journal
        if journal.is_inside:
            return method(self, *args, **kwargs)
        with journal.at() as now:
            result = method(self, *args, **kwargs)
        journal.write(now, self, method.__name__, args, kwargs)
        journal.tell()
        return result

    changing.changes = True  # type: ignore[attr-defined]
    return changing


class Journal:
    """Writes changes down, and makes them again from what was written. Without a file it does neither.

    :param tell: called after each change that was not made again
    """

    def __init__(self, clock: Clock, tell: Callable[[], None] = lambda: None) -> None:
        self.clock = clock
        self.tell = tell
        self.is_inside = False
        """Whether a change is being made, so that what it calls is part of it."""
        self._file: StateFile | None = None
        self._stores: dict[str, Store] = {}

    def register(self, store: Store) -> None:
        """Let ``store`` receive the changes of its class; it takes the place of the one before."""
        self._stores[type(store).__name__] = store

    @contextmanager
    def at(self, time: float | None = None) -> Iterator[float]:
        """Make one change, or several that need no writing down, at one moment: ``time``, or now."""
        before, self.is_inside = self.is_inside, True
        try:
            with self.clock.held(time) as now:
                yield now
        finally:
            self.is_inside = before

    def write(
        self, now: float, store: Store, method: str, args: Sequence[object], kwargs: Mapping[str, object]
    ) -> None:
        """Write a change down. It is safe from the end of this process when this returns."""
        if self._file is not None:
            self._file.append(now, f"{type(store).__name__}.{method}", to_json([args, kwargs]))

    def open(self, file: StateFile) -> bool:
        """Make every change in ``file`` again and write all further ones into it. Return whether there were any.

        :raises StateFileError: when it holds a change this version cannot make.
        """
        time = None
        try:
            for row in file.rows():
                time = row.time
                with self.at(time):
                    self._repeat(row)
        except BaseException:
            file.close()
            raise
        if time is not None:
            self.clock.not_before(time)
        self._file = file
        return time is not None

    def _repeat(self, row: Row) -> None:
        store_name, _, name = row.change.partition(".")
        store = self._stores.get(store_name)
        method: Any = getattr(type(store), name, None)
        if store is None or not getattr(method, "changes", False):
            raise StateFileError(
                f"the state file holds a change this version does not know ({row.change}); start with a new file"
            )
        try:
            args, kwargs = _read(method, row.arguments)
            method(store, *args, **kwargs)
        except Exception as error:
            raise StateFileError(
                f"the state file holds a change this version cannot make ({row.change}); start with a new file"
            ) from error

    def clear(self) -> None:
        """Forget what was written down."""
        if self._file is not None:
            self._file.clear()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _read(method: Any, arguments: bytes) -> tuple[list[Any], dict[str, Any]]:
    adapters = _adapters(method)
    args, kwargs = from_json(arguments)
    read = [adapter.validate_python(value) for adapter, value in zip(adapters.values(), args, strict=False)]
    return read, {name: adapters[name].validate_python(value) for name, value in kwargs.items()}


@functools.cache
def _adapters(method: Any) -> dict[str, TypeAdapter[Any]]:
    """How to read each argument, in order."""
    # Imported here: only a start from a file needs it, and every start would wait for it.
    from pydantic import TypeAdapter

    hints = get_type_hints(method)
    names = list(inspect.signature(method).parameters)[1:]
    return {name: TypeAdapter(hints[name]) for name in names}
