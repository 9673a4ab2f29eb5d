"""One text as a person types it and as a script sends it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ippanel_provider.client import Client, Settings, edge
from ippanel_provider.client.edge.pattern import VariableType
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.text.hours import TEHRAN

from .support import OTHER, PERSON, Run, one_line, start


class TestSend:
    def test_sends_one_text_to_all(self, run: Run, service: RunningSandbox) -> None:
        outcome = run("send", "-m", "سلام، کد شما ۱۲۳۴ است", "09120000001", "۰۹۱۲۰۰۰۰۰۰۲")
        assert (outcome.code, outcome.err) == (0, "")
        sent = service.messages()
        assert {message["recipient"] for message in sent} == {PERSON, OTHER}
        assert {message["text"] for message in sent} == {"سلام، کد شما ۱۲۳۴ است"}
        assert {message["sender"] for message in sent} == {service.sender}
        assert outcome.out.splitlines() == [
            "Accepted for 2 recipients, 1 part each.",
            f"outbox id {sent[0]['outbox_id']}",
        ]

    def test_for_scripts(self, run: Run, service: RunningSandbox) -> None:
        told = run("send", "--json", "--text", "x" * 161, PERSON).json
        assert told == {"outbox_ids": [service.messages()[0]["outbox_id"]], "recipients": 1, "parts": 2}

    def test_reads_the_text_from_standard_input(self, run: Run, service: RunningSandbox) -> None:
        assert run("send", "-m", "-", PERSON, stdin="\ufeffخط یک\nخط دو\n".encode()).code == 0
        assert service.messages()[0]["text"] == "خط یک\nخط دو"

    @pytest.mark.parametrize("stdin", [b"\xff\xfe", "سلام".encode("cp1256")])
    def test_a_text_in_another_encoding_is_refused(self, run: Run, service: RunningSandbox, stdin: bytes) -> None:
        outcome = run("send", "-m", "-", PERSON, stdin=stdin)
        assert outcome.code == 2
        assert "not UTF-8" in one_line(outcome.err)
        assert service.messages() == []

    def test_an_argument_in_another_encoding_is_refused(self, run: Run, service: RunningSandbox) -> None:
        assert "not UTF-8" in run("send", "-m", os.fsdecode(b"\xd3\xe1"), PERSON).err
        assert service.messages() == []

    def test_one_bad_number_and_nothing_is_sent(self, run: Run, service: RunningSandbox) -> None:
        outcome = run("send", "-m", "سلام", "09120000001", "0912000000", "02112345678")
        assert outcome.code == 2
        line = one_line(outcome.err)
        assert "nothing was sent" in line
        assert "no. 2 (091***0000): the number has too few digits" in line
        assert "no. 3 (0211***5678): the number is a landline" in line
        assert "02112345678" not in line
        assert service.messages() == []

    def test_of_many_bad_numbers_the_first_are_named(self, run: Run, service: RunningSandbox) -> None:
        assert "; and 7 more" in one_line(run("send", "-m", "سلام", *["123"] * 12).err)

    def test_a_number_given_twice_gets_one_text(self, run: Run, service: RunningSandbox) -> None:
        outcome = run("send", "-m", "سلام", "09120000001", "+989120000001", "9120000001")
        assert len(service.messages()) == 1
        assert "2 given more than once are sent to once." in outcome.out

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("-m", " ", PERSON), "the text is empty"),
            (("-m", "x", "--sender", "here", PERSON), "is no line"),
            (("-m", "x", *(f"0912{number:07}" for number in range(1001))), "1001 are too many"),
            (("-m", "x" * 1401, PERSON), "1401 characters"),
        ],
    )
    def test_what_the_service_would_not_take_is_refused_here(
        self, run: Run, service: RunningSandbox, arguments: Sequence[str], says: str
    ) -> None:
        outcome = run("send", *arguments)
        assert outcome.code == 2
        assert says in one_line(outcome.err)
        assert service.messages() == []

    def test_without_a_line_it_says_how_to_give_one(
        self, run: Run, service: RunningSandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("IPPANEL_SENDER")
        outcome = run("send", "-m", "x", PERSON)
        assert outcome.code == 2
        assert "--sender" in one_line(outcome.err)

    def test_several_numbers_of_one_argument_are_several(self, run: Run, service: RunningSandbox) -> None:
        assert run("send", "-m", "x", "09120000001, 0912 000 0002").code == 0
        assert {message["recipient"] for message in service.messages()} == {PERSON, OTHER}

    def test_nobody_is_refused(self, run: Run, service: RunningSandbox) -> None:
        outcome = run("send", "-m", "x")
        assert outcome.code == 2
        assert "--recipients-file" in one_line(outcome.err)

    def test_a_text_that_a_locale_took_for_latin_goes_out_as_it_was_typed(self, service: RunningSandbox) -> None:
        for locale in ("C", "POSIX", "en_US.ISO-8859-1"):
            process = start("send", "-m", f"سلام {locale}", PERSON, LC_ALL=locale, PYTHONUTF8="0")
            assert process.communicate(timeout=20)[1] == b""
        texts = {message["text"] for message in service.messages()}
        assert texts == {"سلام C", "سلام POSIX", "سلام en_US.ISO-8859-1"}


class TestRecipientsFile:
    @pytest.mark.parametrize(
        "written",
        [
            b"09120000001\n09120000002\n",
            "\ufeff09120000001\r\n۰۹۱۲۰۰۰۰۰۰۲\r\n".encode(),
            "شماره موبایل\n۰۹۱۲۰۰۰۰۰۰۱\n\n۰۹۱۲ ۰۰۰ ۰۰۰۲".encode("utf-16"),
            "mobile\n09120000001\n09120000002".encode("utf-16-le"),
            "شماره\r\n09120000001;\r\n09120000002;\r\n".encode("cp1256"),
            b"mobile\r09120000001\r9120000002\r",
            b"09120000001, 09120000002",
            b"+989120000001\t+989120000002",
        ],
    )
    def test_in_the_encodings_people_have(
        self, run: Run, service: RunningSandbox, tmp_path: Path, written: bytes
    ) -> None:
        (tmp_path / "people").write_bytes(written)
        outcome = run("send", "-m", "x", "--recipients-file", str(tmp_path / "people"))
        assert outcome.code == 0, outcome.err
        assert {message["recipient"] for message in service.messages()} == {PERSON, OTHER}

    def test_can_be_standard_input_and_stand_beside_arguments(self, run: Run, service: RunningSandbox) -> None:
        outcome = run("send", "-m", "x", "--recipients-file", "-", PERSON, stdin=b"09120000001\n09120000002\n")
        assert outcome.code == 0
        assert "1 given more than once" in outcome.out
        assert {message["recipient"] for message in service.messages()} == {PERSON, OTHER}

    def test_with_the_text_from_there_too_is_refused(self, run: Run, service: RunningSandbox) -> None:
        outcome = run("send", "-m", "-", "--recipients-file", "-", stdin=b"09120000001\n")
        assert outcome.code == 2
        assert "standard input already" in one_line(outcome.err)

    @pytest.mark.parametrize(
        ("written", "says"),
        [
            (b"09120000001\n0912\n", "line 2 (0***2): the number has too few digits"),
            (b"09120000001,Ali\n", "line 1 (A***i): the number holds characters"),
            (b"mobile\n", "at least one is required"),
            (b"", "at least one is required"),
            (b"PK\x03\x04rest", "save its sheet as CSV"),
        ],
    )
    def test_what_is_no_list_of_numbers_is_refused_and_nothing_is_sent(
        self, run: Run, service: RunningSandbox, tmp_path: Path, written: bytes, says: str
    ) -> None:
        (tmp_path / "people").write_bytes(written)
        outcome = run("send", "-m", "x", "--recipients-file", str(tmp_path / "people"))
        assert outcome.code == 2
        assert says in one_line(outcome.err)
        assert service.messages() == []

    def test_that_is_not_there_is_told(self, run: Run, service: RunningSandbox) -> None:
        outcome = run("send", "-m", "x", "--recipients-file", "/nowhere/people")
        assert outcome.code == 2
        assert "No such file or directory: /nowhere/people" in one_line(outcome.err)


class TestSendTime:
    def test_so_long_from_now_and_taken_back(self, run: Run, service: RunningSandbox) -> None:
        outcome = run("send", "--send-time", "2h", "-m", "x", PERSON)
        assert outcome.code == 0, outcome.err
        assert "It goes out at 20" in outcome.out
        outbox_id = str(outcome.out.split("outbox id ")[1].split()[0])
        assert run("cancel", outbox_id) == (0, f"{outbox_id}  cancelled\n", "")
        service.settle()
        assert run("status", outbox_id).out.split()[1] == "cancelled"

    def test_a_moment_with_its_zone(self, run: Run, service: RunningSandbox) -> None:
        due = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)
        told = run("send", "--json", "--send-time", due.astimezone(TEHRAN).isoformat(), "-m", "x", PERSON).json
        assert datetime.fromisoformat(told["send_time"]) == due

    @pytest.mark.parametrize(
        "given", ["soon", "2099-01-01T00:00:00", "1404-01-01T09:00:00+03:30", "1m", "2000-01-01T00:00Z"]
    )
    def test_what_is_none_is_refused(self, run: Run, service: RunningSandbox, given: str) -> None:
        outcome = run("send", "--send-time", given, "-m", "x", PERSON)
        assert outcome.code == 2
        assert one_line(outcome.err).startswith("ippanel: send_time: ")
        assert service.messages() == []


class TestPattern:
    @pytest.fixture
    def code(self, service: RunningSandbox) -> str:
        with Client(service.api_key, Settings(base_url=service.base_url)) as client:
            variables: dict[str, VariableType] = {"name": "string", "code": "integer"}
            made = client.run(edge.pattern.create("سلام %name%، کد %code%", variables=variables, description="آزمون"))
        service.approve(made.code)
        return made.code

    def test_with_values_of_arguments_and_of_standard_input(self, run: Run, service: RunningSandbox, code: str) -> None:
        outcome = run("pattern", code, PERSON, "--var", "name=علی=ع", "--variables", "-", stdin=b'{"code": 1234}')
        assert outcome.code == 0, outcome.err
        (message,) = service.messages()
        assert message["text"] == "سلام علی=ع، کد 1234"
        assert outcome.out == f"Accepted.\noutbox id {message['outbox_id']}\n"

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("--var", "name"), "var: expected NAME=VALUE"),
            (("--variables", "-"), "variables: "),
        ],
    )
    def test_values_that_are_none_are_refused(
        self, run: Run, service: RunningSandbox, arguments: Sequence[str], says: str
    ) -> None:
        outcome = run("pattern", "abc", PERSON, *arguments, stdin=b"[1]")
        assert outcome.code == 2
        assert says in one_line(outcome.err)

    def test_one_that_is_unknown_is_refused_by_the_service(self, run: Run, service: RunningSandbox) -> None:
        assert run("pattern", "nowhere", PERSON).code == 1


class TestCancel:
    def test_each_by_itself_and_the_worst_decides_the_code(self, run: Run, service: RunningSandbox) -> None:
        outbox_id = run("send", "--json", "--send-time", "1d", "-m", "x", PERSON).json["outbox_ids"][0]
        outcome = run("cancel", "424242", str(outbox_id))
        assert outcome.code == 1
        assert [line.split("  ")[1].partition(":")[0] for line in outcome.out.splitlines()] == [
            "not cancelled",
            "cancelled",
        ]

    def test_what_is_no_id_is_refused_before_anything_is_cancelled(self, run: Run, service: RunningSandbox) -> None:
        assert run("cancel", "x").code == 2

    def test_the_legacy_api_has_none(self, run: Run, service: RunningSandbox) -> None:
        assert run("cancel", "1", "--api", "rest").code == 2
