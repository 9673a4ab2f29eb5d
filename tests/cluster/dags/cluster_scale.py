"""A campaign from its first row to its report in one piece, on PostgreSQL; for ``tests/cluster/scale.py``."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG, task

from ippanel_provider.operators.report import IPPanelDeliveryReportOperator
from ippanel_provider.sensors.bulk import IPPanelBulkSensor
from ippanel_provider.transfers.sql_to_ippanel import SqlToIPPanelOperator


@task
def idle() -> None:
    """Do nothing, to show how much a task needs for that."""


with DAG(
    "from_row_to_report",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
) as dag:
    send = SqlToIPPanelOperator(
        task_id="send",
        sql="SELECT id, name, mobile FROM customers ORDER BY id",
        sql_conn_id="warehouse",
        recipient_column="mobile",
        row_message="{{ row.name }} عزیز، کد تخفیف شما {{ row.id }}\nلغو11",
        ledger_conn_id="warehouse",
        campaign_id="{{ dag.dag_id }}/{{ run_id }}",
        concurrency=4,
    )
    wait = IPPanelBulkSensor(task_id="wait", outbox_ids=send.output, deferrable=True, poke_interval=5)
    report = IPPanelDeliveryReportOperator(
        task_id="report", outbox_ids=send.output, path=os.environ.get("CLUSTER_REPORT", "report.csv")
    )
    idle() >> send >> wait >> report
