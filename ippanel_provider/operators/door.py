"""The one door by which errors leave a task.

Inside, whoever finds a fault raises what it is: the client's errors, an invalid value, a plan that is refused. Here
each becomes one of :mod:`ippanel_provider.exceptions`, which tell Airflow whether another try can mend it, and its
sentence begins with the connection and, where there is one, the field.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ippanel_provider.exceptions import (
    InvalidArgument,
    IPPanelTaskError,
    RequestFailed,
    RequestInDoubt,
    RequestRefused,
    SendFailed,
    SendInDoubt,
    SendRefused,
    SendUndecided,
    SyncFailed,
    SyncRefused,
    WaitFailed,
    WaitRefused,
)
from ippanel_provider.tracebacks import forget_values
from ippanel_provider.values import InvalidValue


class Family(NamedTuple):
    """What the errors of a kind of task are called."""

    invalid: type[IPPanelTaskError]
    """Something given cannot be right."""
    refused: type[IPPanelTaskError]
    """The same would be refused again."""
    failed: type[IPPanelTaskError]
    """Nothing was done."""
    in_doubt: type[IPPanelTaskError]
    """It may have been done, and the next try can find out or may ask again."""
    unanswered_send: type[IPPanelTaskError]
    """Texts may have gone out."""


ASKING = Family(InvalidArgument, RequestRefused, RequestFailed, RequestInDoubt, SendUndecided)
# Sending tasks keep a ledger, so their next try looks first; what else they ask for only prepares the send.
SENDING = Family(SendRefused, SendRefused, SendFailed, SendFailed, SendInDoubt)
SYNCING = Family(SyncRefused, SyncRefused, SyncFailed, SyncFailed, SendUndecided)
WAITING = Family(InvalidArgument, WaitRefused, WaitFailed, WaitFailed, SendUndecided)

LEDGERS = "ippanel_provider.campaign.ledger."


@contextmanager
def door(conn_id: str, family: Family = ASKING) -> Iterator[None]:
    """Let errors out as this provider's, naming the connection.

    :raises IPPanelTaskError: of the family; what is not ours, as an error of a database, passes as it is.
    """
    try:
        yield
    except IPPanelTaskError as error:
        forget_values(error)
        if len(error.args) == 1:
            error.args = (_named(conn_id, str(error)),)
        raise
    except Exception as error:
        forget_values(error)
        kind = _kind(error, family)
        if kind is None:
            raise
        raise kind(_named(conn_id, _field(error) + str(error))) from error


def _kind(error: Exception, family: Family) -> type[IPPanelTaskError] | None:
    if isinstance(error, InvalidValue):
        return family.invalid
    # Only who has asked for something can have got such an error, so they are loaded by now.
    from ippanel_provider.campaign.doubts import InDoubt
    from ippanel_provider.client import InvalidInput, IPPanelError, NotSent, OtpRequired, Refused, Unconfirmed

    match error:
        case InvalidInput():
            return family.invalid
        case InDoubt():
            return family.unanswered_send
        case Unconfirmed():
            return family.unanswered_send if error.details.is_send else family.in_doubt
        case OtpRequired():
            return family.refused
        case NotSent():
            return family.failed
        case Refused() if type(error) is Refused and error.details.is_send:
            # Not for a field, a credential or a pattern: the credit, the line, the operator. That can pass.
            return family.failed
        case IPPanelError():
            return family.refused
    # What a ledger holds of another key or another form is there at the next try too.
    return family.refused if type(error).__module__.startswith(LEDGERS) else None


def _field(error: Exception) -> str:
    """Name the field that a refusal is about, where its sentence does not begin with one."""
    from ippanel_provider.client import Invalid, IPPanelError, Unauthorized

    match error:
        case Unauthorized():
            return "password: "
        case Invalid() if error.details.field_errors:
            return f"{next(iter(error.details.field_errors))}: "
        case IPPanelError():
            return ""
    return ""


def _named(conn_id: str, sentence: str) -> str:
    return sentence if sentence.startswith("connection ") else f"connection {conn_id!r}, {sentence}"
