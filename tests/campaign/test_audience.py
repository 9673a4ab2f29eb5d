"""Who gets a text: numbers normalised, bad rows refused with their line, repetitions merged."""

from __future__ import annotations

import pytest

from ippanel_provider.campaign.audience import Audience, Message, Rejected, Row
from ippanel_provider.campaign.chunks import OwnTexts, SharedText, chunked
from ippanel_provider.campaign.order import OncePer
from ippanel_provider.campaign.rows import addressed, rendered
from ippanel_provider.campaign.run import tell_rejects
from ippanel_provider.client import InvalidInput
from ippanel_provider.service import Api
from ippanel_provider.tables.records import Record, numbered


def screened(
    rows: list[tuple[object, str]], once_per: OncePer = OncePer.MESSAGE
) -> tuple[list[tuple[str, str]], Audience]:
    audience = Audience(once_per)
    passed = audience.screen(Row(line, recipient, text) for line, (recipient, text) in enumerate(rows, start=1))  # type: ignore[arg-type]
    return [(message.recipient, message.text) for message in passed], audience


def test_numbers_are_normalised_and_keep_their_line() -> None:
    audience = Audience()
    assert list(audience.screen([Row(7, "۰۹۱۲۰۰۰۰۰۰۱", "سلام")])) == [Message("+989120000001", "سلام", 7)]


def test_the_same_text_to_the_same_person_goes_out_once_however_the_number_is_spelled() -> None:
    passed, audience = screened([("09120000001", "a"), ("+98 912 000 0001", "a"), (9120000001, "a")])
    assert passed == [("+989120000001", "a")]
    assert (audience.rows, audience.merged, audience.rejected) == (3, 2, 0)


def test_another_text_to_the_same_person_is_another_message() -> None:
    passed, audience = screened(
        [("09120000001", "a"), ("09120000001", "b"), ("09120000001", "b"), ("09120000001", "a")]
    )
    assert passed == [("+989120000001", "a"), ("+989120000001", "b")]
    assert audience.merged == 2


def test_once_per_recipient_refuses_another_text_to_the_same_person_and_says_so() -> None:
    passed, audience = screened([("09120000001", "a"), ("09120000001", "b"), ("09120000001", "a")], OncePer.RECIPIENT)
    assert passed == [("+989120000001", "a")]
    assert audience.merged == 1
    assert [rejected.line for rejected in audience.rejects] == [2]
    assert "same recipient" in audience.rejects[0].reason


@pytest.mark.parametrize(
    ("recipient", "text", "reason"),
    [
        ("02100000000", "a", "landline"),
        (None, "a", "is empty"),
        ("09120000001", "", "text: the text is empty"),
        ("09120000001", "ا" * 1401, "1401 characters"),
        ("09120000001", "ا" * 1400, "21 parts"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_reason_and_the_others_pass(
    recipient: str | None, text: str, reason: str
) -> None:
    passed, audience = screened([("09120000002", "good"), (recipient, text), ("09120000003", "good")])
    assert passed == [("+989120000002", "good"), ("+989120000003", "good")]
    (rejected,) = audience.rejects
    assert rejected.line == 2
    assert reason in rejected.reason


def test_a_text_is_rendered_from_the_columns_of_its_row() -> None:
    records = [{"mobile": "09120000001", "name": "سارا"}, {"mobile": "09120000002", "name": "علی"}]
    rows = list(rendered(numbered(records), "{{ name }}، سلام {{ row.name }}", "mobile"))
    assert rows == [Row(1, "09120000001", "سارا، سلام سارا"), Row(2, "09120000002", "علی، سلام علی")]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"mobile": "09120000001", "name": None}, "a column that its text needs is empty: 'name'"),
        ({"mobile": "09120000001", "name": 5}, "its text cannot be made (TypeError)"),
    ],
)
def test_a_row_without_a_text_is_refused_and_nobody_is_greeted_as_none(record: dict[str, object], reason: str) -> None:
    audience = Audience()
    assert (
        list(
            audience.screen(
                rendered(
                    numbered([record]), "{{ 'سلام ' + name }}" if record.get("name") else "سلام {{ name }}", "mobile"
                )
            )
        )
        == []
    )
    assert audience.rejects == [Rejected(1, reason)]


def test_a_column_may_have_the_name_of_a_method_of_dicts() -> None:
    record = {"mobile": "0912", "items": 3, "name": "a"}
    (row,) = rendered(numbered([record]), "{{ row.items }} {{ row.name }} {{ row['items'] }}", "mobile")
    assert row.text == "3 a 3"


def test_what_one_text_sets_does_not_reach_the_next() -> None:
    records = [{"mobile": "09120000001", "vip": True}, {"mobile": "09120000002", "vip": False}]
    template = "{% if vip %}{% set greeting = 'ارجمند' %}{% endif %}سلام {{ greeting | default('') }}"
    assert [row.text for row in rendered(numbered(records), template, "mobile")] == ["سلام ارجمند", "سلام "]


def test_a_template_that_is_broken_or_a_column_that_is_not_there_stops_everything_before_it_starts() -> None:
    with pytest.raises(InvalidInput, match="row_message"):
        next(rendered(numbered([{"mobile": "09120000001"}]), "{{ name", "mobile"))
    with pytest.raises(InvalidInput, match="recipient_column: the rows have no column 'phone', only 'mobile'"):
        next(rendered(numbered([{"mobile": "09120000001"}]), "سلام", "phone"))
    records = [{"mobile": "09120000001", "debt": 5}] * 2
    with pytest.raises(
        InvalidInput, match=r"row_message: the rows have no column 'dbet', only 'mobile', 'debt'\. Is 'debt' meant\?"
    ):
        next(rendered(numbered(records), "بدهی شما {{ row.dbet }} ریال است", "mobile"))


@pytest.mark.parametrize(
    ("column", "asked", "said"),
    [
        ("نام\u200c", "نام", "'نام<U+200C>' only looks the same, as it has U+200C (zero width non-joiner)"),
        ("\ufeffname", "name", "'<U+FEFF>name' only looks the same, as it has U+FEFF (zero width no-break space)"),
        ("كد", "کد", "it has U+0643 (arabic letter kaf) and no U+06A9 (arabic letter keheh)"),
        ("تاريخ", "تاریخ", "it has U+064A (arabic letter yeh) and no U+06CC (arabic letter farsi yeh)"),
        ("full\u00a0name", "full name", "it has U+00A0 (no-break space) and no U+0020 (space)"),
    ],
)
def test_a_column_that_only_looks_the_same_is_shown_with_the_difference(column: str, asked: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        next(rendered(numbered([{"mobile": "09120000001", column: "x"}]), f"{{{{ row['{asked}'] }}}}", "mobile"))
    assert said in str(caught.value)


def test_a_column_that_some_rows_of_json_lack_is_a_matter_of_these_rows() -> None:
    records = [{"mobile": "09120000001"}, {"mobile": "09120000002", "name": "سارا"}]
    assert [(row.text, row.problem) for row in rendered(numbered(records), "{{ row.name }}", "mobile")] == [
        ("", "it has no column 'name'"),
        ("سارا", ""),
    ]


@pytest.mark.parametrize(
    ("given", "text"),
    [(1404, "1404"), (150000.0, "150000"), (None, None), (float("nan"), None), (["a"], None), (b"a", None)],
)
def test_what_is_given_for_a_text_is_written_as_people_do_or_rejects_its_row(given: object, text: str | None) -> None:
    passed, audience = screened([("09120000001", given), ("09120000002", "سلام")])  # type: ignore[list-item]
    assert passed[-1] == ("+989120000002", "سلام")
    assert (passed[0][1] if audience.rejected == 0 else None) == text


def test_rejects_are_grouped_by_reason() -> None:
    _, audience = screened([("0912", "a")] * 3 + [(None, "a")] + [("09120000001", "a")])  # type: ignore[list-item]
    assert audience.grouped() == {
        "the number has too few digits for a mobile number (11 as 09XXXXXXXXX)": 3,
        "the number is empty": 1,
    }


def test_a_column_that_is_missing_later_is_a_matter_of_that_row() -> None:
    records = [{"mobile": "09120000001"}, {"phone": "x"}]
    assert list(rendered(numbered(records), "سلام", "mobile")) == [
        Row(1, "09120000001", "سلام"),
        Row(2, None, "", "it has no 'mobile'"),
    ]


def test_a_header_that_is_a_person_is_not_repeated() -> None:
    with pytest.raises(InvalidInput, match="the header seems to be missing") as caught:
        next(rendered(numbered([{"آرش": "بهار", "0912-000-0001": "09120000002"}]), "سلام", "mobile"))
    assert "آرش" not in str(caught.value)


def test_one_text_for_all_leaves_out_what_cannot_be_read() -> None:
    records = [Record(2, {"mobile": "09120000001"}), Record(3, {}, "it is broken")]
    assert list(addressed(records, "سلام", "mobile")) == [
        Row(2, "09120000001", "سلام"),
        Row(3, None, "سلام", "it is broken"),
    ]


def test_of_many_rejects_a_hundred_are_kept_and_all_are_counted_and_told() -> None:
    told: list[int] = []
    audience = Audience(on_reject=lambda row, reason: told.append(row.line))
    assert list(audience.screen(Row(line, "0912", "سلام") for line in range(1, 251))) == []
    assert (audience.rejected, len(audience.rejects), told) == (250, 100, list(range(1, 251)))


def test_messages_are_gathered_into_as_few_requests_as_the_service_takes() -> None:
    messages = [Message(f"+98912{n:07d}", f"x{n}") for n in range(2500)]
    assert [(len(chunk.messages), len(chunk.texts)) for chunk in chunked(messages, OwnTexts())] == [
        (1000, 1000),
        (1000, 1000),
        (500, 500),
    ]
    assert [(len(chunk.messages), len(chunk.texts)) for chunk in chunked(messages, SharedText("x"))] == [
        (1000, 1),
        (1000, 1),
        (500, 1),
    ]
    assert [len(chunk.messages) for chunk in chunked(messages[:3], OwnTexts(), api=Api.REST)] == [1, 1, 1]
    with pytest.raises(InvalidInput, match="chunk_size: 1001 is outside 1 to 1000"):
        next(chunked(messages, OwnTexts(), size=1001))


def test_the_log_shows_a_few_rejects_and_groups_many(caplog: pytest.LogCaptureFixture) -> None:
    _, audience = screened([("0912", "a")] * 30 + [("", "a")] * 2)
    tell_rejects(audience)
    assert [line.partition(" ")[0] for line in caplog.messages] == ["Row"] * 10 + ["30", "2"]
    assert caplog.messages[-1] == "2 rows get no text: the number is empty."


def test_numbers_with_a_prefix_nobody_is_known_to_have_are_sent_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    passed, audience = screened(
        [("09120000001", "a"), ("09400000001", "a"), ("09820000001", "a"), ("09970000001", "a")]
    )
    assert [number for number, _ in passed] == ["+989120000001", "+989970000001"]
    assert audience.unassigned == 1
    tell_rejects(audience)
    assert "1 rows have numbers whose prefix no operator is known to have" in caplog.text


@pytest.mark.parametrize("text", ["سلام\x00", "\x07سلام", "a\x85b", "a\x0bb"])
def test_a_text_with_a_control_character_is_of_a_damaged_file(text: str) -> None:
    passed, audience = screened([("09120000001", text), ("09120000002", "سلام\u200cها\r\n\tب")])
    assert passed == [("+989120000002", "سلام\u200cها\r\n\tب")]
    assert audience.rejects == [Rejected(1, "the text holds a control character, as of a damaged file")]


@pytest.mark.parametrize("header", ["name;mobile", "name\tmobile", "name|mobile"])
def test_a_header_in_one_piece_asks_about_the_delimiter(header: str) -> None:
    with pytest.raises(InvalidInput, match=r"is delimiter='.{1,2}' meant"):
        list(addressed([Record(2, {header: "x"})], "سلام", "mobile"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("None", "text: it is what programs leave where there was nothing (None, nan)"),
        (" nan\n", "text: it is what programs leave where there was nothing (None, nan)"),
        ("#REF!", "text: it holds an error of the spreadsheet (#REF!)"),
        ("\u200c \ufeff", "text: the text is empty"),
    ],
)
def test_a_text_that_is_only_a_leftover_goes_to_nobody(text: str, reason: str) -> None:
    passed, audience = screened([("09120000001", text), ("09120000002", " None of it "), ("09120000003", "11")])
    assert passed == [("+989120000002", " None of it "), ("+989120000003", "11")]
    assert audience.rejects == [Rejected(1, reason)]


@pytest.mark.parametrize(
    ("recipient", "reason"),
    [
        ("#n/a", "the number holds an error of the spreadsheet (#N/A)"),
        ("#UNCALCULATED!", "the number is a formula that was never calculated; open the file in Excel, and save it"),
        ("شماره", "the number holds characters that belong to no phone number"),
        ("موبایل:", "the number holds characters that belong to no phone number"),
        ("", "the number is empty"),
    ],
)
def test_what_stands_where_a_number_should_is_named(recipient: str, reason: str) -> None:
    assert screened([(recipient, "سلام")])[1].rejects == [Rejected(1, reason)]


def test_a_column_of_records_that_need_not_have_all_is_looked_for_to_their_end() -> None:
    records = [{"mobile": f"0912{n:07d}"} for n in range(2500)]
    late = [*records, {"mobile": "09350000001", "name": "آرش"}]
    rows = list(rendered(numbered(late), "سلام {{ row.name }}", "mobile", is_table=False))
    assert [row.text for row in rows if not row.problem] == ["سلام آرش"]
    assert {row.problem for row in rows[:-1]} == {"it has no column 'name'"}
    assert len(list(addressed(numbered([*records, {"phone": "x"}]), "سلام", "phone", is_table=False))) == 2501
    for given, template in ((records, "سلام {{ row.nmae }}"), (late, "{% if row.nmae %}{{ row.nmae }}{% endif %}")):
        for is_table in (True, False):
            with pytest.raises(InvalidInput, match="row_message: the rows have no column 'nmae', only 'mobile'"):
                list(rendered(numbered(given), template, "mobile", is_table=is_table))


@pytest.mark.parametrize("again", ["mobile", " Mobile", "name", "موبایل ", "كد\u200cملی", "mobile1"])
def test_a_header_in_the_middle_is_named_as_one(again: str) -> None:
    columns = ("mobile", "name", " Mobile", "موبایل", "کد ملی", "mobile1")
    records = numbered([dict.fromkeys(columns, "09120000001"), dict.fromkeys(columns, again)])
    for rows in (
        addressed(records, "سلام", "mobile"),
        rendered(numbered([dict.fromkeys(columns, again)]), "x", "mobile"),
    ):
        assert list(rows)[-1].problem == "it names the columns again, as a second header does"


def test_a_word_that_is_no_column_is_no_header() -> None:
    (row,) = addressed(numbered([{"mobile": "tel:09120000001"}]), "سلام", "mobile")
    assert row.problem == ""
