"""Groups ``key`` and ``account``: which calls take the credential, and what belongs to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ippanel_provider.client import Flow, Request, Unauthorized, edge, rest
from ippanel_provider.doctor.case import Case
from ippanel_provider.doctor.findings import Verdict
from ippanel_provider.text import lines

CALLS: dict[str, Callable[[], Request[Any]]] = {
    "credit": edge.payment.credit,
    "account": edge.auth.check_token,
    "lines": edge.number.list_numbers,
    "outbox": lambda: edge.report.outbox(per_page=100),
    "inbox": lambda: edge.report.inbox(per_page=10),
    "patterns": lambda: edge.pattern.list(per_page=10),
    "phonebooks": lambda: edge.phonebook.list(per_page=10),
    "drafts": edge.draft.list_draft_groups,
}
"""Reads that every account can make."""


def key(case: Case) -> Flow[None]:
    """Which reads take the credential; where none does, whether the legacy REST API would."""
    refused: list[str] = []
    failed: list[str] = []
    for name, call in CALLS.items():
        request = call()
        case.answers[name] = yield from case.ask(request)
        if case.answers[name] is None:
            unauthorized = isinstance(case.failures[request.operation], Unauthorized)
            (refused if unauthorized else failed).append(f"{name} ({case.why(request.operation)})")
    if len(refused) == len(CALLS):
        case.is_blocked = True
        yield from _elsewhere(case)
        return
    case.say(Verdict.OK, "edge", "the Edge API takes the credential")
    if refused:
        case.say(Verdict.QUIRK, "calls", f"refused to this credential: {', '.join(refused)}", "these need a login")
    else:
        case.say(Verdict.OK, "calls", "no read refuses it")
    if failed:
        case.say(Verdict.NO, "reads", f"without a result: {', '.join(failed)}", "what is built on these does not work")


def _elsewhere(case: Case) -> Flow[None]:
    if (yield from case.ask(rest.credit())) is not None:
        case.say(
            Verdict.NO, "edge", "the Edge API refuses the key, the legacy REST API takes it", "set the connection's API"
        )
    else:
        case.say(Verdict.NO, "edge", "neither API takes the credential", "copy the key from the panel again")


def account(case: Case) -> Flow[None]:
    """Blocks, credit, and the line: whether it is the account's, receives, and holds 66 characters a part."""
    yield from ()
    who, credit = case.answers.get("account"), case.answers.get("credit")
    if who is None:
        case.say(Verdict.UNKNOWN, "blocks", "the call that tells does not answer")
    else:
        blocks = [name for name in ("send_block", "document_block") if getattr(who, name)]
        if blocks:
            case.is_blocked = "send_block" in blocks or case.is_blocked
            case.say(Verdict.NO, "blocks", f"the account is blocked: {', '.join(blocks)}", "nothing can be sent")
        else:
            case.say(Verdict.OK, "blocks", "there is none")
    if credit is None:
        case.say(Verdict.UNKNOWN, "credit", "the call that tells does not answer")
    elif credit.credit <= 0:
        case.say(Verdict.NO, "credit", "there is none", "nothing can be sent")
    else:
        case.say(Verdict.OK, "credit", "there is some")
    _line(case)


def _line(case: Case) -> None:
    page = case.answers.get("lines")
    if page is None:
        case.say(Verdict.UNKNOWN, "line", "the call that lists lines does not answer")
        return
    wanted = lines.line_key(case.line)
    case.own_line = next((each for each in page.items if lines.line_key(each.number) == wanted), None)
    if case.own_line is None:
        case.say(Verdict.QUIRK, "line", "it is not listed among the account's", "shared lines may send all the same")
        return
    case.say(Verdict.OK, "line", "it is the account's")
    answers = "its texts reach the inbox" if case.own_line.receives else "it receives nothing"
    case.say(
        Verdict.OK if case.own_line.receives else Verdict.QUIRK,
        "gets",
        answers,
        "" if case.own_line.receives else "nobody can opt out by answering",
    )
    if case.own_line.is_66_char:
        case.say(Verdict.QUIRK, "66 characters", "its further parts hold 66 characters", "long texts have more parts")
    else:
        case.say(Verdict.OK, "66 characters", "its further parts hold 67 characters")
