"""One text to many through Apprise: ``python benchmarks/apprise.py``. About a minute.

``ippanel://`` against two plugins that come with Apprise and send to one recipient a request, kavenegar and twilio, all
three pointed at the same stub on this machine, which answers after 0 or 50 ms. The two are measured with their throttle
as shipped and switched off, on a few recipients, and their time for more is extrapolated from that (it grows in
proportion: one request after the other). ``ippanel://`` is measured on all recipients.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

# Run by its path, this file would stand before the package it is named after.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]

import apprise  # noqa: E402
from apprise.plugins import NotifyBase  # noqa: E402

from ippanel_provider.apprise_plugin import register  # noqa: E402

RECIPIENTS = (500, 5000)
LATENCIES = (0, 50)
SAMPLE = {"as shipped": 12, "off": 60}
"""Recipients of the plugins that are extrapolated, by throttle."""
AT_LEAST = 100
"""How many times faster the batch has to be at 50 ms."""
APPRISE_WAITS = 60
"""Seconds; then Apprise 2 takes a service for failed."""
TEXT = "سفارش شما ارسال شد. سپاس از خرید شما."

ANSWER = json.dumps(
    {"data": {"message_outbox_ids": [1]}, "meta": {"status": True, "message": "ok", "message_code": "200-1"}}
).encode()


async def serve(latency: float) -> None:
    """Answer any POST after ``latency`` seconds; a GET tells how many requests and recipients there were."""
    seen = {"requests": 0, "recipients": 0}

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                headers = {
                    name.strip().lower(): value.strip()
                    for name, _, value in (row.partition(b":") for row in head.split(b"\r\n")[1:])
                }
                body = await reader.readexactly(int(headers.get(b"content-length", 0)))
                answer = ANSWER
                if head.startswith(b"GET"):
                    answer = json.dumps(seen).encode()
                else:
                    seen["requests"] += 1
                    batch = headers.get(b"content-type", b"").startswith(b"application/json")
                    seen["recipients"] += len(json.loads(body)["params"]["recipients"]) if batch else 1
                    await asyncio.sleep(latency)
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer)
                    + answer
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        # The parent's end of the pipe closes with it, however it ends.
        await asyncio.to_thread(sys.stdin.read)


@contextmanager
def stub(latency: int) -> Iterator[str]:
    """Run the stub in a process of its own and yield its URL."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--stub", str(latency / 1000)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.stdin.close()
        process.wait(10)


def counted(url: str) -> dict[str, int]:
    """What the stub has seen so far."""
    with build_opener(ProxyHandler({})).open(url, timeout=10) as response:
        seen: dict[str, int] = json.load(response)
        return seen


def targets(count: int) -> str:
    """So many numbers as the path of a URL."""
    return "/".join(f"0912{number:07}" for number in range(count))


def peers(url: str, count: int) -> dict[str, NotifyBase]:
    """The plugins that send to one recipient a request, pointed at the stub."""
    made = {
        "kavenegar": apprise.Apprise.instantiate(f"kavenegar://{'a' * 32}/{targets(count)}"),
        "twilio": apprise.Apprise.instantiate(f"twilio://AC{'a' * 32}:{'b' * 32}@12025550100/{targets(count)}"),
    }
    for plugin in made.values():
        # Twilio's name for it differs with the version of Apprise.
        plugin.notify_url = plugin.notify_sms_url = url + "/send"
    return made


def timed(plugin: NotifyBase, url: str, count: int) -> float:
    """Seconds that one notification takes; every recipient has to have been sent to."""
    before = counted(url)["recipients"]
    started = time.perf_counter()
    assert plugin.notify(TEXT)
    seconds = time.perf_counter() - started
    assert counted(url)["recipients"] - before == count
    return seconds


def main() -> int:
    """Print the table; 1 if the batch is not fast enough."""
    register()
    print(
        f"Apprise {apprise.__version__}, Python {sys.version.split()[0]}. Times in seconds; ~ is extrapolated "
        f"from a few recipients.\n"
    )
    print(
        f"{'latency':>8} {'plugin':10} {'throttle':11}"
        + "".join(f"{f'{count} recipients':>18}{'ratio':>8}" for count in RECIPIENTS)
        + "   reached in 60 s"
    )
    slowest_ratio = float("inf")
    for latency in LATENCIES:
        with stub(latency) as url:
            ours = {}
            for count in RECIPIENTS:
                plugin = apprise.Apprise.instantiate(f"ippanel://key@+983000505/{targets(count)}?url={url}")
                ours[count] = min(timed(plugin, url, count) for _ in range(3))
            print(
                f"{latency:5} ms {'ippanel':10} {'-':11}" + "".join(f"{ours[count]:18.3f}{1:8}" for count in RECIPIENTS)
            )
            for throttle, sample in SAMPLE.items():
                for name, plugin in peers(url, sample).items():
                    shipped = plugin.request_rate_per_sec
                    plugin.request_rate_per_sec = shipped if throttle == "as shipped" else 0
                    each = timed(plugin, url, sample) / sample
                    ratios = [each * count / ours[count] for count in RECIPIENTS]
                    cells = "".join(
                        f"{f'~{each * count:.1f}':>18}{ratio:8.0f}"
                        for count, ratio in zip(RECIPIENTS, ratios, strict=True)
                    )
                    print(f"{latency:5} ms {name:10} {throttle:11}{cells}   ~{APPRISE_WAITS / each:.0f}")
                    if latency == max(LATENCIES):
                        slowest_ratio = min(slowest_ratio, *ratios)
    print(f"\nAt {max(LATENCIES)} ms the batch is at least {slowest_ratio:.0f} times faster (wanted: {AT_LEAST}).")
    return 0 if slowest_ratio >= AT_LEAST else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stub"]:
        asyncio.run(serve(float(sys.argv[2])))
    else:
        sys.exit(main())
