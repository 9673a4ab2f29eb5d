"""What a cell holds, read in one way for texts, patterns and phonebooks.

Databases, data frames, Excel and JSON each have their own nothing, their own numbers and their own errors; a person who
gets a text knows none of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from ippanel_provider.tables.cells import unescaped
from ippanel_provider.text._digits import Float32

ERRORS = frozenset({
    *("#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!"),
    *("#CONNECT!", "#UNKNOWN!", "#BUSY!", "#PYTHON!", "#EXTERNAL!", "#GETTING_DATA"),
})  # fmt: skip
"""What Excel and its kin show where a formula has failed; also what is left of it when it is saved as text."""

UNCALCULATED = "#UNCALCULATED!"
"""A formula of which the file does not say what came out, as programs write them."""

NOTHINGS = frozenset({"nan", "NaN", "NaT", "<NA>", "None"})
"""What Python, NumPy and pandas leave where there was nothing, once it is made a text; others are the author's to
name."""

NO_NULLS: frozenset[str] = frozenset()
_INVISIBLE = (
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad\u061c\u3164"
)
_INVISIBLE_OR_BLANK = _INVISIBLE + " \t\r\n\u00a0"
_SUSPECT = frozenset(_INVISIBLE) | {"#"} | {word[0] for word in NOTHINGS}
_EXACT = 2**53
_EXACT_32 = 2**24
_MOST_DIGITS = 40
_AS_THEY_ARE = (date, time, timedelta, uuid.UUID)


class BadValue(ValueError):
    """A cell holds nothing that could be written in a text; the message says why and never what it holds."""


def plain(value: Any, nulls: Collection[str] = NO_NULLS) -> Any:
    """Return what a cell holds in Python's own terms: a text, a number, a time, a list, a mapping; None if it is
    missing.

    Missing is None, NaN, NaT, the nulls of pandas, NumPy and Arrow, their names as a text, and a text of which nothing
    is seen. A whole number
    is an int, whatever it was kept as.

    :param nulls: texts that stand for nothing, as ``NULL``
    :raises BadValue: it is the error of a formula, or nothing that could be written.
    """
    kind = type(value)
    if kind is str:
        return text_of(value, nulls)
    if value is None or kind is int or kind is bool:
        return value
    if kind is float:
        return _float(value)
    return _uncommon(value, nulls)


def written(value: Any) -> str:
    """Return what people would write for what :func:`plain` returned: ``150000`` for 150000.0, no time for midnight.

    :raises BadValue: nobody writes it: nothing, a truth value, a list, a mapping.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        raise BadValue("is a truth value, and no text")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (float, Decimal)):
        value = plain(value)
        if value is None:
            raise BadValue("is empty")
        if isinstance(value, float):
            # As Excel shows them: what stands behind is noise of the machine, 434.99999999999994 for 4.35 × 100.
            value = Decimal(f"{value:.15g}")
            value = int(value) if value == value.to_integral_value() else value
        return str(value) if isinstance(value, int) else format(value, "f")
    if isinstance(value, datetime):
        if value.time() == time():
            return value.date().isoformat()
        return value.strftime("%Y-%m-%d %H:%M:%S" if value.second else "%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        minutes, seconds = divmod(abs(round(value.total_seconds())), 60)
        return f"{'-' if value < timedelta() else ''}{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    if isinstance(value, _AS_THEY_ARE):
        return str(value)
    raise BadValue("is empty" if value is None else _no_text(value))


def nulls_of(given: Iterable[str] | str) -> frozenset[str]:
    """Return the texts that stand for nothing."""
    return frozenset([given] if isinstance(given, str) else given)


def text_of(value: str, nulls: Collection[str] = NO_NULLS) -> str | None:
    """Return what :func:`plain` makes of a text.

    :raises BadValue: it is the error of a formula.
    """
    if "_x" in value:
        value = unescaped(value).replace("\r\n", "\n")
    value = value.strip()
    if not value or (nulls and value in nulls):
        return None
    if value[0] in _SUSPECT:
        if value in NOTHINGS or is_unseen(value):
            return None
        if value == UNCALCULATED:
            raise BadValue("is a formula that was never calculated; open the file in Excel, and save it")
        if value.upper() in ERRORS:
            raise BadValue(f"holds an error of the spreadsheet ({value.upper()})")
    return value


def is_unseen(text: str) -> bool:
    """Whether a text is blanks and invisible marks only."""
    return text[:1] in _INVISIBLE_OR_BLANK and not text.strip(_INVISIBLE_OR_BLANK)


def _float(value: float) -> float | int | None:
    if value != value:
        return None
    if not value.is_integer():
        if value in (float("inf"), float("-inf")):
            raise BadValue("is infinite")
        return value
    if abs(value) >= _EXACT:
        raise BadValue("is a float too large to be exact")
    return int(value)


def _decimal(value: Decimal) -> Decimal | int | None:
    if value.is_nan():
        return None
    if not value.is_finite():
        raise BadValue("is infinite")
    if value and abs(value.adjusted()) > _MOST_DIGITS:
        raise BadValue("has too many digits")
    return int(value) if value == value.to_integral_value() else value


def _uncommon(value: Any, nulls: Collection[str]) -> Any:
    kind = type(value)
    if kind.__name__ in {"NAType", "NaTType"}:
        return None
    if isinstance(value, str):
        return text_of(str(value), nulls)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Float32):
        return _float(of_float32(float(value)))
    if isinstance(value, float):
        return _float(float(value))
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, (*_AS_THEY_ARE, list, tuple, set, frozenset, Mapping)):
        return value
    if hasattr(value, "as_py"):
        return plain(value.as_py(), nulls)
    if hasattr(value, "dtype") and hasattr(value, "item"):
        return _of_numpy(value, nulls)
    raise BadValue(_no_text(value))


def _of_numpy(value: Any, nulls: Collection[str]) -> Any:
    """A scalar of NumPy, or an array, which a list column of a data frame holds."""
    if getattr(value, "shape", ()):
        return value.tolist()
    if value.dtype.kind == "M":
        # In nanoseconds its item would be a bare number; "not a time" differs from itself.
        return plain(value.astype("datetime64[us]").item(), nulls)
    if value.dtype.kind == "f" and value.dtype.itemsize < 8:
        return plain(of_float32(float(value), str(value)), nulls)
    item = value.item()
    # A float longer than Python's has none but itself.
    return plain(float(item) if type(item) is type(value) else item, nulls)


def of_float32(value: float, shortest: str | None = None) -> float:
    """Return what was meant by a float of 32 bits or less, which has seven digits.

    :param shortest: its shortest spelling, where that is known
    :raises BadValue: it is a whole number so large that its neighbours cannot be told from it.
    """
    if value != value or not value:
        return value
    if abs(value) > _EXACT_32:
        raise BadValue("is a float of 32 bits, which cannot hold so large a number")
    return value if value.is_integer() else float(shortest or f"{value:.7g}")


def _no_text(value: Any) -> str:
    return f"is of type {type(value).__name__}, not a text"
