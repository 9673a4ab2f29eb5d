"""One notification as requests, and what became of each. Knows nothing of Apprise."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice

from ippanel_provider.client import (
    Client,
    InvalidInput,
    IPPanelError,
    NotSent,
    Receipt,
    Request,
    Throttled,
    Unauthorized,
    Unreachable,
    Unsupported,
    edge,
)
from ippanel_provider.client.gateway import gateway
from ippanel_provider.service import MAX_PHONEBOOKS_PER_SEND, MAX_RECIPIENTS_PER_REQUEST, Api


@dataclass(frozen=True, slots=True)
class Parcel:
    """One request and the targets it is for: numbers, and phonebooks as ``#12``."""

    targets: tuple[str, ...] = field(repr=False)
    request: Callable[[], Request[Receipt]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a parcel: outbox ids, or the error."""

    parcel: Parcel
    outbox_ids: tuple[int, ...] = ()
    error: IPPanelError | None = None

    @property
    def may_repeat(self) -> bool:
        """Whether sending it again is certain to send it once.

        Not after a 429: the service answers so to a text that went out in the last 40 seconds as well.
        """
        return isinstance(self.error, NotSent) and not isinstance(self.error, Throttled)


@dataclass(frozen=True, slots=True)
class Letter:
    """What every target gets, whatever the kind of send. A pattern's text is its ``variables``, a voice code's its
    digits.
    """

    sender: str
    text: str = field(default="", repr=False)
    pattern: str = ""
    variables: dict[str, str] = field(default_factory=dict, repr=False)
    voice: bool = False
    send_time: datetime | None = None
    api: Api = Api.EDGE

    @property
    def is_personal(self) -> bool:
        """Whether the service takes one recipient a request."""
        return self.voice or bool(self.pattern)

    def parcels(self, targets: Sequence[str]) -> list[Parcel]:
        """Return the fewest requests that reach these targets."""
        if self.is_personal:
            return [Parcel((target,), partial(self._personal, target)) for target in targets]
        books = [target for target in targets if target.startswith("#")]
        numbers = [target for target in targets if not target.startswith("#")]
        return [
            *(Parcel(some, partial(self._to_numbers, some)) for some in _by(MAX_RECIPIENTS_PER_REQUEST, numbers)),
            *(Parcel(some, partial(self._to_books, some)) for some in _by(MAX_PHONEBOOKS_PER_SEND, books)),
        ]

    def _personal(self, number: str) -> Request[Receipt]:
        if self.voice:
            return edge.send.votp(self.text, number, send_time=self.send_time)
        return gateway(self.api).pattern(
            self.pattern, number, self.variables, sender=self.sender, send_time=self.send_time
        )

    def _to_numbers(self, numbers: Sequence[str]) -> Request[Receipt]:
        return gateway(self.api).send(self.text, numbers, sender=self.sender, send_time=self.send_time)

    def _to_books(self, books: Sequence[str]) -> Request[Receipt]:
        return edge.send.phonebook(
            self.text, [int(book[1:]) for book in books], sender=self.sender, send_time=self.send_time
        )


def _by(size: int, targets: Sequence[str]) -> Iterator[tuple[str, ...]]:
    rest_of_them = iter(targets)
    while some := tuple(islice(rest_of_them, size)):
        yield some


def deliver(
    client: Client, parcels: Sequence[Parcel], *, at_once: int, last_start: float, before: Callable[[], None]
) -> Iterator[Outcome]:
    """Send the parcels and yield what became of each, in their order.

    What is not begun by ``last_start`` (of :func:`time.monotonic`), or after an answer that every further request would
    get too, is held back. The first parcel always goes. ``before`` is called before each request.
    """
    ended: list[IPPanelError] = []
    first = parcels[0] if parcels else None

    def send(parcel: Parcel) -> Outcome:
        if ended:
            return Outcome(parcel, error=NotSent(f"Held back after the first failure: {ended[0]}"))
        if parcel is not first and time.monotonic() > last_start:
            return Outcome(
                parcel,
                error=NotSent(
                    "Held back: no time was left before Apprise stops waiting. Use fewer targets in one URL."
                ),
            )
        before()
        try:
            return Outcome(parcel, client.run(parcel.request()).outbox_ids)
        except (Unreachable, Unauthorized, InvalidInput, Unsupported) as error:
            ended.append(error)
            return Outcome(parcel, error=error)
        except IPPanelError as error:
            return Outcome(parcel, error=error)

    if at_once == 1 or len(parcels) < 2:
        yield from map(send, parcels)
        return
    with ThreadPoolExecutor(min(at_once, len(parcels)), thread_name_prefix="ippanel-apprise") as pool:
        yield from pool.map(send, parcels)
