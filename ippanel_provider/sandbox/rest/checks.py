"""What the older APIs check before they send: the line, the text, the recipients, the pattern and its values.

They take numbers in any spelling, with or without the plus.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps

from ippanel_provider.sandbox.edge.envelope import Problems
from ippanel_provider.sandbox.edge.sending.pattern import fill
from ippanel_provider.sandbox.records import Item, Submission
from ippanel_provider.sandbox.sending import affected
from ippanel_provider.sandbox.state import Duplicate, NoCredit
from ippanel_provider.sandbox.wire import Call, Reply
from ippanel_provider.service import MAX_RECIPIENTS_PER_REQUEST, MAX_TEXT_CHARACTERS, MAX_TEXT_PARTS, LegacyCode
from ippanel_provider.text.numbers import InvalidNumber, normalize

from .envelope import Refused


def refusal(why: str) -> Refused:
    """Of what the guard met a moment ago (``guard``), or of what nobody can pay (``credit``)."""
    if why == "guard":
        return Refused(429, "duplicate message")
    return Refused(LegacyCode.NO_CREDIT, "credit is not enough")


def refusing(
    handler: Callable[[Call], Reply], reply: Callable[[Refused], Reply] = Refused.reply
) -> Callable[[Call], Reply]:
    """Let a handler raise :class:`.envelope.Refused`."""

    @wraps(handler)
    def refusable(call: Call) -> Reply:
        try:
            return handler(call)
        except Refused as refused:
            return reply(refused)

    return refusable


def line_of(call: Call, given: object) -> str:
    """The line to send from.

    :raises Refused: when it is no number, or not one of the account's.
    """
    if not isinstance(given, str) or not given.strip():
        raise Refused(LegacyCode.NUMBER_NOT_FOUND, "provided number not found")
    line = call.sandbox.line(given)
    if line is None:
        raise Refused(LegacyCode.NUMBER_NOT_ASSIGNED, "number is not assigned to you")
    return line


def text_of(call: Call, given: object, line: str) -> str:
    """The text to send.

    :raises Refused: when it is empty or too long.
    """
    if given is None or given == "":
        raise Refused(LegacyCode.EMPTY_BODY, "message body is empty")
    if not isinstance(given, str):
        raise Refused(LegacyCode.UNPROCESSABLE, {"message": ["message must be a string"]})
    if len(given) > MAX_TEXT_CHARACTERS or call.sandbox.size(given, line).parts > MAX_TEXT_PARTS:
        raise Refused(LegacyCode.UNPROCESSABLE, {"message": ["message is too long"]})
    return given


def recipients_of(call: Call, given: object) -> list[str]:
    """Who gets the text.

    :raises Refused: when there is nobody, there are too many, or one is no mobile number.
    """
    if not given:
        raise Refused(LegacyCode.RECIPIENTS_EMPTY, "recipients is empty")
    if not isinstance(given, list):
        raise Refused(LegacyCode.UNPROCESSABLE, {"recipients": ["recipients must be a list"]})
    if len(given) > MAX_RECIPIENTS_PER_REQUEST:
        raise Refused(LegacyCode.TOO_MANY_RECIPIENTS, "maximum recipients exceeded")
    recipients = [_number(each) for each in given]
    wrong = [str(index) for index, recipient in enumerate(recipients) if recipient is None]
    if wrong:
        raise Refused(LegacyCode.UNPROCESSABLE, {f"recipients.{index}": ["recipient is not valid"] for index in wrong})
    return [recipient for recipient in recipients if recipient is not None]


def _number(given: object) -> str | None:
    try:
        return normalize(given) if isinstance(given, str) else None
    except InvalidNumber:
        return None


def pattern_text(call: Call, code: object, values: object, *, numbers: bool = False) -> str:
    """The text of a pattern with its values. They are texts: a number is refused, unless ``numbers`` are taken.

    :raises Refused: when the pattern is unknown or not approved, or the values do not fit.
    """
    known = call.sandbox.patterns.get(code) if isinstance(code, str) else None
    if known is None:
        raise Refused(LegacyCode.PATTERN_INVALID, "pattern is invalid")
    if known.status != "active":
        raise Refused(LegacyCode.PATTERN_INACTIVE, "pattern is inactive")
    # PHP clients write an empty object as an empty list.
    given = {} if values is None or values == [] else values
    taken = (str, int) if numbers else (str,)
    problems = Problems()
    if not isinstance(given, Mapping) or not all(isinstance(value, taken) for value in given.values()):
        raise Refused(LegacyCode.PATTERN_PARAMS_INVALID, "pattern values must be strings")
    text = fill(known, given, problems)
    if problems:
        raise Refused(LegacyCode.PATTERN_PARAMS_INVALID, "pattern parameters is invalid")
    return text


def pattern_recipient(given: object) -> list[str]:
    """Who gets a pattern: exactly one.

    :raises Refused: when it is no mobile number.
    """
    recipient = _number(given)
    if recipient is None:
        raise Refused(LegacyCode.PATTERN_RECIPIENT_INVALID, "pattern recipient is invalid")
    return [recipient]


def submit(call: Call, kind: str, line: str, text: str, recipients: list[str], due: float | None = None) -> int:
    """Hand one text over; return the id of its bulk.

    :raises Refused: when the account may not send, cannot pay, or sent the same a moment ago.
    """
    account = call.sandbox.account
    if account.send_block:
        raise Refused(LegacyCode.USER_LIMITED, "user is limited")
    if account.document_block:
        raise Refused(LegacyCode.DOCUMENTS_NOT_APPROVED, "user documents are not approved")
    submission = Submission(kind, line, [Item(text, recipients)], due)
    try:
        return call.sandbox.submit(affected(call, submission))[0]
    except Duplicate:
        raise refusal("guard") from None
    except NoCredit:
        raise refusal("credit") from None
