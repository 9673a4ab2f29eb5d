"""Phonebooks, contacts, options: what each call answers, limits, imports and exports as jobs, a hundred thousand
contacts.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import httpx
import openpyxl
import pytest

from tests.sandbox.edge.refusals import code, errors

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire

BOOKS, OPTIONS = "/api/phonebooks", "/api/phonebooks/options"
CONTACTS = f"{BOOKS}/numbers/contact-list"


def data(response: httpx.Response) -> Any:
    assert response.status_code in (200, 201), response.text
    return response.json()["data"]


def create(wire: Wire, title: str = "a", **fields: Any) -> int:
    return int(data(wire.post(BOOKS, {"title": title} | fields))["id"])


def add(wire: Wire, book_id: object, *contacts: dict[str, Any]) -> httpx.Response:
    return wire.post(
        f"{BOOKS}/numbers/add-list-new", {"list": [{"phonebook_id": book_id} | contact for contact in contacts]}
    )


def listed(wire: Wire, **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = data(wire.get(CONTACTS, **query))
    return rows


class TestBooks:
    def test_a_new_one_counts_in_a_text_and_a_list_in_numbers(self, wire: Wire) -> None:
        option = data(wire.post(OPTIONS, {"type": "int", "title": "debt"}))
        made = data(wire.post(BOOKS, {"title": "customers", "options": [str(option["id"])]}))
        assert (made["count"], made["options"]) == ("0", [option])
        (found,) = data(wire.get(f"{BOOKS}/list-new", title="custom"))
        assert found == made | {"count": 0}
        assert found.keys() == {
            "id",
            "title",
            "count",
            "export_status",
            "import_status",
            "created_at",
            "updated_at",
            "options",
        }

    def test_changing_one_leaves_what_is_not_given(self, wire: Wire) -> None:
        book_id = create(wire, "old")
        # One document prints this path with two slashes.
        assert wire.http.put(f"{wire.sandbox.base_url}/{BOOKS}/{book_id}", json={"title": "new"}).json()["data"] is None
        (found,) = data(wire.get(f"{BOOKS}/list-new", id=book_id))
        assert found["title"] == "new"
        assert code(wire.http.put(f"{BOOKS}/1", json={"title": "new"})) == (404, "404-1")

    def test_deleting_one_deletes_its_contacts(self, wire: Wire) -> None:
        book_id = create(wire)
        add(wire, book_id, {"number": "+989120000001"})
        (contact,) = listed(wire)
        assert data(wire.post(f"{BOOKS}/delete-list", {"listPhonebooks": [book_id, 1]})) is None
        assert wire.get(f"{CONTACTS}/{contact['id']}").status_code == 404
        assert code(wire.post(f"{BOOKS}/delete-list", {"listPhonebooks": [book_id]})) == (404, "404-1")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "title"),
            ({"title": "a" * 201}, "title"),
            ({"title": "a", "options": [1]}, "options.0"),
            ({"title": "a", "options": "1"}, "options"),
        ],
    )
    def test_fields_that_are_refused(self, wire: Wire, body: dict[str, Any], field: str) -> None:
        assert list(errors(wire.post(BOOKS, body))) == [field]


class TestContacts:
    def test_an_addition_answers_counts_alone(self, wire: Wire) -> None:
        book_id = create(wire)
        first = add(
            wire,
            str(book_id),
            {"number": "+989120000001", "name": "علی"},
            {"number": "+989120000001"},
            {"number": "0912"},
        )
        assert (first.status_code, first.json()["meta"]["message_code"]) == (201, "201-1")
        assert first.json()["data"] == {"added": 1, "errors": 1, "existences": 1}
        assert data(add(wire, 1, {"number": "+989120000002"})) == {"added": 0, "errors": 1, "existences": 0}
        assert [row["name"] for row in listed(wire)] == ["علی"]

    def test_the_same_number_may_be_in_two_books(self, wire: Wire) -> None:
        for book_id in (create(wire, "a"), create(wire, "b")):
            assert data(add(wire, book_id, {"number": "+989120000001"}))["added"] == 1
        assert [row["phonebook_title"] for row in listed(wire, number="+989120000001")] == ["a", "b"]

    def test_a_list_has_no_options_and_one_contact_has_all(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        book = ippanel_sandbox.add_phonebook(
            "a", [{"number": "+989120000001", "options": {"debt": 5}}], options={"debt": "int"}
        )
        (row,) = listed(wire)
        assert row.keys() == {
            "id",
            "phonebook_id",
            "pre",
            "name",
            "email",
            "number",
            "created_at",
            "updated_at",
            "phonebook_title",
        }
        contact = data(wire.get(f"{CONTACTS}/{row['id']}"))
        assert contact == row | {
            "options": {str(book["options"]["debt"]): "5"},
            "is_send_blacklist": False,
            "is_receive_blacklist": False,
            "tags": [],
        }

    @pytest.mark.parametrize(
        ("kind", "value", "fits"),
        [
            ("int", "15", True),
            ("int", 15, True),
            ("int", "fifteen", False),
            ("date", "1992/10/08", True),
            ("date", "1404-02-31", True),
            ("date", "08.10.1992", False),
            ("date", "1992/13/01", False),
            ("string", "anything", True),
            ("string", ["a"], False),
        ],
    )
    def test_values_have_the_type_of_their_option(self, wire: Wire, kind: str, value: object, fits: bool) -> None:
        option = data(wire.post(OPTIONS, {"type": kind, "title": "a"}))["id"]
        counts = data(add(wire, create(wire), {"number": "+989120000001", "options": {str(option): value}}))
        assert (counts["added"], counts["errors"]) == ((1, 0) if fits else (0, 1))

    def test_options_that_are_given_replace_all_and_others_stay(
        self, wire: Wire, ippanel_sandbox: RunningSandbox
    ) -> None:
        people = [{"number": "+989120000001", "name": "علی", "options": {"a": "1", "b": "2"}}]
        book = ippanel_sandbox.add_phonebook("a", people, options={"a": "int", "b": "int"})
        (row,) = listed(wire)
        path, target = (
            f"{BOOKS}/numbers/update-new/{row['id']}",
            {"number": "+989120000009", "phonebook_id": book["id"]},
        )
        assert data(wire.http.put(path, json=target | {"pre": "آقای"})) is None
        contact = data(wire.get(f"{CONTACTS}/{row['id']}"))
        assert (contact["number"], contact["name"], contact["pre"], len(contact["options"])) == (
            "+989120000009",
            "علی",
            "آقای",
            2,
        )
        wire.http.put(path, json=target | {"options": {str(book["options"]["a"]): 9}})
        assert data(wire.get(f"{CONTACTS}/{row['id']}"))["options"] == {str(book["options"]["a"]): "9"}

    def test_a_change_can_move_it_but_not_onto_another(self, wire: Wire) -> None:
        here, there = create(wire, "here"), create(wire, "there")
        add(wire, here, {"number": "+989120000001"})
        add(wire, there, {"number": "+989120000002"})
        (row,) = listed(wire, phonebook_id=here)
        path = f"{BOOKS}/numbers/update-new/{row['id']}"
        assert list(errors(wire.http.put(path, json={"number": "+989120000002", "phonebook_id": there}))) == ["number"]
        assert list(errors(wire.http.put(path, json={"number": "+989120000001", "phonebook_id": 1}))) == [
            "phonebook_id"
        ]
        assert set(errors(wire.http.put(path, json={}))) == {"number", "phonebook_id"}
        assert data(wire.http.put(path, json={"number": "+989120000003", "phonebook_id": there})) is None
        assert [row["number"][-1] for row in listed(wire, phonebook_id=there)] == ["2", "3"]
        assert listed(wire, phonebook_id=here) == []
        assert (
            wire.http.put(
                f"{BOOKS}/numbers/update-new/1", json={"number": "+989120000003", "phonebook_id": there}
            ).status_code
            == 404
        )

    def test_they_are_deleted_by_their_ids_and_never_through_the_call_that_adds(self, wire: Wire) -> None:
        add(wire, create(wire), {"number": "+989120000001"}, {"number": "+989120000002"})
        ids = [row["id"] for row in listed(wire)]
        assert list(errors(wire.post(f"{BOOKS}/numbers/add-list-new", {"listNumbers": ids}))) == ["list"]
        assert data(wire.post(f"{BOOKS}/numbers/delete-list", {"listNumbers": ids[:1]})) is None
        assert [row["id"] for row in listed(wire)] == ids[1:]
        assert code(wire.post(f"{BOOKS}/numbers/delete-list", {"listNumbers": ids[:1]})) == (404, "404-1")

    def test_filters_hold_together(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.speed(0)
        book_id = create(wire, "customers")
        add(wire, book_id, {"number": "+989120000001"})
        ippanel_sandbox.advance(100)
        since = int(ippanel_sandbox.now())
        add(wire, book_id, {"number": "+989120000002"})
        assert [row["number"][-1] for row in listed(wire, from_created_at=since, phonebook_title="cust")] == ["2"]
        assert listed(wire, from_created_at=since, number="+989120000001") == []
        assert listed(wire, phonebook_title="other") == []
        assert wire.get(CONTACTS, phonebook_id=1).status_code == 404
        assert list(errors(wire.get(CONTACTS, from_created_at="yesterday"))) == ["from_created_at"]

    def test_a_plus_that_is_not_encoded_finds_nothing(self, wire: Wire) -> None:
        add(wire, create(wire), {"number": "+989120000001"})
        assert data(wire.http.get(f"{CONTACTS}?number=+989120000001")) == []
        assert len(data(wire.http.get(f"{CONTACTS}?number=%2B989120000001"))) == 1


class TestOptions:
    def test_they_are_listed_by_type_and_title(self, wire: Wire) -> None:
        for kind, title in (("int", "debt"), ("date", "birth"), ("string", "city")):
            made = data(wire.post(OPTIONS, {"type": kind, "title": title}))
            assert made.keys() == {"id", "title", "type", "created_at"}
        for path in ("list-new", "listNew"):
            assert [option["title"] for option in data(wire.get(f"{OPTIONS}/{path}", type="date"))] == ["birth"]
        assert [option["title"] for option in data(wire.get(f"{OPTIONS}/list-new", title="it"))] == ["city"]

    def test_another_title_is_answered_true(self, wire: Wire) -> None:
        option_id = data(wire.post(OPTIONS, {"type": "int", "title": "a"}))["id"]
        assert data(wire.http.put(f"{OPTIONS}/{option_id}", json={"title": "b"})) is True
        assert code(wire.http.put(f"{OPTIONS}/1", json={"title": "b"})) == (404, "404-1")

    @pytest.mark.parametrize(
        ("body", "field"),
        [({"title": "a"}, "type"), ({"type": "float", "title": "a"}, "type"), ({"type": "int"}, "title")],
    )
    def test_fields_that_are_refused(self, wire: Wire, body: dict[str, str], field: str) -> None:
        assert list(errors(wire.post(OPTIONS, body))) == [field]


class TestJobs:
    def status(self, wire: Wire, job: str, book_id: int) -> Any:
        (book,) = data(wire.get(f"{BOOKS}/list-new", id=book_id))
        return book[job]

    def test_what_was_exported_can_be_imported(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.speed(0)
        people = [
            {"number": f"+98912000000{index}", "name": f"n{index}", "options": {"debt": index}} for index in range(3)
        ]
        book = ippanel_sandbox.add_phonebook("a", people, options={"debt": "int"})
        other = create(wire, "b", options=[book["options"]["debt"]])
        assert self.status(wire, "export_status", book["id"]) is None
        assert data(wire.get(f"{BOOKS}/{book['id']}/export")) is None
        assert self.status(wire, "export_status", book["id"]) == "pending"
        ippanel_sandbox.advance(1)
        assert self.status(wire, "export_status", book["id"]) == "processing"
        ippanel_sandbox.advance(1)
        file = ippanel_sandbox.exported(1)
        assert data(wire.post(f"{BOOKS}/{other}/import", files={"file": ("contacts.xlsx", file)})) is None
        assert (self.status(wire, "import_status", other), listed(wire, phonebook_id=other)) == ("pending", [])
        ippanel_sandbox.advance(2)
        assert self.status(wire, "import_status", other) == "done"
        rows = listed(wire, phonebook_id=other)
        assert [(row["number"], row["name"]) for row in rows] == [
            (person["number"], person["name"]) for person in people
        ]
        assert data(wire.get(f"{CONTACTS}/{rows[2]['id']}"))["options"] == {str(book["options"]["debt"]): "2"}

    def test_an_export_keeps_what_it_started_with(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        book = ippanel_sandbox.add_phonebook("a", [{"number": "+989120000001"}, {"number": "+989120000002"}])
        wire.get(f"{CONTACTS}/export", phonebook_id=book["id"])
        wire.post(f"{BOOKS}/delete-list", {"listPhonebooks": [book["id"]]})
        ippanel_sandbox.advance(2)
        rows = list(
            openpyxl.load_workbook(io.BytesIO(ippanel_sandbox.exported(1))).worksheets[0].iter_rows(values_only=True)
        )
        assert [row[0] for row in rows] == ["number", "+989120000001", "+989120000002"]

    def test_a_file_without_titles_has_its_columns_in_order(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        target = io.BytesIO()
        sheet = openpyxl.Workbook()
        sheet.worksheets[0].append([9120000001, "آقای", "علی", "a@example.com"])
        sheet.save(target)
        book_id = create(wire)
        wire.post(f"{BOOKS}/{book_id}/import", files={"file": ("contacts.xlsx", target.getvalue())})
        ippanel_sandbox.advance(2)
        (row,) = listed(wire)
        assert (row["number"], row["pre"], row["name"], row["email"]) == (
            "+989120000001",
            "آقای",
            "علی",
            "a@example.com",
        )

    @pytest.mark.parametrize("file", [("contacts.csv", b"09120000001"), ("contacts.xlsx", b"no spreadsheet")])
    def test_files_that_are_refused(self, wire: Wire, file: tuple[str, bytes]) -> None:
        assert list(errors(wire.post(f"{BOOKS}/{create(wire)}/import", files={"file": file}))) == ["file"]

    def test_jobs_of_a_book_that_does_not_exist(self, wire: Wire) -> None:
        for path in ("1/export", "1/import/get-sample"):
            assert code(wire.get(f"{BOOKS}/{path}")) == (404, "404-1")
        assert wire.post(f"{BOOKS}/1/import", files={"file": ("a.xlsx", b"")}).status_code == 404


def test_a_hundred_thousand_contacts_and_not_one_more(wire: Wire) -> None:
    book_id = create(wire)
    contacts = [{"number": f"+98912{index:07d}"} for index in range(100_000)]
    for start in range(0, len(contacts), 25_000):
        assert data(add(wire, book_id, *contacts[start : start + 25_000]))["added"] == 25_000
    one_more = data(add(wire, book_id, {"number": "+989350000000"}, {"number": "+989120000000"}))
    assert one_more == {"added": 0, "errors": 1, "existences": 1}
    last = wire.get(CONTACTS, phonebook_id=book_id, per_page=1000, page=100).json()
    assert (len(last["data"]), last["meta"]["total"], last["data"][-1]["number"]) == (1000, 100_000, "+989120099999")
    assert [row["number"] for row in listed(wire, number="+989120050000")] == ["+989120050000"]
    assert list(errors(wire.get(CONTACTS, per_page=1001))) == ["per_page"]
