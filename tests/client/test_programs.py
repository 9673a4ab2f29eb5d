"""In programs: tasks that are cancelled, loops that come and go, processes that fork, logs at their loudest."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from ippanel_provider.client import (
    AsyncClient,
    Client,
    Flow,
    IPPanelClientError,
    Login,
    NoAnswer,
    Receipt,
    Retry,
    Settings,
    Sleep,
    Unreachable,
    edge,
)

from .raw_server import NO_ANSWER, SILENCE, Arrived, Raw, RawServer, http, listening

KEY = "k3y-OF-the-panel-0123456789abcdef="
NUMBER = "+989120001234"
TEXT = "سلام، کد شما ۴۸۲۱۳ است"
SEND = edge.send.webservice(TEXT, [NUMBER], sender="+983000505")
READ = edge.payment.credit()
DONE = http(200, {"data": {"message_outbox_ids": [7], "credit": 5.0}, "meta": {"status": True}})


@pytest.fixture
def server() -> Iterator[RawServer]:
    with listening() as listener:
        yield listener


def settings(server: RawServer, **given: Any) -> Settings:
    return Settings(**{"base_url": server.url, "read_timeout": 5.0, "retry": Retry(attempts=1), **given})


def held(answered: threading.Event, answer: Raw = DONE) -> Callable[[Arrived], Raw]:
    """Answers once it is told to."""

    def respond(arrived: Arrived) -> Raw:
        assert answered.wait(5)
        return answer

    return respond


async def reached(server: RawServer) -> None:
    assert await asyncio.to_thread(server.reached.wait, 5)


class TestCancelling:
    @pytest.mark.parametrize(("answer", "kind"), [(DONE, Receipt), (NO_ANSWER, NoAnswer)])
    def test_a_send_on_the_wire_is_carried_through_and_tells_its_outcome(
        self, server: RawServer, answer: Raw, kind: type
    ) -> None:
        answered = threading.Event()
        server.respond = held(answered, answer)

        async def main() -> Any:
            async with AsyncClient(KEY, settings(server)) as client:
                task = asyncio.create_task(client.run(SEND))
                await reached(server)
                task.cancel()
                done, _ = await asyncio.wait([task], timeout=0.05)
                assert not done
                answered.set()
                (outcome,) = await asyncio.gather(task, return_exceptions=True)
                return outcome

        assert type(asyncio.run(main())) is kind

    def test_what_ran_out_of_its_caller_s_time_is_told_too(self, server: RawServer) -> None:
        answered = threading.Event()
        server.respond = held(answered)

        async def main() -> None:
            async with AsyncClient(KEY, settings(server)) as client:
                asyncio.get_running_loop().call_later(0.1, answered.set)
                async with asyncio.timeout(0.05):
                    assert (await client.run(SEND)).outbox_ids == (7,)
                # The time was that of the block alone.
                assert (await client.run(SEND)).outbox_ids == (7,)
                answered.clear()
                asyncio.get_running_loop().call_later(0.1, answered.set)
                assert (await asyncio.wait_for(client.run(SEND), 0.05)).outbox_ids == (7,)

        asyncio.run(main())

    def test_a_loop_of_sends_ends_at_its_next_one(self, server: RawServer) -> None:
        answered = threading.Event()
        server.respond = held(answered)
        told: list[int] = []

        async def main() -> None:
            async with AsyncClient(KEY, settings(server)) as client:

                async def worker() -> None:
                    while True:
                        told.extend((await client.run(SEND)).outbox_ids)

                task = asyncio.create_task(worker())
                await reached(server)
                task.cancel()
                answered.set()
                with pytest.raises(asyncio.CancelledError):
                    await task

        asyncio.run(main())
        assert (told, len(server.requests)) == ([7], 1)

    def test_a_flow_learns_what_became_of_its_send_and_goes_no_further(self, server: RawServer) -> None:
        answered = threading.Event()
        server.respond = held(answered)
        told: list[int] = []

        def flow() -> Flow[None]:
            for _ in range(3):
                told.extend((yield from SEND).outbox_ids)
                yield from Sleep(60)

        async def main() -> None:
            async with AsyncClient(KEY, settings(server)) as client:
                task = asyncio.create_task(client.run(flow()))
                await reached(server)
                task.cancel()
                answered.set()
                with pytest.raises(asyncio.CancelledError):
                    await task

        asyncio.run(main())
        assert (told, len(server.requests)) == ([7], 1)

    def test_a_second_time_ends_the_waiting(self, server: RawServer) -> None:
        server.script = [SILENCE]

        async def main() -> None:
            async with AsyncClient(KEY, settings(server, read_timeout=60)) as client:
                task = asyncio.create_task(client.run(SEND))
                await reached(server)
                task.cancel()
                await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(NoAnswer, match=r"cancelled before .* had answered\. The texts may have gone out"):
                    await task

        asyncio.run(main())

    def test_a_loop_that_ends_with_a_send_under_way_says_that_nobody_knows(self, server: RawServer) -> None:
        server.script = [SILENCE]
        told: list[BaseException] = []

        async def main() -> None:
            client = AsyncClient(KEY, settings(server))

            async def background() -> None:
                try:
                    await client.run(SEND)
                except (IPPanelClientError, asyncio.CancelledError) as error:
                    told.append(error)

            task = asyncio.create_task(background())
            await reached(server)
            assert not task.done()

        asyncio.run(main())
        assert [type(error) for error in told] == [NoAnswer]

    def test_before_anything_left_it_sends_nothing(self, server: RawServer) -> None:
        answered = threading.Event()
        server.respond = held(answered)

        async def main() -> None:
            async with AsyncClient(KEY, settings(server, max_in_flight=1)) as client:
                first = asyncio.create_task(client.run(SEND))
                await reached(server)
                waiting = asyncio.create_task(client.run(SEND))
                await asyncio.sleep(0)
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting
                answered.set()
                assert (await first).outbox_ids == (7,)

        asyncio.run(main())
        assert len(server.requests) == 1

    def test_a_read_ends_at_once(self, server: RawServer) -> None:
        server.script = [SILENCE]

        async def main() -> None:
            async with AsyncClient(KEY, settings(server, read_timeout=60)) as client:
                task = asyncio.create_task(client.run(READ))
                await reached(server)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

        asyncio.run(main())


class TestLoops:
    def test_one_client_runs_on_one_loop_after_another(self, server: RawServer) -> None:
        server.script = [DONE]
        client = AsyncClient(KEY, settings(server))
        for _ in range(3):
            assert asyncio.run(client.run(SEND)).outbox_ids == (7,)

    def test_one_client_runs_on_several_at_once(self, server: RawServer) -> None:
        together = threading.Barrier(4, timeout=5)

        def respond(arrived: Arrived) -> Raw:
            together.wait()
            return DONE

        server.respond = respond
        client = AsyncClient(KEY, settings(server, max_in_flight=1))
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(lambda: asyncio.run(client.run(SEND))) for _ in range(8)]
            assert [one.result().outbox_ids for one in asked] == [(7,)] * 8

    def test_a_closed_client_sends_nothing(self, server: RawServer) -> None:
        client = Client(KEY, settings(server))
        client.close()
        with pytest.raises(RuntimeError, match="the client is closed"):
            client.run(SEND)

        async def main() -> None:
            loops = AsyncClient(KEY, settings(server))
            await loops.aclose()
            with pytest.raises(RuntimeError, match="the client is closed"):
                await loops.run(SEND)

        asyncio.run(main())
        assert server.connections == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
class TestForks:
    def in_a_child(self, call: Callable[[], bool]) -> bool:
        child = os.fork()
        if child == 0:
            done = False
            try:
                done = call()
            finally:
                os._exit(0 if done else 1)
        return os.waitpid(child, 0)[1] == 0

    def test_a_child_makes_connections_of_its_own(self, server: RawServer) -> None:
        server.script = [DONE]
        with Client(KEY, settings(server)) as client:
            client.run(SEND)
            assert self.in_a_child(lambda: client.run(SEND).outbox_ids == (7,))
            client.run(SEND)
        assert (len(server.requests), server.connections) == (3, 2)

    def test_a_child_waits_for_no_thread_that_it_does_not_have(self, server: RawServer) -> None:
        answered = threading.Event()
        server.respond = lambda arrived: held(answered)(arrived) if "Busy" in arrived.body.decode() else DONE
        busy = edge.send.webservice("Busy", [NUMBER], sender="+983000505")
        with Client(KEY, settings(server, max_in_flight=1, connect_timeout=1)) as client, ThreadPoolExecutor(1) as pool:
            first = pool.submit(client.run, busy)
            assert server.reached.wait(5)
            # The only place is taken, by a thread of the parent.
            assert self.in_a_child(lambda: client.run(SEND).outbox_ids == (7,))
            answered.set()
            assert first.result().outbox_ids == (7,)

    def test_a_child_logs_in_though_its_parent_was_about_to(self, server: RawServer) -> None:
        answered = threading.Event()
        token = http(200, {"data": {"method": "login", "token": "t" * 40}, "meta": {"status": True}})
        seen = threading.Semaphore(1)

        def respond(arrived: Arrived) -> Raw:
            if "login" not in arrived.line:
                return DONE
            return held(answered, token)(arrived) if seen.acquire(blocking=False) else token

        server.respond = respond
        with Client(Login("user", "password"), settings(server)) as client, ThreadPoolExecutor(1) as pool:
            first = pool.submit(client.run, SEND)
            assert server.reached.wait(5)
            assert self.in_a_child(lambda: client.run(SEND).outbox_ids == (7,))
            answered.set()
            assert first.result().outbox_ids == (7,)


class TestThreads:
    def test_more_of_them_than_requests_may_be_under_way_wait_their_turn(self, server: RawServer) -> None:
        def respond(arrived: Arrived) -> Raw:
            # Every fifth connection is closed after its answer, as servers do with idle ones.
            return Raw(DONE.data, "close") if len(server.requests) % 5 == 0 else DONE

        server.respond = respond
        with Client(KEY, settings(server, max_in_flight=4)) as client, ThreadPoolExecutor(16) as pool:
            outcomes = list(pool.map(lambda _: _outcome(client), range(400)))
        assert {type(outcome) for outcome in outcomes} <= {Receipt, NoAnswer}
        # A connection that the server closed just as it was used is the only reason left.
        assert len(server.requests) >= sum(type(outcome) is Receipt for outcome in outcomes)
        # Two threads that arrive together may both miss the fifth: half of the closings is what cannot be missed.
        assert server.connections >= 400 // 10

    def test_what_finds_all_places_taken_for_too_long_is_not_sent(self, server: RawServer) -> None:
        answered = threading.Event()
        server.respond = held(answered)
        with (
            Client(KEY, settings(server, max_in_flight=2, connect_timeout=0.1)) as client,
            ThreadPoolExecutor(8) as pool,
        ):
            asked = [pool.submit(_outcome, client) for _ in range(8)]
            busy = [one for one in asked if type(one.result()) is Unreachable] if answered.wait(0.3) else []
            answered.set()
            outcomes = [one.result() for one in asked]
        assert busy == []
        assert sorted(type(one).__name__ for one in outcomes) == ["Receipt"] * 2 + ["Unreachable"] * 6
        assert len(server.requests) == 2


def _outcome(client: Client) -> Receipt | IPPanelClientError:
    try:
        return client.run(SEND)
    except IPPanelClientError as error:
        return error


class TestWhatIsSeen:
    SECRETS = (KEY, NUMBER, NUMBER[3:], TEXT, "48213", "۴۸۲۱۳")

    @pytest.mark.parametrize(
        "answer",
        [
            DONE,
            NO_ANSWER,
            http(422, {"meta": {"status": False, "message": TEXT}}, f"X-Echo: {KEY} {NUMBER}\r\n"),
            Raw(f"HTTP/1.1 {NUMBER} {KEY}\r\n\r\n".encode(), "close"),
            Raw(f"{NUMBER} {TEXT} {KEY}\r\n\r\n".encode(), "close"),
        ],
        ids=["sent", "no answer", "echoed in a header", "echoed in a status line", "echoed instead of HTTP"],
    )
    @pytest.mark.parametrize("kind", ["sync", "async"])
    def test_no_log_at_any_level_holds_a_secret(
        self, server: RawServer, caplog: pytest.LogCaptureFixture, answer: Raw, kind: str
    ) -> None:
        server.script = [answer]

        async def main() -> None:
            async with AsyncClient(KEY, settings(server)) as client:
                await client.run(SEND)

        with caplog.at_level(1):
            try:
                if kind == "sync":
                    with Client(KEY, settings(server)) as client:
                        client.run(SEND)
                else:
                    asyncio.run(main())
            except IPPanelClientError as error:
                logging.getLogger("a.program").exception("it failed", exc_info=error)
        logged = "\n".join(f"{record.name} {record.getMessage()} {record.exc_text}" for record in caplog.records)
        assert not [secret for secret in self.SECRETS if secret in logged]

    def test_what_others_send_is_logged_as_ever(self, server: RawServer, caplog: pytest.LogCaptureFixture) -> None:
        server.script = [DONE]
        # Another package may have set a level of its own.
        with (
            caplog.at_level(logging.DEBUG),
            caplog.at_level(logging.DEBUG, logger="httpx"),
            caplog.at_level(logging.DEBUG, logger="httpcore"),
            Client(KEY, settings(server)) as client,
        ):
            client.run(SEND)
            httpx.get(server.url + "/theirs")
        assert {"httpx", "httpcore.http11"} <= {record.name for record in caplog.records}

    @pytest.mark.parametrize(
        "answer",
        [NO_ANSWER, SILENCE, http(401, {"meta": {"status": False}}), http(502, b"x"), http(200, b"{")],
        ids=["no answer", "silence", "401", "502", "broken"],
    )
    @pytest.mark.parametrize("kind", ["sync", "async"])
    def test_no_variable_of_a_traceback_holds_the_credential(self, server: RawServer, answer: Raw, kind: str) -> None:
        server.script = [answer]
        given = settings(server, read_timeout=0.2)

        async def main() -> None:
            async with AsyncClient(KEY, given) as client:
                await client.run(SEND)

        def call() -> None:
            if kind == "async":
                return asyncio.run(main())
            with Client(KEY, given) as client:
                client.run(SEND)
            return None

        with pytest.raises(IPPanelClientError) as caught:
            call()
        seen: BaseException | None = caught.value
        while seen is not None:
            shown = traceback.TracebackException.from_exception(seen, capture_locals=True, lookup_lines=False)
            variables = str([frame.locals for frame in shown.stack if "test_programs" not in frame.filename])
            assert KEY not in variables
            assert NUMBER not in variables
            seen = seen.__cause__ or seen.__context__

    def test_no_variable_of_a_traceback_holds_what_a_login_is_told(self, server: RawServer) -> None:
        server.script = [http(401, {"meta": {"status": False}})]
        login = Login("some-user", "p4ss-w0rd", totp_secret="JBSWY3DPEHPK3PXP")
        with Client(login, settings(server)) as client:
            for call in (SEND, login.confirm("918273", "t" * 40), login.forgot_password(NUMBER)):
                with pytest.raises(IPPanelClientError) as caught:
                    client.run(call)
                seen: BaseException | None = caught.value
                while seen is not None:
                    shown = traceback.TracebackException.from_exception(seen, capture_locals=True)
                    variables = str([frame.locals for frame in shown.stack if "test_programs" not in frame.filename])
                    for secret in ("p4ss-w0rd", "918273", "t" * 40, "JBSWY3DPEHPK3PXP"):
                        assert secret not in variables, secret
                    seen = seen.__cause__ or seen.__context__
