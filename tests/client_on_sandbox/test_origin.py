"""A sandbox of this machine is told which DAG and task sends; the service is not."""

from __future__ import annotations

import httpx
import pytest

from ippanel_provider.client import ApiKey, Client, Settings, edge
from ippanel_provider.client._wire import _is_this_machine
from ippanel_provider.sandbox.runner import RunningSandbox


def test_the_sandbox_shows_what_sent_a_text(ippanel_sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with Client(ApiKey(ippanel_sandbox.api_key), Settings(base_url=ippanel_sandbox.base_url)) as client:
        monkeypatch.delenv("AIRFLOW_CTX_DAG_ID", raising=False)
        monkeypatch.delenv("AIRFLOW_CTX_TASK_ID", raising=False)
        quiet = client.run(edge.send.webservice("a", ["09120000000"], sender=ippanel_sandbox.sender))
        monkeypatch.setenv("AIRFLOW_CTX_DAG_ID", "گزارش روزانه")
        monkeypatch.setenv("AIRFLOW_CTX_TASK_ID", "send")
        told = client.run(edge.send.webservice("b", ["09120000000"], sender=ippanel_sandbox.sender))

    def page(bulk_id: int) -> str:
        return httpx.get(f"{ippanel_sandbox.url}/outbox/{bulk_id}", trust_env=False, verify=False).text

    assert "گزارش روزانه/<wbr>send" in page(told.outbox_ids[0])
    assert "Sent by" not in page(quiet.outbox_ids[0])


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8089/v1", True),
        ("http://localhost/v1", True),
        ("http://[::1]:8089/v1", True),
        ("https://edge.ippanel.com/v1", False),
        ("http://10.0.0.5/v1", False),
        ("http://localhost.example/v1", False),
    ],
)
def test_only_this_machine_is_told(url: str, here: bool) -> None:
    assert _is_this_machine(url) is here
