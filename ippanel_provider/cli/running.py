"""One command from its options to its exit code."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable

from ippanel_provider.cli import account, campaign, commands, patterns, phonebook
from ippanel_provider.cli.result import Result
from ippanel_provider.cli.terminal import complain, finish, write, write_json
from ippanel_provider.client import Client, InvalidInput, IPPanelError, NotSent, Refused, Settings, Unconfirmed, gateway
from ippanel_provider.client.gateway import Gateway

REFUSED, WRONG_INPUT, NOT_SENT, UNCONFIRMED = 1, 2, 3, 4

_ACCOUNT: dict[str, Callable[[argparse.Namespace, Settings], Result]] = {
    "login": account.login,
    "logout": account.logout,
}
_COMMANDS: dict[str, Callable[[Client, Gateway, argparse.Namespace], Result]] = {
    "credit": commands.credit,
    "send": commands.send,
    "status": commands.status,
    "inbox": commands.inbox,
    "price": commands.price,
    "patterns": patterns.patterns,
    "phonebook": phonebook.phonebook,
}


def run(options: argparse.Namespace) -> int:
    """Run the command, print its result and return its exit code."""
    try:
        result = _result(options)
    except IPPanelError as error:
        complain(str(error))
        return _exit_code(error, options)
    except BrokenPipeError:
        raise
    except OSError as error:
        complain(f"{error.strerror or error}" + (f": {error.filename}" if error.filename else ""))
        return _wrong_input(options)
    if options.json:
        write_json(result.data)
    else:
        for line in result.lines:
            write(line)
    finish()
    return result.code


def _result(options: argparse.Namespace) -> Result:
    if options.command == "campaign":
        # It asks a database, and nothing of the service.
        return campaign.campaign(options)
    settings = _settings(options)
    if options.command in _ACCOUNT:
        return _ACCOUNT[options.command](options, settings)
    with Client(account.credential(settings), settings) as client:
        return _COMMANDS[options.command](client, gateway(options.api), options)


def _settings(options: argparse.Namespace) -> Settings:
    settings = Settings(api=options.api, base_url=options.base_url)
    try:
        _ = settings.root
    except InvalidInput as error:
        given = "IPPANEL_BASE_URL" if options.base_url == os.environ.get("IPPANEL_BASE_URL") else "--base-url"
        raise InvalidInput(str(error).replace("base_url", given, 1)) from None
    return settings


def _exit_code(error: IPPanelError, options: argparse.Namespace) -> int:
    if isinstance(error, NotSent):
        return NOT_SENT
    if isinstance(error, Unconfirmed):
        return UNCONFIRMED
    return REFUSED if isinstance(error, Refused) else _wrong_input(options)


def _wrong_input(options: argparse.Namespace) -> int:
    # Where 2 says that there are changes, a mistake is told by another code.
    return int(getattr(options, "wrong_input", WRONG_INPUT))
