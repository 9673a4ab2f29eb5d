"""What sending tells Airflow's metrics, as a statsd server gets it."""

from __future__ import annotations

import pytest

from ippanel_provider import metrics
from ippanel_provider.client import Client, Flow, NotSent, Refused, Request, Settings, edge, rest
from ippanel_provider.client.models import Receipt
from ippanel_provider.sandbox.runner import RunningSandbox


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, object, object]]:
    """Everything that reaches Airflow's Stats."""
    from airflow.providers.common.compat.sdk import Stats

    found: list[tuple[str, object, object]] = []
    monkeypatch.setattr(Stats, "incr", lambda name, count=1, rate=1, *, tags=None: found.append((name, count, tags)))
    monkeypatch.setattr(Stats, "timing", lambda name, delta, *, tags=None: found.append((name, delta.total_seconds(), tags)))
    return found


def test_counts_carry_the_connection_and_zeros_are_left_out(told: list[tuple[str, object, object]]) -> None:
    metrics.count("shop", sent=3, parts=6, refused=0, unconfirmed=1)
    tags = {"connection": "shop"}
    assert told == [("ippanel.sent", 3, tags), ("ippanel.parts", 6, tags), ("ippanel.unconfirmed", 1, tags)]


def test_every_send_of_a_flow_is_timed_and_nothing_else(told: list[tuple[str, object, object]], ippanel_sandbox: RunningSandbox) -> None:
    def flow() -> Flow[list[int]]:
        yield edge.payment.credit()
        receipt: Receipt = yield edge.send.webservice("سلام", ["09120000001"], sender=ippanel_sandbox.sender)
        return receipt.outbox_ids

    with Client(ippanel_sandbox.api_key, Settings(base_url=ippanel_sandbox.base_url)) as client:
        assert len(client.run(metrics.timed("shop", flow()))) == 1
    ((name, seconds, tags),) = told
    assert (name, tags) == ("ippanel.latency", {"connection": "shop"})
    assert isinstance(seconds, float)
    assert seconds > 0


def test_a_send_of_the_legacy_api_is_timed_and_what_a_send_costs_is_not(told: list[tuple[str, object, object]]) -> None:
    def flow() -> Flow[None]:
        yield rest.send("سلام", ["09120000001"], sender="+983000505")
        yield edge.send.calculate_price("سلام", sender="+983000505")

    steps = metrics.timed("shop", flow())
    assert next(steps).operation == "rest.send"
    assert steps.send(None).operation == "send.calculate_price"
    assert [name for name, _, _ in told] == ["ippanel.latency"]
    with pytest.raises(StopIteration):
        steps.send(None)
    assert [name for name, _, _ in told] == ["ippanel.latency"]


def test_a_send_that_failed_is_timed_and_the_flow_decides(told: list[tuple[str, object, object]], ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.fault("refused", path="/api/send")

    def flow() -> Flow[str]:
        try:
            yield edge.send.webservice("سلام", ["09120000001"], sender=ippanel_sandbox.sender)
        except Refused:
            return "refused"
        return "sent"

    with Client(ippanel_sandbox.api_key, Settings(base_url=ippanel_sandbox.base_url)) as client:
        assert client.run(metrics.timed("shop", flow())) == "refused"
    assert [name for name, _, _ in told] == ["ippanel.latency"]


def test_a_flow_that_is_given_up_is_closed(told: list[tuple[str, object, object]]) -> None:
    closed: list[bool] = []

    def flow() -> Flow[None]:
        try:
            yield edge.payment.credit()
        finally:
            closed.append(True)

    timed = metrics.timed("shop", flow())
    assert isinstance(next(timed), Request)
    timed.close()
    assert closed == [True]


def test_an_error_the_flow_does_not_catch_goes_on(told: list[tuple[str, object, object]]) -> None:
    def flow() -> Flow[None]:
        yield edge.payment.credit()

    timed = metrics.timed("shop", flow())
    next(timed)
    with pytest.raises(NotSent, match="down"):
        timed.throw(NotSent("down"))
