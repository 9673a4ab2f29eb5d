"""What the triggers behind this provider's sensors have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar

from airflow.triggers.base import BaseTrigger, TriggerEvent


class WaitTrigger(BaseTrigger):
    """Waits for one event, together with all others that wait on the same connection.

    The event's payload is ``{"status": "error" | "timeout", "message": …}``, or what the subclass says; it holds ids,
    states and counts, never a number or a text. An error that another try could only meet again is ``"refused": True``.

    :param ippanel_conn_id: the connection to IPPanel
    :param poll_interval: seconds between two looks
    :param deadline: when to give up, in epoch seconds, so that a restart does not start the wait anew
    :param carried: JSON that the task wants back: it is in the event, under the same name. (``DAG.test`` keeps nothing
        else over a deferral)
    """

    arguments: ClassVar[Sequence[str]] = ()
    """The names of the subclass's own arguments, which are its attributes too."""

    def __init__(self, ippanel_conn_id: str, poll_interval: float, deadline: float, carried: Any = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.ippanel_conn_id = ippanel_conn_id
        self.poll_interval = poll_interval
        self.deadline = deadline
        self.carried = carried

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments, as JSON primitives."""
        names = (
            *self.arguments,
            "ippanel_conn_id",
            "poll_interval",
            "deadline",
            *(() if self.carried is None else ("carried",)),
        )
        return f"{type(self).__module__}.{type(self).__qualname__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait and say what came of it."""
        event = await self.wait()
        yield TriggerEvent(event if self.carried is None else {**event, "carried": self.carried})

    @abstractmethod
    async def wait(self) -> dict[str, Any]:
        """Return the payload when there is something to say."""
