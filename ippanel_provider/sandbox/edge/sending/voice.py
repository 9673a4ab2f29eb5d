"""Sends that are read out by a call: votp."""

from __future__ import annotations

from collections.abc import Mapping

from ippanel_provider.sandbox.edge.envelope import Problems
from ippanel_provider.sandbox.prices import VOICE_PRICE
from ippanel_provider.sandbox.records import Item, Submission
from ippanel_provider.sandbox.wire import Call
from ippanel_provider.service import MAX_VOTP_DIGITS

from .checks import due_of, recipients_of

LINE = "+98votp"
"""What reports name as the line; the account does not own it."""
KIND = "sendvoice"


def votp(call: Call) -> Submission:
    """A code of at most 14 digits to one recipient: one bulk."""
    problems = Problems()
    code = call.body.get("message")
    if code is None or code == "":
        problems.require("message")
    elif not (isinstance(code, str) and code.isascii() and code.isdigit()):
        problems.add("message", "متن پیام صوتی فقط می تواند عدد باشد")
    elif len(code) > MAX_VOTP_DIGITS:
        problems.add("message", f"متن پیام صوتی نباید بیشتر از {MAX_VOTP_DIGITS} رقم باشد")
    params = call.body.get("params")
    given = params.get("recipients") if isinstance(params, Mapping) else None
    recipients = recipients_of(call, given, problems, "params.recipients", 1)
    due = due_of(call, problems)
    problems.check()
    return Submission(KIND, LINE, [Item(str(code), recipients)], due, price=VOICE_PRICE)
