"""What the button "Test" of a connection asks and says."""

from __future__ import annotations

import re
from dataclasses import replace

from ippanel_provider.client import Client, Flow, OtpRequired, Refused, Retry, edge, gateway
from ippanel_provider.hooks.account import Account, meant_by
from ippanel_provider.service import Api
from ippanel_provider.text.numbers import mask

_LINES_SHOWN = 5
_LONGEST_LINE = 20


def introduce(account: Account) -> str:
    """Ask the service who we are, what credit there is and which lines; return it in one sentence or two.

    :raises IPPanelError: saying what is wrong and what to do about it.
    """
    # A person waits for the answer.
    with Client(account.auth(), replace(account.settings, retry=Retry(attempts=1))) as client:
        try:
            return client.run(_introduction(account))
        except OtpRequired as error:
            raise OtpRequired(
                "login: the account asks for a one-time code at each login. Put the authenticator's secret into "
                "totp_secret, or use an API key: empty the user name and put the key into the password."
            ) from error


def _introduction(account: Account) -> Flow[str]:
    calls = gateway(account.settings.api)
    owner = yield from calls.account()
    credit = yield from calls.credit()
    said = f"Connected as {_name(owner.user_name, account)}; credit {credit.credit:,.0f} rial"
    warnings = ""
    if account.settings.api is Api.EDGE:
        try:
            page = yield from edge.number.list_numbers()
        except Refused:
            # Not every credential may list lines, and none needs to in order to send.
            pass
        else:
            lines = [line.number for line in page.items if len(line.number) < _LONGEST_LINE]
            shown = ", ".join(lines[:_LINES_SHOWN]) + (
                f" and {len(lines) - _LINES_SHOWN} more" if len(lines) > _LINES_SHOWN else ""
            )
            said += f"; lines {shown}" if lines else "; it has no lines of its own"
            if account.sender is not None and account.sender not in lines:
                warnings = f" The default sender {account.sender} is not among them; a shared line may still work."
    warnings += _of_the_connection(account)
    if owner.send_block:
        warnings += " Sending is blocked for this account: ask IPPanel's support."
    return f"{said}.{warnings}"


def _name(user_name: str, account: Account) -> str:
    """The name, unless it is a phone number, or an echo of something that nobody may see."""
    is_name = re.fullmatch(r"[^\W\d][\w.@-]{0,39}", user_name) and account.password not in user_name
    return user_name if is_name else mask(user_name)


def _of_the_connection(account: Account) -> str:
    """What in the connection works, and is perhaps not what was meant."""
    said = ""
    if account.settings.verify is False:
        said += " TLS certificates are not verified (verify is off): whoever is on the way can read everything."
    if account.is_plain_http:
        said += " The way to the base URL is plain http (allow_http is on)."
    for name in account.unknown:
        meant = meant_by(name)
        said += f" The extra field {name!r} is not known and ignored" + (f"; {meant} may be meant." if meant else ".")
    return said
