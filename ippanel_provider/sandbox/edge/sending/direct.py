"""Sends that name their recipients in the request: webservice, normal, peer_to_peer."""

from __future__ import annotations

from collections.abc import Mapping

from ippanel_provider.sandbox.edge.envelope import Problems
from ippanel_provider.sandbox.records import Item, Submission
from ippanel_provider.sandbox.wire import Call, Reply
from ippanel_provider.service import MAX_PEER_TO_PEER_ITEMS, MAX_RECIPIENTS_PER_REQUEST

from .checks import due_of, is_wire_recipient, line_of, recipients_of, text_of


def webservice(call: Call) -> Submission | Reply:
    """One text to up to 1000 recipients: one bulk. ``normal`` is the older name of the same form."""
    problems = Problems()
    line = line_of(call, problems)
    text = text_of(call, call.body.get("message"), line, problems)
    params = call.body.get("params")
    given = params.get("recipients") if isinstance(params, Mapping) else None
    recipients = recipients_of(call, given, problems, "params.recipients", MAX_RECIPIENTS_PER_REQUEST)
    due = due_of(call, problems)
    if problems:
        return problems.reply()
    return Submission(str(call.body["sending_type"]), line, [Item(text, recipients)], due)


def peer_to_peer(call: Call) -> Submission | Reply:
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
    items = [_item(call, index, raw, line, problems) for index, raw in enumerate(params)]
    return problems.reply() if problems else Submission("peer_to_peer", line, items, due)


def _item(call: Call, index: int, raw: object, line: str, problems: Problems) -> Item:
    if not isinstance(raw, dict):
        problems.add(f"params.{index}")
        return Item("", ())
    recipients, text = raw.get("recipients"), raw.get("message")
    # The usual item, of which there are a thousand a request: one good recipient, a text of ordinary length.
    if (
        type(text) is str
        and 0 < len(text) <= 600
        and type(recipients) is list
        and len(recipients) == 1
        and type(recipients[0]) is str
        and is_wire_recipient(recipients[0])
    ):
        return Item(text, recipients)
    checked = recipients_of(call, recipients, problems, f"params.{index}.recipients", MAX_RECIPIENTS_PER_REQUEST)
    return Item(text_of(call, text, line, problems, f"params.{index}.message"), checked)
