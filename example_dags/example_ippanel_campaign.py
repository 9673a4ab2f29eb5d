"""A campaign from a database: each customer gets a text of their own, and a report says who got it.

Needs two connections: ``ippanel_default`` (type IPPanel) and ``warehouse`` (any SQL database; the demo uses SQLite).
``make demo`` runs this DAG against the sandbox.
"""

from __future__ import annotations

import csv
import json
import urllib.request
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowException, AirflowSkipException, BaseHook, Param, task

from ippanel_provider.operators.report import IPPanelDeliveryReportOperator
from ippanel_provider.sensors.bulk import IPPanelBulkSensor
from ippanel_provider.transfers.sql_to_ippanel import SqlToIPPanelOperator


@task
def load_customers(params: dict[str, Any]) -> int:
    """Load the CSV into the table ``customers``, as it is: cleaning numbers is the provider's work."""
    with Path(params["customers_csv"]).open(encoding="utf-8", newline="") as file:
        customers = [
            (line, row["name"], row["mobile"], row["points"]) for line, row in enumerate(csv.DictReader(file), start=1)
        ]
    with closing(BaseHook.get_connection("warehouse").get_hook().get_conn()) as database, database:
        database.execute("DROP TABLE IF EXISTS customers")
        database.execute("CREATE TABLE customers (line INTEGER PRIMARY KEY, name TEXT, mobile TEXT, points INTEGER)")
        database.executemany("INSERT INTO customers VALUES (?, ?, ?, ?)", customers)
    return len(customers)


@task
def check_against_sandbox(sent: dict[str, Any], report: dict[str, Any]) -> str:
    """Compare the delivery report with the sandbox's own record of every text it was given."""
    base_url = BaseHook.get_connection("ippanel_default").host or ""
    if not base_url.startswith("http://127.0.0.1"):
        raise AirflowSkipException("The connection is not a sandbox; there is no second record to compare with.")
    with urllib.request.urlopen(f"{base_url.removesuffix('/v1')}/_sandbox/messages", timeout=30) as response:  # noqa: S310 - loopback
        texts = json.load(response)["messages"]
    ours = set(map(str, sent["outbox_ids"]))
    theirs = sorted(
        (str(t["outbox_id"]), t["recipient"], t["message_status"]) for t in texts if str(t["outbox_id"]) in ours
    )
    names = {"sent_to_operator": 0, "operator_received": 1, "delivered": 2, "not_delivered": 3, "blacklisted": 4}
    with Path(report["path"]).open(encoding="utf-8", newline="") as file:
        reported = sorted((row["outbox_id"], row["recipient"], names[row["status"]]) for row in csv.DictReader(file))
    if reported != theirs:
        raise AirflowException(
            f"The report has {len(reported)} recipients, the sandbox {len(theirs)}, and they are not the same."
        )
    return f"{len(reported)} recipients, the same in the report and in the sandbox's record"


with DAG(
    dag_id="example_ippanel_campaign",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    params={
        "customers_csv": Param("customers.csv", type="string", description="CSV with the columns name, mobile, points"),
        "report_csv": Param("delivery_report.csv", type="string", description="Where the delivery report goes"),
    },
    render_template_as_native_obj=True,
    doc_md=__doc__,
    tags=["example", "ippanel"],
):
    loaded = load_customers()

    # --8<-- [start:howto_transfer_sql_to_ippanel]
    send = SqlToIPPanelOperator(
        task_id="send",
        sql="SELECT name, mobile, points FROM customers ORDER BY line",
        sql_conn_id="warehouse",
        recipient_column="mobile",
        row_message="{{ row.name or 'مشتری' }} عزیز، {{ row.points or 0 }} امتیاز در باشگاه مشتریان دارید. "
        "با سپاس از همراهی شما",
    )
    # --8<-- [end:howto_transfer_sql_to_ippanel]

    # --8<-- [start:howto_sensor_bulk]
    wait = IPPanelBulkSensor(
        task_id="wait_until_sent",
        outbox_ids="{{ ti.xcom_pull(task_ids='send')['outbox_ids'] }}",
        deferrable=True,
        poke_interval=2,
        timeout=600,
    )
    # --8<-- [end:howto_sensor_bulk]

    # --8<-- [start:howto_operator_delivery_report]
    report = IPPanelDeliveryReportOperator(
        task_id="report",
        outbox_ids="{{ ti.xcom_pull(task_ids='send')['outbox_ids'] }}",
        path="{{ params.report_csv }}",
        settle=60,
    )
    # --8<-- [end:howto_operator_delivery_report]

    loaded >> send >> wait >> report >> check_against_sandbox(send.output, report.output)
