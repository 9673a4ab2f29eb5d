"""Outbox ids, many of them, in little room."""

from __future__ import annotations

import json
import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.outbox_ids import LISTED, OutboxIds, read, written


@given(st.lists(st.integers(0, 2**62), max_size=50))
def test_they_come_back_in_order_and_once(ids: list[int]) -> None:
    assert list(OutboxIds.unpack(OutboxIds(ids).pack())) == sorted(set(ids))


def test_each_is_found_and_no_other() -> None:
    ids = OutboxIds([7, 3, 12, 3])
    assert [ids.position(outbox_id) for outbox_id in (3, 7, 12, 4, 13, 0)] == [0, 1, 2, None, None, None]
    assert 7 in ids
    assert 8 not in ids
    assert "7" not in ids


def test_a_hundred_thousand_five_apart_at_random_are_less_than_80_kilobytes() -> None:
    chance, ids = random.Random(7), [1_290_000_000]
    while len(ids) < 100_000:
        ids.append(ids[-1] + chance.randint(1, 9))
    assert len(json.dumps(written(ids))) < 80_000
    assert list(read(json.loads(json.dumps(written(ids))))) == ids


def test_results_hold_a_list_up_to_a_thousand() -> None:
    assert written(range(LISTED)) == list(range(LISTED))
    packed = written(range(LISTED + 1))
    assert isinstance(packed, dict)
    assert packed["count"] == LISTED + 1
    assert list(read(packed)) == list(range(LISTED + 1))


@pytest.mark.parametrize("text", ["", "no base64!", "AAAA", OutboxIds([1, 2]).pack()[:-4]])
def test_what_was_not_packed_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match=r"^outbox_ids: "):
        OutboxIds.unpack(text)


def test_what_was_sent_side_by_side_is_put_in_order() -> None:
    stretches = [range(start, start + 50) for start in range(0, 5000, 50)]
    random.Random(1).shuffle(stretches)
    into_each_other = [*range(6000, 6100, 2), *range(6001, 6101, 2), 6001]
    given = [*(outbox_id for stretch in stretches for outbox_id in stretch), *into_each_other]
    assert list(OutboxIds(given)) == sorted(set(given))


def test_taking_up_very_many_needs_little_room() -> None:
    chance, ids = random.Random(7), [1_290_000_000]
    while len(ids) < 200_000:
        ids.append(ids[-1] + chance.randint(1, 9))
    packed = OutboxIds(ids).pack()
    tracemalloc.start()
    found = OutboxIds.unpack(packed)
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == ids
    assert kept < 3 * len(ids)
    assert most < 10 * len(ids)
