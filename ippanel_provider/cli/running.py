"""One command from its options to its exit code."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable

from ippanel_provider.cli import account, campaign, doctor, looking, patterns, phonebook, sending
from ippanel_provider.cli.addressing import sender
from ippanel_provider.cli.interrupts import in_flight
from ippanel_provider.cli.result import UNCONFIRMED, WRONG_INPUT, Result
from ippanel_provider.cli.sending import exit_code
from ippanel_provider.cli.showing import shown, wrong_input
from ippanel_provider.cli.terminal import complain
from ippanel_provider.client import Client, InvalidInput, IPPanelError, Settings, gateway
from ippanel_provider.client.auth import Auth
from ippanel_provider.client.gateway import Gateway
from ippanel_provider.values import InvalidValue

Connected = Callable[[argparse.Namespace], tuple[Settings, Auth]]

_ACCOUNT: dict[str, Callable[[argparse.Namespace, Settings], Result]] = {
    "login": account.login,
    "logout": account.logout,
}
_COMMANDS: dict[str, Callable[[Client, Gateway, argparse.Namespace], Result]] = {
    "credit": looking.credit,
    "status": looking.status,
    "inbox": looking.inbox,
    "price": looking.price,
    "patterns": patterns.patterns,
    "phonebook": phonebook.phonebook,
}
_ACTS: dict[str, Callable[[Gateway, argparse.Namespace], sending.Act]] = {
    "send": sending.send,
    "pattern": sending.pattern,
    "cancel": sending.cancel,
}
"""What cannot be taken back: it first looks at all that can be wrong here, and signals leave it time for an answer."""


def run(options: argparse.Namespace) -> int:
    """Run the command, print its result and return its exit code."""
    try:
        result = _result(options)
    except (IPPanelError, InvalidValue) as error:
        complain(str(error))
        code = exit_code(error)
        return wrong_input(options) if code == WRONG_INPUT else code
    return shown(result, options)


def _result(options: argparse.Namespace) -> Result:
    if options.command == "campaign":
        # It asks a database, and nothing of the service.
        return campaign.campaign(options)
    # Who calls with options of its own, as Airflow does, has an account for them too.
    connected: Connected | None = getattr(options, "connected", None)
    settings, auth = connected(options) if connected else (_settings(options), None)
    if options.command in _ACCOUNT:
        return _ACCOUNT[options.command](options, settings)
    api = gateway(settings.api)
    if options.command == "doctor":
        return doctor.examined(options, auth or account.credential(settings), settings, line=sender(options))
    if options.command in _ACTS:
        act = _ACTS[options.command](api, options)
        with Client(auth or account.credential(settings), settings) as client:
            options.left = options.in_flight
            return in_flight(lambda: _told(act, client))
    with Client(auth or account.credential(settings), settings) as client:
        return _COMMANDS[options.command](client, api, options)


def _told(act: sending.Act, client: Client) -> Result:
    try:
        return act(client)
    except (IPPanelError, OSError):
        raise
    except Exception as error:  # noqa: BLE001
        # Not Python's own 1, which says that the service refused.
        complain(f"an error of this program ({type(error).__name__}); the text may have gone out. Please report it.")
        return Result({}, (), UNCONFIRMED, acted=True)


def _settings(options: argparse.Namespace) -> Settings:
    settings = Settings(api=options.api, base_url=options.base_url)
    try:
        _ = settings.root
    except InvalidInput as error:
        given = "IPPANEL_BASE_URL" if options.base_url == os.environ.get("IPPANEL_BASE_URL") else "--base-url"
        raise InvalidInput(str(error).replace("base_url", given, 1)) from None
    return settings
