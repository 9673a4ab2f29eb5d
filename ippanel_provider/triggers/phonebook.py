"""Waiting on the triggerer for jobs the service does with phonebooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ippanel_provider.triggers.base import WaitTrigger
from ippanel_provider.triggers.poller import ROUND_REQUESTS, Event, Poller, Wait

if TYPE_CHECKING:
    from ippanel_provider.hooks.ippanel import IPPanelHook


class IPPanelImportTrigger(WaitTrigger):
    """Wait until the import into a phonebook has ended; the event's payload is ``{"status": "ended", "import_status":
    …, "contacts": n}``.

    :param phonebook_id: the phonebook
    :param ends: the words for its ``import_status`` by which the service says that it has ended, well or not
    """

    arguments = ("phonebook_id", "ends")

    def __init__(
        self,
        phonebook_id: int,
        ends: Sequence[str],
        ippanel_conn_id: str,
        poll_interval: float,
        deadline: float,
        carried: Any = None,
    ) -> None:
        super().__init__(ippanel_conn_id, poll_interval, deadline, carried)
        self.phonebook_id = phonebook_id
        self.ends = list(ends)

    async def wait(self) -> Event:
        """See the class."""
        wait = ImportWait(self.phonebook_id, frozenset(self.ends), self.poll_interval, self.deadline)
        return await ImportPoller.wait(self.ippanel_conn_id, wait)


class ImportWait(Wait):
    """One trigger's wait for the end of an import."""

    __slots__ = ("ends", "phonebook_id", "status")

    def __init__(self, phonebook_id: int, ends: frozenset[str], interval: float, deadline: float) -> None:
        super().__init__(interval, deadline)
        self.phonebook_id = phonebook_id
        self.ends = ends
        self.status: str | None = None

    def progress(self) -> str:
        """See :class:`~ippanel_provider.triggers.poller.Wait`."""
        return f"the import is {self.status or 'not begun'}"


class ImportPoller(Poller[ImportWait]):
    """Asks for each phonebook once, however many wait for it."""

    def __init__(self, conn_id: str) -> None:
        super().__init__(conn_id)
        self._asked_in: dict[int, int] = {}

    async def look(self, hook: IPPanelHook, due: Sequence[ImportWait]) -> None:
        """See :class:`~ippanel_provider.triggers.poller.Poller`."""
        from ippanel_provider.client import edge

        client = await hook.aget_conn()
        books = sorted({wait.phonebook_id for wait in due}, key=lambda book: self._asked_in.get(book, 0))
        for phonebook_id in books[:ROUND_REQUESTS]:
            found = (await client.run(edge.phonebook.list(id=phonebook_id))).items
            self._asked_in[phonebook_id] = self.rounds
            for wait in [wait for wait in self.waits if wait.phonebook_id == phonebook_id]:
                if not found:
                    wait.settle(
                        {"status": "error", "message": f"phonebook_id: there is no phonebook {phonebook_id} any more"}
                    )
                    continue
                wait.status = found[0].import_status
                if wait.status in wait.ends:
                    wait.settle({"status": "ended", "import_status": wait.status, "contacts": found[0].count})
