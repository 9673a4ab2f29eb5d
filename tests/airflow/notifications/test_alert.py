"""Who an alert is for, and how it is made to fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.notifications.alert import fitted, separated
from ippanel_provider.service import MAX_TEXT_CHARACTERS, MAX_TEXT_PARTS
from ippanel_provider.text.parts import measure


@pytest.mark.parametrize(
    "recipients",
    [
        "09120000001,09120000002",
        "09120000001; 09120000002",
        "09120000001\n09120000002\n",
        "['09120000001', '09120000002']",
        "09120000001 09120000002",
        "09120000001، 09120000002",
        ["09120000001", "09120000002"],
        ("09120000001", "", "09120000002"),
    ],
)
def test_recipients_in_every_form_a_template_gives(recipients: object) -> None:
    assert separated(recipients) == ["09120000001", "09120000002"]


def test_one_number_stored_as_a_number() -> None:
    assert separated(9120000001) == ["9120000001"]


@given(st.text(min_size=1, max_size=3000), st.integers(0, 10**6))
def test_any_text_is_made_to_fit_and_keeps_its_count(message: str, held: int) -> None:
    tail = f" (+{held})"
    text = fitted(message, tail)
    assert text.endswith(tail)
    assert len(text) <= MAX_TEXT_CHARACTERS
    assert measure(text).parts <= MAX_TEXT_PARTS


def test_a_text_that_fits_is_not_touched() -> None:
    assert fitted("سلام", "") == "سلام"
    assert fitted("a" * MAX_TEXT_CHARACTERS, "") == "a" * MAX_TEXT_CHARACTERS
