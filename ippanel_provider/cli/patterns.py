"""``ippanel patterns``: plan, apply and pull."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ippanel_provider.cli.asking import confirm
from ippanel_provider.cli.result import Result
from ippanel_provider.cli.sync_arguments import CHANGES, WRONG
from ippanel_provider.cli.terminal import paint, plain
from ippanel_provider.client import Client, InvalidInput
from ippanel_provider.client.gateway import Gateway
from ippanel_provider.sync.patterns import apply as pattern_apply
from ippanel_provider.sync.patterns import diff as pattern_diff
from ippanel_provider.sync.patterns import pull as pattern_pull
from ippanel_provider.sync.patterns.apply import PatternOutcome
from ippanel_provider.sync.patterns.files import load
from ippanel_provider.sync.patterns.lock import LOCK_NAME, Lock
from ippanel_provider.sync.patterns.plan import PatternPlan, make_plan
from ippanel_provider.tables import storage
from ippanel_provider.tables.writers import report


def patterns(client: Client, api: Gateway, options: argparse.Namespace) -> Result:
    """Run the step that was asked for."""
    return {"plan": _plan, "apply": _apply, "pull": _pull}[options.step](client, options)


def _plan(client: Client, options: argparse.Namespace) -> Result:
    plan = _make(client, options)
    if options.out:
        storage.write_json(options.out, plan.as_json())
    return Result(plan.as_json(), pattern_diff.lines(plan, paint()), CHANGES if plan.has_changes else 0)


def _apply(client: Client, options: argparse.Namespace) -> Result:
    lock_path = _lock_path(options)
    if options.plan:
        plan = _written_plan(options.plan)
    else:
        plan = _make(client, options)
        if plan.has_changes and not options.yes:
            confirm(pattern_diff.lines(plan, paint()))
    with report(options.report, PatternOutcome._fields) as tell:
        rows = client.run(pattern_apply.apply(plan, Lock.load(lock_path), lambda lock: lock.save(lock_path), tell))
    if options.wait and (pending := [row.code for row in rows if _has_file(row) and row.status == "pending"]):
        decided = client.run(
            pattern_apply.decided(pending, poll=min(60.0, max(1.0, options.wait / 20)), timeout=options.wait)
        )
        rows = [row._replace(status=decided[row.code].status if row.code in decided else row.status) for row in rows]
    bad = any(row.action == "rejected" or (options.wait and _has_file(row) and row.status != "active") for row in rows)
    return Result(
        {"plan_id": plan.plan_id, "patterns": [row.as_json() for row in rows]},
        _told(rows),
        WRONG if bad else 0,
        acted=True,
    )


def _pull(client: Client, options: argparse.Namespace) -> Result:
    lock_path = _lock_path(options)
    options.folder.mkdir(parents=True, exist_ok=True)
    lock = Lock.load(lock_path)
    panel = client.run(pattern_apply.read_panel())
    pulled = pattern_pull.pull(options.folder, load(options.folder), panel, lock, overwrite=options.overwrite)
    lock.save(lock_path)
    lines = [f"{row.action:<10} {plain(row.name)}  ({row.code})" for row in pulled]
    if any(row.action == "different" for row in pulled):
        lines.append("Files that are different were left alone; pull --overwrite writes them anew.")
    return Result({"patterns": [row._asdict() for row in pulled]}, lines or ["The panel has no patterns."])


def _written_plan(path: Path) -> PatternPlan:
    """Read a plan that was written down.

    :raises InvalidInput: it is not there, or is none.
    """
    data = storage.read_json(path, "plan")
    if data is None:
        raise InvalidInput(f"plan {path}: there is no such file")
    return PatternPlan.from_json(data)


def _has_file(row: PatternOutcome) -> bool:
    """Whether the files describe it; what is deleted or not managed nobody waits for."""
    return row.action not in ("deleted", "unmanaged")


def _make(client: Client, options: argparse.Namespace) -> PatternPlan:
    files = load(options.folder)
    return make_plan(files, client.run(pattern_apply.read_panel()), Lock.load(_lock_path(options)), prune=options.prune)


def _lock_path(options: argparse.Namespace) -> Path:
    return options.lock or Path(options.folder, LOCK_NAME)


def _told(rows: list[PatternOutcome]) -> Iterator[str]:
    for row in rows:
        if row.action not in ("unchanged", "unmanaged"):
            reason = f": {plain(row.reason)}" if row.reason else ""
            yield (
                f"{row.action:<9} {plain(row.name or row.code)}  "
                f"({', '.join(filter(None, (row.code, row.status)))}){reason}"
            )
    counts = Counter(row.action for row in rows)
    yield f"Applied: {', '.join(f'{count} {action}' for action, count in counts.items())}."
