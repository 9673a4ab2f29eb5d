"""The example that takes scheduled texts back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from ippanel_provider.client import Client, Settings, edge
from ippanel_provider.sandbox.runner import RunningSandbox


def scheduled(sandbox: RunningSandbox, recipient: str, **ahead: float) -> int:
    """Schedule a text and return its outbox id."""
    send_time = datetime.now(UTC) + timedelta(**ahead)
    with Client(sandbox.api_key, Settings(base_url=sandbox.base_url)) as client:
        return client.run(
            edge.send.webservice("فردا بسته‌ایم", [recipient], sender=sandbox.sender, send_time=send_time)
        ).outbox_ids[0]


def test_what_is_taken_back_reaches_nobody(
    sandbox: RunningSandbox, example: Callable[[str], Any], run_dag: Callable[..., Any], received: Callable[[], Any]
) -> None:
    ids = [scheduled(sandbox, f"+98912000000{n}", hours=1) for n in (1, 2)]
    kept = scheduled(sandbox, "+989120000003", hours=1)
    run = run_dag(example("cancel"), outbox_ids=ids)
    assert run.state == "success", run.log
    assert run.results["take_back"] == ids
    sandbox.advance(3600)
    assert received() == [("+989120000003", "فردا بسته‌ایم")]
    assert kept not in ids


def test_what_is_too_late_is_told_and_the_rest_is_taken_back(
    sandbox: RunningSandbox, example: Callable[[str], Any], run_dag: Callable[..., Any], received: Callable[[], Any]
) -> None:
    late, soon = scheduled(sandbox, "+989120000001", minutes=20), scheduled(sandbox, "+989120000002", hours=1)
    sandbox.advance(16 * 60)
    run = run_dag(example("cancel"), outbox_ids=[late, soon])
    assert run.state == "failed"
    assert f"1 of 2 bulks were not cancelled, first {late}" in run.log
    sandbox.advance(3600)
    assert received() == [("+989120000001", "فردا بسته‌ایم")]
