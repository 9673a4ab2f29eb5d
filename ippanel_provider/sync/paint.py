"""Colours for a terminal, and none for anything else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ippanel_provider.sync.plan import Action

_COLOURS = {
    Action.CREATE: 32,
    Action.UPDATE: 33,
    Action.DELETE: 31,
    Action.REJECT: 31,
    Action.UNCHANGED: 2,
    Action.UNMANAGED: 2,
}


def _as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Paint:
    """How lines are written.

    :param coloured: whether the terminal shows colours
    :param plain: takes out of a stranger's text what a terminal would obey
    """

    coloured: bool = False
    plain: Callable[[str], str] = _as_it_is

    def of(self, action: Action, line: str) -> str:
        """A line in the colour of an action."""
        return self._in(_COLOURS[action], line)

    def bold(self, line: str) -> str:
        """A line that matters."""
        return self._in(1, line)

    def _in(self, code: int, line: str) -> str:
        return f"\x1b[{code}m{line}\x1b[0m" if self.coloured else line
