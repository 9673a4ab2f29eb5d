"""The command line: what can be said, and the help that says it. Imports nothing of the client."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from ippanel_provider import __version__, apprise_install
from ippanel_provider.cli import doctor_arguments, lint
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
  130  interrupted (143 where it was terminated, 129 where the terminal went): a text that was under way may have gone
       out; a line on standard error says whether one was

What became of a text decides the code, also where the result cannot be written.
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command line; ``--help`` and mistakes end the process, with 0 and 2."""
    parser = _parser()
    if "_ARGCOMPLETE" in os.environ:
        from ippanel_provider.cli.completion import complete

        complete(parser)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        refuse = getattr(options, "refuse", parser.error)
        refuse(f"unrecognized arguments: {' '.join(unknown)}")
    return options


def parsers(prog: str, common: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each command, for a program that has its own way to the service.

    :param prog: what the commands are called by
    :param common: what all that ask the service take
    """
    [commands] = (action for action in _parser(prog, common)._actions if isinstance(action, argparse._SubParsersAction))
    return dict(commands.choices)


def _parser(prog: str = "ippanel", common: argparse.ArgumentParser | None = None) -> argparse.ArgumentParser:
    common = common or _common()
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Send text messages through IPPanel and see what became of them.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ippanel {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands")

    def command(name: str, help: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=help, description=f"{help[0].upper()}{help[1:]}.", parents=[common], allow_abbrev=False
        )

    commands.add_parser("sandbox", help="run a stand-in for the service on this machine", add_help=False)
    apprise_install.add_parser(commands)
    lint.add_parser(commands)
    command("login", "log in with a user name and password, and keep the token for the other commands")
    command("logout", "end the token that login keeps")
    command("credit", "show the account's credit in rial")

    _add_sending(command)

    status = command("status", "show what became of what was sent")
    status.add_argument("outbox_ids", nargs="+", metavar="ID", help="outbox id, as send prints it")
    status.add_argument("--deliveries", action="store_true", help="also count what became of the recipients")
    status.add_argument(
        "--wait",
        nargs="?",
        const="10m",
        metavar="TIME",
        help="wait until all are final, at most so long (90s, 10m, 2h; default: 10m); ends with 0 if all were sent, "
        "with 1 if one was not, with 4 if the time was too short",
    )

    inbox = command("inbox", "show the texts that came in, newest first")
    inbox.add_argument("--limit", type=int, default=20, metavar="N", help="show at most so many (default: %(default)s)")
    inbox.add_argument("--after", type=int, metavar="ID", help="only what came after the text with this inbox id")
    inbox.add_argument(
        "--show-numbers", action="store_true", help="show whole phone numbers; by default they are masked"
    )

    price = command("price", "show what a text costs per recipient, in rial")
    _sender(price)
    price.add_argument("text", metavar="TEXT", help="the text; - reads standard input")

    doctor = command("doctor", "find out how the service behaves, and write its service profile")
    doctor.epilog, doctor.formatter_class = doctor_arguments.EPILOG, argparse.RawDescriptionHelpFormatter
    _sender(doctor)
    doctor_arguments.add_options(doctor)

    add_sync(commands, common)
    add_campaign(commands)
    shell = commands.add_parser(
        "completion",
        help="print what lets a shell complete this command",
        description='Print what lets a shell complete the command: eval "$(ippanel completion bash)" in ~/.bashrc, the '
        "same with zsh in ~/.zshrc after compinit, `ippanel completion fish | source` in config.fish.",
        allow_abbrev=False,
    )
    shell.add_argument("shell", choices=("bash", "zsh", "fish"))
    shell.set_defaults(json=False)
    return parser


def _add_sending(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    send = command("send", "send one text to one or more recipients")
    _sender(send)
    _send_time(send)
    send.add_argument("-m", "--text", required=True, metavar="TEXT", help="the text; - reads standard input")
    send.add_argument(
        "--recipients-file",
        type=Path,
        metavar="FILE",
        help="a file of mobile numbers, one or more a line, in any encoding; - reads standard input",
    )
    send.add_argument(
        "recipients",
        nargs="*",
        metavar="NUMBER",
        help=f"mobile number, as 09120000000; with those of the file at most {MAX_RECIPIENTS_PER_REQUEST}",
    )

    pattern = command("pattern", "send an approved pattern to one recipient")
    _sender(pattern)
    _send_time(pattern)
    pattern.add_argument(
        "--var",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="the value of a variable, a text; once for each",
    )
    pattern.add_argument(
        "--variables",
        type=Path,
        metavar="FILE",
        help="an object of variables as JSON; - reads standard input, so that no other user sees a code",
    )
    pattern.add_argument("code", metavar="CODE", help="the code of the pattern")
    pattern.add_argument("recipient", metavar="NUMBER", help="mobile number, as 09120000000")

    cancel = command("cancel", "take back what is to go out later, until 5 minutes before it does")
    cancel.add_argument("outbox_ids", nargs="+", metavar="ID", help="outbox id, as send prints it")
    for each in (send, pattern):
        each.set_defaults(left="Nothing was sent.", in_flight="The text may have gone out.")
    cancel.set_defaults(left="Nothing was cancelled.", in_flight="Some may be cancelled: ask for their status.")


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


def _send_time(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--send-time",
        metavar="TIME",
        help="when to send, 5 minutes to 90 days ahead: 2027-03-20T09:00:00+03:30, or 45m, 2h, 1d from now",
    )


def _sender(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sender",
        default=os.environ.get("IPPANEL_SENDER") or None,
        metavar="LINE",
        help="line to send from (or IPPANEL_SENDER)",
    )
