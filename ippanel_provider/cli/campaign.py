"""``ippanel campaign``: what a SQL ledger holds, and what a person decides about it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ippanel_provider.cli.result import Result
from ippanel_provider.cli.terminal import plain, quoted
from ippanel_provider.client import InvalidInput, NotSent
from ippanel_provider.extras import need

_BAR = 20
_TASK = ("dag_id", "task_id", "run_id", "map_index", "try_number")
_NEXT = {
    "look": "looks for it in the outbox again",
    "send-again": "sends it again, unless the outbox shows it by then",
    "treat-as-sent": "leaves it as it is and sends it to nobody",
}


def campaign(options: argparse.Namespace) -> Result:
    """Run the step that was asked for."""
    try:
        need("sqlalchemy", "sql")
    except ModuleNotFoundError as error:
        raise InvalidInput(f"ledger: {error}") from None
    from ippanel_provider.campaign.ledger.base import LedgerUnusable
    from ippanel_provider.campaign.ledger.decisions import NotDecided, Unreachable, connected

    try:
        with connected(_place(options)) as engine:
            return {"list": _list, "show": _show, "resolve": _resolve, "prune": _prune}[options.step](engine, options)
    except (LedgerUnusable, NotDecided) as error:
        raise InvalidInput(str(error)) from None
    except Unreachable as error:
        raise NotSent(str(error)) from None


def _place(options: argparse.Namespace) -> Any:
    """Return the URL of the ledger, or an engine that Airflow makes of a connection."""
    if options.ledger and "://" in options.ledger:
        return options.ledger
    try:
        from ippanel_provider.hooks.ledgers import default_ledger, engine_of, stand_in_a_process_of_its_own
    except ModuleNotFoundError:
        raise InvalidInput(
            "ledger: a connection id needs Airflow; give an SQLAlchemy URL in IPPANEL_LEDGER where there is none"
        ) from None
    stand_in_a_process_of_its_own()
    conn_id = options.ledger or default_ledger()
    if not conn_id:
        raise InvalidInput("ledger: required; give --ledger, IPPANEL_LEDGER or [ippanel] ledger_conn_id")
    try:
        return engine_of(conn_id)
    except Exception as error:  # noqa: BLE001 - whatever Airflow and a provider raise; it may show the connection
        raise InvalidInput(f"ledger: no database behind connection {conn_id!r} ({type(error).__name__})") from None


def _list(engine: Any, options: argparse.Namespace) -> Result:
    from ippanel_provider.campaign.ledger.decisions import overviews, parts

    found = overviews(engine)[: options.limit]
    shown = [_overview(one, parts(engine, one.id)) for one in found]
    lines = [
        f"{_bar(each)}  {each['state']:<9}  {_counts(each)}  {each['touched_at']}  {quoted(each['name'])}"
        + (f" (generation {plain(each['generation'])})" if each["generation"] != "0" else "")
        for each in shown
    ]
    return Result({"campaigns": shown}, lines or ["No campaigns."])


def _show(engine: Any, options: argparse.Namespace) -> Result:
    from ippanel_provider.campaign.ledger.decisions import open_chunks, parts

    found = _found(engine, options)
    working, doubts = parts(engine, found.id), list(open_chunks(engine, found.id))
    shown = _overview(found, working)
    data = shown | {
        "parts": [_told(asdict(part)) for part in working],
        "open": [_told(asdict(chunk)) for chunk in doubts],
    }
    return Result(data, _lines(shown, data))


def _lines(shown: dict[str, Any], data: dict[str, Any]) -> Iterator[str]:
    yield f"{quoted(shown['name'])}  {shown['state']}"
    yield f"{_bar(shown)}  {_counts(shown)}"
    for part in data["parts"]:
        of = f"part {plain(part['part'])}, " if part["part"] else ""
        yield f"  {of}{part['state']} since {part['began_at']}, last seen {part['seen_at']}"
        if part["dag_id"]:
            yield "    " + ", ".join(f"{name} {plain(str(part[name]))}" for name in _TASK if part[name] != -1)
        report = part["report"]
        if counts := [f"{name} {value:,}" for name, value in report.items() if _is_count(name, value)]:
            yield "    " + ", ".join(counts)
        if ids := report.get("ids"):
            yield f"    outbox ids {ids[0]} to {ids[1]}"
        for reason, count in (report.get("rejected_why") or {}).items():
            yield f"    {count} rejected: {plain(reason)}"
    for chunk in data["open"]:
        first, last = chunk["lines"]
        decided = f"; {plain(chunk['decided_by'] or 'somebody')}: {chunk['decision']}" if chunk["decision"] else ""
        yield (
            f"  chunk {chunk['number']}: {chunk['size']} recipients, source rows {first} to {last}, "
            f"{chunk['intended_at']}{decided}"
        )


def _is_count(name: str, value: Any) -> bool:
    # Of what is rare only that there is some is worth a word.
    return isinstance(value, int | float) and name != "settle" and (value != 0 or name != "doubled")


def _resolve(engine: Any, options: argparse.Namespace) -> Result:
    from ippanel_provider.campaign.ledger.base import Decision
    from ippanel_provider.campaign.ledger.decisions import resolve

    found = _found(engine, options)
    if not options.by:
        raise InvalidInput("by: required; say who decides")
    resolve(engine, found.id, options.chunk, Decision(options.decision), options.by)
    return Result(
        {"name": found.name, "chunk": options.chunk, "decision": options.decision, "by": options.by},
        [f"Written down. Clear the task in Airflow: its next try {_NEXT[options.decision]}."],
        acted=True,
    )


def _prune(engine: Any, options: argparse.Namespace) -> Result:
    from ippanel_provider.campaign.ledger.decisions import prune

    pruned, in_doubt = prune(engine, older_than=options.older_than)
    lines = [f"{pruned} campaigns pruned."]
    if in_doubt:
        lines.append(f"{in_doubt} are old enough but something in them is in doubt: decide about it first.")
    return Result({"pruned": pruned, "in_doubt": in_doubt}, lines, acted=True)


def _found(engine: Any, options: argparse.Namespace) -> Any:
    from ippanel_provider.campaign.ledger.decisions import overviews

    found = [one for one in overviews(engine, options.name) if options.generation in {None, one.generation}]
    if not found:
        raise InvalidInput(f"name: campaign {plain(options.name)!r} not found in this ledger; list shows what is there")
    return found[0]


def _overview(found: Any, working: list[Any]) -> dict[str, Any]:
    from ippanel_provider.campaign.ledger.decisions import standing

    data: dict[str, Any] = _told(asdict(found)) | {"recipients": dict(found.recipients)}
    del data["id"]
    states = {part.state for part in working}
    return data | {"state": standing(states, found.recipients, is_pruned=found.pruned_at is not None)}


def _counts(shown: dict[str, Any]) -> str:
    counts = shown["recipients"]
    told = [f"{counts.get('confirmed', 0):,}" + (f" of {shown['planned']:,}" if shown["planned"] else "") + " accepted"]
    told += [
        f"{counts[state]:,} {word}" for state, word in (("open", "open"), ("given up", "given up")) if counts.get(state)
    ]
    return ", ".join(told)


def _bar(shown: dict[str, Any]) -> str:
    """Draw how much is accepted and how much is open, of what was planned."""
    counts = shown["recipients"]
    sent = int(counts.get("confirmed", 0))
    doubt = int(counts.get("open", 0) + counts.get("given up", 0))
    whole = max(shown["planned"] or 0, sent + doubt, 1)
    full, half = _BAR * sent // whole, -(-_BAR * doubt // whole)
    return ("█" * full + "▒" * half).ljust(_BAR, "·")[:_BAR]


def _told(data: dict[str, Any]) -> dict[str, Any]:
    """Give moments as people and programs read them."""
    return {
        name: datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds")
        if name.endswith("_at") and value is not None
        else value
        for name, value in data.items()
    }
