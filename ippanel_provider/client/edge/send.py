"""API: send. Every send is repeated by the client only when no connection was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic_core import to_json

from ippanel_provider.client import checks
from ippanel_provider.client.envelope import reading
from ippanel_provider.client.errors import InvalidInput
from ippanel_provider.client.models import Price, Receipt
from ippanel_provider.client.request import Replay, Request
from ippanel_provider.service import MAX_PEER_TO_PEER_ITEMS, MAX_RECIPIENTS_PER_REQUEST, SendingType

Variables = Mapping[str, str | int]


def webservice(message: str, recipients: Iterable[str | int], *, sender: str, send_time: datetime | None = None) -> Request[Receipt]:
    """Send one text to 1 to 1000 recipients; one bulk.

    ``send_time`` is aware, 5 minutes to 90 days ahead; None sends at once.

    :raises InvalidInput: naming the field; nothing was sent.
    """
    return _send(
        SendingType.WEBSERVICE,
        from_number=checks.sender(sender),
        message=checks.text(message),
        params={"recipients": checks.recipients(recipients, most=MAX_RECIPIENTS_PER_REQUEST)},
        send_time=checks.send_time(send_time),
    )


def peer_to_peer(
    messages: Iterable[tuple[str | int | Sequence[str | int], str]], *, sender: str, send_time: datetime | None = None
) -> Request[Receipt]:
    """Send texts of their own to 1 to 1000 recipients (or groups of them); one bulk per ``(recipient, text)``.

    :raises InvalidInput: naming the item; nothing was sent.
    """
    params = [
        {
            "recipients": checks.recipients(
                [to] if isinstance(to, (str, int)) else to, most=MAX_RECIPIENTS_PER_REQUEST, field=f"messages[{index}].recipients"
            ),
            "message": checks.text(message, f"messages[{index}].message"),
        }
        for index, (to, message) in enumerate(messages)
    ]
    return _send(
        SendingType.PEER_TO_PEER,
        from_number=checks.sender(sender),
        params=checks.bounded(params, most=MAX_PEER_TO_PEER_ITEMS, field="messages"),
        send_time=checks.send_time(send_time),
    )


def pattern(
    code: str, recipient: str | int, variables: Variables | None = None, *, sender: str, send_time: datetime | None = None
) -> Request[Receipt]:
    """Send an approved pattern to one recipient with the values of its variables; one bulk.

    :raises InvalidInput: naming the field; nothing was sent.
    """
    if not code:
        raise InvalidInput("code: give the code of an approved pattern")
    return _send(
        SendingType.PATTERN,
        from_number=checks.sender(sender),
        code=code,
        recipients=[checks.recipient(recipient)],
        params=dict(variables or {}),
        send_time=checks.send_time(send_time),
    )


def calculate_price(message: str, *, sender: str) -> Request[Price]:
    """What ``message`` costs per recipient, in rial. The mandatory opt-out suffix is not counted by the service."""
    body = to_json({"number": checks.sender(sender), "message": checks.text(message)})
    return Request("send.calculate_price", "POST", "/api/send/calculate-price", reading(Price), body=body)


def _send(kind: SendingType, **fields: Any) -> Request[Receipt]:
    body = {"sending_type": kind.value, **{name: value for name, value in fields.items() if value is not None}}
    return Request(f"send.{kind.value}", "POST", "/api/send", reading(Receipt), body=to_json(body), replay=Replay.IF_UNREACHED)
