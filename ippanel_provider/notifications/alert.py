"""One alert: who is to get it, whom the window lets have it, and what became of it. Knows nothing of Airflow."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ippanel_provider.client import (
    Flow,
    InvalidInput,
    IPPanelError,
    Receipt,
    Refused,
    Request,
    Retry,
    Settings,
    Sleep,
    Throttled,
    Unconfirmed,
    edge,
)
from ippanel_provider.notifications.window import Window
from ippanel_provider.service import MAX_RECIPIENTS_PER_REQUEST, MAX_TEXT_CHARACTERS, MAX_TEXT_PARTS
from ippanel_provider.text import numbers, parts
from ippanel_provider.text.lists import listed

log = logging.getLogger(__name__)

_PAUSE = 2.0
"""Seconds; who raises an alert does not wait for long."""


class Content(Protocol):
    """What an alert says."""

    def requests(self, people: Iterable[str], held: int) -> Iterator[tuple[tuple[str, ...], Request[Receipt]]]:
        """Yield the sends that tell ``people``, each with those it is for; ``held`` is how many were held back
        before."""
        ...


@dataclass(frozen=True, slots=True)
class TextContent:
    """One text for all."""

    message: str = field(repr=False)
    held_text: str
    sender: str

    def requests(self, people: Iterable[str], held: int) -> Iterator[tuple[tuple[str, ...], Request[Receipt]]]:
        """See :class:`Content`."""
        if not self.message.strip():
            # With the count of those held back it would no longer be empty.
            raise InvalidInput("message: the text is empty")
        text = fitted(self.message, self.held_text.replace("{count}", str(held)) if held else "")
        everybody = tuple(people)
        for start in range(0, len(everybody), MAX_RECIPIENTS_PER_REQUEST):
            some = everybody[start : start + MAX_RECIPIENTS_PER_REQUEST]
            yield some, edge.send.webservice(text, some, sender=self.sender)


@dataclass(frozen=True, slots=True)
class PatternContent:
    """An approved pattern; the service takes one recipient a request."""

    code: str
    variables: Mapping[str, Any] = field(repr=False)
    held_variable: str | None
    sender: str

    def requests(self, people: Iterable[str], held: int) -> Iterator[tuple[tuple[str, ...], Request[Receipt]]]:
        """See :class:`Content`."""
        counted = {self.held_variable: held} if self.held_variable else {}
        for person in people:
            yield (person,), edge.send.pattern(self.code, person, {**self.variables, **counted}, sender=self.sender)


@dataclass(slots=True)
class Alert:
    """An alert on its way.

    :param identity: what makes another alert the same
    :param given: the recipients, spelled in any way
    :param secret: keys the hashes that the window remembers
    """

    identity: str = field(repr=False)
    given: Any = field(repr=False)
    content: Content
    secret: bytes = field(repr=False)
    window: Window | None
    problems: list[str] = field(default_factory=list)
    """What is wrong with recipients, masked."""
    told: set[str] = field(default_factory=set, repr=False)
    failures: dict[str, IPPanelError] = field(default_factory=dict, repr=False)
    """What became of those who were not told."""

    def claim(self) -> dict[str, int]:
        """Return who is to be told now, each with how many alerts were held back since the last one."""
        people = self._people()
        if self.window is None:
            return dict.fromkeys(people, 0)
        hashes = {self._hash(person): person for person in people}
        claimed = {hashes[hashed]: held for hashed, held in self.window.claim(self._name, hashes).items()}
        if held_back := len(people) - len(claimed):
            log.info(
                "The same alert went to %d people less than %g s ago; held back for them.",
                held_back,
                self.window.seconds,
            )
        return claimed

    def deliver(self, claimed: Mapping[str, int]) -> Flow[None]:
        """Send to all who may have it, whatever becomes of one of them; ``told`` and ``failures`` say what did."""
        alike: defaultdict[int, list[str]] = defaultdict(list)
        for person, held in claimed.items():
            alike[held].append(person)
        for held, people in alike.items():
            try:
                yield from self._tell(people, held)
            except InvalidInput as error:
                # It cannot be written, for none of them.
                self.failures |= dict.fromkeys(people, error)

    def conclude(self, claimed: Mapping[str, int], *, interrupted: bool = False) -> None:
        """Open the window again for whom nothing went out, and for whom an interruption left that open.

        :param interrupted: somebody else takes the alert over, and has to tell whom nobody knows to be told
        """
        open_question = () if interrupted else self.failures.items()
        doubtful = {person for person, error in open_question if is_doubt(error)}
        untold = {person: held for person, held in claimed.items() if person not in self.told | doubtful}
        if untold and self.window is not None:
            self.window.give_back(self._name, {self._hash(person): held for person, held in untold.items()})

    @property
    def error(self) -> IPPanelError | None:
        """The worst that happened."""
        return min(self.failures.values(), key=lambda error: not is_doubt(error), default=None)

    def _tell(self, people: Iterable[str], held: int) -> Flow[None]:
        for some, request in self.content.requests(people, held):
            try:
                receipt = yield from _once_more(request) if len(some) > 1 or not self.told else request
                self.told.update(some)
                log.info("Told %d people (outbox id %s).", len(some), ", ".join(map(str, receipt.outbox_ids)))
            except (Refused, Throttled) as error:
                if len(some) == 1:
                    self.failures[some[0]] = error
                else:
                    # It may be for one number among them: a wrong one, or one that got this text a moment ago. Had a
                    # copy of the request been accepted, the guard would refuse each of them again.
                    for person in some:
                        yield from self._tell([person], held)
            except IPPanelError as error:
                self.failures |= dict.fromkeys(some, error)

    def _people(self) -> list[str]:
        found: dict[str, None] = {}
        for position, item in enumerate(separated(self.given), start=1):
            try:
                found[numbers.normalize(item)] = None
            except numbers.InvalidNumber as error:
                self.problems.append(f"recipient {position}: {error}")
        if not found and not self.problems:
            raise InvalidInput("recipients: there are none")
        return list(found)

    @property
    def _name(self) -> str:
        return self._hash(self.identity)

    def _hash(self, content: str) -> str:
        return hashlib.blake2b(content.encode(), digest_size=8, key=self.secret[:64], person=b"alert").hexdigest()


def is_doubt(error: IPPanelError) -> bool:
    """Whether the text may have gone out. A 429 can be the guard's, against the very text that was accepted before."""
    return isinstance(error, Unconfirmed | Throttled)


def _once_more(request: Request[Receipt]) -> Flow[Receipt]:
    """Try again, once and soon, where the service asks to come later: a guard would only repeat its answer."""
    try:
        return (yield from request)
    except Throttled as error:
        yield from Sleep(min(error.retry_after or _PAUSE, _PAUSE))
        return (yield from request)


def separated(given: Any) -> list[str]:
    """Return the recipients of a list, or of one text that lists them."""
    if isinstance(given, str):
        # A list that went through a template has come out as its text.
        given = given.strip("[]() ")
    return [text for item in listed(given) if (text := str(item).strip(" '\"\t"))]


def fitted(message: str, tail: str) -> str:
    """Return both as one text, with the message cut where the service would not take it whole."""
    text = message + tail
    room = MAX_TEXT_CHARACTERS - len(tail)
    while len(text) > MAX_TEXT_CHARACTERS or parts.measure(text).parts > MAX_TEXT_PARTS:
        text = message[: room - 1].rstrip() + "…" + tail
        room -= 20
    return text


def impatient(settings: Settings, timeout: float) -> Settings:
    """Return settings for a caller that has to go on: no long waits, one more try where nothing had left."""
    return replace(
        settings,
        connect_timeout=min(settings.connect_timeout, timeout, 3.0),
        read_timeout=min(settings.read_timeout, timeout),
        retry=Retry(attempts=2, max_delay=1.0, max_retry_after=2.0),
    )
