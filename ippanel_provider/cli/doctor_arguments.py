"""The command ``doctor``: what can be said. Imports nothing of the client."""

from __future__ import annotations

import argparse
from pathlib import Path

CHANGED = 2
"""The exit code of ``--diff`` where the service is otherwise than the profile says."""
WRONG = 1
"""The exit code of wrong input here, because 2 says something else."""
GROUPS = (
    *("way", "key", "account", "text", "pages"),
    *("refusals", "time", "outbox", "guard", "delivery", "inbox"),
)
EPILOG = f"""\
It reads and asks for prices, which costs nothing. With --to it may send, after it has shown the price and asked; at
most two texts ever reach the phone, in this run and all later ones: what may cost is written down before it is done,
in a file that only you can read, and never done again. Never tried: sends to banks, to more than 1,000 people, rate
limits, deletes.

exit codes:
  0    examined, whatever the lines say
  1    wrong input; or the service refuses the credential, or blocks the account
  {CHANGED}    --diff: the service is otherwise than the profile says
  3    there is no way to the service from here
  4    a text may have gone out, and no answer came
  130  interrupted; what is known is printed, and whether a text is still to come
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be said, but for the line and where the service is."""
    parser.add_argument("--to", metavar="NUMBER", help="your own phone; it may get two texts, and pays nothing")
    parser.add_argument("--yes", action="store_true", help="send without asking, for scripts")
    parser.add_argument("--reply", action="store_true", help="also wait for an answer from the phone (with --to)")
    parser.add_argument(
        "--wait",
        default="10m",
        metavar="TIME",
        help="the longest to wait for the delivery, and for the answer (90s, 10m; default: %(default)s)",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=GROUPS,
        metavar="GROUP",
        help=f"only this group, and what it needs; may be given again: {', '.join(GROUPS)}",
    )
    parser.add_argument(
        "--profile",
        type=Path,
        metavar="FILE",
        help="where the service profile is written; what an earlier run settled there is kept (default: "
        "ippanel/profiles in the state directory)",
    )
    parser.add_argument(
        "--diff", type=Path, metavar="FILE", help="compare with this profile and write none; ends with 2 on a change"
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="print what strangers may be told of it, then write it there"
    )
    parser.add_argument("--issue", action="store_true", help="print the address of a form that holds the report")
    parser.set_defaults(wrong_input=WRONG, left="")
