"""``?retry=``: whatever Apprise repeats, a text that may have gone out is not sent again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import apprise
import pytest

from ippanel_provider.apprise_plugin import NotifyIPPanel
from ippanel_provider.sandbox.runner import RunningSandbox

Address = Callable[..., str]
Notify = Callable[..., Any]

REPEATS = hasattr(NotifyIPPanel, "service_retry")


@pytest.fixture(autouse=True)
def no_guard(ippanel_sandbox: RunningSandbox) -> None:
    # The service's own guard against repeated texts would hide that we repeat them.
    ippanel_sandbox.account(duplicate_guard=0)


@pytest.mark.parametrize("fault", ["drop_after", "truncated", "malformed"])
def test_a_lost_answer_is_not_sent_again(
    ippanel_sandbox: RunningSandbox, address: Address, notify: Notify, fault: str
) -> None:
    ippanel_sandbox.fault(fault, path="/api/send", times=1)
    done = notify(address("09120000001", retry=3, wait=0))
    assert not done.ok
    assert len(ippanel_sandbox.messages()) == 1


def test_what_was_accepted_is_not_sent_again(ippanel_sandbox: RunningSandbox, address: Address, notify: Notify) -> None:
    ippanel_sandbox.fault("refused", path="/api/send", after=1, times=1)
    done = notify(address(*(f"0912000{number:04}" for number in range(1500)), retry=2, wait=0))
    assert not done.ok
    assert ippanel_sandbox.counts()["texts"] == 1000


def test_a_held_off_text_is_not_waited_out(ippanel_sandbox: RunningSandbox, address: Address, notify: Notify) -> None:
    ippanel_sandbox.fault("status", path="/api/send", status=429, times=1)
    assert not notify(address(retry=2, wait=0)).ok
    assert ippanel_sandbox.messages() == []


def test_pieces_of_a_text_are_told_apart(ippanel_sandbox: RunningSandbox, address: Address, notify: Notify) -> None:
    ippanel_sandbox.fault("drop_after", path="/api/send", after=1, times=1)
    body = " ".join(f"واژه{number}" for number in range(30))
    assert not notify(address(max_parts=1, overflow="split", retry=2, wait=0), body).ok
    texts = [message["text"] for message in ippanel_sandbox.messages()]
    assert len(texts) == len(set(texts))
    assert " ".join(texts) == body


def test_each_recipient_of_a_voice_code_has_a_fate_of_its_own(
    ippanel_sandbox: RunningSandbox, address: Address, notify: Notify
) -> None:
    ippanel_sandbox.fault("drop_after", path="/api/send", times=1)
    done = notify(address(*(f"0912000{number:04}" for number in range(20)), mode="votp", retry=2, wait=0), "12345")
    assert not done.ok
    counts = ippanel_sandbox.counts()
    assert (counts["texts"], counts["duplicates"]) == (20, 0)


def test_the_next_notification_of_the_same_text_is_a_new_one(ippanel_sandbox: RunningSandbox, address: Address) -> None:
    service = apprise.Apprise()
    service.add(address(retry=1, wait=0))
    assert service.notify("سلام")
    assert service.notify("سلام")
    assert len(ippanel_sandbox.messages()) == 2


def test_without_a_connection_it_is_tried_again(
    address: Address, notify: Notify, ippanel_sandbox: RunningSandbox
) -> None:
    url = address(retry=1, wait=0, cto=1).replace(ippanel_sandbox.base_url.split(":")[-1].split("/")[0], "9")
    done = notify(url)
    assert not done.ok
    assert done.log.count("no connection") == (2 if REPEATS else 1)
    assert "not tried again" not in done.log
