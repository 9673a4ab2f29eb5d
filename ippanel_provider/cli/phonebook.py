"""``ippanel phonebook``: plan, apply and export."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from ippanel_provider.cli.account import environment_key
from ippanel_provider.cli.asking import confirm
from ippanel_provider.cli.result import Result
from ippanel_provider.cli.sync_arguments import CHANGES, WRONG
from ippanel_provider.cli.terminal import paint
from ippanel_provider.client import Client, InvalidInput
from ippanel_provider.client.gateway import Gateway
from ippanel_provider.sync import yaml_files
from ippanel_provider.sync.phonebooks import diff as book_diff
from ippanel_provider.sync.phonebooks.apply import RowOutcome, Terms, apply, told
from ippanel_provider.sync.phonebooks.export import COLUMNS, export
from ippanel_provider.sync.phonebooks.memory import Key, Memory, key_of
from ippanel_provider.sync.phonebooks.plan import PhonebookPlan
from ippanel_provider.sync.phonebooks.planning import make_plan
from ippanel_provider.sync.phonebooks.source import Row
from ippanel_provider.sync.phonebooks.spec import BookSpec, spec_of
from ippanel_provider.tables.formats import to_read, to_write
from ippanel_provider.tables.layout import Layout
from ippanel_provider.tables.readers import read
from ippanel_provider.tables.writers import Column, report, table

_OVERRIDES = ("mode", "on_missing", "max_delete", "over_full")


def phonebook(client: Client, api: Gateway, options: argparse.Namespace) -> Result:
    """Run the step that was asked for."""
    return {"plan": _plan, "apply": _apply, "export": _export}[options.step](client, options)


def _plan(client: Client, options: argparse.Namespace) -> Result:
    plan = _make(client, options)
    if options.out:
        plan.save(options.out)
    plan.check_deletions()
    return Result(plan.head.summary(), book_diff.lines(plan, paint()), CHANGES if plan.head.has_changes else 0)


def _apply(client: Client, options: argparse.Namespace) -> Result:
    if options.plan:
        plan = PhonebookPlan.load(options.plan)
    else:
        plan = _make(client, options)
        plan.check_deletions()
        if plan.head.has_changes and not options.yes:
            confirm(book_diff.lines(plan, paint()))
    terms = Terms(chunk_size=options.chunk_size, state=_state(options))
    with report(options.report, RowOutcome._fields) as tell:
        counts = client.run(apply(plan, _key(), tell, terms, check_panel=bool(options.plan)))
    summary = plan.head.summary() | {"outcome": counts}
    where = f" {options.report} says why." if options.report else " Use --report to see why."
    lines = [f"Applied: {told(counts)}."] + (
        [f"{counts['rejected']} were rejected.{where}"] if counts["rejected"] else []
    )
    return Result(summary, lines, WRONG if counts["rejected"] else 0, acted=True)


def _export(client: Client, options: argparse.Namespace) -> Result:
    columns = [Column(name) for name in COLUMNS]
    with table(options.out, columns, to_write(options.out, field="out"), formulas=options.keep_formulas) as tell:
        count = client.run(export(options.book, tell, with_options=options.with_options))
    return Result(
        {"phonebook": options.book, "contacts": count, "path": str(options.out)},
        [f"Wrote {count} contacts to {options.out}."],
    )


def _make(client: Client, options: argparse.Namespace) -> PhonebookPlan:
    spec, source = _spec(options)
    return client.run(make_plan(spec, _rows(source, spec.number), Memory.load(_state(options), _key())))


def _rows(source: Path, number_column: str) -> Iterator[Row]:
    kind = to_read(source)
    with source.open("rb") as file:
        yield from read(file, kind, Layout(number_column=number_column))


def _spec(options: argparse.Namespace) -> tuple[BookSpec, Path]:
    path: Path | None = options.spec
    if path is None:
        raise InvalidInput("spec: name the file that describes the phonebook")
    try:
        fields = yaml_files.load(path)
        source = options.source or fields.pop("source", None)
        fields.pop("source", None)
        if not source:
            raise InvalidInput("source: name the file of the rows, or give --source")
        spec = spec_of(fields | {name: value for name in _OVERRIDES if (value := getattr(options, name)) is not None})
    except InvalidInput as error:
        raise InvalidInput(f"{path.name}: {error}") from None
    return spec, source if options.source else path.parent / str(source)


def _state(options: argparse.Namespace) -> Path | None:
    if not _secret():
        return None
    chosen: Path | None = options.state
    if chosen is None and options.spec is not None:
        chosen = options.spec.with_suffix(".state")
    return chosen


def _key() -> Key:
    return key_of(_secret())


def _secret() -> str:
    # The token of a login changes every ten hours, and would forget everything with it.
    return os.environ.get("IPPANEL_STATE_KEY") or environment_key()
