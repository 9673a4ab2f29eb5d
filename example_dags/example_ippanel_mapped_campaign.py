"""A large campaign in parts: each worker sends some of the table, and nobody is reached by two of them.

Needs two connections: ``ippanel_default`` (type IPPanel) and ``warehouse`` (any SQL database whose driver takes
``:first``, as SQLite; for PostgreSQL and MySQL write ``%(first)s`` and ``%(last)s``), with a table ``customers`` that
has the columns ``id, name, mobile``.

The parts share one campaign in a ledger in SQL: a customer who is in the table twice, in different parts and with the
number spelled differently, gets one text. A part that fails is tried again by itself and goes on where it was.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Param, task

from ippanel_provider.operators.suppress import InTable, OptedOut
from ippanel_provider.transfers.partitions import plan_partitions
from ippanel_provider.transfers.sql_to_ippanel import SqlToIPPanelOperator


@task
def plan(params: dict[str, Any]) -> list[dict[str, Any]]:
    """Divide the table by its key; only the keys where a part begins and ends pass through XCom."""
    return plan_partitions("SELECT id FROM customers ORDER BY id", "warehouse", size=params["rows_per_task"])


@task
def total(parts: Any) -> dict[str, Any]:
    """Add up what the parts say."""
    summaries = list(parts)
    counts = {
        name: sum(part[name] for part in summaries)
        for name in ("rows", "accepted", "merged", "suppressed", "rejected", "parts")
    }
    return {**counts, "tasks": len(summaries), "cost": sum(part["cost"] or 0 for part in summaries)}


with DAG(
    dag_id="example_ippanel_mapped_campaign",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    params={
        "rows_per_task": Param(
            50_000, type="integer", minimum=1, description="Rows of the table that one task sends to"
        ),
        "rejects_folder": Param(
            "rejects", type="string", description="Where the files of rejected rows go: a folder, or s3://…"
        ),
    },
    render_template_as_native_obj=True,
    doc_md=__doc__,
    tags=["example", "ippanel"],
):
    # --8<-- [start:howto_mapped_campaign]
    send = SqlToIPPanelOperator.partial(
        task_id="send",
        sql="SELECT name, mobile FROM customers WHERE id BETWEEN :first AND :last ORDER BY id",
        sql_conn_id="warehouse",
        recipient_column="mobile",
        row_message="{{ row.name or 'مشتری' }} عزیز، جشنوارهٔ کفش آبان از فردا آغاز می‌شود.\nفروشگاه آبان\nلغو11",
        suppress=[OptedOut(), InTable("SELECT mobile FROM do_not_text", "warehouse")],
        rejects_path="{{ params.rejects_folder }}/{{ run_id }}/{{ ti.map_index }}.csv",
        # The parts share whom they reached.
        ledger_conn_id="warehouse",
        campaign_id="{{ dag.dag_id }}/{{ run_id }}",
        retries=3,
        retry_delay=timedelta(minutes=1),
        max_active_tis_per_dagrun=4,
        allow_empty=True,
    ).expand(parameters=plan())
    # --8<-- [end:howto_mapped_campaign]

    total(send.output)
