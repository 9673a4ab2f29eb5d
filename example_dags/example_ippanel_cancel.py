"""Take back texts that are scheduled and have not gone out: start this DAG with ``{"outbox_ids": [5700000001, …]}``.

The ids are what the sending task returned; the service takes them back until 5 minutes before their time. Those for
which it is too late fail the task, after all the others were taken back. Needs the connection ``ippanel_default``.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG, Param

from ippanel_provider.operators.account import IPPanelCancelOperator

with DAG(
    dag_id="example_ippanel_cancel",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    params={
        "outbox_ids": Param([], type="array", items={"type": "integer"}, description="What a sending task returned")
    },
    render_template_as_native_obj=True,
    doc_md=__doc__,
    tags=["example", "ippanel"],
):
    # --8<-- [start:howto_operator_cancel]
    IPPanelCancelOperator(task_id="take_back", outbox_ids="{{ params.outbox_ids }}")
    # --8<-- [end:howto_operator_cancel]
