"""What a warehouse holds, as the texts the service keeps."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ippanel_provider.sync.values import day, text, whole


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("  سلام ", "سلام"), (None, ""), (math.nan, ""), (5, "5"), (5.0, "5"), (5.25, "5.25"), (Decimal("1.50"),
        "1.50"),
        (True, "1"), (False, "0"), (date(2025, 5, 20), "2025-05-20"),
    ],
)  # fmt: skip
def test_text(value: Any, said: str) -> None:
    assert text(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (7, "7"),
        (7.0, "7"),
        ("۷۰", "70"),
        (" 007 ", "7"),
        ("-3", "-3"),
        ("12.0", "12"),
        (None, ""),
        ("", ""),
        (Decimal(9), "9"),
    ],
)
def test_whole(value: Any, said: str) -> None:
    assert whole(value) == said


@pytest.mark.parametrize("value", [True, "1.5", 1.5, "many", "1,000", "9" * 20, "--1", math.inf])
def test_what_is_no_whole_number(value: Any) -> None:
    with pytest.raises(ValueError, match="it is no whole number"):
        whole(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2025-05-20", "2025-05-20"), ("1404/2/3", "1404-02-03"), ("۱۴۰۴/۰۲/۳۱", "1404-02-31"),
        ("1403/12/30", "1403-12-30"), ("2024-02-29", "2024-02-29"),
        ("2025-05-20T10:00:00Z", "2025-05-20"),
        (date(2025, 5, 20), "2025-05-20"), (datetime(2025, 5, 20, 23, 59), "2025-05-20"), (None, ""),  # noqa: DTZ001 - as databases give it
    ],
)  # fmt: skip
def test_day(value: Any, said: str) -> None:
    assert day(value) == said


@pytest.mark.parametrize(
    "value",
    [
        "20-05-2025",
        "yesterday",
        20250520,
        "2025-13-01",
        "2025-01-32",
        "0000-01-01",
        "2025-05",
        "2025-02-30",
        "2025-04-31",
        "1404/07/31",
        "1404/12/30",
        "9999-01-01",
    ],
)
def test_what_is_no_day(value: Any) -> None:
    with pytest.raises(ValueError, match=r"it is no date|there is no such day"):
        day(value)


@pytest.mark.parametrize("value", [[1], {"a": 1}, b"x", object()])
def test_what_has_no_text_is_refused_by_its_type(value: Any) -> None:
    with pytest.raises(ValueError, match=f"it is of type {type(value).__name__}"):
        text(value)
