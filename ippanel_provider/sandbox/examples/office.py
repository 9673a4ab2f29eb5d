"""Users, packages, tickets and drafts under the ids the documents print."""

from __future__ import annotations

from datetime import UTC, datetime

from ippanel_provider.sandbox.drafts import Draft, DraftGroup
from ippanel_provider.sandbox.people import Package, User
from ippanel_provider.sandbox.state import Sandbox
from ippanel_provider.sandbox.tickets import Interaction, Ticket
from ippanel_provider.service import TicketState

_TIME = 1747570721
_LOGIN = 1747573019
_TICKET_TIME = datetime(2025, 1, 1, 10, tzinfo=UTC).timestamp()


def fill(sandbox: Sandbox) -> None:
    """Put this chapter's examples into an empty sandbox."""
    _people(sandbox)
    _tickets(sandbox)
    _drafts(sandbox)


def _people(sandbox: Sandbox) -> None:
    root = sandbox.account.user_id
    people = sandbox.people
    people.packages[123] = Package(123, "package name", 2_000_000, 1740216700, special_disc=20)
    # Each under the one before, down to the user whose way up the documents show.
    parent_id = root
    for user_id, username, is_reseller in (
        (464, "res1", True),
        (8555, "res2", True),
        (98798, "res3", True),
        (584, "mainparent", True),
        (123, "testuser", False),
    ):
        people.put(
            User(
                user_id,
                username,
                parent_id,
                _TIME,
                username,
                is_reseller=is_reseller,
                package_id=123,
                last_login=_LOGIN,
            )
        )
        parent_id = user_id
    people.put(User(200001, "sampleuser", root, _TIME, "sample user", package_id=123))
    people.put(
        User(
            123654,
            "user1",
            root,
            _TIME,
            "name and family",
            "+989122222222",
            national_id="1587459321",
            add_status="webservice",
            package_id=123,
            is_reseller=True,
            document_block=True,
            send_block=True,
            is_bought_panel=True,
            last_login=_LOGIN,
        )
    )


def _tickets(sandbox: Sandbox) -> None:
    first = Ticket(
        100001,
        200001,
        "sampleuser",
        "Sample ticket with file",
        10,
        "Sample description for file upload",
        _TICKET_TIME,
        _TICKET_TIME + 3600,
        file="samplefile.zip",
        sub_category_id=20,
        state=TicketState.ANSWERED,
        interactions=[
            Interaction(400001, "Sample reply", _TICKET_TIME + 600, by_support=True, file="sample-reply.zip")
        ],
    )
    later = _TICKET_TIME + 22 * 3600
    second = Ticket(100002, 200001, "sampleuser", "Sample ticket", 11, "Sample ticket description", later, later + 3600)
    sandbox.tickets.put(first)
    sandbox.tickets.put(second)


def _drafts(sandbox: Sandbox) -> None:
    drafts = sandbox.drafts
    for group in (
        DraftGroup(10001, "Sample Draft", 1700000000),
        DraftGroup(10002, "Sample Draft", 1700001000),
        DraftGroup(123456, "عنوان گروه پیشنویس", 1700001000),
    ):
        drafts.groups[group.id] = group
    for draft in (
        Draft(30001, 10001, "Sample default message", 1700000000),
        Draft(30002, 10001, "Sample default message", 0),
        Draft(30003, 10002, "Another sample message", 1700001000),
    ):
        drafts.drafts[draft.id] = draft
