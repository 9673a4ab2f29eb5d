"""Cases of the chapters send, bank and report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ippanel_provider.client import Invalid, NotFound, Request, Upload, edge
from ippanel_provider.client.models import Receipt
from ippanel_provider.service import BulkState, DeliveryStatus

from .world import LINE, PERSON, World, case, xlsx

SLICE = {"mci": {"size": 2}, "irancell": {"size": 1}}


def send(world: World, request: Request[Receipt], *texts: tuple[str, str]) -> tuple[int, ...]:
    """Run a send, check what was handed over, and return its ids."""
    ids: tuple[int, ...] = world.run(request).outbox_ids
    assert world.sent() == list(texts)
    return ids


@case("send.webservice")
def webservice(world: World) -> None:
    request = edge.send.webservice("سلام", ["09120000005", 9350000005], sender=LINE)
    assert len(send(world, request, (PERSON, "سلام"), ("+989350000005", "سلام"))) == 1


@case("send.normal")
def normal(world: World) -> None:
    send(world, edge.send.normal("سلام", [PERSON], sender=LINE), (PERSON, "سلام"))


@case("send.peer_to_peer")
def peer_to_peer(world: World) -> None:
    request = edge.send.peer_to_peer([(PERSON, "one"), ("09350000005", "two")], sender=LINE)
    assert len(send(world, request, (PERSON, "one"), ("+989350000005", "two"))) == 2


@case("send.peer_to_peer_file")
def peer_to_peer_file(world: World) -> None:
    rows = Upload("rows.csv", f"recipient,message\n{PERSON},one\n09350000005,two\n".encode(), "text/csv")
    assert (
        len(send(world, edge.send.peer_to_peer_file(rows, sender=LINE), (PERSON, "one"), ("+989350000005", "two"))) == 2
    )


@case("send.file")
def file(world: World) -> None:
    request = edge.send.file("سلام", xlsx((9120000005,)), sender=LINE, other_recipients=["09350000005"])
    assert len(send(world, request, (PERSON, "سلام"), ("+989350000005", "سلام"))) == 1


@case("send.keyword")
def keyword(world: World) -> None:
    request = edge.send.keyword("سلام {ex_B}، بدهی {ex_C}", xlsx(("09120000005", "علی", 5)), sender=LINE)
    send(world, request, (PERSON, "سلام علی، بدهی 5"))


@case("send.keyword_phonebook")
def keyword_phonebook(world: World) -> None:
    made = world.sandbox.add_phonebook("a", [{"number": PERSON, "options": {"debt": 5}}], options={"debt": "int"})
    request = edge.send.keyword_phonebook(f"بدهی {{ex_{made['options']['debt']}}}", [made["id"]], sender=LINE)
    send(world, request, (PERSON, "بدهی 5"))


@case("send.phonebook")
def phonebook(world: World) -> None:
    books = [{"phonebook_id": 123654, "start": 1, "size": 1}, {"phonebook_id": 456987, "number_ids": [789]}]
    send(world, edge.send.phonebook("سلام", books, sender=LINE), ("+989120000002", "سلام"), ("+989120000013", "سلام"))


@case("send.pattern")
def pattern(world: World) -> None:
    request = edge.send.pattern(
        "xxxxxxxxxxxxxxx", PERSON, {"code": "12"}, sender=LINE, phonebook={"id": 860108, "name": "علی"}
    )
    send(world, request, (PERSON, "کد شما: 12"))
    (filed,) = world.run(edge.phonebook.list_contacts(phonebook_id=860108)).items
    assert (filed.number, filed.name) == (PERSON, "علی")


@case("send.votp")
def votp(world: World) -> None:
    (outbox_id,) = send(world, edge.send.votp("12345", PERSON), (PERSON, "12345"))
    bulk = world.run(edge.report.bulk(outbox_id))
    assert (bulk.sender, bulk.type) == ("+98votp", "sendvoice")


@case("send.postal_code")
def postal_code(world: World) -> None:
    world.run(edge.send.postal_code("سلام", [{"postal_code": 131, **SLICE}], other_recipients=[PERSON]))
    assert len(world.sent()) == len(set(world.sent())) == 4


@case("send.country")
def country(world: World) -> None:
    world.run(edge.send.country("سلام", [{"province_id": 89, "county_id": 212, "city_id": 82, "pre": 912, **SLICE}]))
    assert [number[:6] for number, _ in world.sent()] == ["+98912", "+98912"]


@case("send.geolocation")
def geolocation(world: World) -> None:
    world.run(edge.send.geolocation("سلام", [{"province_id": 89, "gender": 2, **SLICE}], sender="+98BANK"))
    assert len(world.sent()) == 3


@case("send.job")
def job(world: World) -> None:
    (category, *_) = world.run(edge.bank.job_categories())
    world.run(edge.send.job("سلام", [{"main_category_id": category.id, **SLICE}]))
    assert len(world.sent()) == 3


@case("send.send_url")
def send_url(world: World) -> None:
    send(world, edge.send.send_url("a&b", PERSON, sender=LINE, api_key=world.sandbox.api_key), (PERSON, "a&b"))
    by_name = edge.send.send_url(
        "c", PERSON, sender=LINE, username="ippanel", password="sandbox-password", method="POST"
    )
    send(world, by_name, (PERSON, "a&b"), (PERSON, "c"))


@case("send.cancel")
def cancel(world: World) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    (outbox_id,) = world.run(edge.send.webservice("later", [PERSON], sender=LINE, send_time=later)).outbox_ids
    assert world.run(edge.send.cancel(outbox_id)) is None
    assert world.run(edge.report.bulk(outbox_id)).state is BulkState.CANCELLED
    with pytest.raises(NotFound):
        world.run(edge.send.cancel(outbox_id))


@case("send.calculate_price")
def calculate_price(world: World) -> None:
    short, long = (world.run(edge.send.calculate_price("س" * length, sender=LINE)) for length in (70, 71))
    assert (short.parts, long.parts) == (1, 2)
    assert long.mci_price == pytest.approx(2 * short.mci_price)


@case("bank.provinces")
def provinces(world: World) -> None:
    found = world.run(edge.bank.provinces())
    assert len(found) == 31
    assert {"تهران", "سیستان و بلوچستان", "یزد"} <= {province.name for province in found}


@case("bank.counties")
def counties(world: World) -> None:
    names = {county.name for county in world.run(edge.bank.counties(89))}
    assert {"تهران", "ری"} <= names
    with pytest.raises(Invalid, match="province_id"):
        world.run(edge.bank.counties(1))


@case("bank.cities")
def cities(world: World) -> None:
    assert [(city.id, city.name) for city in world.run(edge.bank.cities(212))] == [(82, "تهران")]


@case("bank.genders")
def genders(world: World) -> None:
    assert [(gender.id, gender.name) for gender in world.run(edge.bank.genders())] == [
        (1, "مرد"),
        (2, "زن"),
        (3, "سازمانی- حقوقی"),
    ]


@case("bank.counts")
def counts(world: World) -> None:
    everybody = world.run(edge.bank.counts(89, 212, 82))
    women = world.run(edge.bank.counts(89, 212, 82, gender_id=2, birth_year_from=1360, birth_year_to=1370))
    by_prefix = world.run(edge.bank.counts(89, 212, 82, number_prefix="935"))
    assert 0 < women.mci < everybody.mci
    assert by_prefix.mci == by_prefix.other == 0 < by_prefix.irancell


@case("bank.job_categories")
def job_categories(world: World) -> None:
    found = world.run(edge.bank.job_categories())
    assert len({category.name for category in found}) == len(found) > 1


@case("bank.job_sub_categories")
def job_sub_categories(world: World) -> None:
    category = world.run(edge.bank.job_categories())[1]
    found = world.run(edge.bank.job_sub_categories(category.id))
    assert {(sub.main_id, sub.main_name) for sub in found} == {(category.id, category.name)}


@case("bank.job_counts")
def job_counts(world: World) -> None:
    found = world.run(edge.bank.job_counts(1, operator_id=2, size=5))
    assert found == {"mci_count": 0, "irancell_count": 5, "other_count": 0}


@case("report.outbox")
def outbox(world: World) -> None:
    ids = [
        world.run(edge.send.webservice(text, [PERSON], sender=LINE)).outbox_ids[0]
        for text in ("first one", "second one")
    ]
    page = world.run(edge.report.outbox(message=" one", sender=LINE, per_page=1))
    assert [bulk.outbox_id for bulk in page.items] == ids[1:]
    assert (page.total, page.has_more) == (2, True)


@case("report.bulk")
def bulk(world: World) -> None:
    (outbox_id,) = world.run(edge.send.webservice("سلام", [PERSON], sender=LINE)).outbox_ids
    world.sandbox.settle()
    found = world.run(edge.report.bulk(outbox_id))
    assert (found.state, found.message, found.recipients_count, found.parts) == (BulkState.SENT, "سلام", 1, 1)


@case("report.bulk_stats")
def bulk_stats(world: World) -> None:
    (outbox_id,) = world.run(edge.send.webservice("سلام", [PERSON, "09120000993"], sender=LINE)).outbox_ids
    world.sandbox.settle()
    stats = world.run(edge.report.bulk_stats(outbox_id))
    assert (stats.delivered["mci"]["fa"], stats.failed["mci"]["fa"], stats.pending["mci"]["fa"]) == (1, 1, 0)


@case("report.recipients")
def recipients(world: World) -> None:
    (outbox_id,) = world.run(edge.send.webservice("سلام", [PERSON, "09120000994"], sender=LINE)).outbox_ids
    world.sandbox.settle()
    found = world.run(edge.report.recipients(outbox_id)).items
    assert [row.status for row in found] == [DeliveryStatus.DELIVERED, DeliveryStatus.BLACKLISTED]


@case("report.inbox")
def inbox(world: World) -> None:
    inbox_id = world.sandbox.inbox(PERSON, "بله")
    (message,) = world.run(edge.report.inbox(after_id=inbox_id - 1)).items
    assert (message.inbox_id, message.sender, message.message, message.seen) == (inbox_id, PERSON, "بله", False)
    assert not world.run(edge.report.inbox(after_id=inbox_id)).items


def refuses(world: World, request: Request[object], field: str) -> None:
    """The service refuses the request because of this field."""
    with pytest.raises(Invalid) as refused:
        world.run(request)
    assert field in refused.value.details.field_errors
