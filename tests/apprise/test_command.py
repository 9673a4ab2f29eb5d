"""The ``apprise`` command in a process of its own: what it prints and the exit code it gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ippanel_provider.sandbox.runner import RunningSandbox

Address = Callable[..., str]
Command = Callable[..., Any]


def test_a_text_goes_out(ippanel_sandbox: RunningSandbox, address: Address, command: Command) -> None:
    ended = command("-vv", "-t", "هشدار", "-b", "دیسک پُر می‌شود", address("09120000001", "۰۹۱۲۰۰۰۰۰۰۲"))
    assert ended.code == 0, ended.output
    messages = ippanel_sandbox.messages()
    assert [(message["recipient"], message["text"]) for message in messages] == [
        ("+989120000001", "هشدار\nدیسک پُر می‌شود"),
        ("+989120000002", "هشدار\nدیسک پُر می‌شود"),
    ]
    assert f"outbox ids {messages[0]['outbox_id']}" in ended.output


def test_markdown_is_made_plain(ippanel_sandbox: RunningSandbox, address: Address, command: Command) -> None:
    assert command("-i", "markdown", "-b", "**سلام** `x`", address()).code == 0
    assert [message["text"] for message in ippanel_sandbox.messages()] == ["سلام x"]


def test_a_wrong_key(ippanel_sandbox: RunningSandbox, address: Address, command: Command) -> None:
    ended = command("-b", "سلام", address(key="wr0ngkey"))
    assert ended.code == 1
    assert "ERROR" in ended.output
    assert "Check the API key" in ended.output
    assert "wr0ngkey" not in ended.output
    assert ippanel_sandbox.messages() == []


def test_a_service_that_is_down(address: Address, command: Command, ippanel_sandbox: RunningSandbox) -> None:
    ended = command("-b", "سلام", address().replace(ippanel_sandbox.url.rpartition(":")[2], "9"))
    assert ended.code == 1
    assert "ERROR" in ended.output
    assert "no connection to 127.0.0.1" in ended.output
    assert "Nothing was sent" in ended.output


def test_a_half_accepted_batch(
    ippanel_sandbox: RunningSandbox, address: Address, command: Command, tmp_path: Path
) -> None:
    ippanel_sandbox.fault("refused", path="/api/send", after=1, times=1)
    config = tmp_path / "alerts.conf"
    config.write_text(address(*(f"0912000{number:04}" for number in range(1500))))
    ended = command("-vv", "-b", "سلام", "-c", str(config))
    assert ended.code == 1
    assert "accepted for 1000 targets; outbox ids" in ended.output
    assert "not accepted for 500 of 1500 targets" in ended.output
    assert "Nothing was sent" in ended.output
    assert ippanel_sandbox.counts()["texts"] == 1000


def test_a_lost_answer(ippanel_sandbox: RunningSandbox, address: Address, command: Command) -> None:
    ippanel_sandbox.account(duplicate_guard=0)
    ippanel_sandbox.fault("drop_after", path="/api/send", times=1)
    ended = command("-b", "سلام", address(retry=3, wait=0))
    assert ended.code == 1
    assert "ERROR" in ended.output
    assert "may have gone out: look in the outbox report" in ended.output
    assert len(ippanel_sandbox.messages()) == 1


def test_a_url_that_cannot_be_is_explained_and_not_shown(command: Command) -> None:
    ended = command("-vvvvv", "-b", "سلام", "ippanel://s3cr3tkey@+983000505/02112345678?key=s3cr3tkey")
    assert ended.code != 0
    assert "is a landline" in ended.output
    assert "02112345678" not in ended.output
    assert "s3cr3tkey" not in ended.output
    assert ended.output.count("ERROR") >= 1
