"""The commands of plan and apply: what can be said. Imports nothing of the client."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NoReturn

CHANGES = 2
"""The exit code of a plan with changes."""
WRONG = 1
"""The exit code of wrong arguments and input here, because 2 says something else."""

_EPILOG = f"""\
exit codes of plan: 0 nothing to do, {CHANGES} there are changes, {WRONG} wrong arguments or input, or the service
refused; 3 and 4
as everywhere. The other commands end with 0 when all was done, and with {WRONG} also when something was rejected.
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(WRONG, f"{self.prog}: error: {message}\n")


def add_sync(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add ``patterns`` and ``phonebook`` to the commands."""
    _patterns(_group(commands, "patterns", "keep the panel's patterns as a directory of YAML files says"), common)
    _phonebook(_group(commands, "phonebook", "keep a phonebook as the rows of a file say"), common)


def _group(commands: Any, name: str, help: str) -> Any:
    group = commands.add_parser(
        name,
        help=help,
        description=f"{help[0].upper()}{help[1:]}.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    return group.add_subparsers(dest="step", required=True, metavar="STEP", title="steps", parser_class=_Parser)


def _step(group: Any, common: argparse.ArgumentParser, name: str, help: str) -> argparse.ArgumentParser:
    step: argparse.ArgumentParser = group.add_parser(
        name, help=help, description=f"{help[0].upper()}{help[1:]}.", parents=[common], allow_abbrev=False
    )
    step.set_defaults(wrong_input=WRONG, refuse=step.error)
    return step


def _patterns(group: Any, common: argparse.ArgumentParser) -> None:
    plan = _step(group, common, "plan", "show what apply would do")
    _patterns_common(plan)
    plan.add_argument(
        "--prune", action="store_true", help="delete patterns that the lock file knows and no file describes any more"
    )
    plan.add_argument("--out", type=Path, metavar="FILE", help="write the plan down, for apply --plan")
    apply = _step(group, common, "apply", "make the panel as the files say")
    _patterns_common(apply)
    apply.add_argument("--prune", action="store_true", help="as for plan")
    _apply(apply)
    apply.add_argument(
        "--wait", type=float, metavar="SECONDS", help="wait so long until a person has decided about what is pending"
    )
    pull = _step(group, common, "pull", "write files for the patterns the panel has")
    _patterns_common(pull)
    pull.add_argument("--overwrite", action="store_true", help="also write those files anew that differ from the panel")


def _patterns_common(step: argparse.ArgumentParser) -> None:
    step.add_argument(
        "folder", nargs="?", type=Path, default=Path("patterns"), metavar="DIR", help="the files (default: %(default)s)"
    )
    step.add_argument("--lock", type=Path, metavar="FILE", help="the lock file (default: ippanel.lock.json in DIR)")


def _apply(step: argparse.ArgumentParser) -> None:
    step.add_argument(
        "--plan", type=Path, metavar="FILE", help="do exactly what this plan says, and nothing if the panel has changed"
    )
    step.add_argument(
        "--yes", action="store_true", help="do not ask; needed where there is no terminal, except with --plan"
    )
    step.add_argument("--report", type=Path, metavar="FILE", help="write what became of each to a .csv or .jsonl file")


def _phonebook(group: Any, common: argparse.ArgumentParser) -> None:
    plan = _step(group, common, "plan", "show what apply would do")
    _phonebook_common(plan, needed=True)
    plan.add_argument(
        "--out", type=Path, metavar="FILE", help="write the plan down, for apply --plan; it holds phone numbers"
    )
    apply = _step(group, common, "apply", "make the phonebook as the rows say")
    _phonebook_common(apply, needed=False)
    _apply(apply)
    apply.add_argument(
        "--chunk-size", type=_positive, default=10_000, metavar="N", help="contacts in a request (default: %(default)s)"
    )
    export = _step(group, common, "export", "write the contacts of a phonebook to a file")
    export.add_argument("book", metavar="TITLE", help="the title of the phonebook")
    export.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="a .csv, .jsonl, .parquet or .xlsx file; it will hold phone numbers",
    )
    export.add_argument(
        "--keep-formulas", action="store_true", help="leave texts as they are that a spreadsheet takes for formulas"
    )
    export.add_argument(
        "--with-options", action="store_true", help="also read the options: one request for each contact"
    )


def _phonebook_common(step: argparse.ArgumentParser, *, needed: bool) -> None:
    step.add_argument(
        "spec",
        nargs=None if needed else "?",
        type=Path,
        metavar="SPEC",
        help="a YAML file: book, source, number, fields, options, mode, on_missing, max_delete, over_full",
    )
    step.add_argument(
        "--source",
        type=Path,
        metavar="FILE",
        help="the rows: .csv, .jsonl, .parquet or .xlsx (default: source of SPEC)",
    )
    step.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="what was last applied to options (default: SPEC with the ending .state)",
    )
    step.add_argument("--mode", choices=("insert", "update", "upsert", "mirror"), help="instead of SPEC's")
    step.add_argument("--on-missing", choices=("keep", "delete"), help="instead of SPEC's")
    step.add_argument("--max-delete", metavar="N", help="instead of SPEC's: a number, or a share as 10%%")
    step.add_argument("--over-full", choices=("refuse", "split"), help="instead of SPEC's")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("give a number from 1")
    return int(text)
