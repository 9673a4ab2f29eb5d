"""The controls of what people do around the service, and how mistakes in them are answered."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from ippanel_provider.sandbox.runner import SandboxError

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire


def test_a_phonebook_as_it_stands(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    people = [{"number": "09120000001", "name": "علی", "options": {"debt": 5}}, {"number": "09120000001"}]
    made = ippanel_sandbox.add_phonebook("customers", people, options={"debt": "int"})
    assert (made["added"], made["existences"]) == (1, 1)
    again = ippanel_sandbox.add_phonebook("others", options={"debt": "int"})
    assert again["options"] == made["options"]
    (contact,) = wire.get("/api/phonebooks/numbers/contact-list", phonebook_id=made["id"]).json()["data"]
    assert (contact["number"], contact["name"]) == ("+989120000001", "علی")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "title"),
        ({"title": "a", "options": {"b": "float"}}, "int, string or date"),
        ({"title": "a", "options": {"b": ["int"]}}, "int, string or date"),
        ({"title": "a", "contacts": {}}, "contacts is a list"),
        ({"title": "a", "contacts": [{"number": "09120000001", "name": 5}]}, r"contacts\[0\]\.name must be a text"),
        ({"title": "a", "contacts": [{"number": "09120000001", "options": ["b"]}]}, r"contacts\[0\]\.options takes"),
        ({"title": "a", "contacts": [{"mobile": "1"}]}, r"contacts\[0\] takes"),
        ({"title": "a", "contacts": [{"number": "12"}]}, r"contacts\[0\]\.number"),
        ({"title": "a", "contacts": [{"number": "09120000001", "options": {"b": 1}}]}, "b is no option"),
        (
            {"title": "a", "options": {"b": "int"}, "contacts": [{"number": "09120000001", "options": {"b": "c"}}]},
            "not of its type",
        ),
    ],
)
def test_a_wrong_phonebook_is_not_made(
    wire: Wire, ippanel_sandbox: RunningSandbox, body: dict[str, Any], words: str
) -> None:
    with pytest.raises(SandboxError, match=words):
        ippanel_sandbox.control("POST", "phonebooks", body)
    assert wire.get("/api/phonebooks/list-new").json()["data"] == []
    assert wire.get("/api/phonebooks/options/list-new").json()["data"] == []


def test_blacklists_show_on_contacts(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.add_phonebook("a", [{"number": "09120000001"}])
    (row,) = wire.get("/api/phonebooks/numbers/contact-list").json()["data"]

    def flags() -> tuple[bool, bool]:
        contact = wire.get(f"/api/phonebooks/numbers/contact-list/{row['id']}").json()["data"]
        return contact["is_send_blacklist"], contact["is_receive_blacklist"]

    ippanel_sandbox.blacklist("09120000001", send=True, receive=True)
    assert flags() == (True, True)
    ippanel_sandbox.blacklist("09120000001", send=False)
    assert flags() == (False, True)
    with pytest.raises(SandboxError, match="send, receive or both"):
        ippanel_sandbox.blacklist("09120000001")
    with pytest.raises(SandboxError, match="number"):
        ippanel_sandbox.blacklist("12", send=True)


def test_exports_are_listed_and_fetched_when_they_are_done(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.speed(0)
    book = ippanel_sandbox.add_phonebook("a", [{"number": "09120000001"}])
    wire.get(f"/api/phonebooks/{book['id']}/export")
    assert ippanel_sandbox.control("GET", "exports") == {"exports": [{"id": 1, "status": "pending", "contacts": 1}]}
    with pytest.raises(SandboxError, match="no such file"):
        ippanel_sandbox.exported(1)
    ippanel_sandbox.advance(2)
    assert ippanel_sandbox.exported(1).startswith(b"PK")


def test_the_sample_of_an_import_names_the_options_of_the_book(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    book = ippanel_sandbox.add_phonebook("a", options={"debt": "int"})
    sample = wire.http.get(f"{ippanel_sandbox.url}/_sandbox/phonebooks/{book['id']}/sample")
    assert sample.headers["content-disposition"].endswith('-sample.xlsx"')
    rows = list(openpyxl.load_workbook(io.BytesIO(sample.content)).worksheets[0].iter_rows(values_only=True))
    assert rows == [("number", "pre", "name", "email", "debt")]


def test_users(ippanel_sandbox: RunningSandbox) -> None:
    user_id = ippanel_sandbox.add_user("somebody", credit=5.0, document_block=True)
    (user,) = ippanel_sandbox.users()
    assert (user["id"], user["username"], user["credit"], user["document_block"], user["lines"]) == (
        user_id,
        "somebody",
        5.0,
        True,
        {},
    )
    for fields, words in (
        ({"username": "somebody"}, "exists"),
        ({"username": "other", "parent_id": 5}, "parent_id is no user"),
        ({"username": "other", "is_reseller": "yes"}, "is_reseller must be of type bool"),
        ({"username": "other", "credit": True}, "credit must be of type float"),
        ({"username": "other", "shoe_size": 5}, "there are also"),
        ({"username": ""}, "username must be a text"),
    ):
        with pytest.raises(SandboxError, match=words):
            ippanel_sandbox.add_user(**fields)  # type: ignore[arg-type]


def test_tickets_that_do_not_exist(ippanel_sandbox: RunningSandbox) -> None:
    with pytest.raises(SandboxError, match="no such ticket"):
        ippanel_sandbox.answer_ticket(1, "hello")
    with pytest.raises(SandboxError, match="no such ticket"):
        ippanel_sandbox.close_ticket(1)
    with pytest.raises(SandboxError, match="description"):
        ippanel_sandbox.answer_ticket(1, "")


def test_there_is_no_code_before_one_was_texted(ippanel_sandbox: RunningSandbox) -> None:
    with pytest.raises(SandboxError, match="no one-time code"):
        ippanel_sandbox.otp()


@pytest.mark.parametrize(
    ("field", "value"),
    [("two_factor", "email"), ("totp_secret", "not base32!"), ("mobile", "12"), ("without_alternates", "all")],
)
def test_settings_of_the_account_that_are_refused(ippanel_sandbox: RunningSandbox, field: str, value: str) -> None:
    with pytest.raises(SandboxError, match=field):
        ippanel_sandbox.account(**{field: value})
