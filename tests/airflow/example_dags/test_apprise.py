"""The example that sends through Apprise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox

pytest.importorskip("apprise", reason="the apprise extra is not installed")


@pytest.fixture(autouse=True)
def people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom the Variable names."""
    monkeypatch.setenv("AIRFLOW_VAR_ANNOUNCE_TO", '["09120000001", "0912 000 0002"]')


def test_everybody_is_told(
    sandbox: RunningSandbox, example: Callable[[str], Any], run_dag: Callable[..., Any], received: Callable[[], Any]
) -> None:
    run = run_dag(example("apprise"))
    assert run.state == "success", run.log
    text = "گزارش روزانه\n42 سفارش آماده است."
    assert received() == [("+989120000001", text), ("+989120000002", text)]
    assert sandbox.api_key not in f"{run.log}{run.results}{run.rendered}"


def test_a_refusal_fails_the_task(
    sandbox: RunningSandbox, example: Callable[[str], Any], run_dag: Callable[..., Any]
) -> None:
    sandbox.fault("refused", path="/api/send")
    run = run_dag(example("apprise"))
    assert run.states == {"load": "success", "announce": "failed"}
    assert sandbox.messages() == []
