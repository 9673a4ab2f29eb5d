"""Cases of the chapter phonebook."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest

from ippanel_provider.client import NotFound, edge

from .sending import refuses
from .world import PERSON, World, case, xlsx


def book(world: World, book_id: int) -> Any:
    (found,) = world.run(edge.phonebook.list(id=book_id)).items
    return found


@case("phonebook.list")
def list_books(world: World) -> None:
    (found,) = world.run(edge.phonebook.list(title="مشتری")).items
    assert (found.id, found.count, [option.id for option in found.options]) == (123654, 3, [50856, 50858])


@case("phonebook.create")
def create(world: World) -> None:
    made = world.run(edge.phonebook.create("تازه", options=[50858]))
    assert (made.count, made.options[0].title) == (0, "بدهی")
    assert book(world, made.id).title == "تازه"


@case("phonebook.update")
def update(world: World) -> None:
    assert world.run(edge.phonebook.update(860108, title="دیگر", options=[123])) is None
    assert (book(world, 860108).title, book(world, 860108).options[0].id) == ("دیگر", 123)


@case("phonebook.delete")
def delete(world: World) -> None:
    world.run(edge.phonebook.delete([123654]))
    assert not world.run(edge.phonebook.list(id=123654)).items
    with pytest.raises(NotFound):
        world.run(edge.phonebook.get_contact(601))


@case("phonebook.add_contacts")
def add_contacts(world: World) -> None:
    entries: list[Any] = [
        {"number": "09120000005", "phonebook_id": 123654, "name": "علی", "options": {50858: 5}},
        {"number": "09120000001", "phonebook_id": 123654},
        {"number": "09120000006", "phonebook_id": 123654, "options": {50858: "much"}},
        {"number": "09120000006", "phonebook_id": 1},
    ]
    counts = world.run(edge.phonebook.add_contacts(entries))
    assert (counts.added, counts.existences, counts.errors) == (1, 1, 2)


@case("phonebook.delete_contacts")
def delete_contacts(world: World) -> None:
    world.run(edge.phonebook.delete_contacts([601, 602]))
    assert [contact.id for contact in world.run(edge.phonebook.list_contacts(phonebook_id=123654)).items] == [603]


@case("phonebook.get_contact")
def get_contact(world: World) -> None:
    world.sandbox.blacklist("09120000001", send=True)
    contact = world.run(edge.phonebook.get_contact(601))
    assert (contact.number, contact.options["50858"]) == ("+989120000001", "150000")
    assert (contact.is_send_blacklist, contact.is_receive_blacklist, contact.tags) == (True, False, ())


@case("phonebook.list_contacts")
def list_contacts(world: World) -> None:
    page = world.run(edge.phonebook.list_contacts(phonebook_title="مشتری", per_page=2))
    assert ([contact.id for contact in page.items], page.total, page.items[0].options) == ([601, 602], 3, None)
    (found,) = world.run(edge.phonebook.list_contacts(number="09120000013")).items
    assert (found.id, found.phonebook_title) == (789, "همکاران")


@case("phonebook.update_contact")
def update_contact(world: World) -> None:
    world.run(edge.phonebook.update_contact(601, number=PERSON, phonebook_id=123654, name="نو", options={50858: 7}))
    contact = world.run(edge.phonebook.get_contact(601))
    assert (contact.number, contact.name, contact.pre, contact.options) == (PERSON, "نو", "آقای", {"50858": "7"})
    refuses(world, edge.phonebook.update_contact(602, number=PERSON, phonebook_id=123654), "number")


@case("phonebook.export_contacts")
def export_contacts(world: World) -> None:
    assert world.run(edge.phonebook.export_contacts(number="09120000001")) is None
    world.sandbox.advance(2)
    rows = list(openpyxl.load_workbook(io.BytesIO(world.sandbox.exported(1))).worksheets[0].iter_rows(values_only=True))
    assert [row[0] for row in rows] == ["number", "+989120000001"]


@case("phonebook.export_members")
def export_members(world: World) -> None:
    world.sandbox.speed(0)
    world.run(edge.phonebook.export_members(123654))
    assert book(world, 123654).export_status == "pending"
    world.sandbox.advance(2)
    assert book(world, 123654).export_status == "done"
    rows = list(openpyxl.load_workbook(io.BytesIO(world.sandbox.exported(1))).worksheets[0].iter_rows(values_only=True))
    assert rows[0] == ("number", "pre", "name", "email", "تاریخ", "بدهی")
    assert (rows[1][0], rows[1][5]) == ("+989120000001", "150000")


@case("phonebook.import_contacts")
def import_contacts(world: World) -> None:
    world.sandbox.speed(0)
    rows = xlsx(("number", "name", "بدهی"), ("09120000005", "علی", 5), ("wrong", "x", 1), ("09120000001", "x", 1))
    assert world.run(edge.phonebook.import_contacts(123654, rows)) is None
    assert (book(world, 123654).import_status, book(world, 123654).count) == ("pending", 3)
    world.sandbox.advance(2)
    assert (book(world, 123654).import_status, book(world, 123654).count) == ("done", 4)
    (added,) = world.run(edge.phonebook.list_contacts(number=PERSON)).items
    assert world.run(edge.phonebook.get_contact(added.id)).options == {"50858": "5"}


@case("phonebook.import_sample")
def import_sample(world: World) -> None:
    assert world.run(edge.phonebook.import_sample(123654)) is None
    with pytest.raises(NotFound):
        world.run(edge.phonebook.import_sample(1))


@case("phonebook.create_option")
def create_option(world: World) -> None:
    made = world.run(edge.phonebook.create_option("تولد دوم", "date"))
    assert (made.title, made.type) == ("تولد دوم", "date")
    assert made.id in {option.id for option in world.run(edge.phonebook.list_options()).items}


@case("phonebook.list_options")
def list_options(world: World) -> None:
    (found,) = world.run(edge.phonebook.list_options(type="int", title="بدهی")).items
    assert found.id == 50858


@case("phonebook.update_option")
def update_option(world: World) -> None:
    world.run(edge.phonebook.update_option(50858, "طلب"))
    assert {option.id: option.title for option in book(world, 123654).options}[50858] == "طلب"


@case("phonebook.delete_options")
def delete_options(world: World) -> None:
    world.run(edge.phonebook.delete_options([50858]))
    assert [option.id for option in book(world, 123654).options] == [50856]
    assert world.run(edge.phonebook.get_contact(601)).options == {"50856": "1404/02/01"}
