"""Texts that came in, oldest first, as they are read (API: report.inbox).

The service lists them newest first. Whoever has many before them would have to hold all to begin with the oldest; here
the last page is read, then the last of what is newer than that, and so on.
"""

from __future__ import annotations

from ippanel_provider.client.edge import report
from ippanel_provider.client.models import InboxMessage
from ippanel_provider.client.requests import Flow, Page, may_go_on
from ippanel_provider.client.watch import received
from ippanel_provider.service import MAX_PAGE_SIZE

_TRIES = 4
"""Texts that come in meanwhile make the last page another one."""


class Unread:
    """The texts with a higher inbox id, a page at a time.

    A page is handed out once the next one shows, by its figures, that nothing older was passed over. Where a list tells
    no figures, or is in no order of ids, all that is left is read first.

    :param after_id: the id after which to begin
    """

    def __init__(self, after_id: int) -> None:
        self.cursor = after_id
        """The highest id that was handed out."""
        self.has_more = True
        """Whether another turn may hand out more."""
        self._read_to = after_id
        self._held: list[InboxMessage] = []
        self._left = 0
        self._page_size = MAX_PAGE_SIZE
        self._is_read = False

    def turn(self) -> Flow[list[InboxMessage]]:
        """Return the next texts, oldest first; none where there are none.

        :raises Unreadable: the list broke off.
        """
        while not self._is_read:
            page = yield from self._oldest()
            if page is None:
                rest = yield from received(self.cursor)
                self._is_read = True
                self._held = []
                return self._handed(rest)
            ready, self._held = self._held, sorted(page.items, key=lambda text: text.inbox_id)
            self._is_read = page.number == 1
            self._left = (page.total or 0) - len(page.items)
            if self._held:
                self._read_to = self._held[-1].inbox_id
            if ready:
                return self._handed(ready)
        ready, self._held = self._held, []
        return self._handed(ready)

    def _handed(self, texts: list[InboxMessage]) -> list[InboxMessage]:
        self.has_more = bool(self._held) or not self._is_read
        if texts:
            self.cursor = texts[-1].inbox_id
        return texts

    def _oldest(self) -> Flow[Page[InboxMessage] | None]:
        """Return the last page of what was not read; None where that cannot be told."""
        number = -(-self._left // self._page_size) or 1
        for _ in range(_TRIES):
            page = yield from report.inbox(after_id=self._read_to, page=number, per_page=MAX_PAGE_SIZE)
            if any(text.inbox_id <= self._read_to for text in page.items):
                return None
            if page.last_page is None:
                return page if number == 1 and not self._left and not may_go_on(page) else None
            self._page_size = page.per_page
            last = max(1, page.last_page)
            if last == number:
                is_sure = page.total is not None and page.total >= self._left and (bool(page.items) or number == 1)
                return page if is_sure or not (self._held or number > 1) else None
            number = last
        return None
