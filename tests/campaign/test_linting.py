"""What is odd about the texts of a campaign is said once a rule, and with ``refuse`` keeps errors from going out."""

from __future__ import annotations

import logging

import pytest

from ippanel_provider.campaign.audience import Audience, Row
from ippanel_provider.campaign.linting import Linter

TEXTS = [f"{name} عزیز، خرید شما ثبت شد" for name in ("آرش", "None", "بهار", "#N/A")]


def test_errors_are_refused_row_by_row_and_the_others_go_out() -> None:
    audience = Audience(judge=Linter("refuse").judge)
    rows = [Row(line, f"0912000000{line}", text) for line, text in enumerate(TEXTS, start=1)]
    assert [message.line for message in audience.screen(rows)] == [1, 3]
    assert [reject.line for reject in audience.rejects] == [2, 4]
    assert audience.rejects[0].reason.endswith("(leftover)")
    assert Linter("warn").judge(TEXTS[1]) == ""


def test_findings_are_told_once_a_rule_and_never_with_the_text(caplog: pytest.LogCaptureFixture) -> None:
    linter = Linter("warn")
    with caplog.at_level(logging.WARNING):
        for text in TEXTS * 2:
            linter.look(text)
        linter.tell()
        linter.look("None")
        linter.tell()
    (line,) = [line for line in caplog.messages if "leftover" in line]
    assert line.startswith("lint: 4 of 8 texts: error leftover: ")
    assert "خرید" not in caplog.text


def test_off_looks_at_nothing(caplog: pytest.LogCaptureFixture) -> None:
    linter = Linter("off")
    linter.look(TEXTS[1])
    linter.tell()
    assert caplog.messages == []


def test_one_text_for_all_is_looked_at_once(caplog: pytest.LogCaptureFixture) -> None:
    linter = Linter("warn")
    for _ in range(5):
        linter.look(TEXTS[1])
    linter.tell()
    assert any("1 of 1 texts" in line for line in caplog.messages)
