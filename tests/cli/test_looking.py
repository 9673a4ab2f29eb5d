"""What the command asks of the service, and how it shows the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox
from tests.client.stand_in import StandIn, serving

from .picture import COLUMNS, shown
from .support import OTHER, PERSON, Run, ok, one_line, start


class TestCredit:
    def test_for_people(self, run: Run, service: RunningSandbox) -> None:
        service.account(credit=1_234_567)
        assert run("credit") == (0, "1,234,567 rial\n", "")

    def test_for_scripts(self, run: Run, service: RunningSandbox) -> None:
        service.account(credit=1_234_567)
        assert run("credit", "--json").json == {"credit": 1234567}

    def test_the_base_url_may_be_an_option(
        self, run: Run, service: RunningSandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("IPPANEL_BASE_URL")
        assert run("credit", "--base-url", f"{service.base_url}/api/").code == 0

    def test_a_base_url_that_is_none_is_named_as_it_was_given(
        self, run: Run, service: RunningSandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        option = run("credit", "--base-url", "127.0.0.1:8089/v1")
        monkeypatch.setenv("IPPANEL_BASE_URL", "127.0.0.1:8089/v1")
        for outcome, name in ((option, "--base-url"), (run("credit"), "IPPANEL_BASE_URL")):
            assert outcome.code == 2
            assert one_line(outcome.err).startswith(f"ippanel: {name}: it does not begin with http:// or https://")

    def test_the_sandbox_s_key_without_its_address_goes_nowhere(
        self, run: Run, service: RunningSandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("IPPANEL_BASE_URL")
        monkeypatch.setenv("IPPANEL_API_KEY", "sandbox-key")
        outcome = run("credit")
        assert outcome.code == 2
        assert "this is the sandbox's key" in one_line(outcome.err)


class TestStatus:
    def test_tells_the_state_and_what_became_of_the_recipients(self, run: Run, service: RunningSandbox) -> None:
        outbox_id = run("send", "--json", "-m", "x", PERSON, OTHER).json["outbox_ids"][0]
        service.settle()
        assert run("status", str(outbox_id), "--deliveries").out.splitlines() == [f"{outbox_id}  sent", "  2 delivered"]

    def test_before_the_end_it_says_to_ask_again(self, run: Run, service: RunningSandbox) -> None:
        service.speed(0)
        outbox_id = run("send", "--json", "-m", "x", PERSON).json["outbox_ids"][0]
        (line,) = run("status", str(outbox_id)).out.splitlines()
        assert line.endswith("  (not final yet: ask again)")

    def test_for_scripts(self, run: Run, service: RunningSandbox) -> None:
        outbox_id = run("send", "--json", "-m", "x", PERSON).json["outbox_ids"][0]
        service.decide(outbox_id, state_id=8)
        service.settle()
        (bulk,) = run("status", "--json", str(outbox_id)).json["bulks"]
        assert bulk == {
            "outbox_id": outbox_id,
            "state_id": 8,
            "state": "insufficient credit",
            "final": True,
            "good": False,
            "recipients": 1,
        }

    def test_an_unknown_id_is_refused(self, run: Run, service: RunningSandbox) -> None:
        outcome = run("status", "424242")
        assert outcome.code == 1
        one_line(outcome.err)

    def test_what_is_no_id_is_refused_here(self, run: Run, service: RunningSandbox) -> None:
        assert run("status", "abc").code == 2

    def test_waits_until_all_are_final(self, run: Run, service: RunningSandbox) -> None:
        outbox_id = str(run("send", "--json", "-m", "x", PERSON).json["outbox_ids"][0])
        service.speed(0)
        late = run("status", "--wait", "0s", outbox_id)
        assert (late.code, "ask again" in late.out) == (4, True)
        service.speed(100)
        assert run("status", "--wait", "30", outbox_id) == (0, f"{outbox_id}  sent\n", "")

    def test_and_says_by_its_code_where_one_was_not_sent(self, run: Run, service: RunningSandbox) -> None:
        outbox_id = run("send", "--json", "-m", "x", PERSON).json["outbox_ids"][0]
        service.decide(outbox_id, state_id=8)
        service.settle()
        outcome = run("status", "--wait", "--", str(outbox_id))
        assert (outcome.code, outcome.out) == (1, f"{outbox_id}  insufficient credit\n")
        assert run("status", str(outbox_id)).code == 0

    def test_a_time_to_wait_that_is_none_is_refused(self, run: Run, service: RunningSandbox) -> None:
        assert "wait: " in one_line(run("status", "--wait", "long", "1").err)


class TestInbox:
    def test_masks_who_wrote(self, run: Run, service: RunningSandbox) -> None:
        service.inbox(PERSON, "بله می‌آیم")
        outcome = run("inbox")
        assert outcome.code == 0
        assert "+98912***0001" in outcome.out
        assert "بله می‌آیم" in outcome.out
        assert PERSON not in outcome.out
        assert PERSON not in run("inbox", "--json").out
        assert PERSON in run("inbox", "--show-numbers").out

    def test_a_text_cannot_steer_the_terminal(self, run: Run, service: RunningSandbox) -> None:
        service.inbox(PERSON, "one\ntwo\x1b]0;owned\x07\u202egnp\u2066")
        lines = run("inbox").out.splitlines()
        assert len(lines) == 1
        assert lines[0].endswith("one two]0;ownedgnp")

    def test_newest_first_and_no_more_than_asked_for(self, run: Run, service: RunningSandbox) -> None:
        ids = [service.inbox(PERSON, f"text {number}") for number in range(5)]
        told = run("inbox", "--json", "--limit", "2").json["messages"]
        assert [text["message"] for text in told] == ["text 4", "text 3"]
        assert [text["inbox_id"] for text in run("inbox", "--json", "--after", str(ids[3])).json["messages"]] == [
            ids[4]
        ]

    def test_empty(self, run: Run, service: RunningSandbox) -> None:
        assert run("inbox") == (0, "No texts.\n", "")

    def test_a_limit_of_nothing_is_refused(self, run: Run, service: RunningSandbox) -> None:
        assert run("inbox", "--limit", "0").code == 2

    def test_a_reader_that_has_gone_is_no_error(self, service: RunningSandbox) -> None:
        service.inbox(PERSON, "بله")
        process = start("inbox")
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(10) == 0
        process.stderr.close()

    def test_persian_comes_out_whole_under_any_locale(self, service: RunningSandbox) -> None:
        service.inbox(PERSON, "بله می‌آیم")
        process = start("inbox", LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
        out, err = process.communicate(timeout=20)
        assert "بله می‌آیم" in out.decode()
        assert err == b""


class TestNarrowTerminal:
    def test_breaks_persian_between_words_below_what_is_said_of_it(self, service: RunningSandbox) -> None:
        message = "سلام، سفارش من (کد 1234) کی می‌رسد؟ لطفاً پیش از ساعت ۱۰ خبر بدهید، چون بعد از آن خانه نیستم."
        service.inbox("09120000001", message)
        head, *below = shown(service, ("inbox", "--limit", "1"))
        assert head.endswith(service.sender)
        assert len(below) == 2
        for line in below:
            assert line.startswith("    \u2068")
            assert line.endswith("\u2069")
            assert len(line) <= COLUMNS + 2
        assert " ".join(line.strip(" \u2068\u2069") for line in below) == message


class TestPrice:
    def test_for_people(self, run: Run, service: RunningSandbox) -> None:
        lines = run("price", "سلام").out.splitlines()
        assert lines[0] == "parts  1"
        assert re.fullmatch(r"MCI    [\d,]+ rial", lines[1])
        assert re.fullmatch(r"other  [\d,]+ rial", lines[2])

    def test_for_scripts_from_standard_input(self, run: Run, service: RunningSandbox) -> None:
        told = run("price", "--json", "-", stdin=("س" * 71).encode()).json
        assert told["parts"] == 2
        assert told.keys() == {"mci_price", "other_price", "parts"}


class TestLegacyApi:
    @pytest.fixture
    def legacy(self, bare: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
        with serving() as stand_in:
            monkeypatch.setenv("IPPANEL_BASE_URL", stand_in.base_url)
            monkeypatch.setenv("IPPANEL_API_KEY", "the-legacy-key")
            yield stand_in

    def test_credit_and_send(self, run: Run, legacy: StandIn) -> None:
        legacy.routes = {"/v1/credit": lambda _: ok({"credit": 1500}), "/v1/messages": lambda _: ok({"bulk_id": 77})}
        assert run("credit", "--api", "rest").out == "1,500 rial\n"
        assert run("send", "--json", "--api", "rest", "--sender", "+983000505", "-m", "سلام", PERSON).json[
            "outbox_ids"
        ] == [77]
        assert legacy.seen[0].headers["Authorization"] == "AccessKey the-legacy-key"

    @pytest.mark.parametrize(
        "arguments", [("price", "--sender", "+983000505", "x"), ("login",), ("logout",), ("inbox", "--after", "3")]
    )
    def test_what_it_lacks_is_told_with_a_way_out(self, run: Run, legacy: StandIn, arguments: Sequence[str]) -> None:
        outcome = run(*arguments, "--api", "rest")
        assert outcome.code == 2
        assert re.search("use ", one_line(outcome.err), re.IGNORECASE)
        assert legacy.seen == []
