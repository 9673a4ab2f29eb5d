"""Patterns as code: the YAML files beside the DAGs are the truth, a person approves what would change, IPPanel reviews
it.

Needs a connection ``ippanel_default`` (type IPPanel), and a directory that all workers share (or object storage, as
``s3://connection@bucket/ippanel``) for the plan and the lock file. The approval needs Airflow 3.1; on an older one
every plan is applied.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowOptionalProviderFeatureException, AirflowSkipException, task

from ippanel_provider.operators.sync import IPPanelPatternSyncOperator

try:
    from airflow.providers.standard.operators.hitl import ApprovalOperator
except (ImportError, AirflowOptionalProviderFeatureException):  # Airflow before 3.1
    ApprovalOperator = None


@task
def something_to_do(planned: dict[str, Any]) -> None:
    """Ask nobody to approve nothing."""
    if not planned["changed"]:
        raise AirflowSkipException("The panel is as the files say.")


with DAG(
    dag_id="example_ippanel_patterns_as_code",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    params={"folder": "patterns", "shared": "."},
    doc_md=__doc__,
    tags=["example", "ippanel"],
):
    # --8<-- [start:howto_operator_pattern_sync_plan]
    plan = IPPanelPatternSyncOperator(
        task_id="plan",
        folder="{{ params.folder }}",
        lock_path="{{ params.shared }}/patterns.lock.json",
        dry_run=True,
        plan_path="{{ params.shared }}/patterns-{{ run_id }}.json",
        show_diff=True,
    )
    # --8<-- [end:howto_operator_pattern_sync_plan]

    # --8<-- [start:howto_operator_pattern_sync_apply]
    apply = IPPanelPatternSyncOperator(
        task_id="apply",
        plan_path="{{ params.shared }}/patterns-{{ run_id }}.json",
        plan_id="{{ ti.xcom_pull(task_ids='plan')['plan_id'] }}",
        lock_path="{{ params.shared }}/patterns.lock.json",
        wait_for_approval=True,
        deferrable=True,
        asset="ippanel://patterns",
    )
    # --8<-- [end:howto_operator_pattern_sync_apply]

    checked = something_to_do(plan.output)
    if ApprovalOperator is None:
        checked >> apply
    else:
        approve = ApprovalOperator(
            task_id="approve",
            subject="Patterns of the panel",
            body="```\n{{ ti.xcom_pull(task_ids='plan')['diff'] }}\n```",
        )
        checked >> approve >> apply
