"""What happens around one request, without doing any I/O: credential, repetition, alternates.

A generator of effects that both clients perform; the results are sent in, the errors thrown in.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ippanel_provider import values
from ippanel_provider.client.auth.sources import Auth, Await, Credential
from ippanel_provider.client.errors import (
    IPPanelClientError,
    NotSent,
    Refused,
    Unauthorized,
    Unconfirmed,
    Unreachable,
    as_invalid_input,
)
from ippanel_provider.client.requests import Replay, Request, Sleep, Together

T = TypeVar("T")
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how patiently what may be repeated is repeated. Times in seconds.

    The wait doubles from ``first_delay`` up to ``max_delay`` with jitter; a longer Retry-After from the service is
    honoured up to ``max_retry_after``, beyond which the error is raised at once for the caller to decide.
    """

    attempts: int = 4
    first_delay: float = 0.5
    max_delay: float = 10.0
    max_retry_after: float = 60.0

    def checked(self) -> Retry:
        """Return the same with every value in its plain form.

        :raises InvalidInput: naming the first that makes no sense.
        """
        with as_invalid_input():
            return Retry(
                values.whole(self.attempts, "retry.attempts", low=1, high=100),
                *(
                    values.seconds(getattr(self, name), f"retry.{name}", high=_DAY)
                    for name in ("first_delay", "max_delay", "max_retry_after")
                ),
            )

    def delay(self, replay: Replay, error: IPPanelClientError, attempt: int) -> float | None:
        """Return the wait before attempt ``attempt + 1`` (counted from 1), or None when there must be none."""
        if attempt >= self.attempts or not isinstance(error, _REPEATABLE[replay]):
            return None
        backoff = min(self.max_delay, self.first_delay * 2.0 ** min(attempt - 1, 64))
        wait: float = backoff * (0.5 + random.random() / 2)  # noqa: S311 - spreads load, guards nothing
        asked = error.details.retry_after
        if asked is None:
            return wait
        return max(asked, wait) if asked <= self.max_retry_after else None


_REPEATABLE: dict[Replay, tuple[type[IPPanelClientError], ...]] = {
    Replay.ALWAYS: (NotSent, Unconfirmed),
    Replay.IF_NOT_SENT: (NotSent,),
    Replay.IF_UNREACHED: (Unreachable,),
}


@dataclass(frozen=True, slots=True)
class NeedCredential:
    """An effect: give the credential, a new one if the current one is ``rejected``."""

    rejected: Credential | None = field(repr=False)


@dataclass(slots=True)
class Transmit:
    """An effect: send this over the wire and give the answer."""

    request: Request[Any]
    credential: Credential | None = field(repr=False)
    began: bool = field(default=False, compare=False)
    """Whether any of it has left."""


Effect = Request[Any] | Sleep | NeedCredential | Await | Transmit | Together[Any]


def exchange(request: Request[T], auth: Auth, retry: Retry) -> Generator[Effect, Any, T]:
    """Yield the effects that run ``request``; return what its reader made of the answer."""
    rejected: Credential | None = None
    first_refusal: Refused | None = None
    attempt = 1
    while True:
        credential = (yield NeedCredential(rejected)) if request.authenticated else None
        try:
            return request.read((yield Transmit(request, credential)))
        except Unauthorized:
            if rejected is not None or credential is None or not auth.renewable:
                raise
            rejected = credential
        except Refused as error:
            status = error.details.http_status
            if status == 405 and first_refusal is not None:
                # The service has no such alternate, so what it said first stands.
                raise first_refusal from None
            # A path that is not served may still have done something; only what may be repeated is asked again.
            if status not in {404, 405} or not request.alternates or request.replay is not Replay.ALWAYS:
                raise
            first_refusal = error
            request = request.via(*request.alternates[0])
        except (NotSent, Unconfirmed) as error:
            delay = retry.delay(request.replay, error, attempt)
            if delay is None:
                raise
            attempt += 1
            yield from Sleep(delay)
