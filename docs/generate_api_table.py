"""Write ``api.md``: every call of the Edge API that the client speaks, taken from the calls themselves.

Run it after a call was added or changed: ``python docs/generate_api_table.py``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from ippanel_provider.client import Request, Upload, edge

TARGET = Path(__file__).with_name("api.md")

_SLICE = {"mci": {"size": 1}}
# A value for each required parameter by its name, and what single calls want besides. Ids are told apart by their
# value, so that a path can show where each goes.
_VALUES: Mapping[str, Any] = {
    "areas": [{"province_id": 1, "pre": 912, **_SLICE}],
    "code": "12345",
    "contacts": [{"number": "09120000000", "phonebook_id": 1}],
    "file": Upload("rows.xlsx", b"rows"),
    "messages": [("09120000000", "text")],
    "mobile": "09120000000",
    "phonebook_id": 700000001,
    "contact_id": 700000002,
    "number": "09120000000",
    "option_id": 700000003,
    "recipient": "09120000000",
    "recipients": ["09120000000"],
    "sender": "+983000505",
    "token": "t" * 32,
    "trades": [{"main_category_id": 1, **_SLICE}],
    "type": "string",
    "gets": True,
    "send": True,
}
_BESIDES: Mapping[str, Mapping[str, Any]] = {
    "number.assign_number": {"number_id": 1, "target_user_id": 1},
    "number.unassign_number": {"number_id": 1, "target_user_id": 1},
    "phonebook.update": {"title": "title"},
    "send.geolocation": {"areas": [{"province_id": 1, **_SLICE}]},
    "send.postal_code": {"areas": [{"postal_code": 131, **_SLICE}]},
    "send.send_url": {"api_key": "key"},
}

_HEAD = """# Every call of the Edge API

One function of `ippanel_provider.client.edge` each, by chapter; `edge.operations()` finds them by the names below.
This page is
written by `docs/generate_api_table.py` from the functions.

*Repeated* says after which failures the client sends a request again by itself: **always** (reads, and writes that
can be
done twice), **if not sent** (it never left, or the service asked to come later), **if unreached** (no connection was
made).

The sandbox serves each of them, and a test has the two meet over each; `python -m docs.call_coverage` prints the
table of that.
"""


def example(name: str, call: Callable[..., Request[Any]]) -> Request[Any]:
    """Return a request of the call with values for what it requires."""
    return call(**{**_required(call), **_BESIDES.get(name, {})})


def _required(call: Callable[..., Any]) -> dict[str, Any]:
    needed = [
        name for name, parameter in inspect.signature(call).parameters.items() if parameter.default is parameter.empty
    ]
    return {
        name: _VALUES.get(name, [1] if name.endswith(("_ids", "books")) else 1 if name.endswith("_id") else "text")
        for name in needed
    }


def render() -> str:
    """Return the page."""
    lines = [_HEAD]
    for chapter, calls in groupby(edge.operations().items(), key=lambda item: item[0].partition(".")[0]):
        about = _first_line(getattr(edge, chapter)).partition(". ")[2]
        lines += [f"## {chapter}", "", *([about, ""] if about else [])]
        lines += ["| call | request | repeated | result |", "|---|---|---|---|"]
        lines += [_row(name, call) for name, call in calls] + [""]
    return "\n".join(lines)


def _row(name: str, call: Callable[..., Request[Any]]) -> str:
    request = example(name, call)
    path = request.path
    for parameter, value in _required(call).items():
        path = re.sub(rf"/{re.escape(str(value))}(?=/|$)", f"/{{{parameter}}}", path)
    kind, _, result = str(call.__annotations__["return"]).removesuffix("]").partition("[")
    result = "–" if result == "None" else f"pages of `{result}`" if kind == "PageRequest" else f"`{result}`"
    return f"| `{name}`<br>{_first_line(call)} | {request.method}<br>`{path}` | {request.replay.value} | {result} |"


def _first_line(documented: Any) -> str:
    line = (inspect.getdoc(documented) or "").partition("\n\n")[0].replace("\n", " ")
    return re.sub(r":\w+:`~?([^`]+)`", r"`\1`", line).replace("``", "`")


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
