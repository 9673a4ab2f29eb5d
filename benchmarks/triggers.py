"""What waiting costs a triggerer: ``python benchmarks/triggers.py [WAITING ...]`` (default 1000 10000).

So many bulk triggers wait for bulks that do not end, and so many of the http provider's sensor triggers for URLs that
answer 404, on the same stub. CPU is the process's own, user and system, for every 1,000 looks that a trigger gets;
memory is what the process has grown by when all wait. Every figure is a process of its own. Needs Airflow 3 and the
http provider.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

FIRST_ID = 5_700_000_000
ROUNDS = 5
HTTP_POLLS = 3000
LATER = 4_000_000_000.0


def row(outbox_id: int) -> dict[str, Any]:
    """A bulk of the outbox list with all that the service sends along."""
    return {
        "username": "user", "number_color": "#95E871", "number": "+983000505", "number_id": "10001",
        "messages_outbox_id": str(outbox_id),
        "state": "sending", "type": "webservice", "time_send": "1744202007", "time": "1744202007", "rcpts_count": "1",
        "exit_count": "1", "status": "در حال ارسال", "partner_id": None, "in_delivery_line": 0, "valid": "approve",
        "message": "سلام، سفارش شما ارسال شد", "part": None, "cost": 1330.1, "summary": None, "user_ip": None,
        "user_id": None,
        "files_path": None, "parent_id": None, "state_id": 2,
    }  # fmt: skip


class Stub(asyncio.Protocol):
    """Speaks enough HTTP for both: pages of bulks that never end, and 404 for everything else."""

    waiting = 0
    seen = 0
    pages: dict[tuple[int, int], bytes] = {}  # noqa: RUF012 - one stub a process

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].decode()
            length = next(
                (int(line[15:]) for line in head.split("\r\n") if line.lower().startswith("content-length:")), 0
            )
            if len(self.buffer) < end + 4 + length:
                return
            body, self.buffer = self.buffer[end + 4 : end + 4 + length], self.buffer[end + 4 + length :]
            self.transport.write(self.answer(head.split(" ", 2)[1], body))

    def answer(self, path: str, body: bytes) -> bytes:
        if path == "/seen":
            return response(200, str(Stub.seen).encode())
        Stub.seen += 1
        if not path.endswith("/new_list"):
            return response(404, b"{}")
        asked = json.loads(body)
        key = (asked["page"], asked["limit"])
        if key not in Stub.pages:
            page, limit = key
            last = FIRST_ID + Stub.waiting
            ids = range(last - (page - 1) * limit, max(last - page * limit, FIRST_ID), -1)
            meta = {
                "status": True,
                "message": "",
                "message_code": "200-1",
                "current_page": page,
                "last_page": -(-Stub.waiting // limit),
            }
            Stub.pages[key] = response(
                200, json.dumps({"data": [row(outbox_id) for outbox_id in ids], "meta": meta}).encode()
            )
        return Stub.pages[key]


def response(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def serve(waiting: int) -> None:
    """Be the stub: say the port, serve until standard input ends."""
    Stub.waiting = waiting
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Stub, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


async def measure(triggers: list[Any], polls_done: Callable[[], Awaitable[int]], enough: int) -> dict[str, float]:
    """Let them wait until they have had ``enough`` polls among them."""

    async def one(trigger: Any) -> None:
        async for event in trigger.run():
            raise AssertionError(f"it was not to end: {event}")

    memory = rss()
    tasks = [asyncio.create_task(one(trigger)) for trigger in triggers]
    first = await until(polls_done, 1, tasks)
    cpu, began = time.process_time(), time.monotonic()
    last = await until(polls_done, first + enough, tasks)
    figures = {
        "cpu_per_1000": (time.process_time() - cpu) / (last - first) * 1000,
        "polls": last - first,
        "seconds": time.monotonic() - began,
        "kb_each": (rss() - memory) / len(triggers),
    }
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return figures


async def until(polls_done: Callable[[], Awaitable[int]], count: int, tasks: list[asyncio.Task[None]]) -> int:
    while (done := await polls_done()) < count:
        for task in tasks[:1]:
            assert not task.done(), task.exception()
        await asyncio.sleep(0.2)
    return done


def rss() -> int:
    """Memory of this process in KB."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() // 1024


async def ours(waiting: int, port: int) -> dict[str, float]:
    """Bulk triggers, one for each bulk."""
    from ippanel_provider.client import watch  # noqa: F401 - loaded before memory is counted
    from ippanel_provider.triggers.bulk import BulkPoller, IPPanelBulkTrigger

    os.environ["AIRFLOW_CONN_IPPANEL"] = json.dumps(
        {"conn_type": "ippanel", "host": f"http://127.0.0.1:{port}/v1", "password": "benchmark"}
    )
    triggers = [IPPanelBulkTrigger([FIRST_ID + 1 + number], "ippanel", 1.0, LATER) for number in range(waiting)]

    async def looks() -> int:
        poller = BulkPoller.running("ippanel")
        # The one under way is not counted.
        return 0 if poller is None else waiting * max(poller.rounds - 1, 0)

    return await measure(triggers, looks, ROUNDS * waiting)


async def theirs(waiting: int, port: int) -> dict[str, float]:
    """The http provider's, one for each URL."""
    from airflow.providers.http.triggers.http import HttpSensorTrigger

    os.environ["AIRFLOW_CONN_STUB"] = json.dumps({"conn_type": "http", "host": f"http://127.0.0.1:{port}"})
    # Spread out, so that they do not stand in each other's way.
    triggers = [
        HttpSensorTrigger(endpoint=f"bulk/{number}", http_conn_id="stub", poke_interval=5.0)
        for number in range(waiting)
    ]

    async def requests() -> int:
        return await asyncio.to_thread(seen, port)

    return await measure(triggers, requests, max(waiting, HTTP_POLLS))


def seen(port: int) -> int:
    """How many requests the stub has answered."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/seen")
    return int(connection.getresponse().read())


def run_case(kind: str, waiting: int) -> dict[str, float]:
    """Run one case in a process of its own, with a stub in another."""
    with subprocess.Popen(
        [sys.executable, __file__, "stub", str(waiting)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as stub:
        assert stub.stdout is not None
        port = stub.stdout.readline().strip()
        done = subprocess.run(
            [sys.executable, __file__, kind, str(waiting), port], capture_output=True, text=True, check=False
        )
        assert stub.stdin is not None
        stub.stdin.close()
    if done.returncode:
        raise SystemExit(done.stderr)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main(sizes: list[int]) -> None:
    """Print the table."""
    print("waiting   whose                   CPU per 1,000 polls   memory each   polls   in")
    for waiting in sizes:
        figures = {
            name: run_case(kind, waiting)
            for kind, name in (("theirs", "http sensor trigger"), ("ours", "bulk trigger"))
        }
        for name, of in figures.items():
            cpu, memory, polls, seconds = of["cpu_per_1000"], of["kb_each"], of["polls"], of["seconds"]
            print(
                f"{waiting:7,}   {name:22}  {cpu * 1000:12.1f} ms      {memory:8.1f} KB  {polls:7,.0f}   "
                f"{seconds:.1f} s"
            )
        ratio = figures["http sensor trigger"]["cpu_per_1000"] / figures["bulk trigger"]["cpu_per_1000"]
        print(f"{'':10}the http sensor trigger's CPU is {ratio:.0f} times as much")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["stub", waiting]:
            asyncio.run(serve(int(waiting)))
        case ["ours", waiting, port]:
            print(json.dumps(asyncio.run(ours(int(waiting), int(port)))))
        case ["theirs", waiting, port]:
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            print(json.dumps(asyncio.run(theirs(int(waiting), int(port)))))
        case sizes:
            main([int(size) for size in sizes] or [1000, 10_000])
