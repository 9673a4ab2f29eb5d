"""API: send. What each kind of send puts on the wire, and what is refused before anything leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from ippanel_provider.client import InvalidInput, Request, Unreadable, Upload
from ippanel_provider.client.edge import send

from .wire import LINE, OTHER, RECIPIENT, content_of, line_of, read

LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
LATER_ON_THE_WIRE = LATER.strftime("%Y-%m-%d %H:%M:%S")
CSV = Upload("numbers.csv", b"09120000000\n")
XLSX = Upload("numbers.xlsx", b"not looked into")
NONE = {"start": 0, "size": 0}
EVERYONE = {"gender": 0, "age_from": 1300, "age_to": 1410}

SENDS: dict[str, tuple[Request[Any], Any]] = {
    "webservice": (
        send.webservice("سلام", ["09120000000", 989350000000], sender=LINE),
        {
            "sending_type": "webservice",
            "from_number": LINE,
            "message": "سلام",
            "params": {"recipients": [RECIPIENT, OTHER]},
        },
    ),
    "normal, later": (
        send.normal("hi", ["09120000000"], sender=LINE, send_time=LATER),
        {
            "sending_type": "normal",
            "from_number": LINE,
            "message": "hi",
            "params": {"recipients": [RECIPIENT]},
            "send_time": LATER_ON_THE_WIRE,
        },
    ),
    "peer to peer": (
        send.peer_to_peer([("09120000000", "a"), (["09120000000", "09350000000"], "b")], sender=LINE),
        {
            "sending_type": "peer_to_peer",
            "from_number": LINE,
            "params": [{"recipients": [RECIPIENT], "message": "a"}, {"recipients": [RECIPIENT, OTHER], "message": "b"}],
        },
    ),
    "peer to peer by file, later": (
        send.peer_to_peer_file(CSV, sender=LINE, send_time=LATER),
        [
            ("sending_type", "peer_to_peer_file"),
            ("from_number", LINE),
            ("send_time", LATER_ON_THE_WIRE),
            ("files[]", "<numbers.csv>"),
        ],
    ),
    "file and others": (
        send.file("hi", XLSX, sender=LINE, other_recipients=["09120000000", "09350000000"]),
        [
            ("sending_type", "file"),
            ("from_number", LINE),
            ("message", "hi"),
            ("other_recipients[]", RECIPIENT),
            ("other_recipients[]", OTHER),
            ("files[]", "<numbers.xlsx>"),
        ],
    ),
    "keyword": (
        send.keyword("{ex_B} عزیز", XLSX, sender=LINE),
        [("sending_type", "keyword"), ("from_number", LINE), ("message", "{ex_B} عزیز"), ("files[]", "<numbers.xlsx>")],
    ),
    "keywords of phonebooks": (
        send.keyword_phonebook("{ex_12}", ["7", 8], sender=LINE),
        {
            "sending_type": "keyword_phonebook",
            "from_number": LINE,
            "message": "{ex_12}",
            "params": [{"phonebook_id": 7}, {"phonebook_id": 8}],
        },
    ),
    "phonebooks": (
        send.phonebook(
            "hi",
            [7, {"phonebook_id": "8", "start": 0, "size": 2}, {"phonebook_id": 9, "number_ids": [1, "2"]}],
            sender=LINE,
        ),
        {
            "sending_type": "phonebook",
            "from_number": LINE,
            "message": "hi",
            "params": [
                {"type": "all", "phonebook_id": "7"},
                {"type": "all", "phonebook_id": "8", "start": "0", "size": "2"},
                {"type": "detail", "phonebook_id": "9", "number_ids": ["1", "2"]},
            ],
        },
    ),
    "pattern without variables": (
        send.pattern("abc123", "09120000000", sender=LINE),
        {"sending_type": "pattern", "from_number": LINE, "code": "abc123", "recipients": [RECIPIENT], "params": {}},
    ),
    "pattern that files its recipient": (
        send.pattern(
            "abc123",
            "09120000000",
            {"name": "Sara", "code": 7},
            sender=LINE,
            phonebook={"id": "5", "name": "Sara", "options": {12: "x"}},
        ),
        {
            "sending_type": "pattern",
            "from_number": LINE,
            "code": "abc123",
            "recipients": [RECIPIENT],
            "params": {"name": "Sara", "code": 7},
            "phonebook": {"id": 5, "name": "Sara", "options": {"12": "x"}},
        },
    ),
    "spoken code": (
        send.votp("00123", "09120000000"),
        {"sending_type": "votp", "message": "00123", "params": {"recipients": [RECIPIENT]}},
    ),
    "postal code": (
        send.postal_code("hi", [{"postal_code": "131", "mci": {"size": 5}}], other_recipients=["09350000000"]),
        {
            "sending_type": "postal_code",
            "from_number": "+98BANK",
            "message": "hi",
            "params": [
                {
                    "bank": "all",
                    "postal_code": 131,
                    **EVERYONE,
                    "mci": {"start": 0, "size": 5},
                    "irancell": NONE,
                    "other": NONE,
                },
            ],
            "other_recipients": [OTHER],
        },
    ),
    "country": (
        send.country(
            "hi",
            [
                {
                    "province_id": "89",
                    "county_id": 212,
                    "pre": 938,
                    "bank": "white",
                    "gender": 2,
                    "birth_year_from": 1350,
                    "birth_year_to": 1380,
                    "irancell": {"start": 10, "size": 100},
                }
            ],
        ),
        {
            "sending_type": "country",
            "from_number": "+98BANK",
            "message": "hi",
            "params": [
                {
                    "bank": "white",
                    "pre": 938,
                    "province_id": 89,
                    "county_id": 212,
                    "gender": 2,
                    "age_from": 1350,
                    "age_to": 1380,
                    "mci": NONE,
                    "irancell": {"start": 10, "size": 100},
                    "other": NONE,
                }
            ],
        },
    ),
    "geolocation": (
        send.geolocation(
            "hi", [{"province_id": 8, "city_id": 3, "mci": {"size": 1}, "other": {"start": 4, "size": 2}}], sender=LINE
        ),
        {
            "sending_type": "geolocation",
            "from_number": LINE,
            "message": "hi",
            "params": [
                {
                    "province_id": 8,
                    "city_id": 3,
                    "gender": 0,
                    "from_age": 1300,
                    "to_age": 1410,
                    "operator": [{"id": 1, "start": 0, "size": 1}, {"id": 13, "start": 4, "size": 2}],
                }
            ],
        },
    ),
    "job": (
        send.job("hi", [{"main_category_id": 4, "sub_category_id": "5", "irancell": {"size": 9}}]),
        {
            "sending_type": "job",
            "from_number": "+98PRO",
            "message": "hi",
            "params": [{"main_category_id": 4, "sub_category_id": 5, "operator": [{"id": 2, "start": 0, "size": 9}]}],
        },
    ),
}


@pytest.mark.parametrize(("call", "content"), SENDS.values(), ids=SENDS)
def test_a_send_as_documented(call: Request[Any], content: Any) -> None:
    assert line_of(call) == "POST /api/send"
    assert content_of(call) == content


def test_a_receipt_has_the_id_of_each_bulk_and_without_one_nothing_is_certain() -> None:
    call = send.webservice("hi", ["09120000000"], sender=LINE)
    assert read(call, {"message_outbox_ids": [3_123_594_208, "12"]}).outbox_ids == (3_123_594_208, 12)
    with pytest.raises(Unreadable):
        read(call, {"message_outbox_ids": []})


def test_the_time_to_send_goes_out_in_utc() -> None:
    tehran = timezone(timedelta(hours=3, minutes=30))
    call = send.webservice("hi", ["09120000000"], sender=LINE, send_time=LATER.astimezone(tehran))
    assert content_of(call)["send_time"] == LATER_ON_THE_WIRE


def to_one(**changed: Any) -> Request[Any]:
    return send.webservice(**{"message": "hi", "recipients": ["09120000000"], "sender": LINE, **changed})


def to_area(**changed: Any) -> Request[Any]:
    return send.postal_code("hi", [{"postal_code": 131, "mci": {"size": 1}, **changed}])


def to_place(**changed: Any) -> Request[Any]:
    return send.country("hi", [{"province_id": 1, "pre": 912, "mci": {"size": 1}, **changed}])


def to_part(**part: Any) -> Request[Any]:
    return send.phonebook("hi", [{"phonebook_id": 1, **part}], sender=LINE)


REFUSED: dict[str, Callable[[], Request[Any]]] = {
    "message: the text is empty": lambda: to_one(message=" "),
    "message: the text has 1401 characters": lambda: to_one(message="x" * 1401),
    "message: the text is 21 parts": lambda: to_one(message="س" * 67 * 20 + "س"),
    "recipients: it is empty": lambda: to_one(recipients=[]),
    "recipients: 1001 are too many": lambda: to_one(recipients=["09120000000"] * 1001),
    "recipients: give a list": lambda: to_one(recipients="09120000000"),
    "recipients[1]: the number": lambda: to_one(recipients=["09120000000", "02188880000"]),
    "sender: 0***0 is no line": lambda: to_one(sender="00980"),
    "sender: h***e is no line": lambda: to_one(sender="here"),
    "send_time: has no time zone": lambda: to_one(send_time=datetime(2030, 1, 1)),  # noqa: DTZ001
    "send_time: it must be at least 5 minutes": lambda: to_one(send_time=datetime.now(UTC) + timedelta(minutes=4)),
    "send_time: it must be at most 90 days": lambda: to_one(send_time=datetime.now(UTC) + timedelta(days=91)),
    "messages: give a list, not nothing": lambda: send.peer_to_peer(None, sender=LINE),  # type: ignore[arg-type]
    "messages[0]: give a pair": lambda: send.peer_to_peer(["09120000000"], sender=LINE),  # type: ignore[list-item]
    "books: give a list, not one text": lambda: send.phonebook("hi", "12", sender=LINE),
    "areas: give a list, not nothing": lambda: send.country("hi", None),  # type: ignore[arg-type]
    "message: give a text, not NoneType": lambda: send.file(
        None,  # type: ignore[arg-type]
        Upload("a.csv", b"x"),
        sender=LINE,
    ),
    "other_recipients: give a list, not nothing": lambda: send.file(
        "hi",
        Upload("a.csv", b"x"),
        sender=LINE,
        other_recipients=None,  # type: ignore[arg-type]
    ),
    "variables: give a mapping": lambda: send.pattern("c", "09120000000", [("a", 1)], sender=LINE),  # type: ignore[arg-type]
    "messages: it is empty": lambda: send.peer_to_peer([], sender=LINE),
    "messages: 1001 are too many": lambda: send.peer_to_peer([("09120000000", "x")] * 1001, sender=LINE),
    "messages[1].recipients[0]: the number": lambda: send.peer_to_peer(
        [("09120000000", "x"), ("12", "x")], sender=LINE
    ),
    "messages[0].message: the text is empty": lambda: send.peer_to_peer([("09120000000", "")], sender=LINE),
    "other_recipients[0]: the number": lambda: send.file("hi", CSV, sender=LINE, other_recipients=["12"]),
    "other_recipients: give a list": lambda: send.file("hi", CSV, sender=LINE, other_recipients="09120000000"),
    "file: a file of this name is not taken; its name ends in .csv or .xlsx": lambda: send.peer_to_peer_file(
        Upload("a.txt", b"x"), sender=LINE
    ),
    "file: a file of this name is not taken; its name ends in .xlsx": lambda: send.keyword("hi", CSV, sender=LINE),
    "phonebook_ids: 101 are too many": lambda: send.keyword_phonebook("hi", range(1, 102), sender=LINE),
    "phonebook_ids[0]: an id": lambda: send.keyword_phonebook("hi", [0], sender=LINE),
    "books: 101 are too many": lambda: send.phonebook("hi", range(1, 102), sender=LINE),
    "books: it is empty": lambda: send.phonebook("hi", [], sender=LINE),
    "books[0]: phonebook_id is missing": lambda: send.phonebook("hi", [{}], sender=LINE),
    "books[0]: there is no ids": lambda: send.phonebook("hi", [{"phonebook_id": 1, "ids": []}], sender=LINE),
    "books[0]: give number_ids, or start and size": lambda: send.phonebook(
        "hi", [{"phonebook_id": 1, "size": 1, "number_ids": [1]}], sender=LINE
    ),
    "books[0].number_ids: it is empty": lambda: send.phonebook(
        "hi", [{"phonebook_id": 1, "number_ids": []}], sender=LINE
    ),
    "books[0].start: it is a whole number": lambda: send.phonebook(
        "hi", [{"phonebook_id": 1, "start": -1}], sender=LINE
    ),
    "code: it is empty": lambda: send.pattern("", "09120000000", sender=LINE),
    "recipient: give one number": lambda: send.pattern("abc", ["09120000000"], sender=LINE),
    "variables[rate]: give a text or a whole number": lambda: send.pattern(
        "abc",
        "09120000000",
        {"rate": 1.5},
        sender=LINE,
    ),
    "phonebook: id is missing": lambda: send.pattern("abc", "09120000000", sender=LINE, phonebook={"name": "x"}),
    "code: give 1 to 14 digits": lambda: send.votp("1" * 15, "09120000000"),
    "code: give 1 to 14": lambda: send.votp("12a", "09120000000"),
    "areas: it is empty": lambda: send.postal_code("hi", []),
    "areas[0].postal_code: give 2 to 5 digits": lambda: to_area(postal_code=1),
    "areas[0].postal_code: give 2 to 5": lambda: to_area(postal_code=123456),
    "areas[0].bank: it is one of all, white": lambda: to_area(bank="black"),
    "areas[0].gender: it is one of 0, 1, 2": lambda: to_area(gender=3),
    "areas[0].birth_year_from: it is a Jalali year": lambda: to_area(birth_year_from=25),
    "areas[0].birth_year_to: it is a Jalali year": lambda: to_area(birth_year_to=1990),
    "areas[0].birth_year_from: it is after areas[0].birth_year_to": lambda: to_area(
        birth_year_from=1380, birth_year_to=1370
    ),
    "areas[0].county_id: it is empty, which would choose everybody": lambda: to_place(county_id=None),
    "areas[0].pre: it is empty": lambda: to_place(pre=" "),
    "areas[0].mci: it is empty": lambda: to_area(mci=None, other={"size": 1}),
    "areas[0].mci.start: it is empty": lambda: to_area(mci={"start": None, "size": 1}),
    "books[0].number_ids: it is empty, which would choose": lambda: to_part(number_ids=None),
    "books[0].number_ids: it is empty, which would": lambda: to_part(number_ids=""),
    "books[0].size: it is empty": lambda: to_part(size=None),
    "books[0].start: it is empty": lambda: to_part(start=None, size=5),
    "books[0].size: it chooses nobody": lambda: to_part(size=0),
    "books[0].number_ids: it is": lambda: to_part(number_ids=[]),
    "areas[0]: give a size above 0": lambda: to_area(mci={"size": 0}),
    "areas[0].mci: size is missing": lambda: to_area(mci={"start": 4}),
    "areas[0].other.start: it is a whole number": lambda: to_area(other={"start": -1, "size": 1}),
    "areas: 1000001 numbers are too many": lambda: to_area(mci={"size": 1_000_000}, other={"size": 1}),
    "areas[0]: there is no age_from": lambda: to_area(age_from=1350),
    "areas[0]: give a mapping": lambda: send.postal_code("hi", ["131"]),
    "areas[0].pre: give 2 to 6 digits": lambda: to_place(pre="9"),
    "areas[0].pre: give 2 to 6": lambda: to_place(pre="9120000"),
    "areas[0].city_id: an id": lambda: to_place(city_id=-1),
    "areas[0]: province_id is missing": lambda: to_place(province_id=None),
    "trades[0]: main_category_id is missing": lambda: send.job("hi", [{"mci": {"size": 1}}]),
    "outbox_id: an id": lambda: send.cancel("next"),
}


@pytest.mark.parametrize(("begins", "build"), REFUSED.items(), ids=REFUSED)
def test_what_is_wrong_is_refused_by_its_name_before_anything_is_sent(
    begins: str, build: Callable[[], Request[Any]]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        build()
    assert str(refused.value).startswith(begins)


@pytest.mark.parametrize("given", [{"api_key": "the-key"}, {"username": "ali", "password": "pass+word"}])
def test_the_send_that_carries_its_credential(given: dict[str, str]) -> None:
    names = {"api_key": "apikey"}
    fields = {
        "from": LINE,
        "to": RECIPIENT,
        "message": "a+b &",
        **{names.get(name, name): value for name, value in given.items()},
    }

    in_url = send.send_url("a+b &", "09120000000", sender=LINE, **given)
    in_body = send.send_url("a+b &", "09120000000", sender=LINE, method="POST", **given)

    assert (in_url.method, in_url.path, dict(in_url.query), in_url.body) == (
        "GET",
        "/api/send/webservice",
        fields,
        None,
    )
    assert (line_of(in_body), content_of(in_body)) == ("POST /api/send/webservice", fields)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"username": "ali"},
        {"password": "x"},
        {"api_key": "k", "username": "ali", "password": "x"},
        {"api_key": ""},
        {"api_key": "k", "method": "PUT"},
    ],
)
def test_the_send_that_carries_its_credential_takes_exactly_one(given: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        send.send_url("hi", "09120000000", sender=LINE, **given)


def test_a_price_is_asked_for_and_a_bulk_taken_back() -> None:
    price = send.calculate_price("hi", sender=LINE)
    assert (line_of(price), content_of(price)) == ("POST /api/send/calculate-price", {"number": LINE, "message": "hi"})
    assert read(price, {"mci_price": "1064.5", "other_price": 1200, "parts": "1"}).mci_price == 1064.5

    cancel = send.cancel("3148303263")
    assert (line_of(cancel), content_of(cancel)) == ("POST /api/send/cancel", {"message_outbox_id": 3148303263})
    assert read(cancel, None) is None
