"""What a terminal shows. Texts of strangers and in two directions of writing are made safe to show."""

from __future__ import annotations

import io
import json
import os
import sys
import unicodedata
from typing import Any

from ippanel_provider.sync.paint import Paint

_ISOLATE, _POP = "\u2068", "\u2069"
# What is needed to write Persian; the other marks of direction could turn the rest of the line around.
_KEPT_MARKS = frozenset("\u200c\u200d\u200e\u200f")


def use_utf8() -> None:
    """Speak UTF-8 whatever the locale says: Persian is what this is about."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


def write(line: str) -> None:
    """Write a line of the result."""
    sys.stdout.write(line + "\n")


def finish() -> None:
    """Hand over what was written, so that a reader who has gone is noticed now."""
    sys.stdout.flush()


def write_json(data: Any) -> None:
    """Write a result for a program, in one line."""
    write(json.dumps(data, ensure_ascii=False))


def complain(sentence: str) -> None:
    """Write what went wrong, in one line."""
    sys.stderr.write(f"ippanel: {plain(sentence)}\n")


def plain(text: str) -> str:
    """``text`` in one line and without what a terminal would obey: escapes, controls, marks that turn the line
    around."""
    return "".join(" " if char.isspace() else char for char in text if char.isspace() or _is_shown(char))


def _is_shown(char: str) -> bool:
    return char in _KEPT_MARKS or unicodedata.category(char) not in {"Cc", "Cf", "Cs"}


def quoted(text: str) -> str:
    """A text of a person, plain; on a terminal isolated, so that Persian leaves the figures around it in their
    places."""
    return f"{_ISOLATE}{plain(text)}{_POP}" if sys.stdout.isatty() else plain(text)


def paint() -> Paint:
    """How plans are shown: in colours where there is a terminal that was not told otherwise (``NO_COLOR``)."""
    return Paint(sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb", plain)
