"""Data frames of each kind as rows, with their nulls, and never with another person's number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy
import pandas
import polars
import pyarrow
import pytest

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.frames import is_frame, is_series, numbers_of, rows_of, values_of
from ippanel_provider.tables.row_template import RowTemplate
from ippanel_provider.tables.values import BadValue, plain, written
from ippanel_provider.text.numbers import InvalidNumber, normalize

COLUMNS = {
    "recipient": ["09120000001", "09120000002"],
    "name": ["آرش", None],
    "points": [5, None],
    "amount": [150000.0, None],
    "at": [datetime(2026, 3, 1), None],  # noqa: DTZ001 - as frames hold it
}

KINDS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "pandas": pandas.DataFrame,
    "pandas with Arrow": lambda columns: pandas.DataFrame(columns).convert_dtypes(dtype_backend="pyarrow"),
    "pandas with nulls": lambda columns: pandas.DataFrame(columns).convert_dtypes(),
    "polars": polars.DataFrame,
    "lazy polars": lambda columns: polars.LazyFrame(columns),
    "Arrow": pyarrow.table,
    "Arrow batch": lambda columns: pyarrow.table(columns).to_batches()[0],
    "Arrow reader": lambda columns: pyarrow.table(columns).to_reader(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_same_rows(kind: str) -> None:
    frame = KINDS[kind](COLUMNS)
    assert is_frame(frame)
    assert not is_series(frame)
    rows = [{name: plain(value) for name, value in row.items()} for row in rows_of(frame)]
    assert [written(value) for value in rows[0].values()] == ["09120000001", "آرش", "5", "150000", "2026-03-01"]
    assert rows[1] == {"recipient": "09120000002", **dict.fromkeys(["name", "points", "amount", "at"])}
    template = RowTemplate("{{ row.name }}: {{ row.points }}, {{ row.amount }} تا {{ row.at }}")
    assert [template.text(row)[0] for row in rows] == ["آرش: 5, 150000 تا 2026-03-01", ""]


@pytest.mark.parametrize("kind", ["pandas", "polars", "Arrow"])
def test_many_rows_come_in_order(kind: str) -> None:
    frame = KINDS[kind]({"recipient": list(range(2500))})
    assert [row["recipient"] for row in rows_of(frame)] == list(range(2500))
    assert list(numbers_of(frame)) == list(range(2500))


SMALL: dict[str, Any] = {
    "pandas": pandas.DataFrame({"recipient": numpy.array([9120000001], "float32")}),
    "polars": polars.DataFrame({"recipient": polars.Series([9120000001.0], dtype=polars.Float32)}),
    "Arrow": pyarrow.table({"recipient": pyarrow.array([9120000001.0], pyarrow.float32())}),
}
DISGUISED: dict[str, Any] = {
    "pandas over Arrow": pandas.DataFrame({"recipient": pandas.array([9120000001.0], dtype="float[pyarrow]")}),
    "categories": pandas.DataFrame({"recipient": pandas.Categorical(numpy.array([9120000001], "float32"))}),
    "sparse": pandas.DataFrame({"recipient": pandas.arrays.SparseArray(numpy.array([9120000001], "float32"))}),
    "Arrow's dictionary": pyarrow.table(
        {"recipient": pyarrow.array([9120000001.0], pyarrow.float32()).dictionary_encode()}
    ),
}


@pytest.mark.parametrize("kind", DISGUISED)
def test_small_floats_are_known_however_a_column_holds_them(kind: str) -> None:
    with pytest.raises(InvalidInput, match="recipient_column: 'recipient' is kept as a float of 32 bits"):
        list(rows_of(DISGUISED[kind], "recipient"))


@pytest.mark.parametrize(
    "make", [pandas.DataFrame, lambda rows, columns: pyarrow.table(list(zip(*rows, strict=True)), names=columns)]
)
def test_of_two_columns_of_one_name_neither_is_taken_where_they_differ(make: Any) -> None:
    rows = [
        ["09120000001", "09350000001", "آرش"],
        ["09120000002", "09120000002", "بهار"],
        ["09120000003", None, "پویا"],
    ]
    assert list(rows_of(make(rows, columns=["recipient", "recipient", "name"]), "recipient")) == [
        {"name": "آرش"},
        {"recipient": "09120000002", "name": "بهار"},
        {"name": "پویا"},
    ]


@pytest.mark.parametrize("kind", SMALL)
def test_numbers_in_small_floats_are_refused(kind: str) -> None:
    with pytest.raises(InvalidInput, match="recipient_column: 'recipient' is kept as a float of 32 bits"):
        list(rows_of(SMALL[kind], "recipient"))
    with pytest.raises(InvalidInput, match="is kept as a float of 32 bits"):
        numbers_of(SMALL[kind])
    series = SMALL[kind]["recipient"]
    assert is_series(series)
    with pytest.raises(InvalidInput, match="is kept as a float of 32 bits"):
        values_of(series)
    (row,) = rows_of(SMALL[kind])
    with pytest.raises(BadValue, match="a float of 32 bits"):
        plain(row["recipient"])
    with pytest.raises(InvalidNumber, match="32-bit float"):
        normalize(row["recipient"])


@pytest.mark.parametrize(
    "series",
    [
        pandas.Series(["09120000001", None]), polars.Series(["09120000001", None]),
        pyarrow.array(["09120000001", None]),
        pyarrow.chunked_array([["09120000001", None]]), numpy.array(["09120000001", None]),
    ],
)  # fmt: skip
def test_a_column_is_a_list_of_numbers(series: Any) -> None:
    assert is_series(series)
    assert [plain(value) for value in values_of(series)] == ["09120000001", None]


def test_a_frame_of_numbers_has_one_column_or_one_called_so() -> None:
    assert numbers_of(pandas.DataFrame({"mobile": ["0912"]})) == ["0912"]
    with pytest.raises(InvalidInput, match="recipients: it has no column 'recipient', only 'mobile', 'name'"):
        numbers_of(polars.DataFrame({"mobile": ["0912"], "name": ["x"]}))


@pytest.mark.parametrize(
    "given", ["09120000001", ["0912"], {"a": 1}, 5, numpy.int64(5), None, (1, 2), range(3), pandas.DataFrame]
)
def test_what_is_none(given: Any) -> None:
    assert not is_frame(given)
    assert not is_series(given)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (pandas.NaT, None), (pandas.NA, None), (numpy.nan, None), (numpy.datetime64("NaT"), None),
        (numpy.float64(5), 5),
        (numpy.int64(5), 5), (numpy.bool_(True), True), (numpy.float32(0.1), 0.1), (numpy.str_(" x "), "x"),
        (numpy.datetime64("2026-03-01T00:00:00.000000001"), datetime(2026, 3, 1)),  # noqa: DTZ001
        (pandas.Timestamp("2026-03-01"), pandas.Timestamp("2026-03-01")), (numpy.array([1, 2]), [1, 2]),
    ],
)  # fmt: skip
def test_scalars(value: Any, read: Any) -> None:
    assert plain(value) == read


def test_a_whole_number_in_a_small_float_is_no_value_where_its_neighbours_are_the_same() -> None:
    with pytest.raises(BadValue, match="a float of 32 bits"):
        plain(numpy.float32(9120000001))
