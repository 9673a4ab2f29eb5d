"""Who is asking: API keys and logins, against a real server that gives out tokens as the service does (API: auth)."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import stat
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.client import (
    ApiKey,
    AsyncClient,
    Client,
    FileStore,
    InvalidInput,
    Login,
    MemoryStore,
    NotSent,
    OtpRequired,
    Retry,
    Settings,
    StoredToken,
    Unauthorized,
    edge,
    totp,
)

from .stand_in import Reply, Seen, StandIn, serving

SECRET = "JBSWY3DPEHPK3PXP"
START = 1_760_000_000.0


def ok(data: Any) -> Reply:
    return 200, {"data": data, "meta": {"status": True, "message": "انجام شد", "message_code": "200-1"}}


def wrong() -> Reply:
    return 401, {
        "data": None,
        "meta": {"status": False, "message": "اطلاعات صحیح نمی باشد", "message_code": "400-1", "errors": {}},
    }


@dataclass
class Accounts:
    """The service's side of the logins of one account."""

    wire: StandIn
    password: str = "correct-horse"
    method: str = "login"
    code: str = "12345"
    logins: int = 0
    valid: set[str] = field(default_factory=set)
    steps: set[str] = field(default_factory=set)
    held: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.held.set()
        base = "/v1/api/acl/auth"
        self.wire.routes |= {
            f"{base}/login": self.login,
            f"{base}/send_sms_otp": self.resend,
            f"{base}/confirm_otp": self.confirm,
            f"{base}/logout": self.logout,
            f"{base}/forgot_password": lambda seen: ok({"token": self.step("recovery")}),
            f"{base}/change_password_by_token": self.change,
            "/v1/api/payment/credit/mine": lambda seen: ok({"credit": 1.0}) if self.knows(seen) else wrong(),
        }

    def knows(self, seen: Seen) -> bool:
        return seen.headers.get("Authorization") in self.valid

    def token(self) -> str:
        token = f"token-of-login-{self.logins}-{'x' * 20}"
        self.valid.add(token)
        return token

    def step(self, kind: str) -> str:
        token = f"step-{kind}-{len(self.steps)}-{'y' * 20}"
        self.steps.add(token)
        return token

    def login(self, seen: Seen) -> Reply:
        with self.wire.lock:
            self.logins += 1
        assert self.held.wait(10)
        if seen.body["password"] != self.password:
            return wrong()
        return ok({"method": self.method, "token": self.token() if self.method == "login" else self.step(self.method)})

    def resend(self, seen: Seen) -> Reply:
        if seen.body["token"] not in self.steps:
            return wrong()
        self.steps.clear()
        return ok({"method": "sms", "token": self.step("again")})

    def confirm(self, seen: Seen) -> Reply:
        if seen.body["token"] not in self.steps or seen.body["otp"] != self.code:
            return wrong()
        return ok({"token": self.token(), "method": "login"})

    def logout(self, seen: Seen) -> Reply:
        if not self.knows(seen):
            return wrong()
        self.valid.discard(seen.headers["Authorization"])
        return ok(None)

    def change(self, seen: Seen) -> Reply:
        if seen.body["token"] not in self.steps or seen.body["otp"] != self.code:
            return wrong()
        self.password = seen.body["password"]
        return ok(None)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def service() -> Iterator[Accounts]:
    with serving() as wire:
        yield Accounts(wire)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(service: Accounts) -> Settings:
    return Settings(base_url=service.wire.base_url, retry=Retry(attempts=1))


@pytest.fixture
def client_of(settings: Settings) -> Iterator[Callable[[Login], Client]]:
    made: list[Client] = []

    def make(login: Login) -> Client:
        made.append(Client(login, settings))
        return made[-1]

    yield make
    for client in made:
        client.close()


def a_login(**options: Any) -> Login:
    return Login("someone", "correct-horse", **options)


class TestApiKey:
    @pytest.mark.parametrize("key", ["Bearer abcdef", "AccessKey abcdef", "apikey: abcdef"])
    def test_refuses_a_key_with_a_scheme_before_it(self, key: str) -> None:
        with pytest.raises(InvalidInput, match="give the key alone"):
            ApiKey(key)

    @pytest.mark.parametrize("key", ["", "  ", "کلید", "two words", "line\nbreak"])
    def test_refuses_what_no_key_looks_like(self, key: str) -> None:
        with pytest.raises(InvalidInput, match="api_key"):
            ApiKey(key)

    def test_keeps_out_of_its_repr(self) -> None:
        assert "secret-key" not in repr(ApiKey("secret-key"))

    def test_a_refused_key_is_not_tried_again(self, service: Accounts, settings: Settings) -> None:
        with Client("wrong-key", settings) as client, pytest.raises(Unauthorized):
            client.run(edge.payment.credit())
        assert len(service.wire.seen) == 1


class TestToken:
    def test_one_login_serves_many_requests_and_the_token_goes_bare(
        self, service: Accounts, client_of: Callable[[Login], Client]
    ) -> None:
        client = client_of(a_login())
        for _ in range(3):
            assert client.run(edge.payment.credit()).credit == 1.0
        assert service.logins == 1
        assert service.wire.seen[-1].headers["Authorization"] in service.valid
        assert "Authorization" not in service.wire.seen[0].headers

    def test_is_replaced_ten_minutes_before_its_ten_hours_end(
        self, service: Accounts, client_of: Callable[[Login], Client], clock: Clock
    ) -> None:
        client = client_of(a_login(clock=clock))
        client.run(edge.payment.credit())
        clock.now = START + 10 * 3600 - 601
        client.run(edge.payment.credit())
        assert service.logins == 1
        clock.now = START + 10 * 3600 - 600
        client.run(edge.payment.credit())
        assert service.logins == 2

    def test_a_refused_token_is_replaced_and_the_request_repeated(
        self, service: Accounts, client_of: Callable[[Login], Client]
    ) -> None:
        client = client_of(a_login())
        client.run(edge.payment.credit())
        service.valid.clear()
        assert client.run(edge.payment.credit()).credit == 1.0
        assert service.logins == 2

    def test_a_token_refused_twice_is_an_error(self, service: Accounts, client_of: Callable[[Login], Client]) -> None:
        service.wire.routes["/v1/api/payment/credit/mine"] = lambda _: wrong()
        with pytest.raises(Unauthorized):
            client_of(a_login()).run(edge.payment.credit())
        assert service.logins == 2

    def test_a_wrong_password_says_so_and_shows_nothing(
        self, service: Accounts, client_of: Callable[[Login], Client]
    ) -> None:
        service.password = "another"
        with pytest.raises(Unauthorized, match="does not know this user name and password") as caught:
            client_of(a_login()).run(edge.payment.credit())
        assert service.logins == 1
        assert "correct-horse" not in f"{caught.value!s}{caught.value!r}{caught.value.details!r}"

    def test_what_needed_a_login_that_went_unanswered_was_not_sent(
        self, service: Accounts, client_of: Callable[[Login], Client]
    ) -> None:
        service.wire.routes["/v1/api/acl/auth/login"] = lambda _: (502, b"<html>bad gateway</html>")
        with pytest.raises(NotSent, match="was not sent"):
            client_of(a_login()).run(edge.send.webservice("سلام", ["09120000001"], sender="+983000505"))
        assert "/v1/api/send" not in service.wire.paths()

    @pytest.mark.parametrize(("username", "password"), [("", "x"), ("x", "")])
    def test_a_login_needs_both_name_and_password(self, username: str, password: str) -> None:
        with pytest.raises(InvalidInput, match="it is empty"):
            Login(username, password)

    def test_shows_neither_name_nor_password(self) -> None:
        assert repr(a_login()) == "Login(…)"


class TestSharing:
    """However many share a Login, one of them logs in."""

    def test_threads_of_two_clients(self, service: Accounts, client_of: Callable[[Login], Client]) -> None:
        login = a_login()
        clients = [client_of(login), client_of(login)]
        barrier = threading.Barrier(8)

        def work(number: int) -> float:
            barrier.wait(10)
            return clients[number % 2].run(edge.payment.credit()).credit

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(work, range(8))) == [1.0] * 8
        assert service.logins == 1

    def test_tasks_of_two_async_clients(self, service: Accounts, settings: Settings) -> None:
        async def main() -> list[float]:
            login = a_login()
            async with AsyncClient(login, settings) as one, AsyncClient(login, settings) as two:
                credits = await asyncio.gather(*(client.run(edge.payment.credit()) for client in (one, two) * 4))
                return [credit.credit for credit in credits]

        assert asyncio.run(main()) == [1.0] * 8
        assert service.logins == 1

    def test_a_thread_and_a_task(
        self, service: Accounts, settings: Settings, client_of: Callable[[Login], Client]
    ) -> None:
        login = a_login()
        client = client_of(login)
        service.held.clear()

        async def main() -> tuple[Any, Any]:
            async with AsyncClient(login, settings) as async_client:
                thread = asyncio.create_task(asyncio.to_thread(client.run, edge.payment.credit()))
                await until(lambda: service.logins == 1)
                task = asyncio.create_task(async_client.run(edge.payment.credit()))
                await asyncio.sleep(0)
                service.held.set()
                return await thread, await task

        assert [credit.credit for credit in asyncio.run(main())] == [1.0, 1.0]
        assert service.logins == 1

    def test_those_who_wait_share_a_refusal(self, service: Accounts, settings: Settings) -> None:
        service.password = "another"

        async def main() -> list[Any]:
            async with AsyncClient(a_login(), settings) as client:
                tasks = await leader_and_followers(service, client, followers=4)
                service.held.set()
                return await asyncio.gather(*tasks, return_exceptions=True)

        outcomes = asyncio.run(main())
        assert [type(outcome) for outcome in outcomes] == [Unauthorized] * 5
        assert len({id(outcome) for outcome in outcomes}) == 5
        assert service.logins == 1

    def test_when_the_one_who_logs_in_is_cancelled_another_takes_over(
        self, service: Accounts, settings: Settings
    ) -> None:
        async def main() -> list[Any]:
            async with AsyncClient(a_login(), settings) as client:
                leader, *followers = await leader_and_followers(service, client, followers=3)
                leader.cancel()
                await asyncio.wait([leader])
                service.held.set()
                return await asyncio.gather(*followers)

        assert [credit.credit for credit in asyncio.run(main())] == [1.0] * 3
        assert service.logins == 2

    def test_one_who_waits_may_be_cancelled(self, service: Accounts, settings: Settings) -> None:
        async def main() -> list[Any]:
            async with AsyncClient(a_login(), settings) as client:
                leader, follower, other = await leader_and_followers(service, client, followers=2)
                follower.cancel()
                await asyncio.wait([follower])
                service.held.set()
                return await asyncio.gather(leader, other)

        assert [credit.credit for credit in asyncio.run(main())] == [1.0] * 2
        assert service.logins == 1

    def test_a_blocking_client_inside_the_loop_that_logs_in_is_told_so(
        self, service: Accounts, settings: Settings, client_of: Callable[[Login], Client]
    ) -> None:
        login = a_login()

        async def main() -> float:
            async with AsyncClient(login, settings) as client:
                (leader,) = await leader_and_followers(service, client, followers=0)
                with pytest.raises(RuntimeError, match=r"use AsyncClient there, or asyncio\.to_thread"):
                    client_of(login).run(edge.payment.credit())
                service.held.set()
                return float((await leader).credit)

        assert asyncio.run(main()) == 1.0

    def test_a_forked_child_does_not_wait_for_a_thread_of_its_parent(self) -> None:
        login = a_login()
        assert login.renewal.join() is None
        assert login.renewal.join() is not None
        child = os.fork()
        if not child:
            os._exit(0 if login.renewal.join() is None else 1)
        assert os.waitpid(child, 0)[1] == 0


async def leader_and_followers(service: Accounts, client: AsyncClient, followers: int) -> list[asyncio.Task[Any]]:
    """One task whose login the server holds, and others that have come to wait for it."""
    service.held.clear()
    leader = asyncio.create_task(client.run(edge.payment.credit()))
    await until(lambda: service.logins == 1)
    others = [asyncio.create_task(client.run(edge.payment.credit())) for _ in range(followers)]
    await asyncio.sleep(0)
    return [leader, *others]


async def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not come to pass in 10 seconds"
        await asyncio.sleep(0.005)


class TestAuthenticator:
    def test_its_code_is_worked_out_from_the_secret(
        self, service: Accounts, client_of: Callable[[Login], Client], clock: Clock
    ) -> None:
        service.method = "ga"
        service.code = totp.code(totp.key(SECRET), START)
        client = client_of(a_login(totp_secret=SECRET, clock=clock))
        assert client.run(edge.payment.credit()).credit == 1.0

    def test_a_refused_code_points_to_secret_and_clock(
        self, service: Accounts, client_of: Callable[[Login], Client]
    ) -> None:
        service.method, service.code = "ga", "not a code"
        with pytest.raises(Unauthorized, match="TOTP secret and the clock"):
            client_of(a_login(totp_secret=SECRET)).run(edge.payment.credit())

    def test_a_code_that_another_process_has_used_up_leads_to_its_token(
        self, service: Accounts, client_of: Callable[[Login], Client], clock: Clock
    ) -> None:
        """Two that log in within 30 seconds show one code, and a service may take it once."""
        service.method, service.code = "ga", totp.code(totp.key(SECRET), START)
        store = MemoryStore()
        confirm = service.wire.routes["/v1/api/acl/auth/confirm_otp"]

        def confirmed_by_another(seen: Seen) -> Reply:
            service.wire.routes["/v1/api/acl/auth/confirm_otp"] = confirm
            store.save(StoredToken(service.token(), datetime.fromtimestamp(START + 36_000, UTC)))
            return wrong()

        service.wire.routes["/v1/api/acl/auth/confirm_otp"] = confirmed_by_another
        client = client_of(a_login(totp_secret=SECRET, store=store, clock=clock))
        assert client.run(edge.payment.credit()).credit == 1.0
        assert service.logins == 1

    def test_without_a_secret_a_person_is_asked(self, service: Accounts, client_of: Callable[[Login], Client]) -> None:
        service.method = "ga"
        login = a_login()
        client = client_of(login)
        with pytest.raises(OtpRequired, match="totp_secret") as caught:
            client.run(edge.payment.credit())
        assert caught.value.method == "ga"
        with pytest.raises(InvalidInput, match="none is texted"):
            client.run(login.resend())
        client.run(login.confirm(service.code))
        assert client.run(edge.payment.credit()).credit == 1.0


class TestTextedCode:
    @pytest.fixture(autouse=True)
    def _texts_codes(self, service: Accounts) -> None:
        service.method = "sms"

    def test_is_asked_for_once_confirmed_and_the_request_then_runs(
        self, service: Accounts, client_of: Callable[[Login], Client]
    ) -> None:
        login = a_login()
        client = client_of(login)
        for _ in range(3):
            with pytest.raises(OtpRequired, match=r"login\.confirm\(code\)"):
                client.run(edge.payment.credit())
        assert service.logins == 1, "asking again must not text another code"
        client.run(login.confirm(" ۱۲۳۴۵ "))
        assert client.run(edge.payment.credit()).credit == 1.0
        assert service.logins == 1

    def test_the_error_carries_the_step_and_never_shows_it(self, client_of: Callable[[Login], Client]) -> None:
        with pytest.raises(OtpRequired) as caught:
            client_of(a_login()).run(edge.payment.credit())
        error = pickle.loads(pickle.dumps(caught.value))
        assert (error.token, error.method) == (caught.value.token, "sms")
        assert error.token.startswith("step-sms")
        assert error.token not in f"{error!s}{error!r}{error.details!r}"
        assert isinstance(error, NotSent)

    def test_another_login_can_confirm_the_step_of_an_error(self, client_of: Callable[[Login], Client]) -> None:
        with pytest.raises(OtpRequired) as caught:
            client_of(a_login()).run(edge.payment.credit())
        login = a_login()
        client = client_of(login)
        client.run(login.confirm("12345", token=caught.value.token))
        assert client.run(edge.payment.credit()).credit == 1.0

    def test_a_wrong_code_leaves_the_step_open(self, client_of: Callable[[Login], Client]) -> None:
        login = a_login()
        client = client_of(login)
        with pytest.raises(OtpRequired):
            client.run(edge.payment.credit())
        with pytest.raises(Unauthorized):
            client.run(login.confirm("00000"))
        client.run(login.confirm("12345"))
        assert client.run(edge.payment.credit()).credit == 1.0

    def test_can_be_texted_again(self, service: Accounts, client_of: Callable[[Login], Client]) -> None:
        login = a_login()
        client = client_of(login)
        with pytest.raises(OtpRequired):
            client.run(edge.payment.credit())
        client.run(login.resend())
        client.run(login.confirm("12345"))
        assert service.wire.seen[-1].body["token"].startswith("step-again")
        assert service.logins == 1

    def test_a_step_the_service_has_ended_gives_way_to_a_new_login(
        self, service: Accounts, client_of: Callable[[Login], Client]
    ) -> None:
        login = a_login()
        client = client_of(login)
        with pytest.raises(OtpRequired):
            client.run(edge.payment.credit())
        service.steps.clear()
        with pytest.raises(Unauthorized):
            client.run(login.resend())
        with pytest.raises(OtpRequired):
            client.run(edge.payment.credit())
        assert service.logins == 2

    def test_after_six_minutes_the_login_begins_anew(
        self, service: Accounts, client_of: Callable[[Login], Client], clock: Clock
    ) -> None:
        login = a_login(clock=clock)
        client = client_of(login)
        with pytest.raises(OtpRequired):
            client.run(edge.payment.credit())
        clock.now += 6 * 60
        with pytest.raises(InvalidInput, match="no login waits"):
            client.run(login.confirm("12345"))
        with pytest.raises(OtpRequired):
            client.run(edge.payment.credit())
        assert service.logins == 2


class TestLogout:
    def test_ends_the_token_and_forgets_it(self, service: Accounts, client_of: Callable[[Login], Client]) -> None:
        store = MemoryStore()
        login = a_login(store=store)
        client = client_of(login)
        client.run(edge.payment.credit())
        client.run(login.logout())
        assert service.valid == set()
        assert store.load() is None
        assert client.run(edge.payment.credit()).credit == 1.0
        assert service.logins == 2

    def test_never_logs_in_to_log_out(self, service: Accounts, client_of: Callable[[Login], Client]) -> None:
        login = a_login()
        client = client_of(login)
        client.run(login.logout())
        assert service.wire.seen == []
        client.run(edge.payment.credit())
        service.valid.clear()
        client.run(login.logout())
        assert service.logins == 1

    def test_ends_the_token_another_process_left_in_the_store(
        self, service: Accounts, client_of: Callable[[Login], Client], clock: Clock
    ) -> None:
        store = MemoryStore()
        store.save(StoredToken(service.token(), datetime.fromtimestamp(START, UTC) + timedelta(hours=5)))
        login = a_login(store=store, clock=clock)
        client_of(login).run(login.logout())
        assert service.valid == set()
        assert store.load() is None


class TestRecovery:
    def test_a_forgotten_password_is_replaced_and_the_new_one_used(
        self, service: Accounts, client_of: Callable[[Login], Client]
    ) -> None:
        service.password = "forgotten"
        login = a_login()
        client = client_of(login)
        client.run(login.forgot_password("09120000001"))
        client.run(login.change_password("12345", "battery-staple"))
        assert client.run(edge.payment.credit()).credit == 1.0
        assert service.password == "battery-staple"

    def test_a_token_of_the_old_password_is_dropped(
        self, service: Accounts, client_of: Callable[[Login], Client]
    ) -> None:
        login = a_login()
        client = client_of(login)
        client.run(edge.payment.credit())
        client.run(login.forgot_password("09120000001"))
        client.run(login.change_password("12345", "battery-staple"))
        client.run(edge.payment.credit())
        assert service.logins == 2

    def test_the_code_has_to_be_asked_for_and_lasts_two_minutes(
        self, client_of: Callable[[Login], Client], clock: Clock
    ) -> None:
        login = a_login(clock=clock)
        client = client_of(login)
        with pytest.raises(InvalidInput, match="forgot_password"):
            client.run(login.change_password("12345", "battery-staple"))
        client.run(login.forgot_password("09120000001"))
        clock.now += 120
        with pytest.raises(InvalidInput, match="forgot_password"):
            client.run(login.change_password("12345", "battery-staple"))

    def test_a_number_that_is_none_is_refused_here(
        self, service: Accounts, client_of: Callable[[Login], Client]
    ) -> None:
        login = a_login()
        with pytest.raises(InvalidInput, match="mobile"):
            client_of(login).run(login.forgot_password("02112345678"))
        assert service.wire.seen == []


class TestFileStore:
    @pytest.fixture
    def store(self, tmp_path: Path) -> FileStore:
        return FileStore(tmp_path / "tokens", username="someone", base_url="https://edge.example/v1")

    @pytest.fixture
    def token(self) -> StoredToken:
        return StoredToken("the-token-value", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC))

    def the_file(self, tmp_path: Path) -> Path:
        (path,) = (tmp_path / "tokens").iterdir()
        return path

    def test_gives_back_what_it_kept(self, store: FileStore, token: StoredToken) -> None:
        assert store.load() is None
        store.save(token)
        assert store.load() == token
        store.clear()
        assert store.load() is None
        store.clear()

    def test_the_next_process_need_not_log_in(
        self, service: Accounts, client_of: Callable[[Login], Client], tmp_path: Path
    ) -> None:
        for _ in range(2):
            store = FileStore(tmp_path / "tokens", username="someone", base_url=service.wire.base_url)
            client_of(a_login(store=store)).run(edge.payment.credit())
        assert service.logins == 1
        kept = self.the_file(tmp_path)
        assert "correct-horse" not in kept.read_text()
        assert "someone" not in f"{kept.read_text()}{kept.name}"

    def test_a_refused_token_is_replaced_by_a_newer_one_of_the_store(
        self, service: Accounts, client_of: Callable[[Login], Client]
    ) -> None:
        store = MemoryStore()
        ours, theirs = client_of(a_login(store=store)), client_of(a_login(store=store))
        ours.run(edge.payment.credit())
        service.valid.clear()
        theirs.run(edge.payment.credit())
        assert ours.run(edge.payment.credit()).credit == 1.0
        assert service.logins == 2

    def test_a_refused_token_is_not_replaced_by_an_older_one_of_the_store(
        self, service: Accounts, client_of: Callable[[Login], Client], clock: Clock
    ) -> None:
        """Of two processes that log in at once, the one whose token is older may be the last to keep it."""
        store = MemoryStore()
        client_of(a_login(store=store, clock=clock)).run(edge.payment.credit())
        older = store.load()
        assert older is not None
        store.clear()
        clock.now += 1
        client = client_of(a_login(store=store, clock=clock))
        client.run(edge.payment.credit())
        store.save(older)
        service.valid.clear()
        assert client.run(edge.payment.credit()).credit == 1.0

    def test_only_its_owner_can_read_it(self, store: FileStore, token: StoredToken, tmp_path: Path) -> None:
        store.save(token)
        assert stat.S_IMODE(self.the_file(tmp_path).stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "tokens").stat().st_mode) == 0o700

    def test_a_file_others_can_read_is_not_believed_and_the_next_save_mends_it(
        self, store: FileStore, token: StoredToken, tmp_path: Path
    ) -> None:
        store.save(token)
        self.the_file(tmp_path).chmod(0o644)
        assert store.load() is None
        store.save(token)
        assert store.load() == token

    def test_a_link_is_not_followed(self, store: FileStore, token: StoredToken, tmp_path: Path) -> None:
        store.save(token)
        path = self.the_file(tmp_path)
        elsewhere = tmp_path / "elsewhere.json"
        path.rename(elsewhere)
        path.symlink_to(elsewhere)
        assert store.load() is None

    @pytest.mark.parametrize(
        "content",
        ["", "{", "[]", "{}", '{"token": "x", "expires_at": "tomorrow"}', '{"token": "x", "expires_at": 1e300}'],
    )
    def test_a_broken_file_counts_as_none(
        self, store: FileStore, token: StoredToken, tmp_path: Path, content: str
    ) -> None:
        store.save(token)
        self.the_file(tmp_path).write_text(content)
        assert store.load() is None

    def test_a_save_that_fails_leaves_the_old_token_and_no_litter(
        self, store: FileStore, token: StoredToken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.save(token)

        def full(*_: object, **__: object) -> None:
            raise OSError("no space left")

        monkeypatch.setattr(json, "dump", full)
        with pytest.raises(OSError, match="no space"):
            store.save(StoredToken("another", token.expires_at))
        assert self.the_file(tmp_path).exists()
        assert store.load() == token

    def test_accounts_and_services_are_kept_apart(self, tmp_path: Path, token: StoredToken) -> None:
        one = FileStore(tmp_path, username="one", base_url="https://edge.example/v1")
        one.save(token)
        assert FileStore(tmp_path, username="two", base_url="https://edge.example/v1").load() is None
        assert FileStore(tmp_path, username="one", base_url="https://other.example/v1").load() is None

    @pytest.mark.parametrize(
        "spelling", ["https://edge.example/v1/", "https://edge.example/v1/api", "https://EDGE.example"]
    )
    def test_all_spellings_of_a_base_url_are_one(self, tmp_path: Path, token: StoredToken, spelling: str) -> None:
        FileStore(tmp_path, username="one", base_url="https://edge.example/v1").save(token)
        assert FileStore(tmp_path, username="one", base_url=spelling).load() == token

    def test_a_token_keeps_out_of_its_repr(self, token: StoredToken) -> None:
        assert "the-token-value" not in repr(token)
