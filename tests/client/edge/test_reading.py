"""What the calls make of answers, with the service's several spellings of one thing (API: limits and formats)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.client import Request, Unreadable
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
    send,
    ticket,
    user,
)
from ippanel_provider.service import BulkState, DeliveryStatus, TicketState

from .wire import LINE, RECIPIENT, TOKEN, read

EPOCH = 1_747_808_125
MOMENT = datetime.fromtimestamp(EPOCH, UTC)
BULK = {"messages_outbox_id": "12545856", "state_id": "6", "number": LINE, "type": "webservice", "message": "سلام"}
LINE_10 = {"id": "10", "number": LINE}
CONTACT = {"id": 9, "number": RECIPIENT, "phonebook_id": "5"}
PATTERN = {"pattern_code": "abc", "pattern_status": "pending", "pattern_message": "کد %code%"}


@pytest.mark.parametrize(
    ("spelling", "meant"), [("5", 5), (5, 5), (3_148_303_263, 3_148_303_263), ("3148303263", 3_148_303_263)]
)
def test_ids_in_either_spelling(spelling: int | str, meant: int) -> None:
    assert read(report.bulk(5), BULK | {"messages_outbox_id": spelling}).outbox_id == meant
    assert read(send.webservice("hi", [RECIPIENT], sender=LINE), {"message_outbox_ids": [spelling]}).outbox_ids == (
        meant,
    )


@pytest.mark.parametrize(("spelling", "meant"), [("12", 12), (12, 12), ("", None), (None, None)])
def test_counts_in_either_spelling_or_none(spelling: Any, meant: int | None) -> None:
    assert read(report.bulk(5), BULK | {"exit_count": spelling, "part": spelling}).parts == meant
    assert read(phonebook.create("b"), {"id": 5, "title": "b", "count": spelling}).count == meant


@pytest.mark.parametrize(
    ("spellings", "meant"),
    [((True, 1, "1", "yes", "true"), True), ((False, 0, "0", "no", "false"), False), (("", None), None)],
)
def test_booleans_in_all_their_spellings(spellings: tuple[Any, ...], meant: bool | None) -> None:
    for spelling in spellings:
        page = read(number.list_numbers(), [LINE_10 | {"gets": spelling, "is_66_char": spelling}])
        assert (page.items[0].receives, page.items[0].is_66_char) == (meant, meant)


@pytest.mark.parametrize(
    ("spelling", "meant"),
    [
        *[(spelling, MOMENT) for spelling in (EPOCH, str(EPOCH), "2025-05-21 06:15:25", "2025-05-21T06:15:25.000000Z")],
        *[(spelling, None) for spelling in (None, "", 0, "0", "1404/02/31", "soon")],
    ],
)
def test_times_in_all_their_spellings_in_utc_or_none(spelling: Any, meant: datetime | None) -> None:
    assert read(draft.list_drafts(), [{"draft_id": 1, "message": "hi", "time": spelling}]).items[0].created_at == meant
    assert read(report.bulk(5), BULK | {"time_send": spelling}).send_at == meant


@given(seconds=st.integers(min_value=1, max_value=4_000_000_000))
def test_every_second_is_read_back_from_either_spelling(seconds: int) -> None:
    for spelling in (seconds, str(seconds)):
        moment = read(report.bulk(5), BULK | {"time": spelling}).created_at
        assert moment is not None
        assert moment.timestamp() == seconds


def test_what_the_documents_do_not_name_is_kept_but_not_shown() -> None:
    bulk = read(report.bulk(5), BULK | {"remark": 0, "summary": "کد: 1234"})
    assert bulk.model_extra == {"remark": 0, "summary": "کد: 1234"}
    assert "1234" not in repr(bulk)


def test_a_state_or_status_without_a_name_does_not_make_a_report_unreadable() -> None:
    for spelling in (42, "42"):
        assert read(report.bulk(5), BULK | {"state_id": spelling}).state == 42
        assert read(report.recipients(5), [{"recipient": RECIPIENT, "message_status": spelling}]).items[0].status == 42
        assert read(ticket.get_ticket(1), {"id": 1, "state_id": spelling}).state == 42


def test_nothing_personal_or_secret_is_shown() -> None:
    shown = [
        read(auth.confirm_otp(TOKEN, "1"), {"method": "login", "token": TOKEN}),
        read(auth.forgot_password("ali", RECIPIENT), {"token": TOKEN}),
        read(report.bulk(5), BULK),
        read(report.recipients(5), [{"recipient": RECIPIENT, "message": "سلام", "message_status": "2"}]).items,
        read(report.inbox(), [{"messages_inbox_id": 1, "from": RECIPIENT, "number": LINE, "message": "سلام"}]).items,
        read(phonebook.get_contact(9), CONTACT | {"name": "سلام", "email": "a@example.com", "options": {"7": "سلام"}}),
        read(
            user.list_users(),
            [{"user_id": 1, "uname": "ali", "mobile": RECIPIENT, "national_id": "0012345678", "name": "سلام"}],
        ).items,
        read(pattern.get("abc"), PATTERN | {"pattern_message": "سلام"}),
        read(draft.list_drafts(), [{"draft_id": 1, "message": "سلام"}]).items,
    ]
    for result in shown:
        for private in (TOKEN, RECIPIENT, "سلام", "a@example.com", "0012345678"):
            assert private not in repr(result)


def test_what_the_service_calls_by_a_name_of_ours_takes_nothing_of_ours_away() -> None:
    """A bulk has ``state_id`` 6 and, in words, a ``state``; ours is the number, in dumps too."""
    bulk = read(report.bulk(5), BULK | {"state_id": 6, "state": "finish", "jira_id": 4})
    assert bulk.state is BulkState.SENT
    assert (bulk.model_dump(mode="json")["state"], bulk.model_dump()["jira_id"]) == (6, 4)


@pytest.mark.parametrize("data", [{"method": "login"}, {"method": "login", "token": ""}, None])
def test_a_login_without_its_token_is_not_readable(data: Any) -> None:
    with pytest.raises(Unreadable):
        read(auth.login("ali", "pass"), data)


def test_the_account() -> None:
    data = {"user_name": "ali", "user_id": 58745, "document_block": "no", "is_reseller": 1, "send_block": False}
    account = read(auth.check_token(), data)
    assert (account.user_id, account.document_block, account.is_reseller, account.send_block) == (
        58745,
        False,
        True,
        False,
    )

    data = {
        "credit": "1250.5",
        "yesterday_credit": 0,
        "gift": None,
        "gift_expires_at": "",
        "updated_at": "2025-05-21 06:15:25",
    }
    credit = read(payment.credit(), data)
    assert (credit.credit, credit.gift, credit.gift_expires_at, credit.updated_at) == (1250.5, None, None, MOMENT)


def test_the_report_of_a_bulk() -> None:
    bulk = read(
        report.bulk(5),
        BULK | {"time": str(EPOCH), "time_send": "", "rcpts_count": "3", "cost": 3990.2, "reject_comment": None},
    )
    assert (bulk.outbox_id, bulk.state, bulk.sender, bulk.message) == (12545856, BulkState.SENT, LINE, "سلام")
    assert (bulk.created_at, bulk.send_at, bulk.recipients_count, bulk.cost, bulk.parts) == (
        MOMENT,
        None,
        3,
        3990.2,
        None,
    )

    page = read(
        report.recipients(5), [{"recipient": RECIPIENT, "is_readable": True, "msg_parts": "2", "message_status": "3"}]
    )
    assert (page.items[0].recipient, page.items[0].parts, page.items[0].status) == (
        RECIPIENT,
        2,
        DeliveryStatus.NOT_DELIVERED,
    )


def test_the_tallies_of_a_bulk_with_counts_in_both_spellings_and_an_empty_object_as_php_writes_it() -> None:
    stats = read(
        report.bulk_stats(5),
        {"operators_delivered": {"mci": {"en": 0, "fa": "1"}, "irancell": {"en": 2, "fa": 0}}, "operators_failed": []},
    )
    assert stats.delivered == {"mci": {"en": 0, "fa": 1}, "irancell": {"en": 2, "fa": 0}}
    assert (stats.failed, stats.sent) == ({}, None)


def test_the_inbox() -> None:
    data = {
        "messages_inbox_id": 123,
        "from": RECIPIENT,
        "number": LINE,
        "message": "1",
        "type": "normal",
        "time": EPOCH,
        "seen": "0",
    }
    message = read(report.inbox(), [data]).items[0]
    assert (message.inbox_id, message.sender, message.line, message.received_at, message.seen) == (
        123,
        RECIPIENT,
        LINE,
        MOMENT,
        False,
    )


def test_a_page_tells_whether_there_is_more() -> None:
    items = [LINE_10, LINE_10]
    assert read(number.list_numbers(per_page=2), items, current_page=1, last_page=2, per_page=2, total=3).has_more
    assert not read(
        number.list_numbers(page=2, per_page=2), items, current_page=2, last_page=2, per_page=2, total=4
    ).has_more
    assert read(number.list_numbers(per_page=2), items).has_more
    assert not read(number.list_numbers(per_page=3), items).has_more
    # More than were asked for: this list knows no pages, and a second one would bring the same again.
    assert not read(number.list_numbers(per_page=1), items).has_more


def test_banks_of_numbers() -> None:
    assert [(place.id, place.name) for place in read(bank.provinces(), [{"id": "8", "name": "تهران"}])] == [
        (8, "تهران")
    ]
    sub = read(bank.job_sub_categories(4), [{"id": 5, "name": "نانوا", "main_id": "4", "main_name": "غذا"}])[0]
    assert (sub.id, sub.main_id, sub.main_name) == (5, 4, "غذا")
    counts = read(bank.counts(1, 1, 1), {"mci_count": "7", "irancell_count": 0, "other_count": 2})
    assert (counts.mci, counts.irancell, counts.other) == (7, 0, 2)
    assert read(bank.job_counts(4), {"count": 7}) == {"count": 7}


def test_what_resellers_see() -> None:
    tree = read(
        user.parents_tree(1),
        {
            "selected_user": {"id": 1, "username": "ali", "is_reseller": True},
            "main_parent": {"id": 2, "username": "root", "is_reseller": "yes"},
            "tree": [{"id": "2", "username": "root", "is_reseller": "yes"}],
        },
    )
    assert [(above.id, above.is_reseller) for above in tree.tree] == [(2, True)]

    data = {
        "user_id": 3,
        "uname": "sara",
        "parent": 1,
        "mobile": None,
        "postalcode": 4758896654,
        "time": EPOCH,
        "expire_time": None,
        "credit": {"credit": "5", "user_id": 3},
        "acl_role_id": 4,
        "acl_role": {"acl_role_id": 4, "acl_role_name": "gold"},
    }
    found = read(user.list_users(), [data]).items[0]
    assert (found.user_name, found.parent_id, found.credit, found.package_id, found.package_name) == (
        "sara",
        1,
        5.0,
        4,
        "gold",
    )
    assert (found.created_at, found.expires_at) == (MOMENT, None)
    assert read(user.list_users(), [data | {"credit": None, "acl_role": None}]).items[0].credit is None

    data = {
        "acl_role_id": 4,
        "acl_role_parent_id": 1,
        "acl_role_name": "gold",
        "price": "2000000",
        "time": EPOCH,
        "expire_time": None,
    }
    sold = read(package.list_packages(), [data]).items[0]
    assert (sold.id, sold.parent_id, sold.name, sold.price, sold.created_at) == (4, 1, "gold", 2_000_000, MOMENT)


def test_tickets_in_a_list_and_alone() -> None:
    listed = read(
        ticket.list_tickets(),
        [
            {
                "id": 7,
                "ticket_id": 7,
                "state_id": 3,
                "state": {"id": 3},
                "desc": "d",
                "category": {"id": 1, "name": "API"},
                "user_seen": 1,
            }
        ],
    ).items[0]
    assert (listed.ticket_id, listed.state, listed.description, listed.category) == (
        7,
        TicketState.ANSWERED,
        "d",
        "API",
    )
    assert (listed.user_seen, listed.interactions) == (True, ())

    alone = read(
        ticket.get_ticket(7),
        {
            "id": 7,
            "state_id": 3,
            "state": "replied",
            "description": "d",
            "category": "API",
            "interactions": [{"id": 8, "description": "r", "created_at": "2025-05-21 06:15:25", "attachment": None}],
        },
    )
    assert (alone.ticket_id, alone.category, alone.interactions[0].created_at) == (7, "API", MOMENT)

    assert read(ticket.create_ticket("s", 1, "d"), {"ticket_id": "7"}).ticket_id == 7
    reply = read(ticket.reply_ticket(7, "d"), {"interaction_id": 8, "ticket": {"id": 7, "user_id": 1, "parent_id": 2}})
    assert (reply.user_id, reply.parent_id) == (1, 2)
    assert (reply.interaction_id, reply.ticket_id) == (8, 7)


def test_drafts() -> None:
    group = read(draft.list_draft_groups(), [{"draft_group_id": 1, "title": "g", "user_id": 2, "time": EPOCH}]).items[0]
    assert (group.group_id, group.title, group.created_at) == (1, "g", MOMENT)
    kept = read(draft.list_drafts(), [{"draft_id": 2, "draft_group_id": "1", "message": "hi", "type": "normal"}]).items[
        0
    ]
    assert (kept.draft_id, kept.group_id, kept.message) == (2, 1, "hi")


def test_patterns() -> None:
    handed_in = read(
        pattern.create("کد %code%", description="d"),
        PATTERN
        | {
            "variable": [{"name": "code", "type": "integer", "len": "40"}],
            "pattern_is_share": "0",
            "updated_at": "2025-05-21T06:15:25.000000Z",
            "title": 12,
        },
    )
    assert (handed_in.code, handed_in.status, handed_in.is_active, handed_in.is_share) == (
        "abc",
        "pending",
        False,
        False,
    )
    assert [(one.name, one.type, one.length) for one in handed_in.variables] == [("code", "integer", 40)]
    assert (handed_in.updated_at, handed_in.title) == (MOMENT, "12")

    rejected = {"pattern_status": "inactive", "admin_comment": "no", "variable": None, "pattern_type": "normal"}
    listed = read(pattern.list(), [PATTERN | {"pattern_status": "active"}, PATTERN | rejected])
    assert [one.is_active for one in listed.items] == [True, False]
    assert (listed.items[1].admin_comment, listed.items[1].variables, listed.items[1].kind) == ("no", (), "normal")


def test_phonebooks_contacts_and_options() -> None:
    book = read(
        phonebook.list(),
        [
            {
                "id": 5,
                "title": "b",
                "count": 2,
                "import_status": 1,
                "export_status": True,
                "options": [{"id": "7", "title": "born", "type": "date"}],
            }
        ],
    ).items[0]
    assert (book.count, book.import_status, book.export_status, book.options[0].id, book.options[0].type) == (
        2,
        "1",
        "True",
        7,
        "date",
    )

    made = read(phonebook.create("b", [7]), {"id": 5, "title": "b", "count": "0", "options": ["7"]})
    assert (made.count, [option.id for option in made.options]) == (0, [7])

    added = read(
        phonebook.add_contacts([{"number": RECIPIENT, "phonebook_id": 5}]), {"added": "1", "errors": 0, "existences": 2}
    )
    assert (added.added, added.errors, added.existences) == (1, 0, 2)

    contact = read(
        phonebook.get_contact(9), CONTACT | {"is_send_blacklist": "no", "is_receive_blacklist": 1, "tags": None}
    )
    assert (contact.number, contact.phonebook_id, contact.is_send_blacklist, contact.is_receive_blacklist) == (
        RECIPIENT,
        5,
        False,
        True,
    )
    assert (contact.tags, contact.options) == ((), None)

    option = read(
        phonebook.create_option("born", "date"), {"id": 7, "title": "born", "type": "date", "created_at": EPOCH}
    )
    assert (option.id, option.created_at) == (7, MOMENT)


SAYS_NOTHING: list[Request[None]] = [
    auth.logout(),
    auth.change_password(TOKEN, "1", "new"),
    send.cancel(5),
    number.unassign_number(number_id=1, target_user_id=1),
    draft.create_draft(1, "hi"),
    pattern.delete("abc"),
    phonebook.update(5, title="b"),
    phonebook.export_members(5),
    phonebook.update_option(7, "born"),
]


@pytest.mark.parametrize("call", SAYS_NOTHING, ids=[call.operation for call in SAYS_NOTHING])
@pytest.mark.parametrize("data", [None, True])
def test_an_answer_that_says_nothing(call: Request[None], data: Any) -> None:
    assert read(call, data) is None
