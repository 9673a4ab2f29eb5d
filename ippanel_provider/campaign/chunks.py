"""Messages gathered into what is written down and sent at once: which request a chunk makes, which bulks are its own.

A chunk is always one request, so that it is in doubt as a whole or not at all, and each id is durable before the next
request of its kind leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, groupby, islice
from typing import ClassVar, NamedTuple, Protocol

from ippanel_provider.campaign.audience import Message
from ippanel_provider.client import InvalidInput, Receipt, Request
from ippanel_provider.client.gateway import Gateway
from ippanel_provider.service import MAX_PEER_TO_PEER_ITEMS, MAX_RECIPIENTS_PER_REQUEST, Api


class Form(Protocol):
    """How messages are sent."""

    @property
    def is_urgent(self) -> bool:
        """Whether it is a code or an alert, which is worth nothing later."""
        ...

    def chunk_limit(self, api: Api) -> int:
        """Return how many messages a chunk may hold."""
        ...

    def requests(
        self, messages: Sequence[Message], gateway: Gateway, sender: str, send_time: datetime | None
    ) -> list[Request[Receipt]]:
        """Return the sends, to be made in turn; together they answer with one outbox id per text of :meth:`texts`."""
        ...

    def texts(self, messages: Sequence[Message]) -> list[str]:
        """Return the text of each bulk the messages become."""
        ...

    def arranged(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """Return the messages of a chunk in the order of their bulks."""
        ...

    def sizes(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """Return how many messages each bulk has; empty is all in one, or one each."""
        ...


class _InOrder:
    """A form whose bulks need no order: one for all messages, or one each."""

    __slots__ = ()
    is_urgent = False

    def arranged(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """As they came."""
        return messages

    def sizes(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """All in one, or one each."""
        return ()


@dataclass(frozen=True, slots=True)
class SharedText(_InOrder):
    """One text for all: a request and a bulk for up to 1000 recipients."""

    text: str = field(repr=False)

    def chunk_limit(self, api: Api) -> int:
        """A webservice send takes 1000 recipients."""
        return MAX_RECIPIENTS_PER_REQUEST

    def requests(
        self, messages: Sequence[Message], gateway: Gateway, sender: str, send_time: datetime | None
    ) -> list[Request[Receipt]]:
        """One send to all."""
        return [
            gateway.send(self.text, [message.recipient for message in messages], sender=sender, send_time=send_time)
        ]

    def texts(self, messages: Sequence[Message]) -> list[str]:
        """One bulk."""
        return [self.text]


@dataclass(frozen=True, slots=True)
class OwnTexts:
    """A text each: one request for up to 1000 messages, and a bulk for each text among them."""

    is_urgent: ClassVar[bool] = False

    def chunk_limit(self, api: Api) -> int:
        """The legacy REST API takes one text a request."""
        return MAX_PEER_TO_PEER_ITEMS if api is Api.EDGE else 1

    def requests(
        self, messages: Sequence[Message], gateway: Gateway, sender: str, send_time: datetime | None
    ) -> list[Request[Receipt]]:
        """One peer-to-peer send."""
        return [gateway.send_each(list(_items(messages)), sender=sender, send_time=send_time)]

    def texts(self, messages: Sequence[Message]) -> list[str]:
        """A bulk for each run of one text."""
        return [text for text, _ in groupby(message.text for message in messages)]

    def arranged(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """Equal texts beside each other: twenty texts for ten thousand people are a few hundred bulks."""
        by_text: dict[str, list[Message]] = {}
        for message in messages:
            by_text.setdefault(message.text, []).append(message)
        return messages if len(by_text) == len(messages) else tuple(chain.from_iterable(by_text.values()))

    def sizes(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """As many as each run of one text has."""
        sizes = tuple(len(list(run)) for _, run in groupby(message.text for message in messages))
        return () if len(sizes) in (1, len(messages)) else sizes


@dataclass(frozen=True, slots=True)
class Pattern(_InOrder):
    """An approved pattern with values of its own for each: the service takes one recipient a request.

    A message's text is the pattern's with the values in place, as the outbox shows it; see :func:`filled`.
    """

    code: str
    is_urgent: bool = True

    def chunk_limit(self, api: Api) -> int:
        """One recipient a request, whatever ``chunk_size`` asks for."""
        return 1

    def requests(
        self, messages: Sequence[Message], gateway: Gateway, sender: str, send_time: datetime | None
    ) -> list[Request[Receipt]]:
        """A send each."""
        return [
            gateway.pattern(self.code, to.recipient, to.variables, sender=sender, send_time=send_time)
            for to in messages
        ]

    def texts(self, messages: Sequence[Message]) -> list[str]:
        """A bulk each."""
        return [message.text for message in messages]


@dataclass(frozen=True, slots=True)
class Single(_InOrder):
    """One request whose recipients the service chooses: of phonebooks, a file, a bank; or a code by voice.

    :param build: makes the request with a send time; what is wrong with its arguments it raises, by field
    :param text: the text that all of them get, as the outbox shows it; None where there is no one text
    :param expected: how many recipients its bulk will have, where that can be asked beforehand
    """

    build: Callable[[datetime | None], Request[Receipt]] = field(repr=False)
    text: str | None = field(default=None, repr=False)
    expected: int | None = None
    is_urgent: bool = False

    def chunk_limit(self, api: Api) -> int:
        """It is one."""
        return 1

    def requests(
        self, messages: Sequence[Message], gateway: Gateway, sender: str, send_time: datetime | None
    ) -> list[Request[Receipt]]:
        """The request."""
        return [self.build(send_time)]

    def texts(self, messages: Sequence[Message]) -> list[str]:
        """A bulk with the text, or one that cannot be told from others."""
        return [self.text or ""]


def _items(messages: Sequence[Message]) -> Iterator[tuple[str | list[str], str]]:
    for text, run in groupby(messages, key=lambda message: message.text):
        recipients = [message.recipient for message in run]
        yield (recipients[0] if len(recipients) == 1 else recipients), text


def filled(pattern_text: str, variables: dict[str, str | int]) -> str:
    """Return the text of a pattern (``%name%``) with the values in place."""
    for name, value in variables.items():
        pattern_text = pattern_text.replace(f"%{name}%", str(value))
    return pattern_text


class Stamp(NamedTuple):
    """What an intent gets with its number. Times are epoch seconds."""

    at: float
    """Now."""
    send_at: float | None = None
    """When the chunk goes out, where it has a time of its own."""
    mark: int = 0
    """The highest outbox id that is known."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Messages that share one intent."""

    messages: tuple[Message, ...] = field(repr=False)
    form: Form
    stamp: Callable[[int], Stamp] | None = None
    """Stamps the intent that gets a number in the ledger; None leaves it at the time."""

    @property
    def texts(self) -> list[str]:
        """The text of each bulk it becomes."""
        return self.form.texts(self.messages)

    def requests(self, gateway: Gateway, sender: str, send_time: datetime | None = None) -> list[Request[Receipt]]:
        """Return the sends of these messages, to be made in turn."""
        return self.form.requests(self.messages, gateway, sender, send_time)


def chunked(
    messages: Iterable[Message],
    form: Form,
    *,
    size: int | None = None,
    api: Api = Api.EDGE,
    stamp: Callable[[int], Stamp] | None = None,
) -> Iterator[Chunk]:
    """Yield the messages in chunks of ``size`` (default: as many as the form takes in a request).

    :raises InvalidInput: if ``size`` is more than that.
    """
    most = form.chunk_limit(api)
    size = most if size is None else size
    if not 1 <= size <= MAX_RECIPIENTS_PER_REQUEST:
        raise InvalidInput(f"chunk_size: {size} is outside 1 to {MAX_RECIPIENTS_PER_REQUEST}")
    stream = iter(messages)
    while batch := tuple(islice(stream, min(size, most))):
        yield Chunk(form.arranged(batch), form, stamp)
