"""Who gets no text whatever the source says."""

from __future__ import annotations

import pytest

from ippanel_provider.campaign.audience import Audience, Row
from ippanel_provider.campaign.suppression import Suppression, opted_out, phonebook_members
from ippanel_provider.client import Client, InvalidInput, edge
from ippanel_provider.sandbox.runner import RunningSandbox


def test_numbers_match_in_any_spelling_and_the_first_reason_stands() -> None:
    suppression = Suppression()
    assert suppression.add(["۰۹۱۲۰۰۰۰۰۰۱", 9120000002, "02100000000", None, "x"], "one") == (5, 3)
    assert suppression.add(["+989120000001", "989120000003"], "two") == (2, 0)
    assert [suppression.reason(f"+98912000000{n}") for n in range(1, 5)] == ["one", "one", "two", None]
    assert len(suppression) == 3


def test_a_suppressed_row_is_counted_apart_and_told_with_its_reason() -> None:
    suppression = Suppression()
    suppression.add(["09120000002"], "has opted out")
    told: list[tuple[int, str]] = []
    audience = Audience(suppressing=suppression, on_reject=lambda row, reason: told.append((row.line, reason)))
    rows = [Row(n, f"0912000000{n}", "سلام") for n in (1, 2, 3)] + [
        Row(4, "0912", "سلام"),
        Row(5, "+98 912 0000002", "دیگر"),
    ]
    assert [message.line for message in audience.screen(rows)] == [1, 3]
    assert (audience.rows, audience.suppressed, audience.rejected) == (5, 2, 1)
    assert [rejected.line for rejected in audience.rejects] == [4]
    assert [(line, reason) for line, reason in told if line != 4] == [(2, "has opted out"), (5, "has opted out")]


class TestTheService:
    def test_who_texted_the_word_to_a_line(self, ippanel_sandbox: RunningSandbox, client: Client) -> None:
        line, other = ippanel_sandbox.sender, "+983000506"
        ippanel_sandbox.account(lines=[line, other])
        for number, text, to in [
            ("+989120000001", "لغو ۱۱", line),
            ("+989120000002", "سلام", line),
            ("+989120000003", "لغو", other),
            ("+989120000004", "11", line),
        ]:
            ippanel_sandbox.inbox(number, text, number=to)
        assert sorted(opted_out(client)) == ["+989120000001", "+989120000003", "+989120000004"]
        assert sorted(opted_out(client, line=line)) == ["+989120000001", "+989120000004"]
        assert list(opted_out(client, line=other.removeprefix("+98"))) == ["+989120000003"]
        assert list(opted_out(client, words=["سلام"])) == ["+989120000002"]

    def test_the_last_word_to_each_line_counts(self, ippanel_sandbox: RunningSandbox, client: Client) -> None:
        line, other = ippanel_sandbox.sender, "+983000506"
        ippanel_sandbox.account(lines=[line, other])
        for number, text, to in [
            ("+989120000001", "لغو۱۱", line),
            ("+989120000001", "۱۲", line),
            ("+989120000002", "12", line),
            ("+989120000002", "لغو کنید", line),
            ("+989120000003", "11", line),
            ("+989120000003", "12", other),
        ]:
            ippanel_sandbox.inbox(number, text, number=to)
        assert sorted(opted_out(client)) == ["+989120000002", "+989120000003"]
        assert sorted(opted_out(client, line=f"00{line[1:]}")) == ["+989120000002", "+989120000003"]
        assert list(opted_out(client, line=other)) == []
        assert sorted(opted_out(client, back_words=())) == [f"+98912000000{n}" for n in (1, 2, 3)]

    def test_of_what_is_no_line_there_is_no_list(self, client: Client) -> None:
        with pytest.raises(InvalidInput, match=r"^line: expected a line as \+983000505"):
            list(opted_out(client, line="{{ params.line }}"))

    def test_the_inbox_is_read_to_its_end(self, ippanel_sandbox: RunningSandbox, client: Client) -> None:
        for n in range(1005):
            ippanel_sandbox.inbox(f"+98912000{n:04d}", "لغو")
        assert sorted(opted_out(client)) == [f"+98912000{n:04d}" for n in range(1005)]

    def test_a_phonebook(self, ippanel_sandbox: RunningSandbox, client: Client) -> None:
        book = client.run(edge.phonebook.create("بدون پیامک"))
        client.run(
            edge.phonebook.add_contacts([{"number": f"0912000{n:04d}", "phonebook_id": book.id} for n in range(20)])
        )
        other = client.run(edge.phonebook.create("دیگران"))
        client.run(edge.phonebook.add_contacts([{"number": "09120009999", "phonebook_id": other.id}]))
        assert sorted(phonebook_members(client, book.id)) == [f"+98912000{n:04d}" for n in range(20)]

    def test_a_phonebook_that_is_not_there_is_no_empty_one(
        self, ippanel_sandbox: RunningSandbox, client: Client
    ) -> None:
        with pytest.raises(InvalidInput, match="phonebook_id: there is no phonebook 4711"):
            list(phonebook_members(client, 4711))
