"""What can go wrong, told apart by the one question that matters: did it go out?

::

    IPPanelClientError
    ├── InvalidInput        refused here, before anything was sent (also a ValueError)
    ├── Unsupported         this API has no such call
    ├── NotSent             it never left, or the service says "later": safe to send again
    │   ├── Unreachable       no connection was made
    │   ├── Throttled         HTTP 429; see ``retry_after``
    │   └── OtpRequired       the login waits for a code that a person has to give
    ├── Refused             the service said no; ``details`` holds its reasons
    │   ├── Unauthorized      HTTP 401: the credential
    │   ├── NotFound          HTTP 404: unknown pattern, phonebook, message
    │   └── Invalid           HTTP 422: field by field in ``details.field_errors``
    └── Unconfirmed         it left and no readable answer came: it may have gone out
        ├── NoAnswer          the connection broke or timed out
        ├── ServerFault       HTTP 5xx
        └── Unreadable        not the service's JSON: a 2xx, or any answer to a send

What only the request itself decides (a field, the credential, an unknown pattern) says for certain that nothing was
sent; other refusals, as for no credit, are of this try alone: see :attr:`Refused.depends_on_request`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from ippanel_provider.values import InvalidValue


@dataclass(frozen=True, slots=True)
class Details:
    """What the service answered, with numbers, texts and credentials taken out."""

    operation: str = ""
    is_send: bool = False
    """Whether the request was a send; unconfirmed, its texts may have gone out."""
    http_status: int | None = None
    code: str | None = None
    """``meta.message_code`` (``400-2``) or the legacy code (``10006``)."""
    server_message: str | None = None
    """As the service said it, usually in Persian."""
    field_errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: str = ""
    """At most 500 characters, only of an answer that was not the service's JSON."""
    retry_after: float | None = None
    """Seconds, where the service named a time."""
    depends_on_request: bool = False
    """Whether a refusal is of the request itself, see :attr:`Refused.depends_on_request`."""


class IPPanelClientError(Exception):
    """Base of all errors of the client."""

    def __init__(self, message: str, details: Details | None = None) -> None:
        super().__init__(message)
        self.details = details or Details()

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        # Executors carry exceptions between processes; the details have to come along.
        return (type(self), (str(self), self.details))


IPPanelError = IPPanelClientError
"""The name it had first, which is too like that of the Airflow floor's ``IPPanelException``."""


class InvalidInput(IPPanelClientError, InvalidValue):
    """A value was refused before anything was sent; the message starts with the field's name, which is ``field``."""

    def __init__(self, message: str, details: Details | None = None) -> None:
        Exception.__init__(self, message)
        self.details = details or Details()
        self.field, _, self.problem = message.partition(": ")

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        return (type(self), (str(self), self.details))


@contextmanager
def as_invalid_input() -> Iterator[None]:
    """Refuse a value of a field as all input is refused here."""
    try:
        yield
    except InvalidValue as error:
        raise InvalidInput(str(error)) from None


class Unsupported(IPPanelClientError):
    """The chosen API has no such call; the message says what to do instead."""


class NotSent(IPPanelClientError):
    """The request never left, or the service asked to come later. Sending again is safe."""


class Unreachable(NotSent):
    """No connection to the service (or the proxy) was made."""


class Throttled(NotSent):
    """HTTP 429. The service also answers so to the identical sender, recipient and text within 40 seconds.

    So to a send it can mean that a first copy went out, where a gateway repeated it: within half a minute of the first
    byte a guard would say so again, later it is a doubt.
    """

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, where the service named them."""
        return self.details.retry_after


class OtpRequired(NotSent):
    """A login waits for a one-time code, texted (``method`` "sms") or shown by the authenticator ("ga").

    What needed the login was not sent. ``token`` is that of the login step, good for 6 minutes and nothing but
    confirming the code; it stands in neither the message nor the repr.
    """

    def __init__(self, message: str, details: Details | None = None, token: str = "", method: str = "sms") -> None:
        super().__init__(message, details)
        self.token = token
        self.method = method

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        return (type(self), (str(self), self.details, self.token, self.method))


class Refused(IPPanelClientError):
    """The service said no. Sending the same again will be refused again, as long as nothing else changes."""

    @property
    def depends_on_request(self) -> bool:
        """Whether the request alone is why: one of its fields, the credential, a pattern that is not there.

        Then it was refused whenever it came, and nothing was sent. Other reasons (no credit, a line that is off, none
        given) can hold for a second copy of what was accepted before, as a gateway that repeats requests makes it: look
        in the outbox report before sending again.
        """
        return self.details.depends_on_request


class Unauthorized(Refused):
    """HTTP 401: the API key or token is wrong, expired or of the other API."""


class NotFound(Refused):
    """HTTP 404: the pattern, phonebook, contact or message does not exist (or it is too late to cancel)."""


class Invalid(Refused):
    """HTTP 422: the service refused a field."""


class Unconfirmed(IPPanelClientError):
    """The request left and no readable answer came. What it asked for may have happened."""


class NoAnswer(Unconfirmed):
    """The connection broke or timed out after the request began to leave."""


class ServerFault(Unconfirmed):
    """HTTP 5xx, from the service or a gateway before it."""


class Unreadable(Unconfirmed):
    """An answer that is not what the service documents: HTML, broken JSON, a send without ids, too large, endless.

    To a send also a redirect, an empty body or a page of a CDN with any status: it came from something
    before the service, which may have passed the request on.
    """
