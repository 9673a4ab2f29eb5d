"""What happens around one request, told by feeding it answers; nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.client.auth import ApiKey
from ippanel_provider.client.errors import (
    Details,
    Invalid,
    InvalidInput,
    IPPanelError,
    NoAnswer,
    NotFound,
    OtpRequired,
    Refused,
    ServerFault,
    Throttled,
    Unauthorized,
    Unreachable,
    Unreadable,
)
from ippanel_provider.client.requests import Answer, Flow, Replay, Request, Sleep
from ippanel_provider.client.retrying import NeedCredential, Retry, Transmit, exchange

RETRY = Retry(attempts=4, first_delay=1.0, max_delay=3.0, max_retry_after=60.0)


class Renewable:
    """Credentials that can be had anew."""

    renewable = True

    def __init__(self) -> None:
        self.renewal: Any = None

    def current(self) -> str | None:
        return None

    def renew(self) -> Flow[str]:
        yield from ()
        return ""


def _read(answer: Answer) -> str:
    if answer.status == 200:
        return answer.body.decode()
    kinds: dict[int, type[IPPanelError]] = {
        401: Unauthorized,
        404: NotFound,
        422: Invalid,
        429: Throttled,
        503: ServerFault,
    }
    retry_after = answer.headers.get("retry-after")
    details = Details(http_status=answer.status, retry_after=None if retry_after is None else float(retry_after))
    raise kinds.get(answer.status, Refused)(f"HTTP {answer.status}", details)


def request(**given: Any) -> Request[str]:
    return Request(**{"operation": "test.call", "method": "GET", "path": "/call", "read": _read, **given})


def played(
    call: Request[str], outcomes: Sequence[int | Exception | tuple[int, dict[str, str]]], *, auth: Any = None
) -> tuple[Any, list[Any]]:
    """Run ``call`` to its end with ``outcomes`` for its transmissions; return its result or error, and its effects."""
    steps = exchange(call, auth or Renewable(), RETRY)
    left: Iterator[Any] = iter(outcomes)
    effects: list[Any] = []
    give: Any = None
    throw: Exception | None = None
    try:
        while True:
            effect = steps.throw(throw) if throw is not None else steps.send(give)
            give, throw = None, None
            effects.append(effect)
            match effect:
                case NeedCredential(rejected=None):
                    give = "credential-0"
                case NeedCredential():
                    give = "credential-1"
                case Transmit():
                    outcome = next(left)
                    if isinstance(outcome, Exception):
                        throw = outcome
                    else:
                        status, headers = outcome if isinstance(outcome, tuple) else (outcome, {})
                        give = Answer(status, headers, b"done", effect.request)
    except StopIteration as stop:
        return stop.value, effects
    except IPPanelError as error:
        return error, effects


def sent(effects: list[Any]) -> list[Transmit]:
    return [effect for effect in effects if isinstance(effect, Transmit)]


def slept(effects: list[Any]) -> list[float]:
    return [effect.seconds for effect in effects if isinstance(effect, Sleep)]


class TestRepetition:
    @pytest.mark.parametrize(
        ("failure", "repeated_by"),
        [
            (Unreachable("no"), {Replay.ALWAYS, Replay.IF_NOT_SENT, Replay.IF_UNREACHED}),
            (Throttled("later"), {Replay.ALWAYS, Replay.IF_NOT_SENT}),
            (NoAnswer("?"), {Replay.ALWAYS}),
            (ServerFault("?"), {Replay.ALWAYS}),
            (Unreadable("?"), {Replay.ALWAYS}),
            (Refused("no"), set()),
            (Invalid("no"), set()),
            (NotFound("no"), set()),
            (InvalidInput("base_url: no"), set()),
        ],
        ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
    )
    @pytest.mark.parametrize("replay", Replay)
    def test_follows_what_the_request_allows(
        self, replay: Replay, failure: IPPanelError, repeated_by: set[Replay]
    ) -> None:
        result, effects = played(request(replay=replay), [failure, 200])
        if replay in repeated_by:
            assert result == "done"
            assert len(sent(effects)) == 2
            assert len(slept(effects)) == 1
        else:
            assert result is failure
            assert len(sent(effects)) == 1
            assert slept(effects) == []

    @pytest.mark.parametrize("replay", [Replay.IF_UNREACHED, Replay.IF_NOT_SENT])
    def test_a_send_that_may_have_gone_out_is_never_repeated_even_after_it_was(self, replay: Replay) -> None:
        result, effects = played(request(replay=replay), [Unreachable("no"), NoAnswer("?"), 200])
        assert isinstance(result, NoAnswer)
        assert len(sent(effects)) == 2

    def test_ends_after_so_many_attempts_with_the_last_error(self) -> None:
        failures = [NoAnswer(str(number)) for number in range(4)]
        result, effects = played(request(), [*failures, 200])
        assert result is failures[-1]
        assert len(sent(effects)) == RETRY.attempts
        assert len(slept(effects)) == RETRY.attempts - 1

    def test_waits_longer_each_time_and_never_more_than_the_most(self) -> None:
        _, effects = played(request(), [503, 503, 503, 503])
        first, second, third = slept(effects)
        assert 0.5 <= first <= 1.0 <= second <= 2.0
        assert 1.5 <= third <= 3.0

    def test_honours_retry_after(self) -> None:
        result, effects = played(request(), [(429, {"retry-after": "17"}), (503, {"retry-after": "0"}), 200])
        assert result == "done"
        assert slept(effects)[0] == 17.0
        assert slept(effects)[1] >= 1.0

    def test_does_not_wait_longer_than_allowed(self) -> None:
        result, effects = played(request(), [(429, {"retry-after": "61"}), 200])
        assert isinstance(result, Throttled)
        assert result.retry_after == 61.0
        assert slept(effects) == []

    @given(st.integers(1, 10_000), st.sampled_from(Replay))
    def test_no_count_of_attempts_makes_the_wait_unbounded(self, attempt: int, replay: Replay) -> None:
        delay = Retry(attempts=100_000).delay(replay, Unreachable("no"), attempt)
        assert delay is not None
        assert 0 < delay <= Retry().max_delay

    @pytest.mark.parametrize("attempts", [0, 1])
    def test_can_be_switched_off(self, attempts: int) -> None:
        assert Retry(attempts=attempts).delay(Replay.ALWAYS, Unreachable("no"), 1) is None


class TestCredential:
    def test_is_asked_for_and_put_on_the_request(self) -> None:
        result, effects = played(request(), [200])
        assert result == "done"
        assert effects == [NeedCredential(None), Transmit(request(), "credential-0")]

    def test_is_left_off_where_none_is_needed(self) -> None:
        _, effects = played(request(authenticated=False), [200])
        assert effects == [Transmit(request(authenticated=False), None)]

    @pytest.mark.parametrize("replay", Replay)
    def test_is_renewed_once_when_it_was_refused(self, replay: Replay) -> None:
        result, effects = played(request(replay=replay), [401, 200])
        assert result == "done"
        assert [effect for effect in effects if isinstance(effect, NeedCredential)] == [
            NeedCredential(None),
            NeedCredential("credential-0"),
        ]
        assert [transmit.credential for transmit in sent(effects)] == ["credential-0", "credential-1"]
        assert slept(effects) == []

    def test_is_not_renewed_twice(self) -> None:
        result, effects = played(request(), [401, 401, 200])
        assert isinstance(result, Unauthorized)
        assert len(sent(effects)) == 2

    def test_that_cannot_be_renewed_is_not(self) -> None:
        result, effects = played(request(), [401, 200], auth=ApiKey("key"))
        assert isinstance(result, Unauthorized)
        assert len(sent(effects)) == 1

    def test_refused_on_a_request_without_one_is_final(self) -> None:
        result, effects = played(request(authenticated=False), [401, 200])
        assert isinstance(result, Unauthorized)
        assert len(sent(effects)) == 1

    def test_that_cannot_be_had_ends_the_exchange_before_anything_was_sent(self) -> None:
        steps = exchange(request(), Renewable(), RETRY)
        next(steps)
        with pytest.raises(OtpRequired):
            steps.throw(OtpRequired("a code is needed"))


class TestAlternates:
    OTHER = (("POST", "/other"), ("GET", "/third"))

    @pytest.mark.parametrize("status", [404, 405])
    def test_are_tried_where_the_first_path_is_not_served(self, status: int) -> None:
        result, effects = played(request(alternates=self.OTHER), [status, 200])
        assert result == "done"
        assert [(transmit.request.method, transmit.request.path) for transmit in sent(effects)] == [
            ("GET", "/call"),
            ("POST", "/other"),
        ]

    def test_are_tried_once(self) -> None:
        result, effects = played(request(alternates=self.OTHER), [404, 404, 200])
        assert isinstance(result, NotFound)
        assert len(sent(effects)) == 2

    def test_that_the_service_does_not_have_leave_its_first_word_standing(self) -> None:
        result, _ = played(request(alternates=self.OTHER), [404, 405])
        assert isinstance(result, NotFound)
        assert result.details.http_status == 404

    @pytest.mark.parametrize("status", [400, 401, 403, 409, 422])
    def test_are_not_tried_after_any_other_refusal(self, status: int) -> None:
        _, effects = played(request(alternates=self.OTHER), [status, 200], auth=ApiKey("key"))
        assert len(sent(effects)) == 1

    @pytest.mark.parametrize("replay", [Replay.IF_UNREACHED, Replay.IF_NOT_SENT])
    def test_are_never_tried_for_what_sends_or_creates(self, replay: Replay) -> None:
        result, effects = played(request(alternates=self.OTHER, replay=replay), [404, 200])
        assert isinstance(result, NotFound)
        assert len(sent(effects)) == 1

    def test_share_the_attempts_of_the_request(self) -> None:
        result, effects = played(request(alternates=self.OTHER), [503, 404, 503, 503, 503, 200])
        assert isinstance(result, ServerFault)
        assert len(sent(effects)) == RETRY.attempts + 1


def test_an_outcome_of_no_kind_of_ours_is_left_alone() -> None:
    steps = exchange(request(), Renewable(), RETRY)
    next(steps)
    steps.send("credential")
    with pytest.raises(KeyboardInterrupt):
        steps.throw(KeyboardInterrupt())
