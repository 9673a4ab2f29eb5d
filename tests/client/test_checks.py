"""Input is refused by field before anything is sent, and no refusal shows a number, a text or a credential."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.client import validation as checks
from ippanel_provider.client.errors import InvalidInput
from ippanel_provider.client.requests import Upload
from ippanel_provider.service import BulkState
from ippanel_provider.text.parts import measure

NUMBER = "+989120001234"


def refusal(call: Any, *given: Any, **options: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        call(*given, **options)
    return str(caught.value)


class TestText:
    @pytest.mark.parametrize("text", ["س", "a" * 1400, "س" * 1340, "€" * 1400, "😀" * 660, "  x\n"])
    def test_is_taken_up_to_1400_characters_and_20_parts(self, text: str) -> None:
        assert checks.text(text) == text

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (b"abc", "not bytes"),
            (12345, "not int"),
            ("سلام \ud83d", "half a character"),
            ("", "is empty"),
            (" \n\u00a0", "is empty"),
            ("a" * 1401, "1401 characters"),
            ("س" * 1341, "21 parts"),
            ("😀" * 671, "21 parts"),
        ],
    )
    def test_is_refused_otherwise_without_being_shown(self, text: Any, reason: str) -> None:
        message = refusal(checks.text, text, "messages[3].message")
        assert message.startswith("messages[3].message: ")
        assert reason in message
        assert not str(text).strip() or str(text) not in message

    @given(st.integers(600, 720), st.sampled_from(["س", "😀", "a😀", "€", "س😀"]))
    def test_near_the_limit_is_always_measured(self, length: int, chars: str) -> None:
        text = (chars * length)[:length]
        if measure(text).parts > 20:
            assert "parts" in refusal(checks.text, text)
        else:
            assert checks.text(text) == text


class TestRecipients:
    def test_are_normalised_in_order(self) -> None:
        assert checks.recipients(["09120001234", 9120001235, "۰۹۱۲۰۰۰۱۲۳۶"], most=3) == [
            f"+98912000123{last}" for last in (4, 5, 6)
        ]

    def test_may_come_from_anything_that_can_be_gone_through(self) -> None:
        assert checks.recipients((number for number in ["09120001234"]), most=1) == [NUMBER]

    @pytest.mark.parametrize(
        ("given", "reason"),
        [
            ([], "recipients: it is empty"),
            ("09120001234", "recipients: give a list of numbers"),
            (["09120001234"] * 4, "recipients: 4 are too many for one request; at most 3"),
            (["09120001234", "02188880000"], "recipients[1]: the number is a landline"),
            (["09120001234", None], "recipients[1]: "),
            ([912000123.5], "recipients[0]: the number has a fraction"),
            ([["09120001234"]], "recipients[0]: "),
        ],
    )
    def test_are_refused_by_place_and_reason(self, given: Any, reason: str) -> None:
        message = refusal(checks.recipients, given, most=3)
        assert message.startswith(reason)
        assert "912000" not in message
        assert "8888" not in message


class TestSender:
    @pytest.mark.parametrize("line", ["+983000505", "+98BANK"])
    def test_is_a_line(self, line: str) -> None:
        assert checks.sender(line) == line

    @pytest.mark.parametrize("line", ["3000505", "983000505", "+98 3000505", "۳۰۰۰۵۰۵", 983000505])
    def test_is_a_line_in_any_spelling(self, line: Any) -> None:
        assert checks.sender(line) == "+983000505"

    @pytest.mark.parametrize("line", ["", "300x505", None, 3.5, "a text in the place of a line", "09120001234 x"])
    def test_of_another_form_is_refused_masked(self, line: Any) -> None:
        message = refusal(checks.sender, line)
        assert message.startswith("sender: ")
        assert "+983000505" in message
        assert "912000" not in message
        assert "place" not in message


class TestSendTime:
    def test_at_once_is_none(self) -> None:
        assert checks.send_time(None) is None

    @pytest.mark.parametrize("zone", [UTC, ZoneInfo("Asia/Tehran"), timezone(timedelta(hours=-7))])
    def test_goes_out_in_utc(self, zone: Any) -> None:
        moment = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
        assert checks.send_time(moment.astimezone(zone)) == moment.strftime("%Y-%m-%d %H:%M:%S")

    @pytest.mark.parametrize(
        ("ahead", "reason"),
        [
            (timedelta(minutes=-1), "at least 5 minutes"),
            (timedelta(minutes=4, seconds=59), "at least 5 minutes"),
            (timedelta(days=90, minutes=1), "at most 90 days"),
        ],
    )
    def test_outside_the_window_is_refused(self, ahead: timedelta, reason: str) -> None:
        assert reason in refusal(checks.send_time, datetime.now(UTC) + ahead)

    @pytest.mark.parametrize("ahead", [timedelta(minutes=5, seconds=30), timedelta(days=89, hours=23)])
    def test_inside_the_window_is_taken(self, ahead: timedelta) -> None:
        assert checks.send_time(datetime.now(UTC) + ahead)

    def test_without_a_zone_is_refused(self) -> None:
        assert refusal(checks.send_time, datetime(2030, 1, 1)).startswith("send_time: has no time zone; give it with")  # noqa: DTZ001

    @pytest.mark.parametrize("moment", ["2030-01-01 10:00:00", 1893456000, date(2030, 1, 1)])
    def test_what_is_no_moment_is_refused_by_its_field(self, moment: Any) -> None:
        for check in (checks.send_time, checks.epoch):
            assert re.match("send_time: (has no time zone|expected a datetime)", refusal(check, moment, "send_time"))

    def test_may_be_given_as_iso_text(self) -> None:
        assert checks.epoch("2026-03-10T09:00:00+03:30", "created_from") == 1773120600
        ahead = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
        assert checks.send_time(ahead.isoformat()) == checks.send_time(ahead)


class TestValues:
    @pytest.mark.parametrize(("value", "number"), [(7, 7), ("7", 7), ("0012", 12), (2**40, 2**40)])
    def test_an_id_is_a_number_or_its_digits(self, value: Any, number: int) -> None:
        assert checks.identifier(value, "id") == number

    @pytest.mark.parametrize("value", [0, -1, "", "x", "1.0", 1.0, None, True, "0"])
    def test_nothing_else_is_an_id(self, value: Any) -> None:
        assert refusal(checks.identifier, value, "outbox_id").startswith("outbox_id: ")

    def test_ids_are_a_list_of_some(self) -> None:
        assert checks.identifiers(["1", 2], "ids") == [1, 2]
        assert refusal(checks.identifiers, "12", "ids").startswith("ids: give a list")
        assert refusal(checks.identifiers, [], "ids") == "ids: it is empty"
        assert refusal(checks.identifiers, [1, 0], "ids").startswith("ids[1]: ")
        assert "at most 2" in refusal(checks.identifiers, [1, 2, 3], "ids", most=2)

    @pytest.mark.parametrize("number", [0, 1001, None, "ten", True, 2.5, "09120001234"])
    def test_a_number_outside_its_range_is_refused_without_repeating_it(self, number: Any) -> None:
        assert checks.between(1, 1, 1000, "per_page") == 1
        assert checks.between("1000", 1, 1000, "per_page") == 1000  # type: ignore[arg-type]
        said = refusal(checks.between, number, 1, 1000, "per_page")
        assert re.match("per_page: (must be from 1 to 1000|expected a whole number)", said)
        assert "0912" not in said

    @pytest.mark.parametrize("given", [None, "12", b"12", 12, {1: 2}])
    def test_what_is_no_list_is_refused_by_its_field(self, given: Any) -> None:
        for call in (
            lambda: checks.recipients(given, most=9),
            lambda: checks.identifiers(given, "recipients"),
            lambda: checks.listed(given, "recipients"),
        ):
            assert refusal(call).startswith("recipients: give a list")

    @pytest.mark.parametrize(
        "code", [".", "..", " .. ", "../x", "a/../b", "a/.", "..\\x", "../../api/phonebooks", "./a", "", None]
    )
    def test_a_code_leads_to_no_other_path(self, code: Any) -> None:
        assert refusal(checks.in_path, code, "code").startswith("code: ")

    @pytest.mark.parametrize("code", ["abc123", "a.b", "..a", "a/b", "%2e%2e", "کد"])
    def test_a_code_stands_in_a_path_as_one_part_of_it(self, code: str) -> None:
        assert unquote(checks.in_path(code, "code")) == code
        assert "/" not in checks.in_path(code, "code")

    @pytest.mark.parametrize(
        ("given", "read"), [(True, True), ("False", False), ("no", False), (0, False), ("1", True)]
    )
    def test_a_flag_is_read_as_it_is_meant(self, given: Any, read: bool) -> None:
        assert checks.flag(given, "is_share") is read

    @pytest.mark.parametrize("given", [None, "", "falsch", 2, []])
    def test_what_is_no_flag_is_refused(self, given: Any) -> None:
        assert refusal(checks.flag, given, "is_share").startswith("is_share: ")

    def test_a_state_that_there_is_not_is_refused(self) -> None:
        assert [checks.code(state, BulkState, "state") for state in (BulkState.SENT, 6, "6", None)] == [6, 6, 6, None]
        for state in (42, "sent", -1, True):
            assert refusal(checks.code, state, BulkState, "state").startswith("state: ")

    def test_an_offset_is_not_negative(self) -> None:
        assert checks.offset(0, "start") == 0
        assert refusal(checks.offset, -1, "start").startswith("start: ")

    @pytest.mark.parametrize("value", ["1", "1234567", "12x", "۱۲۳", ""])
    def test_digits_are_so_many(self, value: str) -> None:
        assert checks.digits(123, 2, 6, "pre") == "123"
        assert refusal(checks.digits, value, 2, 6, "pre") == "pre: give 2 to 6 digits"

    @pytest.mark.parametrize(
        ("first", "last", "field"),
        [(1299, 1400, "age_from"), (1300, 1411, "age_to"), (20, 30, "age_from"), (1400, 1390, "age_from")],
    )
    def test_birth_years_are_jalali_and_in_order(self, first: int, last: int, field: str) -> None:
        assert checks.birth_years(1300, 1410, ("age_from", "age_to")) == (1300, 1410)
        assert refusal(checks.birth_years, first, last, ("age_from", "age_to")).startswith(f"{field}: ")

    @pytest.mark.parametrize("value", ["", "  ", None, 7, "x" * 201])
    def test_a_short_text_is_there_and_short(self, value: Any) -> None:
        assert checks.short("x" * 200, 200, "title") == "x" * 200
        assert refusal(checks.short, value, 200, "title").startswith("title: ")

    @pytest.mark.parametrize("length", [29, 256])
    def test_a_token_of_another_length_is_refused_and_not_shown(self, length: int) -> None:
        assert checks.token("t" * 30) == "t" * 30
        assert checks.token("t" * 255) == "t" * 255
        message = refusal(checks.token, "t" * length)
        assert "ttt" not in message
        assert str(length) in message

    def test_one_of_few(self) -> None:
        assert checks.one_of("int", ("int", "string"), "type") == "int"
        assert refusal(checks.one_of, "float", ("int", "string"), "type") == "type: it is one of int, string"

    @pytest.mark.parametrize(
        ("given", "reason"),
        [
            ({}, "id is missing"),
            ({"id": None}, "id is missing"),
            ({"id": 1, "nmae": 2}, "there is no nmae"),
            (7, "give a mapping"),
        ],
    )
    def test_a_mapping_has_the_fields_it_needs_and_no_others(self, given: Any, reason: str) -> None:
        checks.keys({"id": 1, "name": "x"}, {"id", "name"}, {"id"}, "list[0]")
        assert reason in refusal(checks.keys, given, {"id", "name"}, {"id"}, "list[0]")

    @pytest.mark.parametrize("number", ["09120000001", "+98 912 000 0001", 9120000001, "۰۹۱۲۰۰۰۰۰۰۱"])
    def test_a_number_among_the_fields_is_not_shown(self, number: Any) -> None:
        said = refusal(checks.keys, {"id": 1, number: "Ana"}, {"id"}, {"id"}, "list[0]")
        assert "***0001" in said
        assert str(number) not in said

    def test_a_moment_in_seconds_needs_a_zone(self) -> None:
        assert checks.epoch(None, "send_from") is None
        assert checks.epoch(datetime(2022, 5, 29, 11, 19, tzinfo=UTC), "send_from") == 1653823140
        assert refusal(checks.epoch, datetime(2022, 5, 29), "send_from").startswith("send_from: ")  # noqa: DTZ001


class TestUpload:
    def test_takes_a_path_by_its_name_and_kind(self, tmp_path: Path) -> None:
        path = tmp_path / "Numbers.CSV"
        path.write_bytes(b"recipient\n")
        for file in (path, str(path)):
            upload = checks.upload(file, ("csv", "xlsx"))
            assert (upload.filename, upload.content, upload.content_type) == ("Numbers.CSV", path, "text/csv")

    def test_takes_bytes_and_open_files_as_they_are_given(self) -> None:
        opened = io.BytesIO(b"abc")
        opened.seek(2)
        for content in (b"abc", opened):
            upload = Upload("a.csv", content)
            assert checks.upload(upload, ("csv",)) is upload
        assert opened.tell() == 0

    def test_refuses_a_file_that_cannot_be_sent(self, tmp_path: Path) -> None:
        (tmp_path / "empty.csv").write_bytes(b"")
        (tmp_path / "numbers.txt").write_bytes(b"x")
        (tmp_path / "large.csv").write_bytes(b"12345")
        closed = io.BytesIO(b"x")
        closed.close()
        cases: list[tuple[Any, str]] = [
            (tmp_path / "none.csv", "file: No such file"),
            (tmp_path / "numbers.txt", "file: a file of this name is not taken"),
            (tmp_path / "empty.csv", "file: the file is empty"),
            (tmp_path / "large.csv", "file: the file has 5 bytes; at most 4"),
            (Upload("a.csv", b""), "file: the file is empty"),
            (Upload("a.csv", io.StringIO("x")), "file: the file is open as text"),  # type: ignore[arg-type]
            (Upload("a.csv", closed), "file: its size cannot be told"),
            (Upload("noending", b"x"), "file: a file of this name is not taken"),
        ]
        for file, reason in cases:
            assert refusal(checks.upload, file, ("csv",), most_bytes=4).startswith(reason)
