"""What sending tells Airflow's metrics, as a statsd server gets it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ippanel_provider import metrics
from ippanel_provider.client import Client, Flow, NotSent, Refused, Request, Settings, edge, rest
from ippanel_provider.client.models import Receipt
from ippanel_provider.exceptions import SendFailed, SendInDoubt
from ippanel_provider.notifications.ippanel import IPPanelNotifier
from ippanel_provider.operators.phonebook import IPPanelSendPhonebookOperator
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.operators.voice import IPPanelVoiceOtpOperator
from ippanel_provider.sandbox.runner import RunningSandbox


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, object, object]]:
    """Everything that reaches Airflow's Stats."""
    from airflow.providers.common.compat.sdk import Stats

    found: list[tuple[str, object, object]] = []
    monkeypatch.setattr(Stats, "incr", lambda name, count=1, rate=1, *, tags=None: found.append((name, count, tags)))
    monkeypatch.setattr(
        Stats, "timing", lambda name, delta, *, tags=None: found.append((name, delta.total_seconds(), tags))
    )
    return found


def test_counts_carry_the_connection_and_zeros_are_left_out(told: list[tuple[str, object, object]]) -> None:
    metrics.count("shop", sent=3, parts=6, refused=0, unconfirmed=1)
    tags = {"connection": "shop"}
    assert told == [("ippanel.sent", 3, tags), ("ippanel.parts", 6, tags), ("ippanel.unconfirmed", 1, tags)]


def test_every_send_of_a_flow_is_timed_and_nothing_else(
    told: list[tuple[str, object, object]], ippanel_sandbox: RunningSandbox
) -> None:
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


def test_a_send_that_failed_is_timed_and_the_flow_decides(
    told: list[tuple[str, object, object]], ippanel_sandbox: RunningSandbox
) -> None:
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


class Shelf(dict[str, Any]):
    """A task state store."""

    def set(self, key: str, value: Any, **_: Any) -> None:
        self[key] = value


class TestWhatSendsTell:
    """Every way to send counts alike."""

    def counted(self, told: list[tuple[str, object, object]]) -> dict[str, object]:
        """The counters; each send has a latency besides."""
        assert {str(tags) for _, _, tags in told} == {"{'connection': 'ippanel_default'}"}
        return {name: count for name, count, _ in told if name != "ippanel.latency"}

    def latencies(self, told: list[tuple[str, object, object]]) -> int:
        return sum(name == "ippanel.latency" for name, _, _ in told)

    def context(self) -> Any:
        ti = SimpleNamespace(
            dag_id="d", task_id="send", run_id="r", map_index=-1, try_number=1, max_tries=0, xcom_push=lambda **_: None
        )
        return {"ti": ti, "dag_run": SimpleNamespace(start_date=None), "task_state_store": Shelf()}

    def test_to_many(self, sandbox: RunningSandbox, told: list[tuple[str, object, object]]) -> None:
        rows = [("09120000001", "x" * 161), ("09120000002", "hello"), ("0912", "hello")]
        IPPanelSendOperator(task_id="send", messages=rows).execute(self.context())
        assert self.counted(told) == {"ippanel.sent": 2, "ippanel.parts": 3, "ippanel.refused": 1}
        assert self.latencies(told) == 1

    def test_with_one_request(self, sandbox: RunningSandbox, told: list[tuple[str, object, object]]) -> None:
        book = sandbox.add_phonebook("all", [{"number": "+989120000001"}, {"number": "+989120000002"}])["id"]
        IPPanelSendPhonebookOperator(task_id="send", message="x" * 161, books=book).execute(self.context())
        assert self.counted(told) == {"ippanel.sent": 2, "ippanel.parts": 4}
        assert self.latencies(told) == 1

    def test_with_one_request_that_nobody_answered(
        self, sandbox: RunningSandbox, told: list[tuple[str, object, object]]
    ) -> None:
        sandbox.fault("status", path="/api/send$", status=504)
        with pytest.raises(SendInDoubt):
            IPPanelVoiceOtpOperator(task_id="send", code="1234", recipient="09120000001", settle=0).execute(
                self.context()
            )
        assert self.counted(told) == {"ippanel.unconfirmed": 1}
        assert self.latencies(told) == 1

    def test_that_nothing_can_be_counted_fails_no_send(
        self, sandbox: RunningSandbox, told: list[tuple[str, object, object]]
    ) -> None:
        sandbox.fault("refused", path="/api/report/by_bulk")
        sent = IPPanelVoiceOtpOperator(task_id="send", code="1234", recipient="09120000001").execute(self.context())
        assert len(sent["outbox_ids"]) == 1
        assert self.counted(told) == {}

    def test_an_alert(self, sandbox: RunningSandbox, told: list[tuple[str, object, object]], tmp_path: Path) -> None:
        people = ["09120000001", "09120000002", "0912"]
        with pytest.raises(SendFailed):
            IPPanelNotifier(message="x" * 161, recipients=people, window=0, state_dir=tmp_path).notify(self.context())
        assert self.counted(told) == {"ippanel.sent": 2, "ippanel.parts": 4, "ippanel.refused": 1}
        assert self.latencies(told) == 1
