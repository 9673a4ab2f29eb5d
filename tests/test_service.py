"""The facts of the service."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider import service
from ippanel_provider.service import BulkState, DeliveryStatus, LegacyCode, SendingType


class TestBulkState:
    @pytest.mark.parametrize(
        ("code", "final"),
        [
            (0, False),
            (1, False),
            (2, False),
            (3, True),
            (4, True),
            (5, False),
            (6, True),
            (7, True),
            (8, True),
            (9, True),
        ],
    )
    def test_says_whether_it_is_the_end_and_a_good_one(self, code: int, final: bool) -> None:
        state = BulkState(code)
        assert state.is_final is final
        assert state.is_good is (code == 6)
        assert state.meaning
        assert "do not name" not in state.meaning

    @pytest.mark.parametrize("code", [10, 99, -1])
    def test_a_code_without_a_name_is_neither_final_nor_good(self, code: int) -> None:
        state = BulkState(code)
        assert state == code
        assert not state.is_final
        assert not state.is_good
        assert str(code) in state.meaning
        assert pickle.loads(pickle.dumps(state)) == state
        assert str(code) in repr(state)

    def test_a_code_without_a_name_joins_no_list_of_states(self) -> None:
        BulkState(42)
        assert [int(state) for state in BulkState] == list(range(10))

    @pytest.mark.parametrize("value", ["6", None, 6.5, "sent"])
    def test_what_is_no_number_is_no_state(self, value: object) -> None:
        with pytest.raises(ValueError, match="BulkState"):
            BulkState(value)


class TestDeliveryStatus:
    @pytest.mark.parametrize(
        ("code", "final"), [(0, False), (1, False), (2, True), (3, True), (4, True), (5, False), (-1, False)]
    )
    def test_says_whether_the_operator_is_done(self, code: int, final: bool) -> None:
        assert DeliveryStatus(code).is_final is final


def test_a_peer_to_peer_request_is_no_larger_than_any_other() -> None:
    assert service.MAX_PEER_TO_PEER_ITEMS <= service.MAX_RECIPIENTS_PER_REQUEST


def test_codes_show_as_what_goes_over_the_wire() -> None:
    assert f"{SendingType.PEER_TO_PEER}" == "peer_to_peer"
    assert f"{service.Api.EDGE}" == "edge"
    assert LegacyCode(10006) is LegacyCode.NO_CREDIT


@pytest.mark.parametrize("code", LegacyCode)
def test_each_code_of_the_legacy_api_says_what_it_means(code: LegacyCode) -> None:
    assert code.meaning.endswith(".")


def test_no_two_codes_of_the_legacy_api_mean_the_same() -> None:
    assert len({code.meaning for code in LegacyCode}) == len(LegacyCode)


@pytest.mark.parametrize(
    ("status", "delivery"),
    [
        ("delivered", DeliveryStatus.DELIVERED),
        ("send", DeliveryStatus.SENT_TO_OPERATOR),
        ("discarded", DeliveryStatus.NOT_DELIVERED),
        ("failed", DeliveryStatus.NOT_DELIVERED),
        ("pending", None),
    ],
)
def test_a_status_of_the_legacy_api_has_a_meaning_in_the_other(status: str, delivery: DeliveryStatus | None) -> None:
    assert service.LegacyStatus(status).delivery_status is delivery


@pytest.mark.parametrize(
    ("status", "confirm_state", "state"),
    [
        ("finish", "confirmed", BulkState.SENT),
        (" Finished ", None, BulkState.SENT),
        ("active", "", BulkState.SENDING),
        ("pending", None, BulkState.MONITORING),
        ("finish", "rejected", BulkState.REJECTED),
        ("cancelled", "confirmed", BulkState.CANCELLED),
    ],
)
def test_a_bulk_of_the_legacy_api_is_in_a_state_of_the_other(
    status: str, confirm_state: str | None, state: BulkState
) -> None:
    assert service.legacy_bulk_state(status, confirm_state) is state


@pytest.mark.parametrize(
    ("status", "confirm_state"), [(None, None), ("", ""), ("done", "ok"), (6, 0), (True, {"state": 6})]
)
def test_a_bulk_whose_words_leave_a_doubt_is_neither_final_nor_good(status: object, confirm_state: object) -> None:
    state = service.legacy_bulk_state(status, confirm_state)
    assert not state.is_final
    assert not state.is_good


@given(st.one_of(st.none(), st.text()), st.one_of(st.none(), st.text()))
def test_an_unknown_word_is_neither_final_nor_good(status: str | None, confirm_state: str | None) -> None:
    known = {"finish", "finished", "reject", "rejected", "cancel", "canceled", "cancelled"}
    if not known & {str(status).strip().lower(), str(confirm_state).strip().lower()}:
        state = service.legacy_bulk_state(status, confirm_state)
        assert not state.is_final
        assert not state.is_good


def test_importing_the_facts_and_the_texts_pulls_in_no_heavy_library() -> None:
    code = (
        "import sys, ippanel_provider.service, ippanel_provider.text.numbers, ippanel_provider.text.parts;"
        "print([name for name in ('httpx', 'pydantic', 'airflow', 'apprise', 'asyncio') if name in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
