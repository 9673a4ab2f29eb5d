"""Sends to banks of numbers: what each form reads, its limits, and that nobody is in the banks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.sandbox.edge.refusals import errors

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire

NONE: dict[str, int] = {"start": 0, "size": 0}
PEOPLE: dict[str, Any] = {
    "bank": "all",
    "gender": 0,
    "age_from": 1330,
    "age_to": 1402,
    "mci": {"start": 0, "size": 3},
    "irancell": NONE,
    "other": NONE,
}
POSTAL = PEOPLE | {"postal_code": 131}
COUNTRY = PEOPLE | {"pre": 912, "province_id": 89, "county_id": 212, "city_id": 82}
GEO: dict[str, Any] = {
    "province_id": 89,
    "gender": 1,
    "from_age": 1350,
    "to_age": 1380,
    "operator": [{"id": 13, "start": 0, "size": 2}],
}
JOB: dict[str, Any] = {
    "main_category_id": 1,
    "operator": [{"id": 1, "start": 0, "size": 1}, {"id": 2, "start": 0, "size": 1}],
}


@pytest.fixture(autouse=True)
def _bank_line(ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.account(lines=["+98BANK", "+98PRO"])


def send(wire: Wire, kind: str, *params: dict[str, Any], **fields: Any) -> httpx.Response:
    line = "+98PRO" if kind == "job" else "+98BANK"
    return wire.post(
        "/api/send", {"sending_type": kind, "from_number": line, "message": "سلام", "params": list(params)} | fields
    )


def numbers(sandbox: RunningSandbox) -> list[str]:
    return [message["recipient"] for message in sandbox.messages()]


@pytest.mark.parametrize(
    ("kind", "item", "count"),
    [("postal_code", POSTAL, 3), ("country", COUNTRY, 3), ("geolocation", GEO, 2), ("job", JOB, 2)],
)
def test_as_many_numbers_as_asked_for_in_one_bulk(
    wire: Wire, ippanel_sandbox: RunningSandbox, kind: str, item: dict[str, Any], count: int
) -> None:
    (bulk_id,) = wire.ids(send(wire, kind, item))
    found = numbers(ippanel_sandbox)
    assert len(found) == len(set(found)) == count
    assert all(number.startswith("+989") and len(number) == 13 for number in found)
    assert (wire.bulk(bulk_id)["type"], wire.bulk(bulk_id)["rcpts_count"]) == (kind, str(count))


def test_a_slice_goes_on_where_the_one_before_ended(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    wire.ids(send(wire, "country", COUNTRY | {"mci": {"start": 0, "size": 4}}, message="a"))
    wire.ids(send(wire, "country", COUNTRY | {"mci": {"start": 0, "size": 2}}, message="b"))
    wire.ids(send(wire, "country", COUNTRY | {"mci": {"start": 2, "size": 2}}, message="c"))
    found = numbers(ippanel_sandbox)
    assert found[:4] == found[4:]


def test_others_are_sent_to_as_well_but_nobody_twice(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    others = ["+989120000000", "+989350000000"]
    wire.ids(send(wire, "postal_code", POSTAL, POSTAL, other_recipients=others))
    assert numbers(ippanel_sandbox)[3:] == others


def test_no_more_than_the_bank_holds(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    place = {"province_id": 89, "county_id": 212, "city_id": 82}
    counts = wire.get("/api/send/banks/counts", **place, number_prefix="91234").json()["data"]
    wire.ids(
        send(
            wire,
            "geolocation",
            place
            | {
                "pre": 91234,
                "gender": 0,
                "from_age": 1300,
                "to_age": 1410,
                "operator": [{"id": 1, "start": 0, "size": 100_000}],
            },
        )
    )
    assert len(numbers(ippanel_sandbox)) == counts["mci_count"] > 0
    assert (counts["irancell_count"], counts["other_count"]) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "item", "field"),
    [
        ("postal_code", POSTAL | {"postal_code": 1}, "postal_code"),
        ("postal_code", POSTAL | {"postal_code": 123456}, "postal_code"),
        ("postal_code", POSTAL | {"bank": "black"}, "bank"),
        ("postal_code", POSTAL | {"gender": 3}, "gender"),
        ("postal_code", POSTAL | {"age_from": 25}, "age_from"),
        ("postal_code", POSTAL | {"age_to": 1411}, "age_to"),
        ("postal_code", POSTAL | {"mci": {"start": 0}}, "mci.size"),
        ("postal_code", POSTAL | {"mci": {"start": -1, "size": 1}}, "mci.start"),
        ("country", COUNTRY | {"pre": 1}, "pre"),
        ("country", COUNTRY | {"pre": 9123456}, "pre"),
        ("country", COUNTRY | {"pre": None}, "pre"),
        ("country", COUNTRY | {"province_id": None}, "province_id"),
        ("country", COUNTRY | {"county_id": 250, "city_id": None}, "county_id"),
        ("country", COUNTRY | {"city_id": 83}, "city_id"),
        ("geolocation", GEO | {"from_age": None}, "from_age"),
        ("geolocation", GEO | {"operator": []}, "operator"),
        ("geolocation", GEO | {"operator": [{"id": 3, "start": 0, "size": 1}]}, "operator.0.id"),
        ("job", JOB | {"main_category_id": 99}, "main_category_id"),
        ("job", JOB | {"sub_category_id": 105}, "sub_category_id"),
    ],
)
def test_fields_that_are_refused(
    wire: Wire, ippanel_sandbox: RunningSandbox, kind: str, item: dict[str, Any], field: str
) -> None:
    assert list(errors(send(wire, kind, item))) == [f"params.0.{field}"]
    assert numbers(ippanel_sandbox) == []


def test_sends_to_nobody_or_to_too_many(wire: Wire) -> None:
    assert list(errors(send(wire, "postal_code", POSTAL | {"mci": NONE}))) == ["params"]
    assert list(errors(send(wire, "postal_code", *[POSTAL | {"mci": {"start": 0, "size": 600_000}}] * 2))) == ["params"]
    assert list(errors(send(wire, "postal_code", POSTAL, from_number="+98NONE"))) == ["from_number"]
    assert list(errors(send(wire, "postal_code"))) == ["params"]


class TestBank:
    def test_places_lead_from_one_to_the_next(self, wire: Wire) -> None:
        for province in wire.get("/api/send/banks/provinces").json()["data"]:
            counties = wire.get("/api/send/banks/counties", province_id=province["id"]).json()["data"]
            assert len(counties) >= 1
            cities = wire.get("/api/send/banks/cities", county_id=counties[0]["id"]).json()["data"]
            assert cities[0].keys() == {"id", "name"}

    def test_every_part_is_smaller_than_the_whole(self, wire: Wire) -> None:
        place = {"province_id": 89, "county_id": 212, "city_id": 82}

        def total(**filters: object) -> int:
            return sum(wire.get("/api/send/banks/counts", **place, **filters).json()["data"].values())

        assert 0 < total(gender_id=3) < total(gender_id=2) < total()
        assert 0 < total(birth_year_from=1400) < total(birth_year_from=1360) < total()
        assert total(birth_year_from=1380, birth_year_to=1370) == 0

    @pytest.mark.parametrize(
        ("path", "query", "field"),
        [
            ("banks/counties", {}, "province_id"),
            ("banks/cities", {"county_id": "a"}, "county_id"),
            ("banks/counts", {"province_id": 89, "county_id": 212}, "city_id"),
            (
                "banks/counts",
                {"province_id": 89, "county_id": 212, "city_id": 82, "birth_year_from": 20},
                "birth_year_from",
            ),
            (
                "banks/counts",
                {"province_id": 89, "county_id": 212, "city_id": 82, "number_prefix": "9"},
                "number_prefix",
            ),
            ("jobs/sub-categories", {}, "main_category_id"),
            ("jobs/number-count", {"main_category_id": 1, "operator_id": 5}, "operator_id"),
        ],
    )
    def test_fields_that_are_refused(self, wire: Wire, path: str, query: dict[str, Any], field: str) -> None:
        assert list(errors(wire.get(f"/api/send/{path}", **query))) == [field]

    def test_trades_and_how_many_follow_them(self, wire: Wire) -> None:
        def count(**query: object) -> Any:
            return wire.get("/api/send/jobs/number-count", **query).json()["data"]

        everybody = count(main_category_id=1)
        assert count(main_category_id=1, operator_id=1, start=10) == {
            "mci_count": everybody["mci_count"] - 10,
            "irancell_count": 0,
            "other_count": 0,
        }
        assert count(main_category_id=1, sub_category_id=101) != everybody
        assert sum(count(main_category_id=77).values()) == 0
