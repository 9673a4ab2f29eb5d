"""Words, figures and dates in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

from ippanel_provider.sandbox.faults import NAMES
from ippanel_provider.sandbox.web import books, panel, patterns, switches
from ippanel_provider.sandbox.web import i18n as tongue
from ippanel_provider.sandbox.web import layout as shell
from ippanel_provider.sandbox.web.i18n import ENGLISH, FARSI, jalali, tongue_of
from ippanel_provider.sandbox.web.persian import PERSIAN
from ippanel_provider.service_profile import facts

WEB = Path(shell.__file__).parent


def texts_of_templates() -> Iterator[str]:
    environment = jinja2.Environment()  # noqa: S701 - read, never rendered
    for path in (WEB / "templates").glob("*.html"):
        for call in environment.parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
            is_words = isinstance(call.node, nodes.Name) and call.node.name == "_"
            is_count = isinstance(call.node, nodes.Getattr) and call.node.attr == "count"
            if is_words or is_count:
                for argument in call.args[: 1 if is_words else 3]:
                    yield from (
                        found.value
                        for found in [*argument.find_all(nodes.Const), argument]
                        if isinstance(found, nodes.Const)
                    )


def texts_of_code() -> Iterator[str]:
    for path in WEB.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = (
                node.func.id
                if isinstance(node.func, ast.Name)
                else node.func.attr
                if isinstance(node.func, ast.Attribute)
                else ""
            )
            if name in ("Mistake", "tongue", "self") and node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)
            if name == "show":
                yield from (
                    str(word.value.value)
                    for word in node.keywords
                    if word.arg in ("what", "back_name") and isinstance(word.value, ast.Constant)
                )


def texts_of_tables() -> Iterator[str]:
    yield from shell.SAID.values()
    yield from (name for _, _, name in shell.NAVIGATION)
    yield from [*tongue.STATES.values(), *tongue.STATUSES.values(), *patterns.STATUSES.values()]
    yield from (words for _, words in switches.JUMPS)
    yield from [*books.JOBS.values(), *NAMES.values(), *(title for title, _ in panel.GROUPS)]
    yield from (fact.says for fact in facts().values())
    for name, group in switches.GROUPS:
        yield name
        for ready in group:
            yield from (ready.title, ready.tells)


def test_everything_that_is_said_is_said_in_persian_and_nothing_more_is_kept() -> None:
    said = {*filter(lambda text: isinstance(text, str), texts_of_templates()), *texts_of_code(), *texts_of_tables()}
    assert said - PERSIAN.keys() == set()
    assert PERSIAN.keys() - said == set()


def test_a_translation_fills_in_what_its_english_does() -> None:
    for english, persian in PERSIAN.items():
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", persian)), english


@pytest.mark.parametrize(
    ("day", "persian"),
    [
        (date(2024, 3, 19), (1402, 12, 29)),
        (date(2024, 3, 20), (1403, 1, 1)),
        (date(2025, 3, 20), (1403, 12, 30)),
        (date(2025, 3, 21), (1404, 1, 1)),
        (date(2025, 9, 22), (1404, 6, 31)),
        (date(2025, 9, 23), (1404, 7, 1)),
        (date(2021, 3, 20), (1399, 12, 30)),
        (date(1979, 2, 11), (1357, 11, 22)),
        (date(2017, 3, 20), (1395, 12, 30)),
    ],
)
def test_the_persian_calendar(day: date, persian: tuple[int, int, int]) -> None:
    assert jalali(day) == persian


def test_each_day_follows_the_one_before() -> None:
    before = jalali(date(2020, 1, 1))
    for days in range(1, 4000):
        year, month, day = jalali(date(2020, 1, 1) + timedelta(days))
        assert (year, month, day) in (
            (before[0], before[1], before[2] + 1),
            (before[0], before[1] + 1, 1),
            (before[0] + 1, 1, 1),
        )
        before = (year, month, day)


@pytest.mark.parametrize(
    ("seconds", "english", "persian"),
    [
        (0, "just now", "لحظاتی پیش"),
        (34, "30 s ago", "۳۰ ثانیه پیش"),
        (61, "1 min ago", "۱ دقیقه پیش"),
        (7300, "2 h ago", "۲ ساعت پیش"),
        (-90, "in 1 min", "۱ دقیقه دیگر"),
        (-5, "in 5 s", "۵ ثانیه دیگر"),
        (-200_000, "in 2 d", "۲ روز دیگر"),
        (200_000, "2025-05-19", "۱۴۰۴/۰۲/۲۹"),
    ],
)
def test_how_long_ago(seconds: float, english: str, persian: str) -> None:
    now = 1747808120.0
    assert ENGLISH.ago(now - seconds, now) == english
    assert FARSI.ago(now - seconds, now) == persian


def test_figures() -> None:
    assert ENGLISH.number(1234567.25, 1) == "1,234,567.2"
    assert ENGLISH.number(1_000_000.0, 1) == "1,000,000"
    assert FARSI.number(1234.5, 1) == "۱٬۲۳۴٫۵"
    assert ENGLISH.count(1, "{n} part", "{n} parts") == "1 part"
    assert FARSI.count(2, "{n} part", "{n} parts") == "۲ پارت"
    assert ENGLISH.moment(1747808120) == "2025-05-21 09:45:20"
    assert FARSI.moment(1747808120) == "۱۴۰۴/۰۲/۳۱ ۰۹:۴۵:۲۰"


@pytest.mark.parametrize(
    ("chosen", "accepted", "code"),
    [
        (None, "", "en"),
        (None, "fa-IR,fa;q=0.9,en;q=0.8", "fa"),
        (None, "de,en;q=0.8,fa;q=0.7", "en"),
        ("fa", "en", "fa"),
        ("xx", "fa", "fa"),
    ],
)
def test_whose_language(chosen: str | None, accepted: str, code: str) -> None:
    assert tongue_of(chosen, accepted).code == code
