"""Every source's nothing, numbers and errors, read in one way."""

from __future__ import annotations

import enum
import math
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.tables.values import ERRORS, BadValue, nulls_of, of_float32, plain, written


class Word(enum.StrEnum):
    HELLO = "سلام"


class Level(enum.IntEnum):
    GOLD = 3


class NaTType(datetime):
    """As pandas has it: a time that differs from itself."""

    def __ne__(self, other: object) -> bool:
        return True


@pytest.mark.parametrize(
    "value",
    [
        None, "", "  ", "\t\r\n", "\u200c", "\ufeff\u200f ", "\u00a0", math.nan, Decimal("NaN"), "_x000D_", "_x000D_\n",
        NaTType(2026, 1, 1), pyarrow.scalar(None, pyarrow.int64()), pyarrow.scalar(math.nan),
    ],
)  # fmt: skip
def test_nothing(value: Any) -> None:
    assert plain(value) is None


def test_words_that_stand_for_nothing_are_named_by_the_author() -> None:
    nulls = nulls_of(["NULL", r"\N", "#N/A"])
    assert [plain(value, nulls) for value in ("NULL", r"\N", " NULL ", "#N/A", "NULLA")] == [None] * 4 + ["NULLA"]
    assert plain("-", nulls_of("-")) is None
    assert plain("NULL") == "NULL"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("آرش", "آرش"), ("  آرش ", "آرش"), ("می‌شود", "می‌شود"), ("a_x000D_\nb", "a\nb"), ("_x0041_", "A"),
        (150000.0, "150000"), (-3.0, "-3"), (0.0, "0"), (2.5, "2.5"), (1e-7, "0.0000001"), (1e15, "1000000000000000"),
        (Decimal("150000.00"), "150000"), (Decimal("1E+2"), "100"), (Decimal("1.50"), "1.50"),
        (Decimal("1E-9"), "0.000000001"),
        (7, "7"), (Level.GOLD, "3"), (Word.HELLO, "سلام"), (pyarrow.scalar("x"), "x"), (pyarrow.scalar(5.0), "5"),
        (date(2026, 3, 1), "2026-03-01"), (datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01"),
        (datetime(2026, 3, 1, 9, 5, tzinfo=UTC), "2026-03-01 09:05"),
        (datetime(2026, 3, 1, 9, 5, 7), "2026-03-01 09:05:07"),  # noqa: DTZ001
        (time(9, 5), "09:05:00"), (timedelta(hours=1), "1:00:00"),
        (timedelta(days=1, hours=6, seconds=5), "30:00:05"), (timedelta(minutes=-90), "-1:30:00"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)  # fmt: skip
def test_what_people_would_write(value: Any, said: str) -> None:
    assert written(plain(value)) == said


@pytest.mark.parametrize("error", sorted(ERRORS))
def test_the_error_of_a_formula_is_no_value(error: str) -> None:
    with pytest.raises(BadValue, match=r"^holds an error of the spreadsheet \(#"):
        plain(f" {error.lower()} ")


@pytest.mark.parametrize(
    "value", [b"x", bytearray(b"x"), object(), print, math.inf, -math.inf, Decimal("Infinity"), 1e300, Decimal("1e50")]
)
def test_what_nobody_would_write(value: Any) -> None:
    with pytest.raises(BadValue) as caught:
        plain(value)
    assert "x" not in str(caught.value).split()


@pytest.mark.parametrize("value", [None, True, [1], (1,), {"a": 1}, {1}, math.nan])
def test_what_is_no_text(value: Any) -> None:
    with pytest.raises(BadValue):
        written(value)


def test_a_truth_value_a_list_and_a_mapping_can_still_be_asked() -> None:
    assert plain(True) is True
    assert plain([1]) == [1]
    assert plain({"a": 1}) == {"a": 1}


def test_a_float_of_32_bits_has_seven_digits() -> None:
    assert of_float32(float(pyarrow.scalar(0.1, pyarrow.float32()).as_py())) == 0.1
    assert of_float32(150000.0) == 150000.0
    with pytest.raises(BadValue, match="is a float of 32 bits, which cannot hold so large a number"):
        of_float32(9120001024.0)


@given(st.floats() | st.decimals() | st.integers() | st.text())
def test_whatever_is_written_is_no_nothing_and_no_exponent(value: Any) -> None:
    try:
        read = plain(value)
    except BadValue:
        return
    if read is not None:
        assert written(read).strip()
        assert isinstance(value, str) or set(written(read)) <= set("-0123456789.")
