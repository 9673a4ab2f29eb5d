"""Rows, templates and sources of every kind: nobody gets a leftover or another person's text, and no row changes the
others' texts."""

from __future__ import annotations

import csv
import io
import json
import math
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import openpyxl
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from ippanel_provider.campaign.audience import Audience, Message, OncePer
from ippanel_provider.campaign.rows import rendered
from ippanel_provider.tables.frames import rows_of
from ippanel_provider.tables.layout import Layout
from ippanel_provider.tables.readers import read
from ippanel_provider.tables.records import Record, numbered
from ippanel_provider.tables.sql import read as read_sql
from tests.more import TIMES

COLUMNS = ("mobile", "id", "name", "amount")
Table = list[dict[str, Any]]


def of_file(kind: str, content: bytes) -> Iterator[Record]:
    return read(io.BytesIO(content), kind, Layout(number_column="mobile"))


def from_csv(table: Table) -> Iterator[Record]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([["" if row[name] is None else row[name] for name in COLUMNS] for row in table])
    return of_file("csv", text.getvalue().encode())


def from_jsonl(table: Table) -> Iterator[Record]:
    return of_file("jsonl", "\n".join(json.dumps(row) for row in table).encode())


def from_excel(table: Table) -> Iterator[Record]:
    book = openpyxl.Workbook()
    book.active.append(COLUMNS)
    for row in table:
        book.active.append([None if _is_nan(row[name]) else row[name] for name in COLUMNS])
    file = io.BytesIO()
    book.save(file)
    return of_file("xlsx", file.getvalue())


def from_parquet(table: Table) -> Iterator[Record]:
    file = io.BytesIO()
    parquet.write_table(as_arrow(table), file)
    return of_file("parquet", file.getvalue())


def from_a_frame(table: Table) -> Iterator[Record]:
    return numbered(rows_of(as_arrow(table), "mobile"))


def from_sql(table: Table) -> Iterator[Record]:
    class Hook:
        def get_conn(self) -> sqlite3.Connection:
            connection = sqlite3.connect(":memory:")
            connection.execute(f"CREATE TABLE people ({', '.join(COLUMNS)})")
            rows = [tuple(row[name] for name in COLUMNS) for row in table]
            connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?)", rows)
            return connection

    with closing(read_sql(Hook(), "SELECT * FROM people")) as rows:
        yield from numbered(rows)


def as_arrow(table: Table) -> Any:
    columns: dict[str, Any] = {}
    for name in COLUMNS:
        values = [row[name] for row in table]
        is_number = name == "amount" and all(value is None or isinstance(value, int | float) for value in values)
        columns[name] = (
            pyarrow.array(values, pyarrow.float64(), from_pandas=False)
            if is_number
            else pyarrow.array([None if value is None else str(value) for value in values])
        )
    return pyarrow.table(columns)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


SOURCES: dict[str, Callable[[Table], Iterator[Record]]] = {
    "csv": from_csv, "json lines": from_jsonl, "excel": from_excel, "parquet": from_parquet, "frame": from_a_frame,
    "sql": from_sql,
}  # fmt: skip

TEMPLATES = [
    "{{ row.id }}: {{ row.name }} عزیز، {{ row.amount }} ریال",
    "{{ id ~ ': ' ~ name ~ amount }}",
    "{{ row.id }}: {{ row.name | trim | upper }} {{ row.amount | string }}",
    "{{ row.id }}: {{ row.name or 'مشتری' }}{% if row.amount %} {{ row.amount }}{% endif %}",
    "{{ row.id }}: {{ row.name | default('مشتری') }} {{ '%s' % row.amount }} {{ [row.name, row.amount] | join }}",
    "{{ row.id }}: {% for key, value in row.items() %}{{ value }}{% endfor %}",
    "{{ row.id }}: {{ row.get('name') | wordwrap(5) }}{% set x = row.amount %}{{ x }}",
]

LETTERS = st.text(alphabet="آبپرشی ‌09", max_size=8)
NAMES = st.one_of(
    LETTERS, st.none(), st.sampled_from(["#REF!", "#N/A", "_x000D_", "  ", "\u200c", "\ufeff", "=1+1", "'=x", "-۵"])
)
AMOUNTS = st.one_of(
    st.none(),
    st.integers(-(10**6), 10**9),
    st.integers(0, 10**9).map(float),
    st.just(math.nan),
    st.sampled_from([0.5, 2.25]),
)
NUMBERS = st.sampled_from(["0912{:07d}", "۰۹۱۲{:07d}", "+98912{:07d}", "98912{:07d}", " 0912-{:07d}"])
TABLES = st.lists(st.tuples(NUMBERS, NAMES, AMOUNTS), min_size=1, max_size=8).map(
    lambda rows: [
        {"mobile": number.format(place), "id": f"ردیف{place}", "name": name, "amount": amount}
        for place, (number, name, amount) in enumerate(rows)
    ]
)
POISON = st.fixed_dictionaries(
    {
        "mobile": st.sampled_from(["0912", None, "", "02188888888", "912000123.4", "#REF!"]) | st.just("09129999999"),
        "id": st.just("سم"),
        "name": NAMES,
        "amount": AMOUNTS,
    }
)
LEFTOVERS = (
    "None",
    "none",
    "nan",
    "NaN",
    "NULL",
    "null",
    "#REF!",
    "#N/A",
    "_x000D_",
    "{",
    "[",
    "e+",
    ".0 ",
    "inf",
    "Undefined",
)


def sent(source: str, table: Table, template: str) -> list[Message]:
    audience = Audience(OncePer.RECIPIENT)
    messages = list(audience.screen(rendered(SOURCES[source](table), template, "mobile")))
    assert audience.rows == len(messages) + audience.rejected + audience.merged
    return messages


@pytest.mark.parametrize("source", SOURCES)
@settings(max_examples=20 * TIMES, deadline=None)
@given(table=TABLES, template=st.sampled_from(TEMPLATES), poison=POISON, data=st.data())
def test_nobody_gets_a_leftover_or_another_s_text_and_a_bad_row_changes_nobody_s(
    source: str, table: Table, template: str, poison: dict[str, Any], data: st.DataObject
) -> None:
    messages = sent(source, table, template)
    for message in messages:
        place = int(message.recipient[6:])
        assert message.text.startswith(f"ردیف{place}: ")
        assert not any(leftover in message.text for leftover in LEFTOVERS)
        assert not message.text.endswith(".0")
    at = data.draw(st.integers(0, len(table)))
    others = sent(source, [*table[:at], poison, *table[at:]], template)
    expected = {message.recipient: message.text for message in messages}
    assert {message.recipient: message.text for message in others if message.recipient != "+989129999999"} == expected
