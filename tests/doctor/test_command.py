"""``ippanel doctor`` as people and scripts run it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.service_profile import DOCUMENTS, ServiceProfile
from tests.cli.conftest import bare, run, service
from tests.cli.support import Run, one_line, start, wait_for
from tests.doctor.support import PHONE

__all__ = ["bare", "run", "service"]

QUICK = ("--to", PHONE, "--yes", "--wait", "1s", "--only", "outbox")


@pytest.fixture
def state() -> Path:
    return Path(os.environ["IPPANEL_TOKEN_DIR"])


def test_it_costs_nothing_and_writes_the_profile(run: Run, service: RunningSandbox, tmp_path: Path) -> None:
    outcome = run("doctor", "--profile", str(tmp_path / "profile.json"))
    assert outcome.code == 0
    assert "  ok      pairs: an emoji on a boundary moves to the next part whole" in outcome.out
    assert ServiceProfile.read(tmp_path / "profile.json").known >= {"pairs_cut", "page_cap"}
    assert not service.messages()


def test_a_script_reads_json(run: Run, service: RunningSandbox) -> None:
    data = run("doctor", "--json", "--only", "key").json
    assert {each["group"] for each in data["findings"]} == {"way", "key"}
    assert (data["texts"], data["changes"]) == (0, {})


def test_a_change_of_the_service_ends_with_2(run: Run, service: RunningSandbox, tmp_path: Path) -> None:
    known = str(tmp_path / "known.json")
    assert run("doctor", "--profile", known, "--only", "text").code == 0
    assert run("doctor", "--diff", known, "--only", "text").code == 0
    service.profile(price_factor=2)
    before = Path(known).read_text()
    changed = run("doctor", "--diff", known, "--only", "text")
    assert changed.code == 2
    assert "price_factor: the profile says 1.0, the service 2.0" in changed.out
    assert Path(known).read_text() == before


def test_a_profile_of_others_is_warned_of_and_not_mixed_in(run: Run, service: RunningSandbox, tmp_path: Path) -> None:
    path = tmp_path / "profile.json"
    other = DOCUMENTS.learn({"letters": "arabic"}).to_json()
    path.write_text(json.dumps({**json.loads(other), "host": "127.0.0.1", "account": "1"}))
    outcome = run("doctor", "--profile", str(path), "--only", "text")
    assert "of another account" in outcome.err
    assert "letters" not in path.read_text()


def test_nothing_is_sent_without_a_yes(run: Run, service: RunningSandbox) -> None:
    outcome = run("doctor", "--to", PHONE)
    assert outcome.code == 1
    assert "at most 2 in all, about 1,420 rial each" in outcome.out
    assert "use --yes" in one_line(outcome.err)
    assert not service.messages()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--reply",), "--reply: it needs --to"),
        (("--only", "time"), "--only time: it needs --to"),
        (("--to", "0912"), "--to: the number"),
        (("--json", "--report", "r.json"), "--report: it is shown before"),
        (("--diff", "nowhere.json"), "nowhere.json cannot be read"),
        (("--wait", "soon"), "--wait: "),
    ],
)
def test_wrong_input_is_named_and_ends_with_1(
    run: Run, service: RunningSandbox, arguments: tuple[str, ...], said: str
) -> None:
    outcome = run("doctor", *arguments)
    assert (outcome.code, said in one_line(outcome.err)) == (1, True)


def test_without_a_place_for_the_journal_nothing_is_sent(
    run: Run, service: RunningSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("IPPANEL_TOKEN_DIR", str(tmp_path / "file"))
    assert run("doctor", *QUICK).code == 1
    assert not service.messages()


def test_no_way_and_no_key_have_codes_of_their_own(run: Run, service: RunningSandbox) -> None:
    assert run("doctor", "--base-url", "http://127.0.0.1:9/v1").code == 3
    service.fault("unauthorized", path="/v1/")
    assert run("doctor").code == 1


def test_a_report_is_shown_before_it_is_written(run: Run, service: RunningSandbox, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    outcome = run("doctor", "--only", "key", "--report", str(path), "--issue")
    assert path.read_text() in outcome.out
    assert "https://github.com/" in outcome.out


@pytest.mark.parametrize(("blow", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_ended_while_a_text_is_under_way(
    run: Run, service: RunningSandbox, state: Path, blow: signal.Signals, code: int
) -> None:
    service.fault("unanswered", path="^/v1/api/send$", times=1, processed=True)
    process = start("doctor", *QUICK)
    wait_for(lambda: service.stats()["requests"].get("POST /api/send", 0) == 1)
    process.send_signal(blow)
    _, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert (code == 130) == ("The marker may have gone out." in err.decode())
    (kept,) = (state / "doctor").glob("*.json")
    assert kept.stat().st_mode & 0o777 == 0o600
    service.lift()
    again = run("doctor", *QUICK)
    assert "An earlier run took these steps, so they are not taken again: marker." in again.out
    assert again.code == 0
    assert service.stats()["requests"]["POST /api/send"] == 1


def test_airflow_can_ask_with_a_connection_of_its_own(run: Run, service: RunningSandbox) -> None:
    import argparse

    from ippanel_provider.cli.doctor import examined
    from ippanel_provider.cli.doctor_arguments import add_options
    from ippanel_provider.client import ApiKey, Settings

    parser = argparse.ArgumentParser()
    add_options(parser)
    options = parser.parse_args(["--only", "key"])
    options.json = True
    settings = Settings(base_url=service.base_url)
    result = examined(options, ApiKey(service.api_key), settings, line=service.sender)
    assert result.data["findings"]
    assert result.code == 0
