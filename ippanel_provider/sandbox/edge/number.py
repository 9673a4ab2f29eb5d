"""The account's lines. API: number."""

from __future__ import annotations

from ippanel_provider.sandbox.records import Line
from ippanel_provider.sandbox.wire import Call, Reply, Route

from .envelope import list_of


def list_numbers(call: Call) -> Reply:
    """The lines, with booleans as 0 and 1."""
    return list_of(call, list(call.sandbox.lines.values()), _render)


def _render(line: Line) -> dict[str, object]:
    return {
        "id": line.id,
        "number": line.number,
        "operator_id": line.operator_id,
        "alias": line.alias,
        "gets": int(line.gets),
        "is_66_char": int(line.is_66_char),
    }


routes = (
    Route("GET", "/api/number/numbers", list_numbers, "list_numbers"),
    Route("GET", "/api/numbers", list_numbers, "list_numbers", alternate=True),
)
