"""Mobile numbers by the million in little memory: exact, like the dict and the set it stands for."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.campaign.hash_set import WORD, HashSet, NumberTable

NUMBERS = st.integers(0, 10**9 - 1).map(lambda n: f"+989{n:09d}")
# Few, so that they come again.
FEW = st.sampled_from([f"+989{n:09d}" for n in (0, 1, 120000001, 10**9 - 1)])
VALUES = st.integers(-(2**63), 2**64 - 1) | st.integers(0, 3)


@given(st.lists(st.tuples(NUMBERS | FEW, VALUES)))
def test_it_is_a_dict_in_which_the_first_value_stays(pairs: list[tuple[str, int]]) -> None:
    table, model = NumberTable(), dict[str, int]()
    for number, value in pairs:
        assert table.add(number, value) == model.get(number)
        model.setdefault(number, value & WORD)
    assert len(table) == len(model)
    for number in {"+989120000009", *(number for number, _ in pairs)}:
        assert table.get(number) == model.get(number)


@given(st.lists(st.tuples(NUMBERS | FEW, VALUES)))
def test_with_several_values_it_is_a_set_of_pairs(pairs: list[tuple[str, int]]) -> None:
    table, model = NumberTable(several=True), set[tuple[str, int]]()
    for number, value in pairs:
        pair = (number, value & WORD)
        assert table.add(number, value) == (pair[1] if pair in model else None)
        model.add(pair)
    assert len(table) == len(model)


def test_it_stays_exact_as_it_grows() -> None:
    table = NumberTable()
    numbers = [f"+989{n * 7919 % 10**9:09d}" for n in range(20_000)]
    assert [table.add(number, n) for n, number in enumerate(numbers)] == [None] * len(numbers)
    assert [table.get(number) for number in numbers] == list(range(len(numbers)))
    assert table.get("+989999999999") is None


def test_it_takes_a_fraction_of_what_a_dict_does() -> None:
    numbers = [f"+989{n * 7919 % 10**9:09d}" for n in range(40_000)]

    def size_of(made: object) -> int:
        return tracemalloc.get_traced_memory()[0] - before if made else 0

    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        table = NumberTable()
        for number in numbers:
            table.add(number, hash(number))
        small = size_of(table)
        before = tracemalloc.get_traced_memory()[0]
        large = size_of({int(number): hash(number) for number in numbers})
    finally:
        tracemalloc.stop()
    assert small < 12 * 65_536 * 1.1
    assert small < large / 4


# Few, so that they come again, and such as look for the same slot.
HASHES = st.integers(1, 2**64 - 1) | st.sampled_from([2, 1 << 10, 1 << 20, 3 << 40, 2**64 - 1])


@given(st.lists(st.lists(HASHES)))
def test_hashes_are_a_set_that_tells_what_it_had(groups: list[list[int]]) -> None:
    table, model = HashSet(), set[int]()
    for group in groups:
        assert table.among(group) == model.intersection(group)
        assert table.add(group) == {
            place for place, value in enumerate(group) if value in model or value in group[:place]
        }
        model.update(group)
    assert len(table) == len(model)
    assert table.among(model) == model


def test_a_hash_of_zero_is_no_free_place() -> None:
    table = HashSet()
    assert table.add([0]) == set()
    assert table.among([0, 5]) == {0}


def test_hashes_stay_exact_as_they_grow_and_take_a_fraction_of_what_a_set_does() -> None:
    hashes = [n * 0x9E3779B97F4A7C15 % 2**64 for n in range(1, 40_001)]
    tracemalloc.start()
    try:
        table = HashSet()
        assert table.add(hashes) == set()
        size = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert size < 8 * 65_536 * 1.1
    assert table.among(hashes) == set(hashes)
    assert table.add(hashes) == set(range(len(hashes)))
    assert not table.among(value + 1 for value in hashes)
