"""The example of one-time codes: a text by pattern, and a call where it does not arrive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ippanel_provider.client import Client, Settings, edge
from ippanel_provider.sandbox.runner import RunningSandbox

ANA = "+989120000001"


@pytest.fixture
def pattern(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    """An approved pattern, as the Variable names it."""
    with Client(sandbox.api_key, Settings(base_url=sandbox.base_url)) as client:
        code = client.run(
            edge.pattern.create("کد شما: %code%", description="delivery", variables={"code": "string"})
        ).code
    sandbox.approve(code)
    monkeypatch.setenv("AIRFLOW_VAR_OTP_PATTERN", code)
    return code


@pytest.fixture
def deliveries(warehouse: Callable[..., None]) -> None:
    """A phone that gets texts, and one that the sandbox hands none over to."""
    warehouse("CREATE TABLE deliveries (id INTEGER, mobile TEXT, code TEXT)")
    warehouse(
        "INSERT INTO deliveries VALUES (?, ?, ?)",
        [(1043, "۰۹۱۲ ۰۰۰ ۰۰۰۱", "04711"), (1044, "09120000993", "04711")],
    )


@pytest.mark.usefixtures("deliveries")
def test_the_code_comes_as_a_text(
    sandbox: RunningSandbox,
    pattern: str,
    example: Callable[[str], Any],
    run_dag: Callable[..., Any],
    received: Callable[[], Any],
) -> None:
    sandbox.pace(0)
    run = run_dag(example("otp"), undated=True, delivery=1043)
    assert run.states == {"text": "success", "arrived": "success", "call": "skipped"}, run.log
    assert received() == [(ANA, "کد شما: 04711")]
    kept = f"{run.results}{run.rendered}{run.log}"
    assert not [secret for secret in ("04711", "9120000001", "۰۹۱۲") if secret in kept]


@pytest.mark.usefixtures("deliveries")
def test_a_text_that_does_not_arrive_is_followed_by_a_call(
    sandbox: RunningSandbox,
    pattern: str,
    example: Callable[[str], Any],
    run_dag: Callable[..., Any],
    received: Callable[[], Any],
) -> None:
    sandbox.pace(0)
    run = run_dag(example("otp"), delivery=1044)
    assert run.states == {"text": "success", "arrived": "failed", "call": "success"}, run.log
    assert run.state == "success"
    assert [(text["type"], text["recipient"], text["text"]) for text in sandbox.messages()][1:] == [
        ("sendvoice", "+989120000993", "04711")
    ]
