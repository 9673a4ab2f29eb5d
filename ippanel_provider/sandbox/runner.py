"""Start a sandbox from Python and steer it. Standard library only, so that tests of any client can use it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypedDict, cast

from .defaults import API_KEY, API_KEY_VARIABLE, CA, READY, SENDER

_CALL_TIMEOUT = 30.0
_STOP_TIMEOUT = 10.0
# A proxy of the environment has no business between a test and its own machine.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _opener_of(context: ssl.SSLContext) -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))


class SandboxError(RuntimeError):
    """The sandbox did not start, or a control call was wrong; the text says what."""


class Message(TypedDict):
    """One text handed over for one recipient; times are epoch seconds."""

    id: str
    outbox_id: int
    recipient: str
    sender: str
    text: str
    parts: int
    type: str
    state_id: int
    message_status: int
    time: float
    send_time: float


class Counts(TypedDict):
    """The judge of "nothing twice, nothing lost": ``duplicates`` are (recipient, text) pairs handed over more than
    once.
    """

    texts: int
    distinct: int
    duplicates: int
    repeats: int
    by_state: dict[str, int]
    by_message_status: dict[str, int]


class RunningSandbox:
    """A sandbox that listens at ``url``, and the hands behind its counter.

    :ivar url: ``http://127.0.0.1:PORT``, without a path.
    :ivar base_url: what a client is configured with, ``url`` and ``/v1``.
    :ivar api_key: a key it takes.
    :ivar sender: a line it sends from.
    :ivar pid: the id of its process, where it is known.
    :ivar ca: the file of the authority that a client has to trust, of a sandbox that was started with ``--tls``.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str = API_KEY,
        sender: str = SENDER,
        pid: int | None = None,
        ca: str | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.pid = pid
        self.ca = ca
        self._opener = _opener if ca is None else _opener_of(ssl.create_default_context(cafile=ca))
        self.base_url = f"{self.url}/v1"
        self.api_key = api_key
        self.sender = sender

    def __repr__(self) -> str:
        return f"RunningSandbox({self.url!r})"

    def messages(
        self,
        *,
        recipient: str | None = None,
        text: str | None = None,
        sender: str | None = None,
        since: float | None = None,
        offset: int = 0,
        limit: int | None = None,
    ) -> list[Message]:
        """Texts handed over, oldest first. ``text`` matches a part; ``recipient`` may be spelled any way."""
        query = {
            "recipient": recipient,
            "text": text,
            "sender": sender,
            "since": since,
            "offset": offset or None,
            "limit": limit,
        }
        return cast("list[Message]", self.control("GET", "messages", query=query)["messages"])

    def wait_for(
        self, count: int = 1, *, timeout: float = 10.0, recipient: str | None = None, text: str | None = None
    ) -> list[Message]:
        """Wait until ``count`` texts match, and return all that do.

        :raises TimeoutError: when they do not come within ``timeout`` seconds of real time.
        """
        query = {"count": count, "timeout": timeout, "recipient": recipient, "text": text}
        try:
            return cast(
                "list[Message]",
                self.control("GET", "messages/wait", query=query, wait=timeout + _CALL_TIMEOUT)["messages"],
            )
        except _Answered as answer:
            if answer.status == 408:
                raise TimeoutError(str(answer)) from None
            raise

    def counts(self) -> Counts:
        """How many texts, how many of them distinct, how many twice, and where they stand."""
        return cast("Counts", self.control("GET", "messages/counts"))

    def stats(self) -> dict[str, Any]:
        """Requests by route (``POST /api/send``), bulks, credit in rial, and :meth:`counts`."""
        return self.control("GET", "stats")

    def fault(
        self,
        name: str,
        *,
        path: str | None = None,
        method: str | None = None,
        sending_type: str | None = None,
        times: int | None = None,
        **options: object,
    ) -> int:
        """Set a fault for matching requests, ``times`` times or for ever; return its id.

        ``options`` are ``after``, ``probability`` and what the fault itself takes (``seconds``, ``status``,
        ``retry_after``…).

        :raises SandboxError: when there is no such fault, or an option is wrong.
        """
        match = {
            key: value
            for key, value in (("path", path), ("method", method), ("sending_type", sending_type))
            if value is not None
        }
        body = {"fault": name, "match": match, **options} | ({} if times is None else {"times": times})
        return int(self.control("POST", "faults", body)["id"])

    def lift(self, fault_id: int | None = None) -> None:
        """Lift one fault, or all of them."""
        self.control("DELETE", "faults" if fault_id is None else f"faults/{fault_id}")

    def advance(self, seconds: float) -> None:
        """Move the service's clock forward."""
        self.control("POST", "clock", {"advance": seconds})

    def settle(self) -> None:
        """Move the clock far enough for every text that is due to become final."""
        self.advance(float(self.control("GET", "clock")["life"]) + 1)

    def speed(self, factor: float) -> None:
        """Run the service's clock ``factor`` times as fast; 0 stops it."""
        self.control("POST", "clock", {"speed": factor})

    def pace(self, factor: float) -> None:
        """Let new bulks live ``factor`` times the usual life; 0 makes them final at once."""
        self.control("POST", "clock", {"pace": factor})

    def now(self) -> float:
        """The service's time, in epoch seconds."""
        return float(self.control("GET", "clock")["now"])

    def inbox(self, sender: str, message: str, *, number: str | None = None) -> int:
        """A person texts ``message`` to ``number`` (the first line); return the id."""
        return int(
            self.control("POST", "inbox", {"from": sender, "number": number or self.sender, "message": message})[
                "messages_inbox_id"
            ]
        )

    def decide(self, outbox_id: int, *, state_id: int | None = None, message_status: int | None = None) -> None:
        """Choose the state a bulk ends in, or the status its texts do."""
        self.control("POST", f"bulks/{outbox_id}", {"state_id": state_id, "message_status": message_status})

    def account(self, **changes: object) -> dict[str, Any]:
        """Set fields of the account (``credit=0``, ``lines=["+98…"]``, ``duplicate_guard=0``); return all of it."""
        return self.control("POST", "account", changes) if changes else self.control("GET", "account")

    def profile(self, **facts: object) -> dict[str, Any]:
        """Let the service behave by these facts of :mod:`ippanel_provider.service_profile`; return all of them.

        :raises SandboxError: naming what is no fact, or none of its values.
        """
        shown = self.control("POST", "profile", facts) if facts else self.control("GET", "profile")
        return cast("dict[str, Any]", shown["facts"])

    def delete(self, outbox_id: int) -> None:
        """An operator takes a bulk out of the outbox; its texts go out all the same."""
        self.control("DELETE", f"bulks/{outbox_id}")

    def approve(self, code: str) -> None:
        """The reviewer approves a pattern."""
        self.control("POST", f"patterns/{code}/approve", {})

    def reject(self, code: str, comment: str = "") -> None:
        """The reviewer rejects a pattern."""
        self.control("POST", f"patterns/{code}/reject", {"comment": comment})

    def otp(self) -> str:
        """The one-time code that was texted last, of a login or of a forgotten password.

        :raises SandboxError: when none was.
        """
        codes = self.control("GET", "codes")["codes"]
        if not codes:
            raise SandboxError("no one-time code was texted")
        return str(codes[0]["otp"])

    def add_phonebook(
        self, title: str, contacts: Sequence[Mapping[str, object]] = (), *, options: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Make a phonebook; ``options`` are title to type, contacts ``{"number": …, "name": …, "options": {title:
        value}}``.

        Return its ``id``, ``options`` (title to id), and how many contacts were ``added``.
        """
        return self.control(
            "POST", "phonebooks", {"title": title, "contacts": list(contacts), "options": dict(options or {})}
        )

    def exported(self, export_id: int) -> bytes:
        """The xlsx file of an export that is done; the first one has the id 1.

        :raises SandboxError: when there is none, or it is not done yet.
        """
        return self._asked("GET", f"exports/{export_id}")

    def blacklist(self, number: str, *, send: bool | None = None, receive: bool | None = None) -> None:
        """Put a number on the account's blacklists, or take it off."""
        flags = {name: flag for name, flag in (("send", send), ("receive", receive)) if flag is not None}
        self.control("POST", "blacklist", {"number": number, **flags})

    def add_user(self, username: str, **fields: object) -> int:
        """Make a user under the account; return the id."""
        return int(self.control("POST", "users", {"username": username, **fields})["id"])

    def users(self) -> list[dict[str, Any]]:
        """Everybody under the account, with the lines handed to them."""
        return cast("list[dict[str, Any]]", self.control("GET", "users")["users"])

    def answer_ticket(self, ticket_id: int, description: str) -> None:
        """Support answers a ticket."""
        self.control("POST", f"tickets/{ticket_id}/answer", {"description": description})

    def close_ticket(self, ticket_id: int) -> None:
        """Support closes a ticket."""
        self.control("POST", f"tickets/{ticket_id}/close", {})

    def reset(self) -> None:
        """Back to the start: no texts, no faults, the account as it was. The clock shows real time again."""
        self.control("POST", "reset", {})

    def control(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        query: Mapping[str, object] | None = None,
        wait: float = _CALL_TIMEOUT,
    ) -> dict[str, Any]:
        """Any call under ``/_sandbox/``.

        :raises SandboxError: when it is refused, with the sandbox's words, or the sandbox is gone.
        """
        return cast("dict[str, Any]", json.loads(self._asked(method, path, body, query, wait)))

    def _asked(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, object] | None = None,
        wait: float = _CALL_TIMEOUT,
    ) -> bytes:
        given = {key: str(value) for key, value in (query or {}).items() if value is not None}
        url = f"{self.url}/_sandbox/{path}" + (f"?{urllib.parse.urlencode(given)}" if given else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310 - always http to ourselves
        try:
            with self._opener.open(request, timeout=wait) as response:
                return cast("bytes", response.read())
        except urllib.error.HTTPError as error:
            raise _Answered(error.code, _words(error)) from None
        except (OSError, http.client.HTTPException) as error:
            raise SandboxError(f"the sandbox at {self.url} does not answer: {error}") from error


class _Answered(SandboxError):
    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


def _words(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["error"])
    except (ValueError, KeyError, TypeError):
        return f"the sandbox answered {error.code}"


@contextlib.contextmanager
def running_sandbox(
    *options: str, api_key: str = API_KEY, examples: bool = False, python: str = sys.executable
) -> Iterator[RunningSandbox]:
    """Run a sandbox as a process of its own on a free port, for as long as the block lasts.

    :param options: more options of ``ippanel sandbox``, such as ``"--pace", "0"``.
    :param api_key: the key it takes.
    :param examples: whether the account starts with the documents' examples.
    :raises SandboxError: when it does not start; its own message goes to standard error.
    """
    arguments: Sequence[str] = ("--port", "0", "--stop-with-stdin", *(() if examples else ("--empty",)), *options)
    process = subprocess.Popen(  # noqa: S603 - our own module
        [python, "-m", "ippanel_provider.sandbox", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, API_KEY_VARIABLE: api_key},
    )
    try:
        if process.stdout is None:
            raise SandboxError("the sandbox has no standard output")
        line = process.stdout.readline()
        if not line.startswith(READY):
            raise SandboxError(
                "the sandbox did not start; its message is above. Is the extra installed? pip install "
                "'airflow-provider-ippanel[sandbox]'"
            )
        process.stdout.readline()
        ca = process.stdout.readline().removeprefix(CA).strip() if "--tls" in options else None
        yield RunningSandbox(line.removeprefix(READY).strip(), api_key=api_key, pid=process.pid, ca=ca)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
