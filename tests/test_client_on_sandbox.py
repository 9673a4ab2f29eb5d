"""The client and the sandbox were written apart, from one description: here every operation of the one meets the other,
sync and async.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from docs import call_coverage
from ippanel_provider.client import AsyncClient, Client, Request, Settings, edge
from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from tests.client_on_sandbox import account, phonebook, sending
from tests.client_on_sandbox.world import CASES, World

Run = Callable[[Request[Any]], Any]
_CHAPTERS = (account, phonebook, sending)


@pytest.fixture(scope="module")
def process() -> Iterator[RunningSandbox]:
    with running_sandbox(examples=True) as sandbox:
        yield sandbox


@pytest.fixture(params=["sync", "async"])
def world(process: RunningSandbox, request: pytest.FixtureRequest) -> Iterator[World]:
    process.reset()
    process.speed(1)
    settings = Settings(base_url=process.base_url)
    with ExitStack() as stack:

        def sync_run(credential: str) -> Run:
            return stack.enter_context(Client(credential, settings)).run

        def async_run(credential: str) -> Run:
            runner = stack.enter_context(asyncio.Runner())
            client = AsyncClient(credential, settings)
            stack.callback(lambda: runner.run(client.aclose()))
            return lambda call: runner.run(client.run(call))

        run_as = sync_run if request.param == "sync" else async_run
        yield World(run_as(process.api_key), process, run_as)


@pytest.mark.parametrize("operation", edge.operations())
def test_operation(world: World, operation: str) -> None:
    CASES[operation](world)


def test_the_cases_are_of_operations_that_exist() -> None:
    assert CASES.keys() == edge.operations().keys()


def test_no_call_is_missing_on_either_side(capsys: pytest.CaptureFixture[str]) -> None:
    assert call_coverage.main() == 0
    printed = capsys.readouterr().out
    assert printed.count("✓") == 3 * len(edge.operations())
