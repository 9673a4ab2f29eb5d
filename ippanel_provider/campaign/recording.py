"""Who keeps the fate of every row by its key, as a sending tells it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ippanel_provider.campaign.audience import Message
    from ippanel_provider.campaign.cost import Tariff


class Recording(Protocol):
    """Told of the rows that get no text of their own, as whoever gets one stands in the ledger.

    It may neither fail nor wait, for it stands on the way of the send.
    """

    def priced(self, tariff: Tariff) -> None:
        """Take in what texts cost, before the first row."""
        ...

    def left_out(self, key: str, line: int, reason: str, *, is_suppressed: bool) -> None:
        """A row gets no text."""
        ...

    def repeated(self, message: Message) -> None:
        """A row has the recipient, and where these count the text, of another one, of this source or an earlier try's;
        or it is that one.
        """
        ...


def tell_known(record: Recording, messages: Iterable[Message], left: Iterable[Message]) -> None:
    """Tell of those messages that are not among what is left of them, as the ledger knows them."""
    lines = {message.line for message in left}
    for message in messages:
        if message.line not in lines:
            record.repeated(message)
