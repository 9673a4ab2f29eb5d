"""What a task fails with. All are Airflow exceptions, because sensors heed nothing else for ``soft_fail``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from ippanel_provider.extras import need

need("airflow.providers.common.compat.sdk", "airflow")

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, AirflowSensorTimeout  # noqa: E402

if TYPE_CHECKING:
    from ippanel_provider.service import BulkState


class IPPanelException(AirflowException):
    """Base of the errors this provider's tasks end with."""


class SendFailed(IPPanelException):
    """A send was not accepted, or not all of it; the message says how far it came."""


class SendInDoubt(SendFailed):
    """Texts left unanswered and the outbox does not show them. A retry looks again before it sends anything."""


class SendUndecided(SendInDoubt, AirflowFailException):
    """The same where a retry could not know of it and would send again; none is made."""


class BulksFailed(IPPanelException, AirflowFailException):
    """Bulks ended in a state that is final and not "sent". A retry cannot change that, so none is made."""

    def __init__(self, failed: Mapping[int, BulkState]) -> None:
        from ippanel_provider.service import BulkState

        reasons: dict[str, list[int]] = {}
        for outbox_id, state in sorted(failed.items()):
            reasons.setdefault(BulkState(state).meaning, []).append(outbox_id)
        shown = "; ".join(f"{meaning}: {_some(ids)}" for meaning, ids in reasons.items())
        super().__init__(f"{len(failed)} of the bulks were not sent. By reason: {shown}.")
        self.failed = dict(failed)

    def __reduce__(self) -> tuple[type[Self], tuple[dict[int, BulkState]]]:
        return (type(self), (self.failed,))


class WaitFailed(IPPanelException):
    """Waiting ended without an answer: the time was up, or the service could not be asked."""


class WaitTimedOut(WaitFailed, AirflowSensorTimeout):
    """The time of a deferred sensor was up. As with any sensor, no retry is made."""


class TooFewDelivered(IPPanelException, AirflowFailException):
    """The texts went out and reached fewer recipients than they had to. A retry cannot change that, so none is made."""


class PatternRejected(IPPanelException, AirflowFailException):
    """The person who reviews patterns rejected this one; it has to be changed and handed in again."""


class ImportFailed(IPPanelException):
    """The service could not import a file into a phonebook. A retry uploads it again."""


class SyncFailed(IPPanelException):
    """A sync broke off, or something in it was rejected; the message says which. A retry goes on from there."""


class SyncRefused(SyncFailed, AirflowFailException):
    """A sync was not begun: a wrong source, a panel that has changed, too many deletions. No retry is made."""


class CreditTooLow(IPPanelException):
    """The account's credit is below what the task asks for."""


class CancelFailed(IPPanelException, AirflowFailException):
    """It is too late to take back some bulks, or there are no such. A retry cannot change that, so none is made."""


def _some(ids: list[int], most: int = 5) -> str:
    shown = ", ".join(map(str, ids[:most]))
    return shown if len(ids) <= most else f"{shown} and {len(ids) - most} more"
