"""State and status are functions of time alone."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.sandbox.lifecycle import ENDLESS, Script, Timing, final_status, state_at, status_at
from ippanel_provider.service import BulkState, DeliveryStatus

TIMING = Timing(creating=1, monitoring=1, queued=1, sending=1, at_operator=1, received=1)
SOMEONE = "+989120000000"


def states(script: Script, due: float = 0.0) -> list[int]:
    return [int(state_at(moment + 0.5, 0.0, due, script)) for moment in range(6)]


def test_the_good_life() -> None:
    assert states(Script(TIMING)) == [0, 1, 5, 2, 6, 6]


@pytest.mark.parametrize(
    ("end", "life"),
    [
        (BulkState.INVALID_RECIPIENTS, [0, 4, 4, 4, 4, 4]),
        (BulkState.REJECTED, [0, 1, 3, 3, 3, 3]),
        (BulkState.NO_CREDIT, [0, 1, 5, 8, 8, 8]),
        (BulkState.SYSTEM_ERROR, [0, 1, 5, 2, 9, 9]),
        (BulkState.CANCELLED, [7, 7, 7, 7, 7, 7]),
    ],
)
def test_each_bad_end_comes_where_it_belongs(end: BulkState, life: list[int]) -> None:
    assert states(Script(TIMING, end)) == life


def test_a_scheduled_bulk_waits_in_the_queue() -> None:
    assert states(Script(TIMING), due=4.0) == [0, 1, 5, 5, 5, 2]


def test_a_recipient_goes_from_the_operator_to_the_phone() -> None:
    assert [int(status_at(moment + 0.5, 0, 0, Script(TIMING), SOMEONE)) for moment in range(3, 7)] == [0, 0, 1, 2]


def test_what_never_went_out_was_never_delivered() -> None:
    assert status_at(1e9, 0, 0, Script(TIMING, BulkState.REJECTED), SOMEONE) is DeliveryStatus.SENT_TO_OPERATOR


@pytest.mark.parametrize(
    ("recipient", "end"),
    [
        (SOMEONE, 2),
        ("+989120000993", 3),
        ("+989120000994", 4),
        *((number, int(status)) for number, status in ENDLESS.items()),
    ],
)
def test_special_numbers(recipient: str, end: int) -> None:
    assert final_status(recipient, Script()) == end
    assert status_at(1e9, 0, 0, Script(), recipient) == end


def test_a_forced_status_wins_over_special_numbers() -> None:
    assert final_status("+989120000993", Script(delivery=DeliveryStatus.DELIVERED)) is DeliveryStatus.DELIVERED


@given(
    end=st.sampled_from([state for state in BulkState if state.is_final]),
    due=st.floats(0, 1e6),
    moments=st.lists(st.floats(0, 2e6), min_size=2, max_size=8),
)
def test_a_final_state_is_never_left_and_a_status_never_falls(end: BulkState, due: float, moments: list[float]) -> None:
    script = Script(end=end)
    moments.sort()
    seen = [state_at(moment, 0, due, script) for moment in moments]
    for earlier, later in itertools.pairwise(seen):
        assert not earlier.is_final or later is earlier
    statuses = [status_at(moment, 0, due, script, SOMEONE) for moment in moments]
    assert statuses == sorted(statuses)


def test_a_pace_of_zero_is_final_at_once() -> None:
    script = Script(Timing().scaled(0))
    assert state_at(0.0, 0.0, 0.0, script) is BulkState.SENT
    assert status_at(0.0, 0.0, 0.0, script, SOMEONE) is DeliveryStatus.DELIVERED


def test_total_is_when_a_text_becomes_final() -> None:
    assert status_at(TIMING.total - 0.01, 0, 0, Script(TIMING), SOMEONE) is not DeliveryStatus.DELIVERED
    assert status_at(TIMING.total, 0, 0, Script(TIMING), SOMEONE) is DeliveryStatus.DELIVERED
