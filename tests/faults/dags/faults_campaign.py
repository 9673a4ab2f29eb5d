"""A campaign whose task tells its process id, so that it can be killed; the run's ``conf`` says which and how."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import DAG

from ippanel_provider.operators.send import IPPanelSendOperator
from tests.faults.worker import audience


class KillableSend(IPPanelSendOperator):
    """Takes its audience and its home from ``conf`` and says when it begins."""

    def execute(self, context: Any) -> Any:
        """Send, keeping the book where ``conf`` says."""
        conf = context["dag_run"].conf
        messages = audience(conf["campaign"], conf["people"], conf["shared_text"])
        if conf["shared_text"]:
            self.message, self.recipients = conf["shared_text"], [message.recipient for message in messages]
        else:
            self.messages = [(message.recipient, message.text) for message in messages]
        self.ledger_conn_id = "ledger" if conf["home"] == "sql" else None
        begun = Path(conf["begun"])
        begun.with_suffix(".draft").write_text(str(os.getpid()))
        begun.with_suffix(".draft").replace(begun)
        return super().execute(_without_store(context) if conf["home"] == "none" else context)


def _without_store(context: Mapping[str, Any]) -> dict[str, Any]:
    """What an Airflow before 3.3 gives a task."""
    return {name: context[name] for name in ("ti", "dag_run")}


with DAG("faults_campaign", schedule=None, start_date=datetime(2025, 1, 1, tzinfo=UTC), max_active_runs=1):
    KillableSend(
        task_id="send",
        chunk_size=100,
        on_unconfirmed="resend",
        settle=2,
        retries=100_000,
        retry_delay=timedelta(0),
    )
