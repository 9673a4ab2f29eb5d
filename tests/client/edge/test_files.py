"""Files and escapes as they arrive at the other end of a socket (API: send, phonebook, ticket)."""

from __future__ import annotations

import asyncio
import bz2
import gzip
import hashlib
import io
import json
import logging
import os
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from ippanel_provider.client import (
    AsyncClient,
    Client,
    InvalidInput,
    Request,
    Retry,
    Settings,
    Throttled,
    Unauthorized,
    Upload,
)
from ippanel_provider.client.edge import phonebook, send, ticket

from .wire import LINE, RECIPIENT

SMALL = b"recipient,message\n09120000000,hi\n"
RECEIPT = {"message_outbox_ids": [5]}


@dataclass
class Arrived:
    """One request as it came in; a form is taken apart into (name, file name, kind, content)."""

    target: str
    headers: dict[str, str]
    digest: str
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2]))

    @property
    def form(self) -> list[tuple[str, str | None, str | None, bytes]]:
        head = b"Content-Type: " + self.headers["content-type"].encode() + b"\r\n\r\n"
        parts = BytesParser().parsebytes(head + self.body).get_payload()
        assert isinstance(parts, list)
        return [
            (
                str(part.get_param("name", header="content-disposition")),
                part.get_filename(),
                part.get("content-type"),
                bytes(part.get_payload(decode=True)),
            )
            for part in parts
        ]


@dataclass
class Listener:
    """A server that answers with ``statuses``, the last of them for ever."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [200])
    data: Any = field(default_factory=lambda: RECEIPT)
    arrived: list[Arrived] = field(default_factory=list)
    keep_bodies: bool = True


@pytest.fixture
def listener() -> Iterator[Listener]:
    it = Listener()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            left, digest, kept = int(self.headers.get("Content-Length") or 0), hashlib.sha256(), b""
            while left:
                block = self.rfile.read(min(left, 65536))
                left -= len(block)
                digest.update(block)
                kept += block if it.keep_bodies else b""
            headers = {name.lower(): value for name, value in self.headers.items()}
            it.arrived.append(Arrived(self.path, headers, digest.hexdigest(), kept))
            status = it.statuses.pop(0) if len(it.statuses) > 1 else it.statuses[0]
            meta = {"status": status == 200, "message": f"about {self.path}"}
            content = json.dumps({"data": it.data, "meta": meta}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    it.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield it
    server.shutdown()
    thread.join()
    server.server_close()


Run = Callable[[Request[Any], str], Any]


def run_sync(call: Request[Any], url: str) -> Any:
    with Client("key", Settings(base_url=url, retry=Retry(first_delay=0))) as client:
        return client.run(call)


def run_async(call: Request[Any], url: str) -> Any:
    async def run() -> Any:
        async with AsyncClient("key", Settings(base_url=url, retry=Retry(first_delay=0))) as client:
            return await client.run(call)

    return asyncio.run(run())


@pytest.fixture(params=[run_sync, run_async], ids=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "texts.csv"
    path.write_bytes(SMALL)
    return path


def test_a_form_arrives_field_by_field(run: Run, listener: Listener, csv: Path) -> None:
    receipt = run(send.file("سلام", csv, sender=LINE, other_recipients=["09120000000", "09350000000"]), listener.url)

    assert receipt.outbox_ids == (5,)
    assert listener.arrived[0].headers["authorization"] == "key"
    assert listener.arrived[0].form == [
        ("sending_type", None, None, b"file"),
        ("from_number", None, None, LINE.encode()),
        ("message", None, None, "سلام".encode()),
        ("other_recipients[]", None, None, RECIPIENT.encode()),
        ("other_recipients[]", None, None, b"+989350000000"),
        ("files[]", "texts.csv", "text/csv", SMALL),
    ]


@pytest.mark.parametrize("given", [Path, str, "bytes", "open"], ids=["path", "its name", "bytes", "open file"])
def test_a_file_comes_in_every_form_people_have_it(given: Any, run: Run, listener: Listener, csv: Path) -> None:
    with csv.open("rb") as opened:
        opened.read(3)  # Wherever it stands, the whole file is meant.
        content = {"bytes": SMALL, "open": opened}.get(given)
        file = Upload("texts.csv", content, "text/csv") if content else given(csv)

        run(send.peer_to_peer_file(file, sender=LINE), listener.url)

        assert listener.arrived[0].form[-1] == ("files[]", "texts.csv", "text/csv", SMALL)
        assert not opened.closed


@pytest.mark.parametrize("packing", [bz2, gzip])
def test_an_open_file_that_decompresses_is_sent_as_long_as_it_reads(
    packing: Any, run: Run, listener: Listener, tmp_path: Path
) -> None:
    packed = tmp_path / "texts.csv.packed"
    packed.write_bytes(packing.compress(SMALL * 500))
    with packing.open(packed) as opened:
        run(send.peer_to_peer_file(Upload("texts.csv", opened), sender=LINE), listener.url)
    assert listener.arrived[0].form[-1][3] == SMALL * 500


def test_a_request_that_is_repeated_sends_its_file_whole_again(run: Run, listener: Listener) -> None:
    listener.statuses, listener.data = [429, 429, 200], {"ticket_id": 7}
    call = ticket.create_ticket("s", 1, "d", file=Upload("log.zip", io.BytesIO(b"PK" * 50_000), "application/zip"))

    assert run(call, listener.url).ticket_id == 7
    assert [arrived.form[-1][3] for arrived in listener.arrived] == [b"PK" * 50_000] * 3


def test_a_send_with_a_file_is_not_repeated_once_it_left(run: Run, listener: Listener, csv: Path) -> None:
    listener.statuses = [429, 200]
    with pytest.raises(Throttled):
        run(send.peer_to_peer_file(csv, sender=LINE), listener.url)
    assert len(listener.arrived) == 1


def test_a_form_without_a_file_is_multipart_all_the_same(run: Run, listener: Listener) -> None:
    listener.data = {"ticket_id": 7}
    run(ticket.create_ticket("موضوع", 1, "d"), listener.url)
    assert listener.arrived[0].headers["content-type"].startswith("multipart/form-data; boundary=")
    assert [part[0] for part in listener.arrived[0].form] == ["subject", "category_id", "description"]


@pytest.mark.parametrize("open_file", [False, True], ids=["path", "open file"])
def test_a_large_file_is_streamed(open_file: bool, run: Run, listener: Listener, tmp_path: Path) -> None:
    size = 24 * 1024 * 1024
    path = tmp_path / "contacts.xlsx"
    with path.open("wb") as file:
        file.truncate(size)
    listener.data, listener.keep_bodies = None, False
    with path.open("rb") as opened:
        call = phonebook.import_contacts(5, Upload("contacts.xlsx", opened) if open_file else path)
        tracemalloc.start()
        run(call, listener.url)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    length = int(listener.arrived[0].headers["content-length"])
    assert size < length < size + 1000
    assert peak < size / 3


REFUSED: dict[str, Callable[[Path], Any]] = {
    "file: No such file": lambda folder: folder / "none.csv",
    "file: a file of this name": lambda folder: folder,
    "file: the file is empty": lambda folder: Upload("a.csv", b""),
    "file: the file is open as text": lambda folder: Upload("a.csv", io.StringIO("x")),
}


@pytest.mark.parametrize(("begins", "file"), REFUSED.items(), ids=REFUSED)
def test_a_file_that_cannot_be_sent_is_refused_first(begins: str, file: Callable[[Path], Any], tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        send.peer_to_peer_file(file(tmp_path), sender=LINE)
    assert str(refused.value).startswith(begins)


def test_a_pipe_is_refused_as_it_cannot_be_read_twice() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as pipe, open(writing, "wb"), pytest.raises(InvalidInput, match="give a path or bytes"):
        send.peer_to_peer_file(Upload("a.csv", pipe), sender=LINE)


def test_a_file_that_is_gone_when_its_turn_comes_is_refused_before_anything_is_sent(
    run: Run, listener: Listener, csv: Path
) -> None:
    call = send.peer_to_peer_file(csv, sender=LINE)
    csv.unlink()
    with pytest.raises(InvalidInput, match=r"^files\[\]: the file cannot be read"):
        run(call, listener.url)
    assert listener.arrived == []


def test_queries_are_escaped(run: Run, listener: Listener) -> None:
    listener.data = []
    run(phonebook.list_contacts(number="09120000000", phonebook_title="a&b=ت #%"), listener.url)

    target = listener.arrived[0].target
    assert "number=%2B989120000000" in target
    assert listener.arrived[0].query == {
        "page": "1",
        "per_page": "100",
        "number": RECIPIENT,
        "phonebook_title": "a&b=ت #%",
    }


def test_the_send_that_carries_its_credential_shows_it_nowhere(
    run: Run, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    call = send.send_url("سلام a+b", "09120000000", sender=LINE, api_key="OWY4+/Zj==")

    assert run(call, listener.url).outbox_ids == (5,)
    listener.statuses = [401]
    with pytest.raises(Unauthorized) as refused:
        run(call, listener.url)

    arrived = listener.arrived[0]
    assert arrived.query == {"from": LINE, "to": RECIPIENT, "message": "سلام a+b", "apikey": "OWY4+/Zj=="}
    assert "authorization" not in arrived.headers
    shown = caplog.text + str(refused.value) + repr(refused.value) + repr(refused.value.details) + repr(call)
    for private in ("OWY4", "9120000000", "سلام"):
        assert private not in shown
