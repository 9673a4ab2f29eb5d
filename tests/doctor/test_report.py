"""What strangers may be told holds nothing of anybody, whatever the service answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ippanel_provider.doctor import form, report
from ippanel_provider.doctor.observing import tree
from ippanel_provider.sandbox.runner import RunningSandbox
from tests.doctor.support import OTHER, PHONE, Room

CREDIT = 7_654_321.5
CANARIES = {
    "key": "sandbox-key",
    "phone": PHONE[3:],
    "other phone": OTHER[3:],
    "line": "3000505",
    "balance": "7654321",
    "text": "دیروز",
    "own text": "پیامک",
    "user": "58745",
    "host": "127.0.0.1",
}


@pytest.mark.parametrize("panel", [{}, {"validation_in_message": True, "text_listed": "other", "ids": "blocks"}])
def test_a_report_holds_no_key_number_text_balance_account_or_id(
    ippanel_sandbox: RunningSandbox, tmp_path: Path, panel: dict[str, Any]
) -> None:
    ippanel_sandbox.profile(**panel)
    ippanel_sandbox.account(credit=CREDIT)
    ippanel_sandbox.inbox(OTHER, "پیام دیروز")
    room = Room(ippanel_sandbox, tmp_path, has_history=True)
    case = room.case()
    profile = room.examine(case)
    content = report(case, profile)
    ids = {str(text["outbox_id"]) for text in ippanel_sandbox.messages()}
    token = json.loads(room.journal.read_text())["token"]
    told = json.dumps(content, ensure_ascii=False) + form(content)
    assert {name for name, canary in CANARIES.items() if canary in told} == set()
    assert [each for each in (*ids, token, token[::-1]) if each in told] == []
    assert len(content["answers"]) > 10
    assert content["facts"]["price_factor"] == 1.0


def test_a_form_is_short_enough_for_an_address(ippanel_sandbox: RunningSandbox, tmp_path: Path) -> None:
    room = Room(ippanel_sandbox, tmp_path)
    case = room.case()
    address = form(report(case, room.examine(case)))
    assert len(address) < 8_000
    fields = parse_qs(urlsplit(address).query)
    assert json.loads(fields["report"][0])["facts"]["price_factor"] == 1.0
    template = Path(__file__).parents[2] / ".github" / "ISSUE_TEMPLATE" / fields["template"][0]
    assert "id: report\n" in template.read_text()


@pytest.mark.parametrize(
    ("value", "looks"),
    [
        ({"09120000001": "a", "علی": 1, "data": None}, {"data": "null", "…": 2}),
        ({"data": {"message": "راز", "credit": 1.5, "count": "12"}}, None),
        ([{"09120000001": {}}] * 7, ["≤10", {"…": 1}]),
        ("x" * 5000, "text >1000"),
        ("", "text ≤0"),
        (True, "bool"),
        (-7, "int"),
    ],
)
def test_of_an_answer_only_its_shape_is_kept(value: Any, looks: Any) -> None:
    shape = {"data": {"message": "text ≤10", "credit": "float", "count": "digits ≤10"}} if looks is None else looks
    assert tree(value) == shape
    assert "0912" not in str(tree(value))


def test_what_is_nested_without_an_end_is_cut() -> None:
    value: Any = "x"
    for _ in range(500):
        value = {"data": [value]}
    assert "deeper" in str(tree(value))
