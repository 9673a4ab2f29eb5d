"""API: number. The lines of the account; handing them to users is for resellers."""

from __future__ import annotations

from typing import Any

from ippanel_provider.client import validation as checks
from ippanel_provider.client._fields import body, listing
from ippanel_provider.client.errors import InvalidInput
from ippanel_provider.client.models import Line
from ippanel_provider.client.requests import PageRequest, Replay, Request
from ippanel_provider.client.responses import reading_nothing
from ippanel_provider.client.validation import Id
from ippanel_provider.service import MAX_PAGE_SIZE


def list_numbers(*, page: int = 1, per_page: int = MAX_PAGE_SIZE) -> PageRequest[Line]:
    """List the lines of the account."""
    return listing(
        "number.list_numbers", "/api/number/numbers", Line, page, per_page, alternates=[("GET", "/api/numbers")]
    )


def assign_number(
    *,
    send: bool,
    gets: bool,
    number_id: Id | None = None,
    number: str | None = None,
    target_user_id: Id | None = None,
    target_user: str | None = None,
) -> Request[None]:
    """Hand a line to a user; for resellers. Name the line and the user each by id or by name.

    ``send``: the user may send from it. ``gets``: the user sees what comes in, as is usual for a line of one's own.

    :raises InvalidInput: naming the fields; nothing was sent.
    """
    fields = _whose(number_id, number, target_user_id, target_user)
    return Request(
        "number.assign_number",
        "POST",
        "/api/numbers/assign",
        reading_nothing,
        body=body(**fields, send=checks.flag(send, "send"), gets=checks.flag(gets, "gets")),
        replay=Replay.IF_NOT_SENT,
    )


def unassign_number(
    *,
    number_id: Id | None = None,
    number: str | None = None,
    target_user_id: Id | None = None,
    target_user: str | None = None,
) -> Request[None]:
    """Take a line back from a user; for resellers. Name the line and the user each by id or by name.

    :raises InvalidInput: naming the fields; nothing was sent.
    :raises Refused: the line is not assigned to the user (also where a first answer was lost and the call repeated).
    """
    fields = _whose(number_id, number, target_user_id, target_user)
    return Request("number.unassign_number", "POST", "/api/numbers/unassign", reading_nothing, body=body(**fields))


def _whose(
    number_id: Id | None, number: str | None, target_user_id: Id | None, target_user: str | None
) -> dict[str, Any]:
    if (number_id is None) == (number is None):
        raise InvalidInput("number_id, number: give one of the two")
    if (target_user_id is None) == (target_user is None):
        raise InvalidInput("target_user_id, target_user: give one of the two")
    return {
        "number_id": None if number_id is None else checks.identifier(number_id, "number_id"),
        "number": None if number is None else checks.sender(number, "number"),
        "target_user_id": None if target_user_id is None else checks.identifier(target_user_id, "target_user_id"),
        "target_user": None if target_user is None else checks.present(target_user, "target_user"),
    }
