"""The first DAG: two texts, and a wait until they are out."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG

from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.sensors.bulk import IPPanelBulkSensor

with DAG("hello_ippanel", schedule=None, start_date=datetime(2025, 1, 1, tzinfo=UTC)) as dag:
    send = IPPanelSendOperator(
        task_id="send",
        message="سفارش شما ارسال شد",
        recipients=["09120000001", "+98 912 000 0002"],
    )
    wait = IPPanelBulkSensor(task_id="wait", outbox_ids=send.output, poke_interval=2, timeout=120)
