"""``ippanel send``, ``pattern``, ``cancel``: first all that can be wrong here, then what cannot be taken back."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ippanel_provider.cli.addressing import recipients, sender
from ippanel_provider.cli.asking import argument, standard_input, text_of
from ippanel_provider.cli.result import NOT_SENT, REFUSED, UNCONFIRMED, WRONG_INPUT, Result
from ippanel_provider.client import Client, InvalidInput, IPPanelError, NotSent, Refused, Request, Unconfirmed
from ippanel_provider.client.gateway import Gateway
from ippanel_provider.client.models import Receipt
from ippanel_provider.text import parts
from ippanel_provider.values import InvalidValue, duration, moment

Act = Callable[[Client], Result]
"""What is done once everything was looked at."""


def send(api: Gateway, options: argparse.Namespace) -> Act:
    """One text; all of it is refused if one number is wrong."""
    text = text_of(options.text)
    people, repeats = recipients(options)
    due = _due(options)
    request = api.send(text, people, sender=sender(options), send_time=due)
    size = parts.measure(text)
    many = "1 recipient" if len(people) == 1 else f"{len(people)} recipients"
    lines = [f"Accepted for {many}, {'1 part' if size.parts == 1 else f'{size.parts} parts'} each."]
    if repeats:
        lines.append(f"{repeats} given more than once are sent to once.")
    return _accepted(request, lines, {"recipients": len(people), "parts": size.parts}, due)


def pattern(api: Gateway, options: argparse.Namespace) -> Act:
    """One pattern to one recipient."""
    due = _due(options)
    request = api.pattern(
        argument(options.code, "code"), options.recipient, _variables(options), sender=sender(options), send_time=due
    )
    return _accepted(request, ["Accepted."], {}, due)


def cancel(api: Gateway, options: argparse.Namespace) -> Act:
    """Take back what is to go out later, each by itself; the exit code is that of the worst."""
    requests = {str(outbox_id): api.cancel(outbox_id) for outbox_id in options.outbox_ids}

    def act(client: Client) -> Result:
        rows, lines, worst = [], [], 0
        for outbox_id, request in requests.items():
            try:
                client.run(request)
                rows.append({"outbox_id": outbox_id, "cancelled": True})
                lines.append(f"{outbox_id}  cancelled")
            except IPPanelError as error:
                worst = max(worst, exit_code(error))
                rows.append({"outbox_id": outbox_id, "cancelled": False, "why": str(error)})
                lines.append(f"{outbox_id}  not cancelled: {error}")
        return Result({"bulks": rows}, lines, worst, acted=True)

    return act


def exit_code(error: Exception) -> int:
    """Return what an error says of the text."""
    if isinstance(error, NotSent):
        return NOT_SENT
    if isinstance(error, Unconfirmed):
        return UNCONFIRMED
    return REFUSED if isinstance(error, Refused) else WRONG_INPUT


def _accepted(request: Request[Receipt], lines: list[str], data: dict[str, Any], due: datetime | None) -> Act:
    def act(client: Client) -> Result:
        ids = list(client.run(request).outbox_ids)
        told = [*lines, *(f"outbox id {outbox_id}" for outbox_id in ids)]
        when = {}
        if due:
            when = {"send_time": due.isoformat(timespec="seconds")}
            told.append(f"It goes out at {due.astimezone():%Y-%m-%d %H:%M %z}; ippanel cancel takes it back.")
        return Result({"outbox_ids": ids, **data, **when}, told, acted=True)

    return act


def _due(options: argparse.Namespace) -> datetime | None:
    """The time to send at: a moment with its zone, or so long from now."""
    if options.send_time is None:
        return None
    try:
        return datetime.now(UTC) + duration(options.send_time.removeprefix("+"), "send_time")
    except InvalidValue:
        try:
            return moment(options.send_time, "send_time")
        except InvalidValue as error:
            raise InvalidInput(f"{error}, or so long from now: 45m, 2h, 1d") from None


def _variables(options: argparse.Namespace) -> dict[str, str | int]:
    found: dict[str, str | int] = {}
    if options.variables is not None:
        named = str(options.variables)
        written = standard_input() if named == "-" else Path(named).read_bytes()
        try:
            read = json.loads(written.decode("utf-8-sig"))
        except ValueError:
            raise InvalidInput("variables: it is no JSON in UTF-8") from None
        if not isinstance(read, dict) or not all(isinstance(one, (str, int)) for one in read.values()):
            raise InvalidInput('variables: expected an object of texts and whole numbers, as {"name": "علی"}')
        found |= read
    for given in options.var:
        name, equals, value = argument(given, "var").partition("=")
        if not (name and equals):
            raise InvalidInput("var: expected NAME=VALUE")
        found[name] = value
    return found
