"""What goes wrong on the way is said, and costs nobody a third text."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.client import Client, IPPanelError, Settings, edge
from ippanel_provider.doctor import Case, Journal, Verdict, way
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.service import BulkState
from ippanel_provider.values import InvalidValue
from tests.doctor.support import PHONE, Room

SEND = {"path": "^/v1/api/send$"}


@pytest.fixture
def room(ippanel_sandbox: RunningSandbox, tmp_path: Path) -> Room:
    return Room(ippanel_sandbox, tmp_path, has_history=True)


def verdicts(room: Room, **given: Any) -> dict[tuple[str, str], Verdict]:
    case = room.case(wait=60.0)
    room.examine(case, **given)
    return {(each.group, each.name): each.verdict for each in case.findings}


@pytest.mark.parametrize("status", [403, 502])
def test_a_page_of_the_cdn_is_explained_by_the_way_alone(room: Room, status: int) -> None:
    room.sandbox.fault("html", path="/v1/", status=status)
    found = verdicts(room)
    assert found["way", "answer"] is Verdict.NO
    assert {group for group, _ in found} == {"way"}


def test_a_first_failure_makes_the_way_fragile(room: Room) -> None:
    room.sandbox.fault("status", path="/api/payment/credit/mine", status=503, times=1)
    assert verdicts(room, has_texts=False)["way", "answer"] is Verdict.FRAGILE


def test_a_wrong_key_is_said_and_nothing_more_is_asked(room: Room) -> None:
    room.sandbox.fault("unauthorized", path="/v1/")
    found = verdicts(room)
    assert found["key", "edge"] is Verdict.NO
    assert {group for group, _ in found} == {"way", "key"}


def test_a_key_that_only_the_legacy_api_takes_is_told(room: Room) -> None:
    room.sandbox.fault("unauthorized", path="/v1/api/")
    case = room.case()
    room.examine(case)
    assert "the legacy REST API takes it" in str(case.findings[-1])


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        (Settings(base_url="http://127.0.0.1:9/v1"), {"proxy": "ok", "dns": "ok", "tcp": "no"}),
        (Settings(base_url="https://no-such-host.invalid/v1"), {"proxy": "ok", "dns": "no"}),
        (Settings(proxy="http://127.0.0.1:9"), {"proxy": "quirk", "dns": "ok", "tcp": "no"}),
    ],
)
def test_where_the_way_ends_is_told_without_an_address(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, found: dict[str, str]
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    case = Case("+983000505", group="way")
    way.connect(case, settings)
    assert {each.name: each.verdict for each in case.findings} == found
    assert not re.search(r"127|no-such|:9", " ".join(map(str, case.findings)))


def test_calls_that_refuse_the_key_are_named(room: Room) -> None:
    room.sandbox.fault("unauthorized", path="/api/acl/auth/check_token")
    found = verdicts(room, has_texts=False)
    assert (found["key", "calls"], found["account", "blocks"]) == (Verdict.QUIRK, Verdict.UNKNOWN)


def test_a_block_of_the_account_keeps_anything_from_being_sent(room: Room) -> None:
    room.sandbox.account(send_block=True)
    assert verdicts(room)["account", "blocks"] is Verdict.NO
    assert room.reached() == 0


@pytest.mark.parametrize("after", [2, 3, 4])
@pytest.mark.parametrize("fault", ["drop_after", "drop_before", "html", "status"])
def test_a_send_that_goes_wrong_is_not_repeated(room: Room, fault: str, after: int) -> None:
    options: dict[str, Any] = {"html": {"status": 502, "processed": True}, "status": {"status": 429}}.get(fault, {})
    room.sandbox.profile(guard_seconds=0.0)
    room.sandbox.fault(fault, **SEND, times=1, after=after, **options)
    verdicts(room, only=("way",))
    room.sandbox.lift()
    verdicts(room, only=("way",))
    assert room.reached() <= 2


def test_without_a_list_nothing_is_sent(room: Room) -> None:
    room.sandbox.fault("status", path="/api/report/new_list", status=500)
    assert verdicts(room)["outbox", "list"] is Verdict.NO
    assert room.reached() == 0


def test_a_waiting_text_of_others_to_the_same_phone_is_left_alone(room: Room) -> None:
    """Not even where texts are hidden, and a gateway's second answer leaves the doctor's own without an id."""
    room.sandbox.profile(text_listed="hidden", gateway_repeats=True, recipients_listed="at_once")
    with Client(room.sandbox.api_key, room.settings) as client:
        later = datetime.now(UTC) + timedelta(hours=1)
        with contextlib.suppress(IPPanelError):
            client.run(edge.send.webservice("نوبت شما", [PHONE], sender=room.sandbox.sender, send_time=later))
    room.sleep(5)
    verdicts(room)
    (theirs,) = room.sandbox.messages(text="نوبت شما")
    assert theirs["state_id"] != BulkState.CANCELLED


def test_an_answer_of_the_phone_is_waited_for(room: Room) -> None:
    def hook(step: Any, perform: Any) -> Any:
        if getattr(step, "operation", "") == "report.inbox" and room.sandbox.messages(text="پاسخ دهید"):
            room.sandbox.inbox(PHONE, "سلام")
        return perform(step)

    case = room.case(reply=True, wait=60.0)
    room.examine(case, hook=hook)
    assert (case.findings[-1].group, case.findings[-1].verdict) == ("outbox", Verdict.OK)
    assert Verdict.OK in [each.verdict for each in case.findings if each.group == "inbox"]


def test_what_is_accepted_for_nobody_ends_the_sending(room: Room) -> None:
    def hook(step: Any, perform: Any) -> Any:
        # A service that takes any number: what it is handed over is one that exists.
        if getattr(step, "body", None) and b'+98912000000"' in step.body:
            from dataclasses import replace

            step = replace(step, body=step.body.replace(b'+98912000000"', b'+989120000777"'))
        return perform(step)

    found = verdicts(room, hook=hook)
    assert found["refusals", "impossible"] is Verdict.NO
    assert ("time", "cancel") not in found
    assert room.reached() == 0


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"version": 2, "steps": {}}', '{"version": 1, "steps": []}'])
def test_a_journal_that_cannot_be_read_keeps_anything_from_being_sent(tmp_path: Path, content: str) -> None:
    (tmp_path / "journal").write_text(content)
    with pytest.raises(InvalidValue, match="nothing is sent"):
        Journal.at(tmp_path / "journal")


def test_two_doctors_do_not_share_a_phone(room: Room) -> None:
    from ippanel_provider.doctor import journal

    with journal(room.journal), pytest.raises(InvalidValue, match="another doctor"):
        verdicts(room)
    assert room.reached() == 0
