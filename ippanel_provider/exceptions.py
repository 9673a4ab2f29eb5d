"""What a task fails with. All are Airflow exceptions, because sensors heed nothing else for ``soft_fail``.

Whatever the client, a value or a plan is refused with becomes one of these at the door of every task
(:mod:`ippanel_provider.operators.door`): what no retry can mend is an ``AirflowFailException`` and ends the task at
once, the rest is left to the task's retries. Their root is called another thing than the client's ``IPPanelError``,
which no task lets out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from ippanel_provider.extras import need

need("airflow.providers.common.compat.sdk", "airflow")

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, AirflowSensorTimeout  # noqa: E402

if TYPE_CHECKING:
    from ippanel_provider.service import BulkState


class IPPanelTaskError(AirflowException):
    """Base of the errors this provider's tasks end with."""


IPPanelException = IPPanelTaskError
"""The former name."""


class RequestFailed(IPPanelTaskError):
    """The service could not be asked, or asks to come later. Nothing was done; a retry asks again."""


class RequestInDoubt(RequestFailed):
    """No readable answer came, so what was asked for may have been done. A retry asks again."""


class RequestRefused(IPPanelTaskError, AirflowFailException):
    """The service said no: a credential, an unknown pattern or phonebook, a field. No retry is made."""


class InvalidArgument(RequestRefused, ValueError):
    """An argument or a field of the connection cannot be right. Nothing was asked for and no retry is made."""


class SendFailed(IPPanelTaskError):
    """A send was not accepted, or not all of it; the message says how far it came."""


class SendRefused(SendFailed, RequestRefused):
    """A send that a retry could only repeat: wrong input, a refusal, a wrong credential. No retry is made."""


class SendInDoubt(SendFailed):
    """Texts left unanswered and the outbox does not show them. A retry looks again before it sends anything."""


class SendUndecided(SendInDoubt, AirflowFailException):
    """The same where a retry could not know of it and would send again; none is made."""


class BulksFailed(IPPanelTaskError, AirflowFailException):
    """Bulks ended in a state that is final and not "sent". A retry cannot change that, so none is made.

    :param failed: outbox ids and states; of very many, the first of each state
    :param counts: how many there are of each state, where ``failed`` does not hold all
    """

    def __init__(self, failed: Mapping[int, BulkState], counts: Mapping[BulkState, int] | None = None) -> None:
        from ippanel_provider.service import BulkState

        by_state: dict[BulkState, list[int]] = {}
        for outbox_id, state in sorted(failed.items()):
            by_state.setdefault(BulkState(state), []).append(outbox_id)
        self.failed = dict(failed)
        self.counts = {state: (counts or {}).get(state, len(ids)) for state, ids in by_state.items()}
        shown = "; ".join(f"{state.meaning}: {_some(ids, self.counts[state])}" for state, ids in by_state.items())
        super().__init__(f"{sum(self.counts.values())} of the bulks were not sent. By reason: {shown}.")

    def __reduce__(self) -> tuple[type[Self], tuple[dict[int, BulkState], dict[BulkState, int]]]:
        return (type(self), (self.failed, self.counts))


class WaitFailed(IPPanelTaskError):
    """Waiting ended without an answer: the time was up, or the service could not be asked."""


class WaitRefused(WaitFailed, RequestRefused):
    """The service refused to be asked after what was waited for; the next look could only be refused too."""


class WaitTimedOut(WaitFailed, AirflowSensorTimeout):
    """The time of a deferred sensor was up. As with any sensor, no retry is made."""


class TooFewDelivered(IPPanelTaskError, AirflowFailException):
    """The texts went out and reached fewer recipients than they had to. A retry cannot change that, so none is made."""


class PatternRejected(IPPanelTaskError, AirflowFailException):
    """The person who reviews patterns rejected this one; it has to be changed and handed in again."""


class ImportFailed(IPPanelTaskError):
    """The service could not import a file into a phonebook. A retry uploads it again."""


class SyncFailed(IPPanelTaskError):
    """A sync broke off, or something in it was rejected; the message says which. A retry goes on from there."""


class SyncRefused(SyncFailed, AirflowFailException):
    """A sync was not begun: a wrong source, a panel that has changed, too many deletions. No retry is made."""


class CreditTooLow(IPPanelTaskError):
    """The account's credit is below what the task asks for."""


class CancelFailed(IPPanelTaskError, AirflowFailException):
    """It is too late to take back some bulks, or there are no such. A retry cannot change that, so none is made."""


def _some(ids: list[int], count: int, most: int = 5) -> str:
    shown = ids[:most]
    named = ", ".join(map(str, shown))
    return named if count <= len(shown) else f"{named} and {count - len(shown)} more"
