"""What a terminal shows. Texts of strangers and in two directions of writing are made safe to show."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import sys
import textwrap
import unicodedata
from contextlib import suppress
from typing import Any

from ippanel_provider.sync.paint import Paint

_INDENT = "    "
_ISOLATE, _POP = "\u2068", "\u2069"
# What is needed to write Persian; the other marks of direction could turn the rest of the line around.
_KEPT_MARKS = frozenset("\u200c\u200d\u200e\u200f")


def use_utf8() -> None:
    """Speak UTF-8 whatever the locale says: Persian is what this is about."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


def is_terminal(stream: object) -> bool:
    """Whether people sit at the other end; a closed stream is None."""
    return isinstance(stream, io.IOBase) and not stream.closed and stream.isatty()


def write(line: str) -> None:
    """Write a line of the result.

    :raises OSError: there is nowhere to write it to.
    """
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")
    sys.stdout.write(line + "\n")


def finish() -> None:
    """Hand over what was written, so that a reader who has gone is noticed now.

    :raises OSError: it cannot be.
    """
    if sys.stdout is not None:
        sys.stdout.flush()


def settle() -> None:
    """Let go of what cannot be handed over. Python would try once more at its exit, and end with a code of its own."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def write_json(data: Any) -> None:
    """Write a result for a program, in one line.

    :raises OSError: there is nowhere to write it to.
    """
    write(json.dumps(data, ensure_ascii=False))


def complain(sentence: str) -> None:
    """Write what went wrong, in one line; where nobody can read it, the exit code has to say it alone."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"ippanel: {plain(sentence)}\n")
            sys.stderr.flush()


def plain(text: str) -> str:
    """``text`` in one line and without what a terminal would obey: escapes, controls, marks that turn the line
    around."""
    return "".join(" " if char.isspace() else char for char in text if char.isspace() or _is_shown(char))


def _is_shown(char: str) -> bool:
    return char in _KEPT_MARKS or unicodedata.category(char) not in {"Cc", "Cf", "Cs"}


def quoted(text: str) -> str:
    """A text of a person, plain; isolated on a terminal, so that Persian leaves the figures around it in place."""
    return f"{_ISOLATE}{plain(text)}{_POP}" if is_terminal(sys.stdout) else plain(text)


def beside(head: str, text: str) -> list[str]:
    """A text of a person beside what is said of it; below it, and broken between words, where the terminal is narrow.

    A terminal breaks a line anywhere, and lays out each piece of two directions by itself.
    """
    width = shutil.get_terminal_size().columns
    text = plain(text)
    if not is_terminal(sys.stdout) or len(head) + 2 + len(text) <= width:
        return [f"{head}  {quoted(text)}"]
    below = textwrap.wrap(text, max(width - len(_INDENT), 20), break_on_hyphens=False) or [""]
    return [head, *(_INDENT + quoted(line) for line in below)]


def paint() -> Paint:
    """How plans are shown: in colours where there is a terminal that was not told otherwise (``NO_COLOR``)."""
    return Paint(is_terminal(sys.stdout) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb", plain)
