"""The rows of a pattern, judged as the service would, before any of them leaves."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ippanel_provider.campaign.pattern_rows import judged
from ippanel_provider.client import Pattern, PatternVariable
from ippanel_provider.tables.values import nulls_of

PATTERN = Pattern(
    pattern_code="abc", pattern_status="active", pattern_message="%name% عزیز، کد %code%",
    variable=(PatternVariable(name="name", type="string", len=10), PatternVariable(name="code", type="integer", len=5)),
)  # fmt: skip


def values(**variables: Any) -> tuple[Any, str]:
    row = judged(1, "09120000001", {"name": "آرش", "code": 1} | variables, PATTERN)
    return (dict(row.variables), "") if row.variables is not None else (None, row.problem)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"name": 48151}, {"name": "48151"}), ({"name": 150000.0}, {"name": "150000"}),
        ({"name": Decimal("1.50")}, {"name": "1.50"}),
        ({"name": date(2026, 3, 1)}, {"name": "2026-03-01"}), ({"name": "  آرش "}, {"name": "آرش"}),
        ({"code": "0042"}, {"code": "0042"}), ({"code": 42.0}, {"code": 42}), ({"code": "-5"}, {"code": -5}),
        ({"code": "۴۲"}, {"code": "۴۲"}),
        ({"name": "x" * 10, "code": "12345"}, {"name": "x" * 10, "code": "12345"}),
    ],
)  # fmt: skip
def test_a_value_is_sent_as_the_pattern_takes_it(given: dict[str, Any], sent: dict[str, Any]) -> None:
    assert values(**given) == ({"name": "آرش", "code": 1} | sent, "")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "x" * 11}, "the value of name has 11 characters; the pattern takes 10"),
        ({"code": 123456}, "the value of code has 6 characters; the pattern takes 5"),
        ({"code": "four"}, "the value of code is of the wrong type; the pattern takes integer"),
        ({"code": 1.5}, "the value of code is of the wrong type; the pattern takes integer"),
        ({"code": "--5"}, "the value of code is of the wrong type; the pattern takes integer"),
        ({"name": True}, "the value of name is of the wrong type; the pattern takes string"),
        ({"name": ["x"]}, "the value of name is of the wrong type; the pattern takes string"),
        ({"name": "#REF!"}, "the value of name holds an error of the spreadsheet (#REF!)"),
        *(({"name": nothing}, "the value of name is empty") for nothing in (None, "", "  ", math.nan, "\u200c")),
        ({"town": "x"}, "the pattern has no variable town"),
    ],
)
def test_a_value_it_does_not_take_rejects_its_row(given: dict[str, Any], said: str) -> None:
    assert values(**given) == (None, said)


def test_a_missing_value_and_words_that_stand_for_nothing() -> None:
    assert judged(1, "0912", {"name": "x"}, PATTERN).problem == "the pattern needs a value for code"
    row = judged(1, "0912", {"name": "NULL", "code": 1}, PATTERN, nulls_of(["NULL"]))
    assert row.problem == "the value of name is empty"


def test_over_the_legacy_api_all_values_are_texts() -> None:
    row = judged(1, "0912", {"name": "آرش", "code": 42.0}, None)
    assert row.variables == {"name": "آرش", "code": "42"}
    assert judged(1, "0912", {"code": None}, None).problem == "the value of code is empty"
