"""Calls as the documents print them, against the demo account: whoever copies one gets an answer, not a 404."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Wire

BANK: dict[str, Any] = {
    "bank": "all",
    "gender": 0,
    "age_from": 1300,
    "age_to": 1401,
    "mci": {"start": 10, "size": 100},
    "irancell": {"start": 1, "size": 2},
    "other": {"start": 2, "size": 3},
}
SENDS: list[dict[str, Any]] = [
    {
        "sending_type": "postal_code",
        "from_number": "+98BANK",
        "message": "متن پیام",
        "params": [BANK | {"postal_code": 131}],
    },
    {
        "sending_type": "country",
        "from_number": "+98BANK",
        "message": "تست",
        "params": [BANK | {"pre": 938, "province_id": 89, "county_id": 212, "city_id": 82}],
        "other_recipients": ["+989121111111", "+989351111111"],
    },
    {
        "sending_type": "keyword_phonebook",
        "message": "تاریخ {ex_50856}\nبدهی {ex_50858}",
        "params": [{"phonebook_id": 123654}],
    },
    {
        "sending_type": "phonebook",
        "message": "تست",
        "params": [
            {"phonebook_ids": ["123654"], "type": "all", "start": "1", "size": "2"},
            {"phonebook_id": "456987", "type": "detail", "number_ids": ["123", "456", "789"]},
        ],
    },
    {
        "sending_type": "pattern",
        "code": "xxxxxxxxxxxxxxx",
        "recipients": ["+989120000000"],
        "params": {"code": "متن جایگذاری"},
    },
    {"sending_type": "votp", "message": "45852", "params": {"recipients": ["+989120000000"]}},
]
PATTERN = {
    "title": "Updated Pattern",
    "description": "Updated description",
    "is_share": True,
    "message": "Updated message with %var%",
    "variable": [{"name": "var", "type": "string"}],
}
CONTACT = {
    "number": "+989121236547",
    "pre": "آقای",
    "name": "حسن",
    "options": {"46258": "15", "46027": "1992/10/08"},
    "phonebook_id": "1234",
}
CALLS: list[tuple[str, str, Any]] = [
    ("POST", "/api/send/cancel", {"message_outbox_id": 1148303263}),
    (
        "POST",
        "/api/numbers/assign",
        {
            "number_id": 10,
            "target_user_id": 123,
            "number": "+983000505",
            "target_user": "testuser",
            "send": True,
            "gets": False,
        },
    ),
    ("GET", "/api/numbers?page=1&per_page=10", None),
    ("GET", "/api/user/parents_tree?user_id=123", None),
    ("GET", "/api/ticket/show?ticket_id=100001", None),
    ("GET", "/api/user/draft/list?draft_group_id=10001", None),
    ("POST", "/api/user/draft", {"draft_group_id": 123456, "message": "تست پیام پیشفرض"}),
    ("GET", "/api/patterns/aibg4dsfertj5ht", None),
    ("PUT", "/api/patterns/normal/zcxxc465465zxc", PATTERN),
    ("DELETE", "/api/patterns/normal/zcxxc465465zxc", None),
    ("POST", "/api/phonebooks", {"title": "تست", "options": ["123", "456"]}),
    ("POST", "/api/phonebooks/delete-list", {"listPhonebooks": [860108]}),
    ("POST", "/api/phonebooks/numbers/add-list-new", {"list": [CONTACT]}),
    ("POST", "/api/phonebooks/numbers/delete-list", {"listNumbers": [1234]}),
    (
        "PUT",
        "/api/phonebooks/numbers/update-new/234235",
        CONTACT | {"options": {"124": "2025-05-20"}, "phonebook_id": "12345"},
    ),
    (
        "GET",
        "/api/phonebooks/numbers/contact-list/export?from_created_at=1745785800&phonebook_title=title&phonebook_id=12345",
        None,
    ),
    ("GET", "/api/phonebooks/12345/export", None),
    ("GET", "/api/phonebooks/12345/import/get-sample", None),
    ("POST", "/api/phonebooks/options", {"type": "int", "title": "option1"}),
    ("GET", "/api/phonebooks/options/listNew?type=int&title=t1", None),
    ("PUT", "/api/phonebooks/options/12345", {"title": "option1"}),
    ("POST", "/api/phonebooks/options/delete-list", {"listOptions": [1234]}),
]


@pytest.mark.parametrize("body", SENDS, ids=lambda body: body["sending_type"])
def test_sends(demo: Wire, body: dict[str, Any]) -> None:
    assert demo.ids(demo.post("/api/send", {"from_number": "+983000505"} | body))
    assert demo.sandbox.counts()["texts"] > 0


@pytest.mark.parametrize(("method", "path", "body"), CALLS, ids=lambda value: value if isinstance(value, str) else None)
def test_calls(demo: Wire, method: str, path: str, body: Any) -> None:
    # As curl sends what follows --data: raw bytes, under whatever type the header line says.
    content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    answer = demo.http.request(method, path, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 201), answer.text
    assert answer.json()["meta"]["status"] is True


def test_lists_are_as_long_as_the_documents_show_them(demo: Wire) -> None:
    def total(path: str) -> int:
        return int(demo.get(path).json()["meta"]["total"])

    assert (total("/api/user/draft/group/list"), total("/api/user/draft/list"), total("/api/ticket")) == (3, 3, 2)
    assert total("/api/phonebooks/list-new") == 5


def test_lists_are_headed_as_the_documents_print_each(demo: Wire) -> None:
    for path, message, shown in (
        ("/api/ticket", "Success", None),
        ("/api/user/draft/group/list", "Success", None),
        ("/api/user/draft/list", "Success", None),
        ("/api/user/list", "انجام شد", f"{demo.sandbox.url}/api/user/list"),
        ("/api/acl/package/list", "انجام شد", f"{demo.sandbox.url}/api/acl/package/list"),
        ("/api/patterns", "انجام شد", "/api/patterns"),
    ):
        meta = demo.get(path, page=1, per_page=1).json()["meta"]
        assert (meta["message"], meta.get("path")) == (message, shown), path


def test_a_ticket_has_everything_the_documents_print(demo: Wire) -> None:
    (ticket, *_) = demo.get("/api/ticket").json()["data"]
    alone = demo.get("/api/ticket/show", ticket_id=ticket["id"]).json()
    assert alone["meta"]["message"] == "Success"
    for found, seen in ((ticket, int), (alone["data"], bool)):
        assert isinstance(found["jira_id"], int)
        assert "parent_id" in found
        forward = found["forward"]
        assert list(forward) == ["id", "from", "ticket_id", "to", "created_at", "updated_at", "deleted_at", "seen"]
        assert (forward["ticket_id"], forward["from"], type(forward["seen"])) == (ticket["id"], ticket["user_id"], seen)


def test_the_example_bulk_is_of_the_time_that_the_documents_print(demo: Wire) -> None:
    found = demo.outbox(create_from_date="1744102007", create_to_date="1744102007")["data"]
    assert [bulk["messages_outbox_id"] for bulk in found] == ["1100972179"]


@pytest.mark.parametrize(("path", "field"), [("counties", "province_id"), ("cities", "county_id")])
def test_a_place_that_is_not_there_is_refused_in_the_documents_words(demo: Wire, path: str, field: str) -> None:
    answer = demo.get(f"/api/send/banks/{path}", **{field: 99_999})
    words = f"گزینه انتخاب شده {field.replace('_', ' ')} صحیح نمی باشد"
    assert (answer.status_code, answer.json()["meta"]["errors"]) == (422, {field: [words]})
