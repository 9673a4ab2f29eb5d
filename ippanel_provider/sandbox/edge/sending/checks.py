"""What the forms of a send have in common: the line, the text, recipients and the time, each checked against the
service's limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from ippanel_provider.sandbox.edge.envelope import Problems
from ippanel_provider.sandbox.wire import Call
from ippanel_provider.service import (
    MAX_SCHEDULE_AHEAD,
    MAX_TEXT_CHARACTERS,
    MAX_TEXT_PARTS,
    MIN_SCHEDULE_AHEAD,
    SEND_TIME_FORMAT,
)
from ippanel_provider.text.numbers import InvalidNumber, normalize

is_wire_recipient = re.compile(r"\+989[0-9]{9}").fullmatch
# No text up to this length can exceed the parts allowed, whatever its letters.
SURELY_SHORT = 600


def line_of(call: Call, problems: Problems, field: str = "from_number") -> str:
    """The line to send from: it must belong to the account."""
    line = call.body.get(field)
    if line is None or line == "":
        problems.require(field)
    elif (known := wire_line(call, line)) is None:
        problems.add(field, "خط ارسال کننده معتبر نیست")
    else:
        return known
    return ""


def wire_line(call: Call, given: object) -> str | None:
    """The account's line in a spelling that this panel takes, or None."""
    return call.sandbox.line(given, strict=call.sandbox.profile.number_spellings == "strict")


def text_of(call: Call, value: object, line: str, problems: Problems, field: str = "message") -> str:
    """A text within the limits of characters and parts."""
    if value is None or value == "":
        problems.require(field)
    elif not isinstance(value, str):
        problems.add(field)
    elif len(value) > SURELY_SHORT and len(value) > MAX_TEXT_CHARACTERS:
        problems.add(field, f"متن پیام نباید بیشتر از {MAX_TEXT_CHARACTERS} کاراکتر باشد")
    elif len(value) > SURELY_SHORT and call.sandbox.size(value, line).parts > MAX_TEXT_PARTS:
        problems.add(field, f"متن پیام نباید بیشتر از {MAX_TEXT_PARTS} پارت باشد")
    else:
        return value
    return ""


def check_filled(call: Call, texts: Iterable[str], line: str, problems: Problems) -> None:
    """Look at the texts that filling in has made of one: letters of another alphabet make more parts, whatever the
    length.
    """
    for text in set(texts):
        if text:
            text_of(call, text, line, problems)


def recipients_of(call: Call, value: object, problems: Problems, field: str, maximum: int) -> list[str]:
    """A list of one to ``maximum`` recipients in the form the wire takes."""
    if value is None or value == []:
        problems.require(field)
        return []
    if not isinstance(value, list):
        problems.add(field)
        return []
    if len(value) > maximum:
        problems.add(field, f"تعداد گیرندگان نباید بیشتر از {maximum} باشد")
        return []
    recipients = []
    for index, raw in enumerate(value):
        recipient = recipient_of(call, raw)
        if recipient is None:
            problems.add(f"{field}.{index}", "شماره گیرنده معتبر نیست")
        else:
            recipients.append(recipient)
    return recipients


def recipient_of(call: Call, raw: object) -> str | None:
    """A recipient as ``+989XXXXXXXXX``, or None; other spellings only where the panel takes them."""
    if isinstance(raw, str) and is_wire_recipient(raw):
        return raw
    if call.sandbox.profile.number_spellings == "strict" or not isinstance(raw, str | int) or isinstance(raw, bool):
        return None
    try:
        return normalize(raw)
    except InvalidNumber:
        return None


def due_of(call: Call, problems: Problems, field: str = "send_time") -> float | None:
    """``send_time`` as epoch seconds; None when the text goes out at once."""
    value = call.body.get(field)
    if value is None or value == "":
        return None
    try:
        due = datetime.strptime(str(value), SEND_TIME_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        problems.add(field, "قالب زمان ارسال معتبر نیست")
        return None
    # The wire has whole seconds: a client that asks for exactly five minutes must not fail on the fraction.
    ahead = due - int(call.sandbox.now())
    if not MIN_SCHEDULE_AHEAD <= ahead <= MAX_SCHEDULE_AHEAD:
        problems.add(field, "زمان ارسال باید بین 5 دقیقه تا 3 ماه آینده باشد")
        return None
    return due


def listed(value: object) -> list[object]:
    """A field that may come once or several times, as forms write it, or not at all."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]
