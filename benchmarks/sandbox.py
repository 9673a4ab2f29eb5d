"""How much the sandbox takes: ``python benchmarks/sandbox.py [ROUNDS]``.

A sandbox runs as a process of its own, with and without ``--state``, and gets ready-made requests over two plain
sockets: single sends, then peer_to_peer chunks of a thousand texts. Each round is a new sandbox; median and best are
printed. What it costs the sandbox's process itself (CPU, memory, restart) is read from the operating system, and so is
not disturbed by what else the machine does.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox

SENDS = 4_000
CHUNKS = 200
CHUNK = 1_000
CONNECTIONS = 2
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


def request(body: object) -> bytes:
    """A send as bytes on the wire."""
    content = json.dumps(body, ensure_ascii=False).encode()
    head = (
        "POST /v1/api/send HTTP/1.1\r\nHost: localhost\r\nAuthorization: sandbox-key\r\nContent-Type: "
        "application/json\r\n"
    )
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(content) + content


def recipient(number: int) -> str:
    """One of ten million mobile numbers."""
    return f"+98912{number:07d}"


def text(number: int) -> str:
    """A text of one part."""
    return f"سلام مشتری {number} گرامی، سفارش شما ارسال شد"


def single(number: int) -> bytes:
    """A send of one text to one recipient."""
    params = {"recipients": [recipient(number)]}
    return request(
        {"sending_type": "webservice", "from_number": "+983000505", "message": text(number), "params": params}
    )


def chunk(number: int) -> bytes:
    """A peer_to_peer send of a thousand texts."""
    numbers = range(number * CHUNK, (number + 1) * CHUNK)
    params = [{"recipients": [recipient(each)], "message": text(each)} for each in numbers]
    return request({"sending_type": "peer_to_peer", "from_number": "+983000505", "params": params})


def exchange(url: str, requests: Sequence[bytes]) -> None:
    """Send requests one after the other over one connection, and check each answer."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        buffer = bytearray(1 << 20)
        for each in requests:
            connection.sendall(each)
            filled, end = connection.recv_into(buffer), -1
            while (end := buffer.find(b"\r\n\r\n", 0, filled)) < 0:
                filled += connection.recv_into(memoryview(buffer)[filled:])
            head = bytes(buffer[:end]).lower()
            assert head.startswith(b"http/1.1 200"), bytes(buffer[:filled])
            whole = end + 4 + int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
            while filled < whole:
                filled += connection.recv_into(memoryview(buffer)[filled:])


def timed(url: str, requests: Sequence[bytes]) -> float:
    """Seconds until all requests are answered, over a few connections at once."""
    threads = [
        threading.Thread(target=exchange, args=(url, requests[place::CONNECTIONS])) for place in range(CONNECTIONS)
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


class Process:
    """The sandbox's process, as the operating system sees it (Linux)."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self._files = Path("/proc", str(sandbox.pid))

    def cpu(self) -> float:
        """Seconds of CPU it has used."""
        fields = (self._files / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> int:
        """Bytes it occupies."""
        return int((self._files / "statm").read_text().split()[1]) * _PAGE


def measure_once(options: Sequence[str], singles: Sequence[bytes], chunks: Sequence[bytes]) -> dict[str, float]:
    """One round on a new sandbox."""
    texts = len(chunks) * CHUNK
    with running_sandbox(*options) as sandbox:
        process = Process(sandbox)
        taken = timed(sandbox.url, singles)
        figures = {"sends a second": len(singles) / taken}
        cpu = process.cpu()
        taken = timed(sandbox.url, chunks)
        figures["messages a second"] = texts / taken
        figures["µs of CPU a message"] = (process.cpu() - cpu) / texts * 1e6
        # Two windows of the duplicate guard later it has let go, and takes the same again into the room it had.
        sandbox.advance(100)
        memory = process.memory()
        timed(sandbox.url, chunks)
        figures["bytes a message kept"] = (process.memory() - memory) / texts
        assert sandbox.counts()["texts"] == 2 * texts + len(singles)
    return figures


def restart_once(state: Path, texts: int) -> dict[str, float]:
    """How long a sandbox takes to start with what is in ``state``."""
    size = sum(path.stat().st_size for path in state.parent.iterdir())
    started = time.perf_counter()
    with running_sandbox("--state", str(state)) as sandbox:
        taken = time.perf_counter() - started
        assert sandbox.counts()["texts"] == texts
    return {"seconds to restart": taken, "bytes a message in the file": size / texts}


def rounds(count: int, round_: Callable[[], dict[str, float]]) -> Iterator[tuple[str, list[float]]]:
    """The figures of some rounds, by name."""
    results = [round_() for _ in range(count)]
    for name in results[0]:
        yield name, [result[name] for result in results]


def main() -> None:
    """Print the figures without and with a state file."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    singles = [single(number) for number in range(SENDS)]
    chunks = [chunk(number) for number in range(SENDS // CHUNK, SENDS // CHUNK + CHUNKS)]
    for title, persistent in (("in memory", False), ("with --state", True)):
        print(f"\n{title:36}{'median':>12}{'best':>12}{'worst':>12}")

        def once(persistent: bool = persistent) -> dict[str, float]:
            with ExitStack() as stack:
                if not persistent:
                    return measure_once((), singles, chunks)
                state = Path(stack.enter_context(tempfile.TemporaryDirectory()), "state.db")
                figures = measure_once(("--state", str(state)), singles, chunks)
                return figures | restart_once(state, 2 * len(chunks) * CHUNK + len(singles))

        for name, values in rounds(count, once):
            best, worst = (max(values), min(values)) if name.endswith("a second") else (min(values), max(values))
            shown = "{:>12.2f}" if max(values) < 100 else "{:>12,.0f}"
            print(f"{name:36}" + "".join(shown.format(value) for value in (statistics.median(values), best, worst)))


if __name__ == "__main__":
    main()
