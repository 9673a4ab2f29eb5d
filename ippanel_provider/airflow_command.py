"""``airflow ippanel …`` (Airflow 3.2 and newer): what ``ippanel`` does, with the id of a connection instead of a key.

Every airflow command imports this module and builds these parsers, so nothing of the client is imported before one of
them runs.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from typing import TYPE_CHECKING

from ippanel_provider.cli.arguments import parsers
from ippanel_provider.extras import need

need("airflow.cli.cli_config", "airflow")

from airflow.cli.cli_config import ActionCommand, Arg, GroupCommand  # noqa: E402

if TYPE_CHECKING:
    from airflow.cli.cli_config import CLICommand

    from ippanel_provider.client import Settings
    from ippanel_provider.client.auth import Auth

_ASKING = ("send", "pattern", "cancel", "status", "credit", "price", "inbox", "doctor")
"""What asks the service, over a connection."""
_NAMES = (*_ASKING, "campaign", "lint")


def commands() -> list[CLICommand]:
    """Return the group ``ippanel`` for Airflow's command line."""
    found = parsers("airflow ippanel", _common())
    steps = []
    for name in _NAMES:
        parser = found[name]
        if name in _ASKING:
            # The line of the connection, and of nothing else that happens to be in the environment.
            parser.set_defaults(sender=None)
        help = str(parser.description)
        steps.append(
            ActionCommand(name=name, help=help, func=partial(_run, name), args=[_Options(parser)], epilog=parser.epilog)
        )
    return [
        GroupCommand(
            name="ippanel",
            help="Text messages through IPPanel",
            description="What the command ippanel does, with the id of a connection instead of a key; its exit codes "
            "are the same.",
            subcommands=steps,
        )
    ]


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print the result as JSON, for scripts")
    common.add_argument(
        "--conn-id", default="ippanel_default", metavar="ID", help="the connection to IPPanel (default: %(default)s)"
    )
    return common


class _Options(Arg):
    """All that a parser of ours takes, as one argument of Airflow's; so what excludes each other still does."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        super().__init__(flags=("options",))  # type: ignore[no-untyped-call]
        self._ours = parser

    def add_to_parser(self, parser: argparse.ArgumentParser) -> None:
        """Do what ``parents=`` does for a parser that is there already."""
        for action in [action for action in self._ours._actions if isinstance(action, argparse._HelpAction)]:
            action.container._remove_action(action)  # type: ignore[attr-defined]
        parser._add_container_actions(self._ours)
        parser._defaults.update(self._ours._defaults)


def _run(name: str, options: argparse.Namespace) -> None:
    from ippanel_provider.cli import carry_out
    from ippanel_provider.hooks.ledgers import stand_in_a_process_of_its_own

    stand_in_a_process_of_its_own()
    options.command, options.connected = name, _connected
    if code := carry_out(lambda: options):
        sys.exit(code)


def _connected(options: argparse.Namespace) -> tuple[Settings, Auth]:
    """Return where the connection leads to and its credential; its line is the one to send from.

    :raises InvalidInput: naming the connection and the field.
    """
    from airflow.providers.common.compat.sdk import AirflowNotFoundException

    from ippanel_provider.client import InvalidInput
    from ippanel_provider.hooks.ippanel import IPPanelHook

    try:
        account = IPPanelHook(options.conn_id).account
    except AirflowNotFoundException:
        raise InvalidInput(f"conn_id: connection {options.conn_id!r} not found") from None
    options.sender = getattr(options, "sender", None) or account.sender
    return account.settings, account.auth()
