"""A server of raw bytes: what it answers, and how it breaks, is written out in the test."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Raw:
    """Bytes to send, a byte at a time if they drip; then the connection is kept, closed, or left hanging."""

    data: bytes = b""
    then: str = "keep"
    drips: bool = False


NO_ANSWER = Raw(then="close")
SILENCE = Raw(then="hang")


def http(status: int, body: bytes | Any, headers: str = "", *, then: str = "keep") -> Raw:
    """A complete answer; anything but bytes goes out as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Raw(f"HTTP/1.1 {status} X\r\nContent-Length: {len(raw)}\r\n{headers}\r\n".encode() + raw, then)


@dataclass(frozen=True)
class Arrived:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class RawServer:
    """Answers the n-th request with the n-th of ``script`` (the last one again and again), or as ``respond`` says."""

    script: list[Raw] = field(default_factory=list)
    respond: Callable[[Arrived], Raw] | None = None
    requests: list[Arrived] = field(default_factory=list)
    connections: int = 0
    url: str = ""
    reached: threading.Event = field(default_factory=threading.Event)
    hung_up: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while (arrived := _read(connection)) is not None:
                with self.lock:
                    self.requests.append(arrived)
                    self.reached.set()
                    scripted = self.script[min(len(self.requests), len(self.script)) - 1] if self.script else None
                raw = scripted if scripted is not None else self.respond(arrived) if self.respond else http(404, {})
                if raw.drips:
                    self.drip(connection, raw.data)
                else:
                    connection.sendall(raw.data)
                if raw.then == "hang":
                    self.stopped.wait(10)
                if raw.then != "keep":
                    break
        self.hung_up.set()

    def drip(self, connection: socket.socket, data: bytes) -> None:
        """Send a byte every 20 ms: each alone is soon enough."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(len(data)):
            connection.sendall(data[place : place + 1])
            if self.stopped.wait(0.02):
                break


def _read(connection: socket.socket) -> Arrived | None:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(65536)):
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    return Arrived(line, headers, body)


@contextmanager
def listening(tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """A server on a free port of 127.0.0.1 until the end of the block."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = RawServer(url=f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}")
    threads: list[threading.Thread] = []

    def handle(connection: socket.socket) -> None:
        try:
            secured = tls.wrap_socket(connection, server_side=True) if tls else connection
        except OSError:
            connection.close()
            return
        server.serve(secured)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                server.connections += 1
                connection.settimeout(10)
                threads.append(threading.Thread(target=handle, args=(connection,), daemon=True))
                threads[-1].start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        server.stopped.set()
        # Closing alone would not wake the thread that accepts.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(5)
