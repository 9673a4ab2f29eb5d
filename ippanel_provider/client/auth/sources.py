"""Sources of credentials, and how a request gets one from them."""

from __future__ import annotations

import threading
from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

from ippanel_provider.client._forks import begin_in_children
from ippanel_provider.client.errors import InvalidInput, IPPanelClientError, NotSent, Unconfirmed
from ippanel_provider.client.requests import Flow, Request, Sleep, Together


@dataclass(frozen=True, slots=True, eq=False)
class Await:
    """An effect: wait until the renewal that the thread ``leader`` is making has ended, and raise what it raised."""

    ended: Future[None]
    leader: int

    def block(self) -> None:
        """Wait with this thread."""
        if self.leader == threading.get_ident():
            # The renewal is a task of this very thread's event loop: waiting here would stop it for good.
            raise RuntimeError(
                "a blocking Client was used inside the event loop that is renewing its login; use AsyncClient "
                "there, or asyncio.to_thread"
            )
        self.ended.result()


class Renewal:
    """Belongs to one source of credentials; holds who is renewing it and who waits for that."""

    def __init__(self) -> None:
        self.begin()
        # The thread that was renewing does not exist in a forked child; waiting for it would never end.
        begin_in_children(self)

    def begin(self) -> None:
        """Know of nobody who is renewing."""
        # Reentrant: a generator collected while the lock is held ends its renewal in the same thread.
        self._mutex = threading.RLock()
        self._leader: int | None = None
        self._waiting: list[Future[None]] = []

    def join(self) -> Await | None:
        """Become the one who renews (None; :meth:`end` is then owed), or get what to wait for."""
        with self._mutex:
            if self._leader is None:
                self._leader = threading.get_ident()
                return None
            ended: Future[None] = Future()
            self._waiting.append(ended)
            return Await(ended, self._leader)

    def end(self, failure: IPPanelClientError | None) -> None:
        """Let those who wait go on: with ``failure``, or to look for themselves."""
        with self._mutex:
            waiting, self._waiting, self._leader = self._waiting, [], None
        for ended in waiting:
            # False for a task that was cancelled meanwhile.
            if ended.set_running_or_notify_cancel():
                if failure is None:
                    ended.set_result(None)
                else:
                    # An exception raised in several threads at once would mix their tracebacks.
                    ended.set_exception(_copy(failure))


def _copy(error: IPPanelClientError) -> IPPanelClientError:
    kind, arguments, *_ = error.__reduce__()
    return kind(*arguments)


class Auth(Protocol):
    """A source of credentials. ``current`` does no I/O; ``renew`` is a flow of requests that need no credential."""

    @property
    def renewal(self) -> Renewal:
        """What keeps all who share this source from renewing it twice at once; one for its whole life."""
        ...

    @property
    def renewable(self) -> bool:
        """Whether a refused credential may be replaced by a new one."""
        ...

    def current(self) -> str | None:
        """Return the credential, or None when one has to be fetched first."""
        ...

    def renew(self) -> Flow[str]:
        """Fetch a new credential, keep it, and return it."""
        ...


class ApiKey:
    """An API key made in the panel. It never expires; the password calls refuse it."""

    renewable = False

    def __init__(self, key: str) -> None:
        if problem := _problem_of(key):
            key = ""  # A traceback can be shown with the values of all names in it.
            raise InvalidInput(problem)
        self._key = key.strip()
        self.renewal = Renewal()

    def current(self) -> str:
        """Return the key."""
        return self._key

    def renew(self) -> Flow[str]:
        """Return the key: there is no other."""
        yield from ()
        return self._key

    def __repr__(self) -> str:
        return "ApiKey(…)"


def _problem_of(key: str) -> str:
    scheme, _, rest = key.strip().partition(" ")
    if rest and scheme.rstrip(":").lower() in {"bearer", "accesskey", "apikey", "token"}:
        return f"api_key: give the key alone, without {scheme!r} before it"
    if rest or not scheme or not scheme.isascii() or not scheme.isprintable():
        return "api_key: it is empty or holds characters no key has; copy it from the panel again"
    return ""


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential on its way to a request; as the value of a name in a traceback it shows nothing."""

    value: str = field(repr=False)


def obtain(
    auth: Auth, rejected: Credential | None
) -> Generator[Request[Any] | Sleep | Together[Any] | Await, Any, Credential]:
    """Yield the steps to a credential other than ``rejected``; return it.

    :raises NotSent: when a login left and no answer came: what needed the credential was never sent.
    """
    while True:
        if (credential := _usable(auth, rejected)) is not None:
            return credential
        under_way = auth.renewal.join()
        if under_way is None:
            return (yield from _lead(auth, rejected))
        yield under_way


def _lead(auth: Auth, rejected: Credential | None) -> Flow[Credential]:
    failure: IPPanelClientError | None = None
    try:
        # Whoever led before may have renewed it already.
        if (credential := _usable(auth, rejected)) is not None:
            return credential
        return Credential((yield from auth.renew()))
    except Unconfirmed as error:
        failure = NotSent(f"{error} What needed the login was not sent.", error.details)
        raise failure from error
    except IPPanelClientError as error:
        failure = error
        raise
    finally:
        auth.renewal.end(failure)


def _usable(auth: Auth, rejected: Credential | None) -> Credential | None:
    current = auth.current()
    return None if current is None or (rejected and current == rejected.value) else Credential(current)
