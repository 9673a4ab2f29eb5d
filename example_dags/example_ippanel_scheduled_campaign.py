"""A campaign that a person lets go: it is handed in for later, somebody looks at it, and without a yes it is taken
back.

The texts are with IPPanel from the start, each chunk with a send time of its own, so that what a lost answer left in
doubt is settled long before anything goes out. Until five minutes before that time all of it can be cancelled; the
question is asked for half an hour of the 45 minutes there are.

The question is under "Required Actions" and needs Airflow 3.1. On an older one the task ``approve`` waits as long: mark
it as success to let the campaign go, as failed to take it back.

Where ``hand_in`` itself fails for good, its error names the outbox ids of what had been accepted:
``example_ippanel_cancel`` takes those back.

Needs two connections: ``ippanel_default`` (type IPPanel) and ``warehouse`` (any SQL database), with a table
``customers`` that has the columns ``name, mobile``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, AirflowOptionalProviderFeatureException, task

from ippanel_provider.operators.account import IPPanelCancelOperator
from ippanel_provider.sensors.bulk import IPPanelBulkSensor
from ippanel_provider.transfers.sql_to_ippanel import SqlToIPPanelOperator

try:
    from airflow.providers.standard.operators.hitl import HITLBranchOperator
except (ImportError, AirflowOptionalProviderFeatureException):  # Airflow before 3.1
    HITLBranchOperator = None

TIME_TO_ANSWER = timedelta(minutes=30)

with DAG(
    dag_id="example_ippanel_scheduled_campaign",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    doc_md=__doc__,
    tags=["example", "ippanel"],
):
    # --8<-- [start:howto_scheduled_delivery]
    hand_in = SqlToIPPanelOperator(
        task_id="hand_in",
        sql="SELECT name, mobile FROM customers",
        sql_conn_id="warehouse",
        recipient_column="mobile",
        row_message="{{ row.name or 'مشتری' }} عزیز، جشنوارهٔ کفش آبان آغاز شد.\nفروشگاه آبان\nلغو11",
        delivery="scheduled",
        send_time="{{ (dag_run.start_date + macros.timedelta(minutes=45)).isoformat() }}",
    )
    # --8<-- [end:howto_scheduled_delivery]

    wait = IPPanelBulkSensor(
        task_id="wait_until_sent", outbox_ids=hand_in.output, deferrable=True, poke_interval=60, timeout=7200
    )

    # --8<-- [start:howto_operator_cancel]
    undo = IPPanelCancelOperator(
        task_id="undo",
        outbox_ids=hand_in.output,
        # Also when asking itself has failed. A branch that is not chosen is skipped whatever the rule.
        trigger_rule="one_failed" if HITLBranchOperator is None else "all_done",
    )
    # --8<-- [end:howto_operator_cancel]

    # --8<-- [start:howto_approval]
    if HITLBranchOperator is not None:
        approve = HITLBranchOperator(
            task_id="approve",
            subject="Let the campaign go?",
            body="{% set sent = ti.xcom_pull(task_ids='hand_in') %}"
            "{{ sent.accepted }} recipients, {{ sent.parts }} parts, {{ sent.cost }} rial; {{ sent.rejected }} "
            "rows are rejected.",
            options=["Let it go", "Take it back"],
            options_mapping={"Let it go": "wait_until_sent", "Take it back": "undo"},
            # What happens when nobody answers.
            defaults="Take it back",
            response_timeout=TIME_TO_ANSWER,
        )
    else:

        @task.sensor(task_id="approve", mode="reschedule", poke_interval=30, timeout=TIME_TO_ANSWER.total_seconds())
        def somebody_marks_this() -> bool:
            """Wait as long as nobody does."""
            return False

        approve = somebody_marks_this()

    hand_in >> approve >> [wait, undo]
    # --8<-- [end:howto_approval]
