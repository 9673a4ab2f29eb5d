"""API: all chapters but send. What each call puts on the wire, and what is refused before anything leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ippanel_provider.client import InvalidInput, Request, Upload
from ippanel_provider.client.edge import (
    auth,
    bank,
    draft,
    number,
    package,
    pattern,
    payment,
    phonebook,
    report,
    ticket,
    user,
)
from ippanel_provider.service import BulkState, TicketState

from .wire import LINE, RECIPIENT, TOKEN, content_of, line_of

NEW_YEAR = datetime(2025, 3, 21, tzinfo=UTC)
NEW_YEAR_EPOCH = 1742515200
ZIP = Upload("log.zip", b"PK")
PATTERN = {
    "description": "A code to log in",
    "is_share": False,
    "message": "کد %code%",
    "variable": [{"name": "code", "type": "integer"}],
}

CALLS: list[tuple[Request[Any], str, Any]] = [
    (auth.login("ali", "pass"), "POST /api/acl/auth/login", {"username": "ali", "password": "pass"}),
    (auth.send_otp(TOKEN), "POST /api/acl/auth/send_sms_otp", {"token": TOKEN}),
    (auth.confirm_otp(TOKEN, "01234"), "POST /api/acl/auth/confirm_otp", {"token": TOKEN, "otp": "01234"}),
    (
        auth.forgot_password("ali", "0912 000 0000"),
        "POST /api/acl/auth/forgot_password",
        {"username": "ali", "mobile": RECIPIENT},
    ),
    (
        auth.change_password(TOKEN, "01234", "new"),
        "POST /api/acl/auth/change_password_by_token",
        {"token": TOKEN, "otp": "01234", "password": "new"},
    ),
    (auth.logout(), "POST /api/acl/auth/logout", None),
    (auth.check_token(), "POST /api/acl/auth/check_token", None),
    (bank.provinces(), "GET /api/send/banks/provinces", None),
    (bank.counties(8), "GET /api/send/banks/counties?province_id=8", None),
    (bank.cities("12"), "GET /api/send/banks/cities?county_id=12", None),
    (bank.genders(), "GET /api/send/banks/genders", None),
    (
        bank.counts(8, 12, 3),
        "GET /api/send/banks/counts?province_id=8&county_id=12&city_id=3&birth_year_from=1300&birth_year_to=1410",
        None,
    ),
    (
        bank.counts(8, 12, 3, birth_year_from=1350, birth_year_to=1350, gender_id=2, number_prefix="0912"),
        "GET /api/send/banks/counts?province_id=8&county_id=12&city_id=3"
        "&birth_year_from=1350&birth_year_to=1350&gender_id=2&number_prefix=0912",
        None,
    ),
    (bank.job_categories(), "GET /api/send/jobs/categories", None),
    (bank.job_sub_categories(4), "GET /api/send/jobs/sub-categories?main_category_id=4", None),
    (bank.job_counts(4), "GET /api/send/jobs/number-count?main_category_id=4", None),
    (
        bank.job_counts(4, sub_category_id=5, operator_id=13, start=0, size=9),
        "GET /api/send/jobs/number-count?main_category_id=4&sub_category_id=5&operator_id=13&start=0&size=9",
        None,
    ),
    (report.outbox(), "POST /api/report/new_list", {"page": 1, "limit": 100}),
    (
        report.outbox(
            page=2,
            per_page=1000,
            sender=LINE,
            outbox_id=5,
            message="hi",
            state=BulkState.CREATING,
            created_from=NEW_YEAR,
            created_to=NEW_YEAR,
            send_from=NEW_YEAR,
            send_to=NEW_YEAR,
            least_exit_count=0,
            most_exit_count=9,
            username="ali",
        ),
        "POST /api/report/new_list",
        {
            "page": 2,
            "limit": 1000,
            "filters": {
                "username": "ali",
                "number": LINE,
                "messages_outbox_id": "5",
                "message": "hi",
                "state_id": "0",
                **dict.fromkeys(
                    ("create_from_date", "create_to_date", "send_from_date", "send_to_date"), str(NEW_YEAR_EPOCH)
                ),
                "from_exit_count": 0,
                "to_exit_count": 9,
            },
        },
    ),
    (report.bulk("3148303263"), "GET /api/report/by_bulk?messages_outbox_id=3148303263", None),
    (report.bulk_stats(5), "GET /api/report/bulk_stats?bulk_id=5", None),
    (report.recipients(5), "GET /api/report/recipients?page=1&per_page=1000&bulk_id=5", None),
    (report.inbox(), "POST /api/report/messages-inbox", {"page": 1, "per_page": 100}),
    (
        report.inbox(after_id=0, page=3),
        "POST /api/report/messages-inbox",
        {"page": 3, "per_page": 100, "filters": {"from_id": 0}},
    ),
    (number.list_numbers(), "GET /api/number/numbers?page=1&per_page=1000", None),
    (
        number.assign_number(number_id=10, target_user_id="123", send=True, gets=False),
        "POST /api/numbers/assign",
        {"number_id": 10, "target_user_id": 123, "send": True, "gets": False},
    ),
    (
        number.unassign_number(number=LINE, target_user="ali"),
        "POST /api/numbers/unassign",
        {"number": LINE, "target_user": "ali"},
    ),
    (user.parents_tree(7), "GET /api/user/parents_tree?user_id=7", None),
    (user.list_users(username=""), "GET /api/user/list?page=1&per_page=100", None),
    (
        user.list_users(
            page=2,
            per_page=10,
            username="ali",
            name="علی",
            add_status="online",
            national_id="0012345678",
            acl_role_id=4,
            tell="021",
            mobile=9120000000,
            is_reseller=False,
            document_block=True,
            created_from=NEW_YEAR,
            expire_to=NEW_YEAR,
            is_bought_panel=False,
            never_logged_in=True,
            sub_reseller=True,
        ),
        "GET /api/user/list?page=2&per_page=10&username=ali&name=علی&add_status=online&national_id=0012345678"
        "&acl_role_id=4&tell=021"
        f"&mobile={RECIPIENT}&is_reseller=no&document_block=yes&created_from={NEW_YEAR_EPOCH}&expire_to={NEW_YEAR_EPOCH}"
        "&is_bought_panel=0&login_status=0&sub_reseller=1",
        None,
    ),
    (package.list_packages(), "GET /api/acl/package/list?page=1&per_page=100", None),
    (
        ticket.create_ticket("s", 3, "d"),
        "POST /api/ticket",
        [("subject", "s"), ("category_id", "3"), ("description", "d")],
    ),
    (
        ticket.create_ticket("s", "3", "d", sms_notification=True, file=ZIP),
        "POST /api/ticket",
        [
            ("subject", "s"),
            ("category_id", "3"),
            ("description", "d"),
            ("sms_notification", "1"),
            ("file", "<log.zip>"),
        ],
    ),
    (ticket.list_tickets(), "GET /api/ticket?page=1&per_page=100", None),
    (
        ticket.list_tickets(username="ali", ticket_id=1, category_id=2, sub_category_id=3, state=TicketState.ANSWERED),
        "GET /api/ticket?page=1&per_page=100&username=ali&ticket_id=1&category_id=2&sub_category_id=3&state_id=3",
        None,
    ),
    (ticket.get_ticket(5), "GET /api/ticket/show?ticket_id=5", None),
    (
        ticket.reply_ticket(5, "d", file=ZIP),
        "POST /api/ticket/interaction",
        [("ticket_id", "5"), ("description", "d"), ("file", "<log.zip>")],
    ),
    (draft.create_draft_group("g"), "POST /api/user/draft/group", {"title": "g"}),
    (draft.update_draft_group(5, "g"), "PUT /api/user/draft/group", {"draft_group_id": 5, "title": "g"}),
    (draft.delete_draft_group("5"), "POST /api/user/draft/group/delete", {"draft_group_id": 5}),
    (draft.list_draft_groups(), "GET /api/user/draft/group/list?page=1&per_page=100", None),
    (draft.create_draft(5, "hi"), "POST /api/user/draft", {"draft_group_id": 5, "message": "hi"}),
    (draft.update_draft(6, "hi"), "PUT /api/user/draft", {"draft_id": 6, "message": "hi"}),
    (draft.delete_drafts([6, "7"]), "POST /api/user/draft/delete", {"draft_ids": [6, 7]}),
    (draft.list_drafts(), "GET /api/user/draft/list?page=1&per_page=100", None),
    (draft.list_drafts(5, page=2), "GET /api/user/draft/list?page=2&per_page=100&draft_group_id=5", None),
    (payment.credit(), "GET /api/payment/credit/mine", None),
    (
        pattern.create("کد %code%", description="A code to log in", variables={"code": "integer"}),
        "POST /api/patterns/normal",
        PATTERN,
    ),
    (
        pattern.update("a/b", "hi", description="d", title="t", is_share=True, website="https://example.com"),
        "PUT /api/patterns/normal/a%2Fb",
        {
            "title": "t",
            "description": "d",
            "is_share": True,
            "message": "hi",
            "website": "https://example.com",
            "variable": [],
        },
    ),
    (pattern.list(), "GET /api/patterns?page=1&per_page=100", None),
    (
        pattern.list(code="abc", title="t", is_share=False, state="active", kind="systemic"),
        "GET /api/patterns?page=1&per_page=100"
        "&filter[code]=abc&filter[title]=t&filter[is_share]=false&filter[state]=active&filter[type]=systemic",
        None,
    ),
    (pattern.get("abc123"), "GET /api/patterns/abc123", None),
    (pattern.delete("abc123"), "DELETE /api/patterns/normal/abc123", None),
    (phonebook.list(), "GET /api/phonebooks/list-new?page=1&per_page=100", None),
    (
        phonebook.list(title="دوستان", id="5"),
        "GET /api/phonebooks/list-new?page=1&per_page=100&title=دوستان&id=5",
        None,
    ),
    (phonebook.create("b", [1, "2"]), "POST /api/phonebooks", {"title": "b", "options": ["1", "2"]}),
    (phonebook.create("b"), "POST /api/phonebooks", {"title": "b"}),
    (phonebook.update(5, title="b"), "PUT /api/phonebooks/5", {"title": "b"}),
    (phonebook.delete([5, "6"]), "POST /api/phonebooks/delete-list", {"listPhonebooks": [5, 6]}),
    (
        phonebook.add_contacts(
            [
                {"number": "09120000000", "phonebook_id": 5},
                {
                    "number": 9120000000,
                    "phonebook_id": "5",
                    "pre": "خانم",
                    "name": "س",
                    "email": None,
                    "options": {7: "1992/10/08"},
                },
            ]
        ),
        "POST /api/phonebooks/numbers/add-list-new",
        {
            "list": [
                {"number": RECIPIENT, "phonebook_id": "5"},
                {"number": RECIPIENT, "phonebook_id": "5", "pre": "خانم", "name": "س", "options": {"7": "1992/10/08"}},
            ]
        },
    ),
    (phonebook.delete_contacts([9]), "POST /api/phonebooks/numbers/delete-list", {"listNumbers": [9]}),
    (phonebook.get_contact(9), "GET /api/phonebooks/numbers/contact-list/9", None),
    (phonebook.list_contacts(), "GET /api/phonebooks/numbers/contact-list?page=1&per_page=100", None),
    (
        phonebook.list_contacts(created_from=NEW_YEAR, number="09120000000", phonebook_title="t", phonebook_id=5),
        "GET /api/phonebooks/numbers/contact-list?page=1&per_page=100"
        f"&from_created_at={NEW_YEAR_EPOCH}&number={RECIPIENT}&phonebook_title=t&phonebook_id=5",
        None,
    ),
    (
        phonebook.update_contact(9, number="09120000000", phonebook_id=5, name="", options={"7": 1}),
        "PUT /api/phonebooks/numbers/update-new/9",
        {"number": RECIPIENT, "phonebook_id": "5", "name": "", "options": {"7": 1}},
    ),
    (phonebook.export_contacts(), "GET /api/phonebooks/numbers/contact-list/export", None),
    (phonebook.export_contacts(phonebook_id=5), "GET /api/phonebooks/numbers/contact-list/export?phonebook_id=5", None),
    (phonebook.export_members(5), "GET /api/phonebooks/5/export", None),
    (phonebook.import_contacts(5, Upload("c.xlsx", b"x")), "POST /api/phonebooks/5/import", [("file", "<c.xlsx>")]),
    (phonebook.import_sample(5), "GET /api/phonebooks/5/import/get-sample", None),
    (phonebook.create_option("born", "date"), "POST /api/phonebooks/options", {"type": "date", "title": "born"}),
    (phonebook.list_options(), "GET /api/phonebooks/options/list-new?page=1&per_page=100", None),
    (
        phonebook.list_options(type="int", title="t"),
        "GET /api/phonebooks/options/list-new?page=1&per_page=100&type=int&title=t",
        None,
    ),
    (phonebook.update_option(7, "born"), "PUT /api/phonebooks/options/7", {"title": "born"}),
    (phonebook.delete_options([7]), "POST /api/phonebooks/options/delete-list", {"listOptions": [7]}),
]


@pytest.mark.parametrize(("call", "line", "content"), CALLS, ids=[line for _, line, _ in CALLS])
def test_a_call_as_documented(call: Request[Any], line: str, content: Any) -> None:
    assert line_of(call) == line
    assert content_of(call) == content


def described(**changed: Any) -> Request[Any]:
    return pattern.create(**{"message": "hi %a%", "description": "d", "variables": {"a": "string"}, **changed})


REFUSED: dict[str, Callable[[], Request[Any]]] = {
    "username: it is empty": lambda: auth.login("", "pass"),
    "password: it is empty": lambda: auth.login("ali", ""),
    "token: a token has 30 to 255 characters; this has 29": lambda: auth.send_otp("t" * 29),
    "token: a token has 30 to 255 characters; this has 256": lambda: auth.confirm_otp("t" * 256, "1"),
    "otp: it is empty": lambda: auth.change_password(TOKEN, "", "new"),
    "mobile: the number": lambda: auth.forgot_password("ali", "02188880000"),
    "province_id: an id": lambda: bank.counties(0),
    "county_id: an id": lambda: bank.cities("Tehran"),
    "birth_year_from: it is a Jalali year of birth, 1300 to 1410, and no age": lambda: bank.counts(
        1, 1, 1, birth_year_from=1299
    ),
    "birth_year_to: it is a Jalali": lambda: bank.counts(1, 1, 1, birth_year_to=1411),
    "number_prefix: give 2 to 6 digits": lambda: bank.counts(1, 1, 1, number_prefix="9"),
    "operator_id: it is one of 1, 2, 13": lambda: bank.job_counts(1, operator_id=3),
    "size: it is a whole number": lambda: bank.job_counts(1, size=-1),
    "per_page: must be from 1 to 1000": lambda: report.outbox(per_page=1001),
    "page: must be from 1": lambda: report.recipients(5, page=0),
    "state: it is one of 0, 1, 2": lambda: report.outbox(state=42),  # type: ignore[arg-type]
    "state: expected a whole number": lambda: ticket.list_tickets(state="open"),  # type: ignore[arg-type]
    "is_share: expected one of true": lambda: pattern.list(is_share="perhaps"),  # type: ignore[arg-type]
    "send: expected one of true": lambda: number.assign_number(
        send="",  # type: ignore[arg-type]
        gets=True,
        number_id=1,
        target_user_id=1,
    ),
    "sub_reseller: expected one of": lambda: user.list_users(sub_reseller=[]),  # type: ignore[arg-type]
    "contacts: give a list, not nothing": lambda: phonebook.add_contacts(None),  # type: ignore[arg-type]
    "phonebook_ids: give a list of ids, not nothing": lambda: phonebook.delete(None),  # type: ignore[arg-type]
    "contacts[0].options: give a mapping": lambda: phonebook.add_contacts(
        [{"number": "09120001234", "phonebook_id": 1, "options": [1]}]  # type: ignore[typeddict-item]
    ),
    "code: invalid, a part of it": lambda: pattern.delete(".."),
    "file: expected a path": lambda: phonebook.import_contacts(1, None),  # type: ignore[arg-type]
    "per_page: must be from": lambda: report.inbox(per_page=0),
    "created_from: has no time zone": lambda: report.outbox(created_from=datetime(2025, 1, 1)),  # noqa: DTZ001
    "least_exit_count: it is a whole number": lambda: report.outbox(least_exit_count=-1),
    "after_id: it is a whole number": lambda: report.inbox(after_id=-1),
    "outbox_id: an id": lambda: report.bulk(-1),
    "number_id, number: give one": lambda: number.assign_number(target_user_id=1, send=True, gets=True),
    "number_id, number: give": lambda: number.unassign_number(number_id=1, number=LINE, target_user_id=1),
    "target_user_id, target_user: give one": lambda: number.unassign_number(number_id=1),
    "number: 0***0 is no line": lambda: number.unassign_number(number="00980", target_user_id=1),
    "user_id: an id": lambda: user.parents_tree(True),
    "add_status: it is one of": lambda: user.list_users(add_status="web"),
    "mobile: the": lambda: user.list_users(mobile="12"),
    "subject: it is empty": lambda: ticket.create_ticket(" ", 1, "d"),
    "description: it is empty": lambda: ticket.reply_ticket(1, ""),
    "file: a file of this name is not taken; its name ends in .zip or .jpg or .png": lambda: ticket.reply_ticket(
        1, "d", file=Upload("a.pdf", b"x")
    ),
    "file: the file has 10485761 bytes": lambda: ticket.reply_ticket(1, "d", file=Upload("a.zip", b"x" * 10485761)),
    "title: 201 characters are too many": lambda: draft.create_draft_group("x" * 201),
    "message: 1401 characters are too many": lambda: draft.create_draft(1, "x" * 1401),
    "message: it is empty": lambda: draft.update_draft(1, ""),
    "draft_ids: it is empty": lambda: draft.delete_drafts([]),
    "draft_ids: 201 are too many": lambda: draft.delete_drafts(range(1, 202)),
    "draft_ids: give a list": lambda: draft.delete_drafts("12"),
    "title: 201": lambda: described(title="x" * 201),
    "description: 501 characters": lambda: described(description="x" * 501),
    "description: it is": lambda: described(description=""),
    "message: the text is empty": lambda: described(message=""),
    "variables: 31 are too many": lambda: described(variables={f"v{index}": "string" for index in range(31)}),
    "variables: 51 characters": lambda: described(variables={"x" * 51: "string"}),
    "variables[a]: it is one of string, integer": lambda: described(variables={"a": "date"}),
    "variables[b]: the message does not hold %b%": lambda: described(variables={"b": "string"}),
    "code: it is empty": lambda: pattern.delete(""),
    "state: it is one of active, inactive, pending": lambda: pattern.list(state="approved"),
    "per_page: must be from 1 to 100": lambda: pattern.list(per_page=101),
    "title: it is empty": lambda: phonebook.create(""),
    "title: 201 characters": lambda: phonebook.update(1, title="x" * 201),
    "title, options: give what": lambda: phonebook.update(1),
    "options: it is empty": lambda: phonebook.update(1, options=[]),
    "contacts: it is empty": lambda: phonebook.add_contacts([]),
    "contacts[0]: phonebook_id is missing": lambda: phonebook.add_contacts([{"number": "09120000000"}]),
    "contacts[0]: there is no nmae": lambda: phonebook.add_contacts(
        [{"number": "09120000000", "phonebook_id": 1, "nmae": "x"}]
    ),
    "contacts[0].number: the number": lambda: phonebook.add_contacts([{"number": "12", "phonebook_id": 1}]),
    "contacts[0].options: an id": lambda: phonebook.add_contacts(
        [{"number": "09120000000", "phonebook_id": 1, "options": {"a": 1}}]
    ),
    "contact_id: an id": lambda: phonebook.update_contact(0, number="09120000000", phonebook_id=1),
    "contact_ids[1]: an id": lambda: phonebook.delete_contacts([1, "+989120000000"]),
    "file: a file of this name is not taken; its name ends in .xlsx": lambda: phonebook.import_contacts(
        1, Upload("a.csv", b"x")
    ),
    "type: it is one of int, string, date": lambda: phonebook.create_option("t", "text"),
    "title: the text holds half a character": lambda: phonebook.list(title="\ud83d"),
    "code: the text holds half": lambda: pattern.get("\ud83d"),
    "password: the text holds half": lambda: auth.login("ali", "\ud83d"),
    "number, phonebook_id, name: a value in": lambda: phonebook.update_contact(
        1, number="09120000000", phonebook_id=1, name="\ud83d"
    ),
    "option_ids: it is empty": lambda: phonebook.delete_options([]),
}


@pytest.mark.parametrize(("begins", "build"), REFUSED.items(), ids=REFUSED)
def test_what_is_wrong_is_refused_by_its_name_before_anything_is_sent(
    begins: str, build: Callable[[], Request[Any]]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        build()
    assert str(refused.value).startswith(begins)
