"""The client in programs: ``python -m benchmarks.client``.

Codes that are asked for at once, against a service that takes half a second for each, by how many requests may be under
way; and what a request costs in CPU, which is what is compared before and after a change.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles

from ippanel_provider.client import AsyncClient, Client, Receipt, Request, Settings, edge
from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox

CODES = 200
SECONDS = 0.5
ONE_BY_ONE = 500


def code(number: int, sandbox: RunningSandbox) -> Request[Receipt]:
    return edge.send.webservice(f"کد ورود: {100_000 + number}", [9120000000 + number], sender=sandbox.sender)


def threads(sandbox: RunningSandbox, most: int) -> list[float]:
    """How long each code took, with as many threads as requests may be under way."""
    settings = Settings(base_url=sandbox.base_url, max_in_flight=most)
    with Client(sandbox.api_key, settings) as client, ThreadPoolExecutor(most) as pool:
        began = time.monotonic()

        def one(number: int) -> float:
            client.run(code(number, sandbox))
            return time.monotonic() - began

        return list(pool.map(one, range(CODES)))


def tasks(sandbox: RunningSandbox, most: int) -> list[float]:
    """The same with a task for each code."""

    async def main() -> list[float]:
        async with AsyncClient(sandbox.api_key, Settings(base_url=sandbox.base_url, max_in_flight=most)) as client:
            began = time.monotonic()

            async def one(number: int) -> float:
                await client.run(code(number, sandbox))
                return time.monotonic() - began

            return await asyncio.gather(*map(one, range(CODES)))

    return asyncio.run(main())


def cpu(sandbox: RunningSandbox) -> tuple[float, float]:
    """Microseconds of CPU a request, sync and async, one after the other."""
    settings = Settings(base_url=sandbox.base_url)
    with Client(sandbox.api_key, settings) as client:
        client.run(edge.payment.credit())
        began = time.process_time()
        for _ in range(ONE_BY_ONE):
            client.run(edge.payment.credit())
        sync = time.process_time() - began

    async def main() -> float:
        async with AsyncClient(sandbox.api_key, settings) as client:
            await client.run(edge.payment.credit())
            began = time.process_time()
            for _ in range(ONE_BY_ONE):
                await client.run(edge.payment.credit())
            return time.process_time() - began

    return sync / ONE_BY_ONE * 1e6, asyncio.run(main()) / ONE_BY_ONE * 1e6


def main() -> None:
    """Print the figures."""
    with running_sandbox() as sandbox:
        print("CPU a request: {:.0f} µs sync, {:.0f} µs async".format(*cpu(sandbox)))
        sandbox.fault("latency", path="/api/send", seconds=SECONDS)
        print(f"{CODES} codes at once, {SECONDS} s each: seconds until half, 95 % and all are out")
        for most in (10, 50, 100, 200):
            for kind, run in (("threads", threads), ("tasks", tasks)):
                took = run(sandbox, most)
                sandbox.reset()
                sandbox.fault("latency", path="/api/send", seconds=SECONDS)
                half, late = quantiles(took, n=20)[9], quantiles(took, n=20)[18]
                print(f"  max_in_flight={most:<4} {kind:<8} {half:5.1f} {late:5.1f} {max(took):5.1f}", flush=True)


if __name__ == "__main__":
    main()
