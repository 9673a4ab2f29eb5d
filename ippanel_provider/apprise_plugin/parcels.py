"""One notification as requests, and what became of each. Knows nothing of Apprise."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Protocol

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
    make: Callable[[Sequence[str]], Request[Receipt]] = field(repr=False)

    def request(self) -> Request[Receipt]:
        """Return the request.

        :raises InvalidInput: there is something in it that the service does not take.
        """
        return self.make(self.targets)

    def only(self, targets: Iterable[str]) -> Parcel:
        """Return the same for some of the targets."""
        return Parcel(tuple(targets), self.make)

    def halves(self) -> tuple[Parcel, Parcel]:
        """Return the same as two parcels."""
        middle = len(self.targets) // 2
        return self.only(self.targets[:middle]), self.only(self.targets[middle:])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a parcel: outbox ids, or the error; neither where its targets had the text already."""

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
            return [Parcel((target,), self._personal) for target in targets]
        books = [target for target in targets if target.startswith("#")]
        numbers = [target for target in targets if not target.startswith("#")]
        return [
            *(Parcel(some, self._to_numbers) for some in _by(MAX_RECIPIENTS_PER_REQUEST, numbers)),
            *(Parcel(some, self._to_books) for some in _by(MAX_PHONEBOOKS_PER_SEND, books)),
        ]

    def _personal(self, numbers: Sequence[str]) -> Request[Receipt]:
        (number,) = numbers
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


class Sharing(Protocol):
    """What the URLs of one program know of each other's requests."""

    def trying(self, targets: Iterable[str]) -> AbstractContextManager[None]:
        """Around a request."""

    def accepted(self, targets: Iterable[str]) -> None:
        """It was accepted for these."""

    def has_it(self, target: str) -> bool:
        """Whether another URL has just reached ``target``; waits for a request that is under way."""


_PATIENCE = 8
"""So many refusals for each request that was accepted; more are no person whom two URLs name."""


@dataclass(slots=True)
class Delivery:
    """The requests of a letter, one after the other or, where each is for one person, ``at_once``.

    What is not begun by ``last_start`` (of :func:`time.monotonic`), or after an answer that every further request would
    get too, is held back. The first request always goes. ``before`` is called before each. ``sharing`` knows whom
    another URL has just reached with this text.
    """

    client: Client
    at_once: int
    last_start: float
    before: Callable[[], None]
    sharing: Sharing
    _begun: bool = False
    _ended: IPPanelError | None = None

    def outcomes(self, parcels: Sequence[Parcel]) -> Iterator[Outcome]:
        """Send the parcels and yield what became of each, in their order."""
        if self.at_once == 1 or len(parcels) < 2:
            for parcel in parcels:
                yield from self._delivered(parcel)
            return
        with ThreadPoolExecutor(min(self.at_once, len(parcels)), thread_name_prefix="ippanel-apprise") as pool:
            # In the context of the notification, so that what is logged there is known for its own log.
            sent = [
                pool.submit(copy_context().run, lambda each=parcel: list(self._delivered(each))) for parcel in parcels
            ]
            for future in sent:
                yield from future.result()

    def _delivered(self, parcel: Parcel) -> Iterator[Outcome]:
        outcome = self._attempt(parcel)
        if not isinstance(outcome.error, Throttled) or outcome.error.retry_after is not None:
            yield outcome
            return
        # The service refuses the whole request for one person who got the text a moment ago. The others get theirs.
        having = [target for target in parcel.targets if self.sharing.has_it(target)]
        if having:
            yield Outcome(parcel.only(having))
            parcel = parcel.only(target for target in parcel.targets if target not in set(having))
            outcome = self._attempt(parcel) if parcel.targets else outcome
        if parcel.targets:
            yield from self._apart(outcome) if isinstance(outcome.error, Throttled) else [outcome]

    def _apart(self, refused: Outcome) -> Iterator[Outcome]:
        """Find out who it is by halves, and send to the others."""
        waiting = deque([refused])
        left = _PATIENCE
        while waiting:
            outcome = waiting.popleft()
            if left <= 0 or len(outcome.parcel.targets) == 1:
                yield outcome
                continue
            for half in outcome.parcel.halves():
                tried = self._attempt(half)
                if isinstance(tried.error, Throttled):
                    left -= 1
                    waiting.append(tried)
                else:
                    left += _PATIENCE
                    yield tried

    def _attempt(self, parcel: Parcel) -> Outcome:
        if self._ended:
            return Outcome(parcel, error=NotSent(f"Held back after the first failure: {self._ended}"))
        if self._begun and time.monotonic() > self.last_start:
            return Outcome(parcel, error=NotSent(_NO_TIME))
        self._begun = True
        self.before()
        try:
            with self.sharing.trying(parcel.targets):
                receipt = self.client.run(parcel.request())
                self.sharing.accepted(parcel.targets)
            return Outcome(parcel, receipt.outbox_ids)
        except (Unreachable, Unauthorized, InvalidInput, Unsupported) as error:
            self._ended = error
            return Outcome(parcel, error=error)
        except IPPanelError as error:
            return Outcome(parcel, error=error)


_NO_TIME = "Held back: no time was left before Apprise stops waiting. Use fewer targets in one URL."
