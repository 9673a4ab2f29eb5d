"""What a row lacks never gets into a text: the row is rejected, and the column named."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.row_template import RowTemplate
from ippanel_provider.tables.values import nulls_of

EMPTY = "a column that its text needs is empty: 'name'"


def made(source: str, /, **record: Any) -> tuple[str, str]:
    return RowTemplate(source).text(record)


@pytest.mark.parametrize(
    "source",
    [
        "سلام {{ row.name }}", "سلام {{ name }}", "{{ row['name'] }}", "{{ 'سلام ' ~ row.name }}",
        "{{ 'سلام ' + row.name }}",
        "{{ row.name | trim }}", "{{ row.name | upper }}", "{{ row.name | wordwrap(20) }}", "{{ row.name | title }}",
        "{{ row.name | string }}", "{{ row.name | int }}", "{{ row.name | float }}", "{{ row.name | length }}",
        "{{ row.name | replace('a', 'b') }}", "{{ 'a' | replace('a', row.name) }}", "{{ row.name | first }}",
        "{{ '%s' % row.name }}", "{{ '{}'.format(row.name) }}", "{{ '%s' | format(row.name) }}", "{{ row.name.x }}",
        "{{ row.name[0] }}", "{{ row.name() }}", "{{ row.name > 5 }}", "{{ -row.name }}", "{{ 2 * row.name }}",
        "{{ [row.name, 'x'] | join(' ') }}", "{{ row.name | list | join }}", "{% set n = row.name %}{{ n }}",
        "{% for letter in row.name %}{{ letter }}{% endfor %}",
        "{% macro hi(n) %}{{ n }}{% endmacro %}{{ hi(row.name) }}",
        "{{ row.get('name') }}", "{% for key, value in row.items() %}{{ value }}{% endfor %}", "{{ row.name and 'x' }}",
        "{{ row.name | default }}{{ row.name }}", "{{ row.values() | join }}", "{{ row.name | round }}",
        "{{ row.name | sum }}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", [None, math.nan, "", "  ", "\u200c", Decimal("NaN")])
def test_an_empty_column_is_no_text_whatever_is_done_with_it(source: str, value: Any) -> None:
    assert made(source, name=value) == ("", EMPTY)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ row.name | default('مشتری') }}", "مشتری"), ("{{ row.name | d('مشتری') }}", "مشتری"),
        ("{{ row.name or 'مشتری' }}", "مشتری"), ("{% if row.name %}x{% else %}مشتری{% endif %}", "مشتری"),
        ("{{ 'x' if row.name else 'مشتری' }}", "مشتری"), ("{% if row.name is none %}مشتری{% endif %}", "مشتری"),
        ("{% if row.name == none %}مشتری{% endif %}", "مشتری"),
        ("{% if row.name is not defined %}مشتری{% endif %}", "مشتری"),
        ("{% if row.name != none %}x{% else %}مشتری{% endif %}", "مشتری"),
        ("{% if row.name in ['x'] %}x{% endif %}y", "y"),
        ("{{ row.get('other', 'مشتری') }}", "مشتری"), ("{{ row.city }}", "تهران"),
    ],
)  # fmt: skip
def test_an_empty_column_can_be_asked_about(source: str, text: str) -> None:
    assert made(source, name=None, city="تهران") == (text, "")


@pytest.mark.parametrize("source", ["{{ row.name }}", "{{ row.name | default('x') }}", "{% if row.name %}x{% endif %}"])
def test_the_error_of_a_formula_is_no_text_and_nothing_stands_in_for_it(source: str) -> None:
    assert made(source, name="#REF!") == ("", "the column 'name' holds an error of the spreadsheet (#REF!)")


@pytest.mark.parametrize(
    "source", ["{{ row.name }}", "{{ 'x' ~ row.name }}", "{{ row.name | upper }}", "{{ '%s' % row.name }}"]
)
def test_a_list_and_a_mapping_are_no_text_but_can_be_gone_into(source: str) -> None:
    assert made(source, name=["a"])[1] == "the column 'name' is a list, and no text; join it"
    assert made(source, name={"a": 1})[1] == "its text would hold a whole mapping; name one of its values"
    assert made("{{ row.name | join('، ') }}", name=["a", "b"]) == ("a، b", "")
    assert made("{{ row.name.city }}", name={"city": "تهران"}) == ("تهران", "")
    assert made("{{ row.name.city }}", name={"city": None}) == ("", EMPTY)


@pytest.mark.parametrize(
    "source", ["{{ row }}", "{{ 'x' ~ row }}", "{{ row.name | list }}", "{{ row.name ~ none }}", "{{ none | upper }}"]
)
def test_what_an_expression_makes_is_no_leftover_either(source: str) -> None:
    text, problem = made(source, name="x")
    assert text == ""
    assert problem


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ row.amount }}", "150000"), ("{{ row.amount ~ '' }}", "150000"), ("{{ row.amount | string }}", "150000"),
        ("{{ row.amount * 1.0 }}", "150000"), ("{{ row.amount * 1.0 ~ '' }}", "150000"),
        ("{{ '{:,}'.format(row.amount) }}", "150,000"),
        ("{{ (row.amount / 4) | trim }}", "37500"), ("{{ row.amount / 7.5e11 }}", "0.0000002"),
        ("{{ row.day }}", "2026-03-01"),
        ("{{ row.day ~ '' }}", "2026-03-01"), ("{{ row.day.year }}", "2026"), ("{{ row.amount | round(1) }}", "150000"),
    ],
)  # fmt: skip
def test_numbers_and_days_are_written_as_people_do(source: str, text: str) -> None:
    assert made(source, amount=150000.0, day=date(2026, 3, 1)) == (text, "")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ row.day | jalali }}", "۱۴۰۵/۰۹/۰۷"), ("{{ row.day | jalali('%-d %B') }}", "۷ آذر"),
        ("{{ row.iso | jalali }}", "۱۴۰۵/۰۹/۰۷"),
        ("{{ row.amount | rial }}", "1,500,000"), ("{{ row.amount | rial | persian_digits }}", "۱٬۵۰۰٬۰۰۰"),
        ("{{ row.none | default('x') | persian_digits }}", "x"),
    ],
)  # fmt: skip
def test_dates_digits_and_amounts_as_people_in_iran_read_them(source: str, text: str) -> None:
    assert made(source, day=date(2026, 11, 28), iso="2026-11-28", amount=1500000.0, none=None)[0] == text


@pytest.mark.parametrize("name", ["jalali", "persian_digits", "rial"])
def test_a_filter_names_the_empty_column_and_what_it_cannot_read(name: str) -> None:
    assert made(f"{{{{ row.name | {name} }}}}", name=None) == ("", EMPTY)
    assert made(f"{{{{ row.name | {name} }}}}", name="#REF!")[1].endswith("(#REF!)")
    assert made("{{ row.name | jalali }}", name="فردا") == ("", "a value in its text is no date (filter jalali)")


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("{{ 'سلام ' + row.n }}", "TypeError"), ("{{ 1 / (row.n - 5) }}", "ZeroDivisionError"), ("{{ {}['x'].y }}", ""),
        ("{{ row.n.bit_length.x }}", ""), ("{{ 'abc'[row.n] }}", ""), ("{{ '%d' % row.s }}", "TypeError"),
        ("{{ [1, 'a'] | sort }}", "TypeError"), ("{{ range(10**9) | list }}", "OverflowError"),
        ("{{ '{[x]}'.format(row.n) }}", ""),
        ("{{ '{x}'.format(row.n) }}", "KeyError"), ("{{ '{1}'.format(row.n) }}", "IndexError"), ("{{ row.vip }}", ""),
    ],
)  # fmt: skip
def test_whatever_goes_wrong_in_a_text_is_a_matter_of_its_row(source: str, error: str) -> None:
    text, problem = made(source, n=5, s="x", vip=True)
    assert text == ""
    assert problem == f"its text cannot be made ({error})" if error else problem


def test_a_column_a_row_lacks_is_named() -> None:
    assert made("{{ row.dbet }}", debt=1) == ("", "it has no column 'dbet'")
    assert made("{{ dbet ~ 'x' }}", debt=1) == ("", "it has no column 'dbet'")


def test_what_is_looked_up_by_a_value_is_not_told() -> None:
    for source in ("{{ row[row.key] }}", "{{ row.d[row.key] }}", "{{ row.d[row.key] | upper }}", "{{ {}[row.key].x }}"):
        text, problem = made(source, key="09120000001", d={"09120000002": None})
        assert text == ""
        assert "912000000" not in problem
    assert made("{{ row.d['09120000002'] }}", d={"09120000002": None}) == ("", EMPTY.replace("name", "d"))


def test_null_values_are_empty() -> None:
    assert RowTemplate("{{ row.name }}", nulls_of(["NULL"])).text({"name": "NULL"}) == ("", EMPTY)


@pytest.mark.parametrize(
    ("source", "required"),
    [
        ("{{ row.a }} {{ b }} {{ row['پ'] }}", {"a", "b", "پ"}),
        ("{{ row.a | default('') }} {{ row.b | default(row.c) }}", {"c"}),
        ("{% if row.a is defined %}{{ row.a }}{% endif %}", set()),
        (
            "{% set x = row.a %}{{ x }}{% for y in row.b %}{{ loop.index }}{{ y.z }}{% endfor %}{{ range(3) | join }}",
            {"a", "b"},
        ),
        ("{{ row.get('a') }}{% for k, v in row.items() %}{{ k }}{% endfor %}", set()),
        ("{% macro f(a, b=1) %}{{ a }}{% endmacro %}{{ f(row.c) }}", {"c"}),
        ("{% if row.vip and vip2 %}{{ row.name | upper }}{% endif %}", {"vip", "vip2", "name"}),
    ],
)
def test_the_columns_it_needs_are_known_beforehand(source: str, required: set[str]) -> None:
    assert RowTemplate(source).required == required


@pytest.mark.parametrize("source", ["{{ row.name", "{{ row.name | nope }}", "{% include 'x' %}{% if %}", "{{ (" * 500])
def test_a_template_that_cannot_be_is_refused(source: str) -> None:
    with pytest.raises(InvalidInput, match="row_message: "):
        RowTemplate(source)


VALUES = st.one_of(
    st.none(), st.text(max_size=5), st.floats(), st.integers(), st.booleans(),
    st.sampled_from(["#REF!", "_x000D_", "\u200c"]),
    st.lists(st.none() | st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=2), st.none(), max_size=2), st.decimals(),
)  # fmt: skip
PIECES = st.sampled_from(
    [
        "{{ row.a }}", "{{ b }}", "{{ row.a ~ row.b }}", "{{ row.a | upper }}", "{{ row.b | trim }}",
        "{{ row.a | string }}",
        "{{ row.b or 'y' }}", "{{ row.a | default('z') }}", "{% if row.b %}{{ row.a }}{% endif %}",
        "{{ [row.a, row.b] | join }}",
        "{{ '%s' % (row.a,) }}", "{{ row.get('b') }}", "{{ row.a | wordwrap(3) }}", "{{ '{}'.format(row.b) }}",
    ]
)  # fmt: skip


@given(st.lists(PIECES, min_size=1, max_size=4), VALUES, VALUES)
def test_nobody_gets_a_leftover_and_no_row_changes_the_next(pieces: list[str], a: Any, b: Any) -> None:
    template = RowTemplate("".join(pieces))
    before = template.text({"a": "x", "b": "y"})
    text, problem = template.text({"a": a, "b": b})
    assert not (text and problem)
    given_away = "".join(str(value) for value in (a, b) if isinstance(value, str))
    for leftover in ("None", "nan", "NaN", "#REF!", "_x000D_", "[", "{", "e+"):
        assert leftover not in text or leftover in given_away.replace("#REF!", "").replace("_x000D_", "")
    assert template.text({"a": "x", "b": "y"}) == before == ("".join(before[0]), "")


@pytest.mark.parametrize(
    "source",
    [
        "{{ '%s' % row.get('nobody') }}", "{{ '%s' | format(row.get('nobody')) }}",
        "{{ '{}'.format(row.get('nobody')) }}",
        "{{ '{x}'.format(x=none) }}", "{{ '%s و %s' % ('a', none) }}", "{{ ['a', none] | join(' ') }}",
        "{{ 'a' | replace('a', none) }}", "{{ '%r' % row.tags }}", "{{ row.none | pprint }}",
        "{{ '{}'.format(row.vip) }}",
        "{{ ['a', row.vip] | join }}", "{{ '%s' % [none] }}", "{{ '%(a)s' % {'a': none} }}",
        "{{ '{vip}'.format_map(row) }}", "{{ '{0[none]}'.format(row) }}", "{{ '{none:,}'.format(**row) }}",
        "{{ row | tojson }}", "{{ row.tags | tojson }}", "{{ row.vip | pprint }}", "{{ row.vip | format }}",
        "{{ [row] | join(attribute='vip') }}", "{{ [row] | join(', ', 'none') }}", "{{ row | xmlattr }}",
    ],
)  # fmt: skip
def test_nothing_gets_into_a_text_by_way_of_a_form_or_a_list(source: str) -> None:
    text, problem = made(source, tags=["a", None], none=None, vip=True)
    assert (text, bool(problem)) == ("", True)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ '%s ریال' % (row.amount / 10) }}", "15000 ریال"),
        ("{{ '{:,} ریال'.format(row.amount / 10) }}", "15,000 ریال"),
        ("{{ '%.1f' | format(row.amount / 7) }}", "21428.6"),
        ("{{ '%05d' % row.amount }}", "150000"),
        ("{{ [row.amount / 10, row.amount] | join('/') }}", "15000/150000"),
        ("{{ row.price * 100 }}", "435"),
        ("{{ row.price * 100 | persian_digits }}", None),
        ("{{ (row.price * 100) | persian_digits }}", "۴۳۵"),
        ("{{ row.grouped | int + 1 }}", "1500001"),
        ("{{ row.grouped | float / 2 }}", "750000"),
        ("{{ 'aaa' | replace('a', 'b', 2) }}", "bba"),
        ("{{ row.word | int(0) }}", "0"),
        ("{{ '%s' % (row.price * 100) }}", "435"),
        ("{{ '{:>6}'.format(row.price * 100) }}", "   435"),
        ("{{ '{!s} {price} {0}'.format(row.price * 100, price=row.price) }}", None),
        ("{{ '{0!s} {price} {0}'.format(row.price * 100, price=row.price) }}", "435 4.35 435"),
        ("{{ '{price:.1f} {amount:,}'.format_map(row) }}", "4.3 150,000"),
        ("{{ '{0[price]}'.format(row) }}", "4.35"),
        ("{{ '{}'.format(row.price / 100000) }}", "0.0000435"),
        ("{{ [{'a': row.price * 100}] | join(', ', attribute='a') }}", "435"),
    ],
)
def test_numbers_in_forms_are_written_as_people_do(source: str, text: str | None) -> None:
    assert made(source, amount=150000.0, price=4.35, grouped="۱٬۵۰۰٬۰۰۰ ریال", word="ندارد")[0] == (text or "")


def test_a_text_that_is_no_amount_is_not_0() -> None:
    assert made("{{ row.word | int }} ریال", word="ندارد") == ("", "a value in its text is no amount (filter int)")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{% include 'footer' %}", "line 1: there is no other template"),
        ("{% extends 'base' %}", "there is no other template"),
        ("سلام\n{% from 'macros' import hi %}", "line 2: there is no other template"),
        ("{% if row.vip %}{{ row.at | jalaly }}{% endif %}", "there is no filter 'jalaly'"),
        ("{{ 'x' if row.vip is truthy }}", "there is no test 'truthy'"),
    ],
)
def test_what_no_row_could_render_is_refused_before_any_row(source: str, problem: str) -> None:
    with pytest.raises(InvalidInput, match=f"row_message: .*{problem}"):
        RowTemplate(source)


@pytest.mark.parametrize("value", ["None", "nan", "NaN", "NaT", "<NA>"])
def test_the_name_of_nothing_is_nothing_in_every_source(value: str) -> None:
    assert made("سلام {{ row.name }}", name=value) == ("", EMPTY)
    assert made("سلام {{ row.name or 'مشتری' }}", name=value) == ("سلام مشتری", "")
    assert made("سلام {{ row.name }}", name="Nan")[0] == "سلام Nan"
