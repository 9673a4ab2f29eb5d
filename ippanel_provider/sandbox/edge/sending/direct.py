"""Sends that name their recipients in the request: webservice, normal, peer_to_peer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ippanel_provider.sandbox.edge.envelope import Problems
from ippanel_provider.sandbox.records import Item, Singles, Submission
from ippanel_provider.sandbox.wire import Call
from ippanel_provider.service import MAX_PEER_TO_PEER_ITEMS, MAX_RECIPIENTS_PER_REQUEST

from .checks import SURELY_SHORT, due_of, line_of, recipients_of, text_of

_RECIPIENT_LENGTH = len("+989120000000")
# One recipient after the other, all of that length.
_are_wire_recipients = re.compile(r"(?:\+989[0-9]{9})*").fullmatch


def webservice(call: Call) -> Submission:
    """One text to up to 1000 recipients: one bulk. ``normal`` is the older name of the same form."""
    problems = Problems()
    line = line_of(call, problems)
    text = text_of(call, call.body.get("message"), line, problems)
    params = call.body.get("params")
    given = params.get("recipients") if isinstance(params, Mapping) else None
    recipients = recipients_of(call, given, problems, "params.recipients", MAX_RECIPIENTS_PER_REQUEST)
    due = due_of(call, problems)
    problems.check()
    return Submission(str(call.body["sending_type"]), line, [Item(text, recipients)], due)


def peer_to_peer(call: Call) -> Submission:
    """Each item its own text and recipients: one bulk an item."""
    problems = Problems()
    line = line_of(call, problems)
    due = due_of(call, problems)
    params = call.body.get("params")
    if not isinstance(params, list) or not params:
        problems.require("params")
        params = []
    elif len(params) > MAX_PEER_TO_PEER_ITEMS:
        problems.add("params", f"تعداد پیام ها نباید بیشتر از {MAX_PEER_TO_PEER_ITEMS} باشد")
        params = []
    usual = _singles(params)
    if usual is not None and not problems:
        return Submission("peer_to_peer", line, usual, due)
    items = [_item(call, index, raw, line, problems) for index, raw in enumerate(params)]
    problems.check()
    return Submission("peer_to_peer", line, items, due)


def _singles(params: list[Any]) -> Singles | None:
    """Read the usual request, checked as a whole: up to a thousand texts of ordinary length, each to one good
    recipient.

    None when anything about it is not usual; it is then looked at item by item.
    """
    try:
        texts = [item["message"] for item in params]
        recipients = [item["recipients"][0] for item in params if len(item["recipients"]) == 1]
    except (TypeError, KeyError):
        return None
    if len(recipients) != len(texts) or {*map(type, texts), *map(type, recipients)} != {str}:
        return None
    if {*map(len, recipients)} != {_RECIPIENT_LENGTH} or not _are_wire_recipients("".join(recipients)):
        return None
    return Singles(texts, recipients) if all(texts) and max(map(len, texts)) <= SURELY_SHORT else None


def _item(call: Call, index: int, raw: object, line: str, problems: Problems) -> Item:
    if not isinstance(raw, dict):
        problems.add(f"params.{index}")
        return Item("", ())
    recipients, text = raw.get("recipients"), raw.get("message")
    checked = recipients_of(call, recipients, problems, f"params.{index}.recipients", MAX_RECIPIENTS_PER_REQUEST)
    return Item(text_of(call, text, line, problems, f"params.{index}.message"), checked)
