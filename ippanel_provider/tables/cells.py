"""Texts in the cells of spreadsheets.

A text that a spreadsheet would take for a formula, and so might obey, gets an apostrophe, as people write it
themselves; reading takes it away again, so that what was written is what is read. Numbers are no formulas, a phone
number with its plus neither. What no XML can hold stands in Excel's files as ``_x000D_``.
"""

from __future__ import annotations

import re
from typing import Any

_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"'*[+\-\uff0b\uff0d]?\d[\d\s.,/()\-]*\Z")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_TO_ESCAPE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def guarded(value: Any) -> Any:
    """Return the value, with an apostrophe before it if it is the text of a formula."""
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.match(value):
        return f"'{value}"
    return value


def unguarded(value: Any) -> Any:
    """Return what :func:`guarded` was given."""
    if isinstance(value, str) and value[:1] == "'" and _FORMULA.match(value) and not _NUMBER.match(value):
        return value[1:]
    return value


def escaped(text: str) -> str:
    """Return a text as Excel's files hold it."""
    return _TO_ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def unescaped(text: str) -> str:
    """Return what :func:`escaped` was given."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
