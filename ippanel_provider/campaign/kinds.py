"""The forms of sending to many: which requests the messages of a chunk make, and which texts the outbox then shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from ippanel_provider.campaign.audience import Message
from ippanel_provider.client import Receipt, Request
from ippanel_provider.client.gateway import Gateway
from ippanel_provider.service import MAX_PEER_TO_PEER_ITEMS, MAX_RECIPIENTS_PER_REQUEST, Api


class Form(Protocol):
    """How messages are sent."""

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


@dataclass(frozen=True, slots=True)
class SharedText:
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
    """A text each: one request for up to 1000 messages, each a bulk of its own."""

    def chunk_limit(self, api: Api) -> int:
        """The legacy REST API takes one text a request."""
        return MAX_PEER_TO_PEER_ITEMS if api is Api.EDGE else 1

    def requests(
        self, messages: Sequence[Message], gateway: Gateway, sender: str, send_time: datetime | None
    ) -> list[Request[Receipt]]:
        """One peer-to-peer send."""
        pairs = [(message.recipient, message.text) for message in messages]
        return [gateway.send_each(pairs, sender=sender, send_time=send_time)]

    def texts(self, messages: Sequence[Message]) -> list[str]:
        """A bulk each."""
        return [message.text for message in messages]


@dataclass(frozen=True, slots=True)
class Pattern:
    """An approved pattern with values of its own for each: the service takes one recipient a request.

    A message's text is the pattern's with the values in place, as the outbox shows it; see :func:`filled`.
    """

    code: str

    def chunk_limit(self, api: Api) -> int:
        """What is written down at once; a crash leaves at most so many in doubt for each request under way."""
        return 50

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
class Single:
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


def filled(pattern_text: str, variables: dict[str, str | int]) -> str:
    """Return the text of a pattern (``%name%``) with the values in place."""
    for name, value in variables.items():
        pattern_text = pattern_text.replace(f"%{name}%", str(value))
    return pattern_text
