"""The command line: what can be said, and the help that says it. Imports nothing of the client."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from ippanel_provider import __version__, apprise_install
from ippanel_provider.cli import lint
from ippanel_provider.cli.campaign_arguments import add_campaign
from ippanel_provider.cli.sync_arguments import add_sync
from ippanel_provider.service import MAX_RECIPIENTS_PER_REQUEST, Api

_EPILOG = """\
credential: IPPANEL_API_KEY, or the file that IPPANEL_API_KEY_FILE names, or the token that `ippanel login` keeps, or
a prompt; never an argument, which other users of the machine could read.

environment: IPPANEL_API_KEY, IPPANEL_API_KEY_FILE, IPPANEL_BASE_URL, IPPANEL_SENDER; for login IPPANEL_USERNAME,
IPPANEL_PASSWORD and
IPPANEL_TOTP_SECRET; for campaign IPPANEL_LEDGER; for phonebook IPPANEL_STATE_KEY, which
keys what is remembered (default: the API key); IPPANEL_TOKEN_DIR, where the token is kept (default:
~/.local/state/ippanel).

exit codes:
  0    done
  1    the service refused
  2    wrong arguments, input or surroundings; nothing was sent
  3    not sent: no connection, or the service asks to come later; safe to repeat
  4    unconfirmed: the request left and no readable answer came; it may have gone out, so look before repeating
  130  interrupted
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command line; ``--help`` and mistakes end the process, with 0 and 2."""
    parser = _parser()
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        refuse = getattr(options, "refuse", parser.error)
        refuse(f"unrecognized arguments: {' '.join(unknown)}")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ippanel",
        description="Send text messages through IPPanel and see what became of them.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ippanel {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands")

    def command(name: str, help: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=help, description=f"{help[0].upper()}{help[1:]}.", parents=[_common()], allow_abbrev=False
        )

    commands.add_parser("sandbox", help="run a stand-in for the service on this machine", add_help=False)
    apprise_install.add_parser(commands)
    lint.add_parser(commands)
    command("login", "log in with a user name and password, and keep the token for the other commands")
    command("logout", "end the token that login keeps")
    command("credit", "show the account's credit in rial")

    send = command("send", "send one text to one or more recipients")
    _sender(send)
    send.add_argument("-m", "--text", required=True, metavar="TEXT", help="the text; - reads standard input")
    send.add_argument(
        "recipients",
        nargs="+",
        metavar="NUMBER",
        help=f"mobile number, as 09120000000; at most {MAX_RECIPIENTS_PER_REQUEST}",
    )

    status = command("status", "show what became of what was sent")
    status.add_argument("outbox_ids", nargs="+", metavar="ID", help="outbox id, as send prints it")
    status.add_argument("--deliveries", action="store_true", help="also count what became of the recipients")

    inbox = command("inbox", "show the texts that came in, newest first")
    inbox.add_argument("--limit", type=int, default=20, metavar="N", help="show at most so many (default: %(default)s)")
    inbox.add_argument("--after", type=int, metavar="ID", help="only what came after the text with this inbox id")
    inbox.add_argument(
        "--show-numbers", action="store_true", help="show whole phone numbers; by default they are masked"
    )

    price = command("price", "show what a text costs per recipient, in rial")
    _sender(price)
    price.add_argument("text", metavar="TEXT", help="the text; - reads standard input")

    add_sync(commands, _common())
    add_campaign(commands)
    return parser


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--json",
        action="store_true",
        help="print the result as JSON, for scripts; an error is one line on standard error, and no JSON",
    )
    common.add_argument(
        "--base-url",
        default=os.environ.get("IPPANEL_BASE_URL") or None,
        metavar="URL",
        help="where the service is, as https://host/v1 (or IPPANEL_BASE_URL; default: the service itself)",
    )
    common.add_argument(
        "--api", type=Api, choices=list(Api), default=Api.EDGE, help="which API to speak (default: %(default)s)"
    )
    return common


def _sender(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sender",
        default=os.environ.get("IPPANEL_SENDER") or None,
        metavar="LINE",
        help="line to send from (or IPPANEL_SENDER)",
    )
