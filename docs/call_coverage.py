"""Print every call of the Edge API with what there is of it: in the client, in the sandbox, in a test of one against
the other.

``python -m docs.call_coverage`` from the project's root. It ends with an error when anything is missing, so that a call
cannot be added to one side alone.
"""

from __future__ import annotations

import sys

from ippanel_provider.client import edge
from ippanel_provider.sandbox.edge import CHAPTERS
from ippanel_provider.sandbox.edge.sending import FORMS
from tests.client_on_sandbox import account, phonebook, sending
from tests.client_on_sandbox.world import CASES

_CASES_BY = (account, phonebook, sending)
"""Importing these fills CASES."""
_DOOR = "send.send"
"""The one route behind which all sending types stand; they are listed instead."""


def served() -> set[str]:
    """The calls the sandbox serves."""
    routes = {f"{chapter.__name__.rpartition('.')[2]}.{route.op}" for chapter in CHAPTERS for route in chapter.routes}
    return (routes - {_DOOR}) | {f"send.{form}" for form in FORMS}


def table() -> dict[str, tuple[bool, bool, bool]]:
    """By name of a call: whether the client speaks it, the sandbox serves it, a test has them meet."""
    spoken, answered = edge.operations(), served()
    names = [*spoken, *sorted((answered | CASES.keys()) - spoken.keys())]
    return {name: (name in spoken, name in answered, name in CASES) for name in names}


def main() -> int:
    """Print the table. Return 1 when a cell is empty, else 0."""
    rows = table()
    width = max(map(len, rows))
    lines = [f"| {'call':{width}} | client | sandbox | test |", f"|{'-' * (width + 2)}|--------|---------|------|"]
    for name, cells in rows.items():
        client, sandbox, test = ("✓" if cell else " " for cell in cells)
        lines.append(f"| {name:{width}} |   {client}    |    {sandbox}    |  {test}   |")
    sys.stdout.write("\n".join(lines) + "\n")
    missing = [name for name, cells in rows.items() if not all(cells)]
    if missing:
        sys.stderr.write(f"{len(missing)} of {len(rows)} calls are not complete: {', '.join(missing)}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
