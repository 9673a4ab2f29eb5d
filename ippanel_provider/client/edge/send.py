"""API: send. Every send is repeated by the client only when no connection was made.

``send_time`` is aware, 5 minutes to 90 days ahead; None sends at once. Whatever is wrong is refused as
:class:`~ippanel_provider.client.errors.InvalidInput`, naming the field, before anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from ippanel_provider.client import validation as checks
from ippanel_provider.client._fields import body, given, option_values, pairs
from ippanel_provider.client.edge import audience
from ippanel_provider.client.edge.audience import CountryArea, GeoArea, PostalArea, Trade
from ippanel_provider.client.errors import InvalidInput
from ippanel_provider.client.models import Price, Receipt
from ippanel_provider.client.requests import Replay, Request
from ippanel_provider.client.responses import reading, reading_nothing
from ippanel_provider.client.validation import File, Id
from ippanel_provider.service import (
    MAX_PEER_TO_PEER_ITEMS,
    MAX_PHONEBOOKS_PER_SEND,
    MAX_RECIPIENTS_PER_REQUEST,
    MAX_VOTP_DIGITS,
    SendingType,
)

Variables = Mapping[str, str | int]


class PhonebookPart(TypedDict):
    """Contacts of a phonebook: all; ``size`` of them after the first ``start``; or those of ``number_ids``."""

    phonebook_id: Id
    start: NotRequired[int]
    size: NotRequired[int]
    number_ids: NotRequired[Iterable[Id]]


class Filing(TypedDict):
    """The phonebook that the recipient of a pattern is filed in, and as whom; ``options`` by the id of their option."""

    id: Id
    name: NotRequired[str | None]
    pre: NotRequired[str | None]
    email: NotRequired[str | None]
    options: NotRequired[Mapping[Id, Any] | None]


def webservice(
    message: str, recipients: Iterable[str | int], *, sender: str, send_time: datetime | None = None
) -> Request[Receipt]:
    """Send one text to 1 to 1000 recipients; one bulk."""
    return _to_many(SendingType.WEBSERVICE, message, recipients, sender, send_time)


def normal(
    message: str, recipients: Iterable[str | int], *, sender: str, send_time: datetime | None = None
) -> Request[Receipt]:
    """Do the same as :func:`webservice`, which is to be preferred: not all documents know this one."""
    return _to_many(SendingType.NORMAL, message, recipients, sender, send_time)


def peer_to_peer(
    messages: Iterable[tuple[str | int | Sequence[str | int], str]], *, sender: str, send_time: datetime | None = None
) -> Request[Receipt]:
    """Send texts of their own to 1 to 1000 recipients (or groups of them); one bulk per ``(recipient, text)``."""
    params = []
    for index, pair in enumerate(checks.listed(messages, "messages")):
        is_sequence = type(pair) is tuple or (isinstance(pair, Sequence) and not isinstance(pair, str))
        if not is_sequence or len(pair) != 2:
            raise InvalidInput(f"messages[{index}]: give a pair of recipient and text")
        to, message = pair
        try:
            params.append({"recipients": _group(to), "message": checks.text(message)})
        except InvalidInput as error:
            raise InvalidInput(f"messages[{index}].{error}") from None
    return _send(
        SendingType.PEER_TO_PEER,
        from_number=checks.sender(sender),
        params=checks.bounded(params, most=MAX_PEER_TO_PEER_ITEMS, field="messages"),
        send_time=checks.send_time(send_time),
    )


def _group(to: str | int | Sequence[str | int]) -> list[str]:
    if isinstance(to, (str, int)):
        return [checks.recipient(to, "recipients[0]")]
    return checks.recipients(to, most=MAX_RECIPIENTS_PER_REQUEST)


def peer_to_peer_file(file: File, *, sender: str, send_time: datetime | None = None) -> Request[Receipt]:
    """Send the texts of a file, each to its recipient; one bulk per row, at most 10,000.

    A csv has the header ``recipient,message``; an xlsx has recipients in column A, texts in B.
    """
    return _send_file(SendingType.PEER_TO_PEER_FILE, file, ("csv", "xlsx"), sender, send_time)


def file(
    message: str,
    file: File,
    *,
    sender: str,
    other_recipients: Iterable[str | int] = (),
    send_time: datetime | None = None,
) -> Request[Receipt]:
    """Send one text to the numbers of a csv or xlsx file, at most a million, and to others; one bulk."""
    text, others = checks.text(message), _others(other_recipients)
    return _send_file(SendingType.FILE, file, ("csv", "xlsx"), sender, send_time, text, others)


def keyword(message: str, file: File, *, sender: str, send_time: datetime | None = None) -> Request[Receipt]:
    """Send a text with ``{ex_B}``, ``{ex_C}``… filled from the columns of an xlsx file; one bulk. Column A holds the
    numbers.
    """
    return _send_file(SendingType.KEYWORD, file, ("xlsx",), sender, send_time, checks.text(message))


def keyword_phonebook(
    message: str, phonebook_ids: Iterable[Id], *, sender: str, send_time: datetime | None = None
) -> Request[Receipt]:
    """Send a text with ``{ex_<option id>}`` filled from the options of each contact of 1 to 100 phonebooks; one
    bulk."""
    ids = checks.identifiers(phonebook_ids, "phonebook_ids", most=MAX_PHONEBOOKS_PER_SEND)
    return _send(
        SendingType.KEYWORD_PHONEBOOK,
        from_number=checks.sender(sender),
        message=checks.text(message),
        params=[{"phonebook_id": phonebook_id} for phonebook_id in ids],
        send_time=checks.send_time(send_time),
    )


def phonebook(
    message: str, books: Iterable[Id | PhonebookPart], *, sender: str, send_time: datetime | None = None
) -> Request[Receipt]:
    """Send one text to the contacts of 1 to 100 phonebooks (given by their ids), or to some of them; one bulk."""
    params = [_phonebook_part(book, f"books[{index}]") for index, book in enumerate(checks.listed(books, "books"))]
    return _send(
        SendingType.PHONEBOOK,
        from_number=checks.sender(sender),
        message=checks.text(message),
        params=checks.bounded(params, most=MAX_PHONEBOOKS_PER_SEND, field="books"),
        send_time=checks.send_time(send_time),
    )


def pattern(
    code: str,
    recipient: str | int,
    variables: Variables | None = None,
    *,
    sender: str,
    send_time: datetime | None = None,
    phonebook: Filing | None = None,
) -> Request[Receipt]:
    """Send an approved pattern to one recipient with the values of its variables; one bulk.

    A value has to match the type of its variable. ``phonebook`` also files the recipient as a contact.
    """
    return _send(
        SendingType.PATTERN,
        from_number=checks.sender(sender),
        code=checks.present(code, "code"),
        recipients=[checks.recipient(recipient)],
        params=checks.variables(variables),
        phonebook=None if phonebook is None else _filing(phonebook),
        send_time=checks.send_time(send_time),
    )


def votp(code: str | int, recipient: str | int, *, send_time: datetime | None = None) -> Request[Receipt]:
    """Read out a one-time code of at most 14 digits to one recipient, by a call; one bulk. It needs no line."""
    return _send(
        SendingType.VOTP,
        message=checks.digits(code, 1, MAX_VOTP_DIGITS, "code"),
        params={"recipients": [checks.recipient(recipient)]},
        send_time=checks.send_time(send_time),
    )


def postal_code(
    message: str,
    areas: Iterable[PostalArea],
    *,
    sender: str = "+98BANK",
    other_recipients: Iterable[str | int] = (),
    send_time: datetime | None = None,
) -> Request[Receipt]:
    """Send one text to people by postal code; one bulk."""
    return _to_bank(SendingType.POSTAL_CODE, message, audience.postal_areas(areas), sender, other_recipients, send_time)


def country(
    message: str,
    areas: Iterable[CountryArea],
    *,
    sender: str = "+98BANK",
    other_recipients: Iterable[str | int] = (),
    send_time: datetime | None = None,
) -> Request[Receipt]:
    """Send one text to people by province, county or city; one bulk."""
    return _to_bank(SendingType.COUNTRY, message, audience.country_areas(areas), sender, other_recipients, send_time)


def geolocation(
    message: str,
    areas: Iterable[GeoArea],
    *,
    sender: str,
    other_recipients: Iterable[str | int] = (),
    send_time: datetime | None = None,
) -> Request[Receipt]:
    """Send one text to people by place; one bulk. The newer form of :func:`country`."""
    return _to_bank(SendingType.GEOLOCATION, message, audience.geo_areas(areas), sender, other_recipients, send_time)


def job(
    message: str, trades: Iterable[Trade], *, sender: str = "+98PRO", send_time: datetime | None = None
) -> Request[Receipt]:
    """Send one text to people by trade; one bulk."""
    return _to_bank(SendingType.JOB, message, audience.trades(trades), sender, (), send_time)


def send_url(
    message: str,
    recipient: str | int,
    *,
    sender: str,
    api_key: str | None = None,
    username: str | None = None,
    password: str | None = None,
    method: Literal["GET", "POST"] = "GET",
) -> Request[Receipt]:
    """Send one text to one recipient by the call that carries its credential itself; one bulk.

    For accounts that have nothing else. Give an API key, or a user name with its password; the credential of the
    client is not sent. GET puts all of it in the URL, which proxies and gateways on the way may log; POST in the body.
    """
    if (api_key is None) == (username is None and password is None):
        raise InvalidInput("api_key, username, password: give the API key, or the other two")
    if api_key is None and not (username and password):
        raise InvalidInput("username, password: give both")
    fields = {
        "from": checks.sender(sender),
        "to": checks.recipient(recipient),
        "message": checks.text(message),
        "apikey": None if api_key is None else checks.present(api_key, "api_key"),
        "username": username,
        "password": password,
    }
    return Request(
        "send.send_url",
        checks.one_of(method, ("GET", "POST"), "method"),
        "/api/send/webservice",
        reading(Receipt),
        query=pairs(**fields) if method == "GET" else (),
        body=body(**fields) if method == "POST" else None,
        replay=Replay.IF_UNREACHED,
        authenticated=False,
    )


def cancel(outbox_id: Id) -> Request[None]:
    """Take back a bulk that is to go out later, until 5 minutes before it does.

    :raises NotFound: it is unknown, or it is too late (or a first answer was lost and the call repeated).
    """
    fields = body(message_outbox_id=checks.identifier(outbox_id, "outbox_id"))
    return Request("send.cancel", "POST", "/api/send/cancel", reading_nothing, body=fields)


def calculate_price(message: str, *, sender: str) -> Request[Price]:
    """What ``message`` costs per recipient, in rial. The mandatory opt-out suffix is not counted by the service."""
    fields = body(number=checks.sender(sender), message=checks.text(message))
    return Request("send.calculate_price", "POST", "/api/send/calculate-price", reading(Price), body=fields)


def _to_many(
    kind: SendingType, message: str, recipients: Iterable[str | int], sender: str, send_time: datetime | None
) -> Request[Receipt]:
    return _send(
        kind,
        from_number=checks.sender(sender),
        message=checks.text(message),
        params={"recipients": checks.recipients(recipients, most=MAX_RECIPIENTS_PER_REQUEST)},
        send_time=checks.send_time(send_time),
    )


def _to_bank(
    kind: SendingType,
    message: str,
    params: list[dict[str, Any]],
    sender: str,
    other_recipients: Iterable[str | int],
    send_time: datetime | None,
) -> Request[Receipt]:
    return _send(
        kind,
        from_number=checks.sender(sender),
        message=checks.text(message),
        params=params,
        other_recipients=_others(other_recipients) or None,
        send_time=checks.send_time(send_time),
    )


def _others(recipients: Iterable[str | int]) -> list[str]:
    # The documents give no figure for these; that of webservice is the safe reading.
    given = list(checks.listed(recipients, "other_recipients"))
    return checks.recipients(given, most=MAX_RECIPIENTS_PER_REQUEST, field="other_recipients") if given else []


def _some(size: int, field: str) -> int:
    if not checks.offset(size, field):
        raise InvalidInput(f"{field}: it chooses nobody; give 1 or more, or leave it out")
    return size


def _phonebook_part(book: Id | PhonebookPart, at: str) -> dict[str, Any]:
    # The documents write all figures of this form as texts. One item a book is the corrected form: the older one puts
    # several ids in an item.
    if isinstance(book, (int, str)):
        return {"type": "all", "phonebook_id": str(checks.identifier(book, at))}
    checks.keys(book, PhonebookPart.__annotations__, ("phonebook_id",), at)
    checks.filled(book, at)
    phonebook_id = str(checks.identifier(book["phonebook_id"], f"{at}.phonebook_id"))
    numbers, start, size = book.get("number_ids"), book.get("start"), book.get("size")
    if numbers is None:
        return given(
            {
                "type": "all",
                "phonebook_id": phonebook_id,
                "start": None if start is None else str(checks.offset(start, f"{at}.start")),
                "size": None if size is None else str(_some(size, f"{at}.size")),
            }
        )
    if start is not None or size is not None:
        raise InvalidInput(f"{at}: give number_ids, or start and size")
    ids = checks.identifiers(numbers, f"{at}.number_ids")
    return {"type": "detail", "phonebook_id": phonebook_id, "number_ids": [str(contact) for contact in ids]}


def _filing(phonebook: Filing) -> dict[str, Any]:
    checks.keys(phonebook, Filing.__annotations__, ("id",), "phonebook")
    return given(
        {
            **phonebook,
            "id": checks.identifier(phonebook["id"], "phonebook.id"),
            "options": option_values(phonebook.get("options"), "phonebook.options"),
        }
    )


def _send(kind: SendingType, **fields: Any) -> Request[Receipt]:
    content = body(sending_type=kind.value, **fields)
    return Request(
        f"send.{kind.value}", "POST", "/api/send", reading(Receipt), body=content, replay=Replay.IF_UNREACHED
    )


def _send_file(
    kind: SendingType,
    file: File,
    kinds: tuple[str, ...],
    sender: str,
    send_time: datetime | None,
    message: str | None = None,
    other_recipients: Sequence[str] = (),
) -> Request[Receipt]:
    form = pairs(
        sending_type=kind.value,
        from_number=checks.sender(sender),
        message=message,
        send_time=checks.send_time(send_time),
    )
    return Request(
        f"send.{kind.value}",
        "POST",
        "/api/send",
        reading(Receipt),
        form=(*form, *(("other_recipients[]", number) for number in other_recipients)),
        files=(("files[]", checks.upload(file, kinds)),),
        replay=Replay.IF_UNREACHED,
    )
