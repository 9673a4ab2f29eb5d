"""One client per process and connection, closed with the process or its loop, never shared with a forked child."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from ippanel_provider.client import edge
from ippanel_provider.hooks import clients
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.sandbox.runner import RunningSandbox


def test_hooks_of_one_connection_share_a_client(sandbox: RunningSandbox) -> None:
    assert IPPanelHook().get_conn() is IPPanelHook().get_conn()


def test_another_connection_has_a_client_of_its_own(sandbox: RunningSandbox, connect: Callable[..., str]) -> None:
    assert IPPanelHook(connect("other", extra={"read_timeout": 7})).get_conn() is not IPPanelHook().get_conn()


def test_threads_share_a_client_too(sandbox: RunningSandbox) -> None:
    hook = IPPanelHook()
    ready = threading.Barrier(8)

    def ask(_: int) -> int:
        ready.wait()
        hook.run(edge.payment.credit())
        return id(hook.get_conn())

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1


def test_a_forked_child_makes_a_client_of_its_own(sandbox: RunningSandbox) -> None:
    """Executors fork task processes; a socket that two processes use mixes up their answers."""
    hook = IPPanelHook()
    mine = hook.get_conn()
    hook.run(edge.payment.credit())
    mine_in_child, credit = _in_a_fork(lambda: (id(hook.get_conn()), hook.run(edge.payment.credit()).credit))
    assert mine_in_child != id(mine)
    assert credit == hook.run(edge.payment.credit()).credit
    assert hook.get_conn() is mine


def test_a_fork_while_another_thread_makes_a_client_does_not_hang(sandbox: RunningSandbox) -> None:
    hook = IPPanelHook()
    with clients._lock:
        assert _in_a_fork(lambda: hook.run(edge.auth.check_token()).user_name) == "ippanel"


def test_an_event_loop_has_one_client_and_closes_it_when_it_ends(sandbox: RunningSandbox) -> None:
    async def ask() -> list[object]:
        hooks = [IPPanelHook() for _ in range(5)]
        await asyncio.gather(*(hook.arun(edge.payment.credit()) for hook in hooks))
        return [await hook.aget_conn() for hook in hooks]

    made = asyncio.run(ask())
    assert len(set(map(id, made))) == 1
    assert made[0]._http.is_closed
    assert not clients._loops


def test_two_event_loops_do_not_share_a_client(sandbox: RunningSandbox) -> None:
    hook = IPPanelHook()

    async def ask() -> object:
        await hook.arun(edge.payment.credit())
        return await hook.aget_conn()

    assert asyncio.run(ask()) is not asyncio.run(ask())


def test_a_loop_that_was_closed_without_being_ended_is_forgotten(sandbox: RunningSandbox) -> None:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(IPPanelHook().aget_conn())
    loop.close()
    asyncio.run(IPPanelHook().arun(edge.payment.credit()))
    assert loop not in clients._loops


def test_all_clients_are_closed_at_the_end_of_the_process(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "_clients", {})
    mine = IPPanelHook().get_conn()
    clients.close_all()
    assert mine._http.is_closed


def test_the_rate_limit_counts_every_request_of_a_flow(
    connect: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []
    monkeypatch.setattr(clients.time, "sleep", naps.append)
    hook = IPPanelHook(connect(extra={"rate_limit": "0.001"}))

    def flow():
        yield edge.payment.credit()
        return (yield edge.payment.credit())

    hook.run(flow())
    hook.run(edge.payment.credit())
    assert len(naps) == 2
    assert 990 < naps[0] <= 1000
    assert 1990 < naps[1] <= 2000


def test_the_rate_limit_holds_for_tasks_and_triggers_together(
    connect: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    hook = IPPanelHook(connect(extra={"rate_limit": "0.002"}))
    hook.run(edge.payment.credit())
    monkeypatch.setattr(clients.asyncio, "sleep", nap)
    asyncio.run(hook.arun(edge.payment.credit()))
    assert len(naps) == 1
    assert 490 < naps[0] <= 500


def _in_a_fork(work: Callable[[], object]) -> object:
    """Do ``work`` in a forked child and return what it returned."""
    receiving, sending = multiprocessing.Pipe(duplex=False)
    if (child := os.fork()) == 0:
        try:
            sending.send(work())
        except BaseException as error:  # noqa: BLE001 - the parent has to hear of everything
            sending.send(error)
        finally:
            os._exit(0)
    try:
        assert receiving.poll(20), "the child does not answer"
        answer = receiving.recv()
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        receiving.close()
        sending.close()
    if isinstance(answer, BaseException):
        raise answer
    return answer
