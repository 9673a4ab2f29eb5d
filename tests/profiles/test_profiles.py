"""Each panel that was told of: a campaign broken on it reaches nobody twice, and the doctor finds the same facts."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from ippanel_provider.campaign.order import Order
from ippanel_provider.client import Client, IPPanelError
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.service_profile import DOCUMENTS, ServiceProfile
from tests.campaign.conftest import Campaign, Time, form_of, hasty, ledger_home, people, time
from tests.campaign.test_sender import SEND, Killed, kill_at
from tests.doctor.panels import SHOWN, is_so
from tests.doctor.support import Room
from tests.doctor.test_kills import run

__all__ = ["hasty", "time"]

PROFILES = sorted(Path(__file__).parent.glob("*.json"))
TEXT = "سلام، کتاب‌های تازه رسید"


@pytest.fixture(params=PROFILES, ids=lambda path: path.stem)
def profile(request: pytest.FixtureRequest, ippanel_sandbox: RunningSandbox) -> ServiceProfile:
    found = ServiceProfile.read(request.param)
    ippanel_sandbox.profile(**{name: getattr(found, name) for name in found.known})
    return found


@pytest.fixture
def campaign(
    ippanel_sandbox: RunningSandbox, hasty: Client, tmp_path: Path, profile: ServiceProfile, time: Time
) -> Campaign:
    order = Order(sender=ippanel_sandbox.sender, kind=form_of(TEXT), chunk_size=10, concurrency=1, profile=profile)
    return Campaign(ippanel_sandbox, hasty, ledger_home("task", tmp_path), order)


def went_out(campaign: Campaign) -> Counter[str]:
    campaign.sandbox.advance(7200)
    campaign.sandbox.settle()
    return Counter(text["recipient"] for text in campaign.sandbox.messages() if text["state_id"] != 7)


def test_it_tells_of_nobody(profile: ServiceProfile) -> None:
    assert (profile.host, profile.account, profile.learnt_at) == ("", "", None)


@pytest.mark.parametrize("fate", ["answer lost", "never sent", "killed"])
def test_a_campaign_that_breaks_reaches_nobody_twice_and_loses_nobody(
    campaign: Campaign, time: Time, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    messages = people(25, TEXT)
    if fate == "killed":
        kill_at(campaign, "sent", monkeypatch)
    else:
        campaign.sandbox.fault("drop_after" if fate == "answer lost" else "drop_before", **SEND, times=1, after=1)
    is_done = False
    for _ in range(3):
        try:
            campaign.attempt(messages, shared_text=TEXT, clock=time.clock)
        except (Killed, IPPanelError):
            monkeypatch.undo()
            time.sleep(300)
        else:
            is_done = True
            break
    reached = went_out(campaign)
    assert max(reached.values()) == 1
    if is_done:
        assert len(reached) == len(messages)
    # On a panel that shows its texts there is nobody to ask.
    assert is_done or campaign.terms.profile.text_listed == "hidden"  # type: ignore[union-attr]


def test_the_doctor_finds_it_again(ippanel_sandbox: RunningSandbox, tmp_path: Path, profile: ServiceProfile) -> None:
    room = Room(ippanel_sandbox, tmp_path, has_history=True)
    found = room.examine(room.case())
    panel = ippanel_sandbox.profile()
    assert [name for name in found.known if not is_so(name, panel, getattr(found, name))] == []
    assert found.known >= {name for name, can in SHOWN.items() if can(panel)}


def test_a_doctor_that_is_killed_sends_no_third_text(
    ippanel_sandbox: RunningSandbox, tmp_path: Path, profile: ServiceProfile
) -> None:
    room, place = Room(ippanel_sandbox, tmp_path, has_history=True), tmp_path / "journal"
    for end_at in (7, 11, 0):
        run(room, place, end_at)
    assert room.reached() <= 2


def test_what_is_not_known_stays_the_word_of_the_documents(profile: ServiceProfile) -> None:
    assert replace(profile, known=frozenset()).differences(DOCUMENTS).keys() <= profile.known
