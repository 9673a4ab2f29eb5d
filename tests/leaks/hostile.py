"""A service that tells back what it was sent, in every way that a server, a proxy or a page of errors might.

Its base URL chooses the way: ``http://127.0.0.1:PORT/WAY/SCOPE/v1``. With the scope ``send`` only what writes is
answered so, and what reads goes to the sandbox behind it; with ``all``, everything is.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import html
import http.client
import json
import quopri
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import quote, quote_plus, urlsplit

from tests.leaks.canaries import PERSIAN

SILENCE = 3.0
"""Seconds for which an answer is kept back, or drips; the connections of the run wait less."""


class Answer(NamedTuple):
    """What goes over the wire."""

    status: int
    body: bytes
    kind: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


Way = Callable[[str], Answer]


def _said(status: int, message: str, errors: object = None) -> Answer:
    meta = {"status": False, "message": message, "message_parameters": [], "message_code": "400-1", "errors": errors}
    return Answer(status, json.dumps({"data": None, "meta": meta}).encode())


_NAMES = (
    "user_name username name message number sender status state type description title code email mobile currency "
    "recipient text pattern_status send_at created_at from_number token unit"
)
_FIGURES = "credit price cost parts id user_id outbox_id bulk_id total count sent size"


def _everywhere(said: str) -> dict[str, object]:
    """An answer that could be one to anything, with the echo in every field that holds a text."""
    figures = dict.fromkeys(_FIGURES.split(), 7)
    return dict.fromkeys(_NAMES.split(), said) | figures | {"message_outbox_ids": [7], "items": []}


def _grouped(said: str, mark: str) -> str:
    return "".join(f"{char}{mark}" if char.isdigit() and at % 3 == 2 else char for at, char in enumerate(said))


def _nested(said: str) -> object:
    found: object = [said]
    for _ in range(30):
        found = {said: found}
    return found


WAYS: dict[str, Way] = {
    "accepted": lambda said: Answer(200, json.dumps({"data": _everywhere(said), "meta": {"status": True}}).encode()),
    "items": lambda said: Answer(
        200, json.dumps({"data": [_everywhere(said)], "meta": {"status": True, "last_page": 1, "total": 1}}).encode()
    ),
    "base64": lambda said: _said(400, base64.b64encode(said.encode()).decode()),
    "hexadecimal": lambda said: Answer(500, said.encode().hex(" ").encode(), "text/plain"),
    "quoted-printable": lambda said: Answer(500, quopri.encodestring(said.encode()), "text/plain"),
    "backwards": lambda said: _said(400, said[::-1]),
    "elsewhere": lambda said: Answer(307, b"", "text/html", (("Location", f"http://localhost:1/{quote(said[:600])}"),)),
    "cookies": lambda said: Answer(401, b"", headers=tuple(("Set-Cookie", f"k{at}={_line(said)}") for at in range(60))),
    "bomb": lambda said: Answer(400, gzip.compress(said.encode() + b" " * 2**24, 1), "text/plain"),
    "depth": lambda said: Answer(400, b'{"meta": ' + b"[" * 200_000 + json.dumps(said).encode()),
    "endless-line": lambda said: Answer(-6, f"HTTP/1.1 400 {_line(said)}".encode() + b"x" * 200_000),
    "errors-by-field": lambda said: _said(422, "invalid", {"recipients": [said], "message": said}),
    "field-names": lambda said: _said(422, "invalid", {said: ["invalid"]}),
    "refused-message": lambda said: _said(400, f"cannot send: {said}"),
    "refused-with-200": lambda said: _said(200, said),
    "wrong-shape": lambda said: Answer(200, json.dumps({"data": {"message_outbox_ids": said}, "meta": said}).encode()),
    "message-of-objects": lambda said: Answer(400, json.dumps({"meta": {"message": {"at": [said]}}}).encode()),
    "nested": lambda said: Answer(400, json.dumps({"meta": {"message": "no", "errors": _nested(said)}}).encode()),
    "broken-json": lambda said: Answer(200, json.dumps({"data": said}).encode()[:-2]),
    "list": lambda said: Answer(200, json.dumps([said]).encode()),
    "page-of-gateway": lambda said: Answer(502, f"<html><h1>Bad Gateway</h1>{said}</html>".encode(), "text/html"),
    "page-of-stack": lambda said: Answer(500, f"<pre>POST\n{html.escape(said)}</pre>".encode(), "text/html"),
    "plain-text": lambda said: Answer(500, said.encode(), "text/plain"),
    "unauthorized": lambda said: _said(401, f"token {said} is invalid"),
    "forbidden": lambda said: _said(403, said),
    "not-found": lambda said: _said(404, said),
    "throttled": lambda said: Answer(429, said.encode(), "text/plain", (("Retry-After", "0"), ("X-Key", _line(said)))),
    "moved": lambda said: Answer(302, b"", "text/html", (("Location", f"/{quote(said[:600])}"),)),
    "headers": lambda said: Answer(
        400, b"{}", headers=(("X-Request", _line(said)), ("Set-Cookie", f"s={_line(said)}"))
    ),
    "kind-of-content": lambda said: Answer(400, b"{}", f"text/{_line(said)[:200]}"),
    "quoted": lambda said: _said(400, quote(said, safe="")),
    "quoted-form": lambda said: _said(400, quote_plus(said)),
    "escaped-twice": lambda said: _said(400, json.dumps(json.dumps(said))),
    "grouped": lambda said: _said(400, _grouped(said, " ")),
    "broken-lines": lambda said: Answer(500, _grouped(said, "<br>").encode(), "text/html"),
    "persian-digits": lambda said: _said(400, said.translate(str.maketrans("0123456789", PERSIAN))),
    "capitals": lambda said: _said(400, said.upper()),
    "entities": lambda said: Answer(500, "".join(f"&#{ord(char)};" for char in said).encode(), "text/html"),
    "mojibake": lambda said: _said(400, said.encode().decode("latin-1")),
    "compressed": lambda said: Answer(
        400, gzip.compress(json.dumps({"meta": {"message": said}}).encode()), "text/plain"
    ),
    "bad-compression": lambda said: Answer(400, said.encode(), headers=(("Content-Encoding", "gzip"),)),
    "silent": lambda said: Answer(0, b""),
    "dripping": lambda said: Answer(-1, json.dumps({"data": said}).encode()),
    "hung-up": lambda said: Answer(-2, b""),
    "no-http": lambda said: Answer(-3, f"{_line(said)}\r\n\r\n".encode()),
    "cut-short": lambda said: Answer(-4, json.dumps({"data": said}).encode()),
    "bad-chunk": lambda said: Answer(-5, _line(said).encode()),
}
"""What comes back, made of all that a request said: its path, its credential and its body."""


def _line(said: str) -> str:
    return quote("".join(said.split())[:400], safe='+=&@:%{}",[]')


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sandbox = ""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        _, way, scope, rest = self.path.split("/", 3)
        if scope == "send" and self.command == "GET":
            self._forward(f"/{rest}", body)
            return
        key = " ".join(self.headers.get(name, "") for name in ("Authorization", "apikey"))
        self._tell(WAYS[way](f"/{rest} {key} {body.decode('utf-8', 'replace')}"))

    def _forward(self, path: str, body: bytes) -> None:
        behind = http.client.HTTPConnection(urlsplit(self.sandbox).netloc, timeout=30)
        kept = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}}
        with contextlib.closing(behind):
            behind.request(self.command, path, body or None, kept)
            given = behind.getresponse()
            self._tell(Answer(given.status, given.read(), given.getheader("Content-Type", "")))

    def _tell(self, answer: Answer) -> None:
        if answer.status > 0:
            self.send_response(answer.status)
            for name, value in (("Content-Type", answer.kind), *answer.headers):
                self.send_header(name, value)
            if answer.body[:2] == b"\x1f\x8b":
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            return
        self.close_connection = True
        with contextlib.suppress(OSError):
            self._misbehave(answer)

    def _misbehave(self, answer: Answer) -> None:
        if answer.status == -3:
            self.wfile.write(answer.body)
        elif answer.status == -5:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + answer.body + b"\r\n")
        elif answer.status == -6:
            self.wfile.write(answer.body)
        elif answer.status in {-1, -4}:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + answer.body)
        if answer.status in {0, -1}:
            until = time.monotonic() + SILENCE
            while time.monotonic() < until:
                time.sleep(0.2)
                if answer.status == -1:
                    self.wfile.write(b" ")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: this is not what is looked at."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: who has heard enough hangs up."""


@contextlib.contextmanager
def hostile(sandbox: str = "") -> Iterator[str]:
    """Run it, before the sandbox at this URL if there is one, for as long as the block lasts; yield its own URL."""
    handler = type("_Bound", (_Handler,), {"sandbox": sandbox})
    server = _Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
