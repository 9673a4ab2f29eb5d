"""Sends to phonebooks, voice codes, and patterns that file their recipient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.sandbox.edge.refusals import errors

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire

PEOPLE = [{"number": f"+98912000000{index}", "options": {"debt": 100 * index}} for index in range(1, 6)]


@pytest.fixture
def book(ippanel_sandbox: RunningSandbox) -> dict[str, Any]:
    """Five contacts, each with a debt but the last."""
    return ippanel_sandbox.add_phonebook(
        "customers", [*PEOPLE[:4], {"number": "+989120000005"}], options={"debt": "int"}
    )


def send(wire: Wire, kind: str, *params: dict[str, Any], **fields: Any) -> httpx.Response:
    return wire.post(
        "/api/send",
        {"sending_type": kind, "from_number": wire.sandbox.sender, "message": "سلام", "params": list(params)} | fields,
    )


def ends(sandbox: RunningSandbox) -> str:
    return "".join(message["recipient"][-1] for message in sandbox.messages())


class TestPhonebook:
    @pytest.mark.parametrize(
        ("item", "reached"),
        [
            ({}, "12345"),
            ({"start": "1", "size": "2"}, "23"),
            ({"start": 3}, "45"),
            ({"size": 1}, "1"),
            ({"start": 9, "size": 9, "other": 1}, ""),
        ],
    )
    def test_all_of_a_book_or_some_in_a_row(
        self, wire: Wire, ippanel_sandbox: RunningSandbox, book: dict[str, Any], item: dict[str, Any], reached: str
    ) -> None:
        response = send(wire, "phonebook", {"type": "all", "phonebook_id": str(book["id"])} | item)
        assert response.status_code == (200 if reached else 422)
        assert ends(ippanel_sandbox) == reached

    def test_several_books_are_one_bulk_and_reach_nobody_twice(
        self, wire: Wire, ippanel_sandbox: RunningSandbox, book: dict[str, Any]
    ) -> None:
        other = ippanel_sandbox.add_phonebook("others", [{"number": "+989120000005"}, {"number": "+989120000006"}])
        items = [{"type": "all", "phonebook_id": each["id"]} for each in (book, other)]
        assert len(wire.ids(send(wire, "phonebook", *items))) == 1
        assert ends(ippanel_sandbox) == "123456"

    def test_several_ids_in_one_item_are_the_older_form(
        self, wire: Wire, ippanel_sandbox: RunningSandbox, book: dict[str, Any]
    ) -> None:
        item = {"type": "all", "phonebook_ids": [str(book["id"])]}
        wire.ids(send(wire, "phonebook", item))
        assert ippanel_sandbox.stats()["alternates"] == {"phonebook_ids": 1}
        ippanel_sandbox.account(without_alternates=["phonebook_ids"])
        assert list(errors(send(wire, "phonebook", item, message="b"))) == ["params.0.phonebook_id"]

    def test_contacts_by_their_ids(self, wire: Wire, ippanel_sandbox: RunningSandbox, book: dict[str, Any]) -> None:
        rows = wire.get("/api/phonebooks/numbers/contact-list", phonebook_id=book["id"]).json()["data"]
        chosen = [str(row["id"]) for row in rows[1:4:2]]
        wire.ids(send(wire, "phonebook", {"type": "detail", "phonebook_id": str(book["id"]), "number_ids": chosen}))
        assert ends(ippanel_sandbox) == "24"

    @pytest.mark.parametrize(
        ("item", "field"),
        [
            ({"type": None}, "type"),
            ({"type": "some"}, "type"),
            ({"phonebook_id": 1}, "phonebook_id"),
            ({"phonebook_id": None}, "phonebook_id"),
            ({"start": "one"}, "start"),
            ({"size": -1}, "size"),
            ({"type": "detail"}, "number_ids"),
            ({"type": "detail", "number_ids": [1]}, "number_ids"),
        ],
    )
    def test_fields_that_are_refused(self, wire: Wire, book: dict[str, Any], item: dict[str, Any], field: str) -> None:
        response = send(wire, "phonebook", {"type": "all", "phonebook_id": book["id"]} | item)
        assert list(errors(response)) == [f"params.0.{field}"]

    def test_a_hundred_books_but_not_one_more(self, wire: Wire, book: dict[str, Any]) -> None:
        item = {"type": "all", "phonebook_id": book["id"]}
        wire.ids(send(wire, "phonebook", *[item] * 100))
        assert list(errors(send(wire, "phonebook", *[item] * 101, message="b"))) == ["params"]
        assert list(errors(send(wire, "phonebook", message="c"))) == ["params"]


class TestKeywordPhonebook:
    def test_options_fill_the_text(self, wire: Wire, ippanel_sandbox: RunningSandbox, book: dict[str, Any]) -> None:
        message = f"بدهی: {{ex_{book['options']['debt']}}}"
        (bulk_id,) = wire.ids(send(wire, "keyword_phonebook", {"phonebook_id": book["id"]}, message=message))
        assert [text["text"] for text in ippanel_sandbox.messages()] == [
            "بدهی: 100",
            "بدهی: 200",
            "بدهی: 300",
            "بدهی: 400",
            "بدهی: ",
        ]
        assert wire.bulk(bulk_id)["type"] == "keyword_phonebook"

    def test_an_option_that_does_not_exist(self, wire: Wire, book: dict[str, Any]) -> None:
        assert list(errors(send(wire, "keyword_phonebook", {"phonebook_id": book["id"]}, message="{ex_1}"))) == [
            "message"
        ]

    def test_a_book_that_does_not_exist(self, wire: Wire) -> None:
        assert list(errors(send(wire, "keyword_phonebook", {"phonebook_id": 1}))) == ["params.0.phonebook_id"]


class TestVoice:
    def votp(self, wire: Wire, message: object, *recipients: str) -> httpx.Response:
        return wire.post(
            "/api/send", {"sending_type": "votp", "message": message, "params": {"recipients": list(recipients)}}
        )

    def test_a_code_is_read_out_from_a_line_of_the_services_own(
        self, wire: Wire, ippanel_sandbox: RunningSandbox
    ) -> None:
        before = ippanel_sandbox.stats()["credit"]
        (bulk_id,) = wire.ids(self.votp(wire, "01234567890123", "+989120000000"))
        assert (wire.bulk(bulk_id)["number"], wire.bulk(bulk_id)["type"]) == ("+98votp", "sendvoice")
        assert before - ippanel_sandbox.stats()["credit"] == 1064

    @pytest.mark.parametrize("message", ["", None, "12a", "۱۲۳", 12, "123456789012345"])
    def test_anything_but_fewer_than_fifteen_digits(self, wire: Wire, message: object) -> None:
        assert list(errors(self.votp(wire, message, "+989120000000"))) == ["message"]

    def test_exactly_one_recipient(self, wire: Wire) -> None:
        assert list(errors(self.votp(wire, "1"))) == ["params.recipients"]
        assert list(errors(self.votp(wire, "1", "+989120000000", "+989120000001"))) == ["params.recipients"]


class TestFiling:
    def send(self, demo: Wire, **phonebook: Any) -> httpx.Response:
        body = {
            "sending_type": "pattern",
            "from_number": "+983000505",
            "code": "xxxxxxxxxxxxxxx",
            "recipients": ["+989120000077"],
        }
        return demo.post("/api/send", body | {"params": {"code": "1"}, "phonebook": phonebook})

    def contacts(self, demo: Wire) -> Any:
        return demo.get("/api/phonebooks/numbers/contact-list", number="+989120000077").json()["data"]

    def test_the_recipient_of_a_pattern_becomes_a_contact(self, demo: Wire) -> None:
        demo.ids(self.send(demo, id=1234, name="حسن", pre="آقای", email="a@example.com", options={"46258": "15"}))
        (contact,) = self.contacts(demo)
        assert (contact["name"], contact["pre"], contact["email"], contact["phonebook_id"]) == (
            "حسن",
            "آقای",
            "a@example.com",
            1234,
        )

    def test_nobody_is_filed_where_nothing_is_sent(self, demo: Wire) -> None:
        assert list(errors(self.send(demo, id=99))) == ["phonebook.phonebook_id"]
        demo.sandbox.account(send_block=True)
        assert self.send(demo, id=1234).json()["meta"]["status"] is False
        assert self.contacts(demo) == []

    def test_values_longer_than_their_variable(self, demo: Wire) -> None:
        body = {
            "sending_type": "pattern",
            "from_number": "+983000505",
            "code": "aibg4dsfertj5ht",
            "recipients": ["+989120000077"],
        }
        demo.ids(demo.post("/api/send", body | {"params": {"number": "a" * 20}}))
        assert list(errors(demo.post("/api/send", body | {"params": {"number": "a" * 21}}))) == ["params.number"]
