"""The command of campaigns: what can be said. Imports nothing of the client."""

from __future__ import annotations

import argparse
import os
import re
from typing import Any

_SECONDS = {"h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}
_EPILOG = """\
The ledger is the database that ledger_conn_id names in your DAGs: here the id of that connection where Airflow is
installed, or an SQLAlchemy URL anywhere. A URL with a password belongs into IPPANEL_LEDGER, not on the command line.
Without either, Airflow's configuration [ippanel] ledger_conn_id names it.
"""


def add_campaign(commands: Any) -> None:
    """Add ``campaign`` to the commands."""
    help = "see what a SQL ledger holds of campaigns, and decide about what is in doubt"
    group = commands.add_parser(
        "campaign",
        help=help,
        description=f"{help[0].upper()}{help[1:]}.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    ).add_subparsers(dest="step", required=True, metavar="STEP", title="steps")
    each = _step(group, "list", "list campaigns, the last active one first")
    each.add_argument(
        "--limit", type=_positive, default=20, metavar="N", help="show at most so many (default: %(default)s)"
    )
    show = _step(group, "show", "show who works on a campaign, and which chunks may or may not have gone out")
    _named(show)
    resolve = _step(group, "resolve", "decide about a chunk that is in doubt; the next try of its task takes it up")
    _named(resolve)
    resolve.add_argument("chunk", type=_positive, metavar="CHUNK", help="its number, as show has it")
    decision = resolve.add_mutually_exclusive_group(required=True)
    for name, what in (
        ("look", "look into the outbox again"),
        ("send-again", "send it again; who has got it gets it twice"),
        ("treat-as-sent", "never send it; who has not got it gets nothing"),
    ):
        decision.add_argument(f"--{name}", dest="decision", action="store_const", const=name, help=what)
    resolve.add_argument(
        "--by", default=os.environ.get("USER") or "", metavar="WHO", help="who decides (default: the user's name)"
    )
    prune = _step(group, "prune", "forget whom campaigns reached that nobody needs any more")
    prune.add_argument(
        "--older-than",
        type=_duration,
        metavar="TIME",
        help="without activity for so long, as 90d, 12w or 48h (default: each campaign's own keep_for)",
    )


def _step(group: Any, name: str, help: str) -> argparse.ArgumentParser:
    step: argparse.ArgumentParser = group.add_parser(
        name, help=help, description=f"{help[0].upper()}{help[1:]}.", allow_abbrev=False
    )
    step.add_argument(
        "--ledger",
        default=os.environ.get("IPPANEL_LEDGER") or None,
        metavar="CONN",
        help="an Airflow connection id or an SQLAlchemy URL (or IPPANEL_LEDGER)",
    )
    step.add_argument(
        "--json",
        action="store_true",
        help="print the result as JSON, for scripts; an error is one line on standard error, and no JSON",
    )
    step.set_defaults(refuse=step.error)
    return step


def _named(step: argparse.ArgumentParser) -> None:
    step.add_argument("name", metavar="NAME", help="the campaign, as list has it")
    step.add_argument(
        "--generation", metavar="N", help="which one, where a clear has begun the campaign anew (default: the last)"
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("give a number from 1")
    return int(text)


def _duration(text: str) -> float:
    match = re.fullmatch(r"(\d+)([hdw])", text)
    if match is None:
        raise argparse.ArgumentTypeError("give a number with h, d or w, as 90d")
    return int(match[1]) * _SECONDS[match[2]]
