"""A phonebook that follows a table: new customers are added, changed ones updated, those who left deleted.

A person approves what would be done, with the counts before them; nothing but that plan is then applied, and not even
that if the phonebook has changed meanwhile. A plan that would delete more than a tenth of the contacts ends the run
before anyone is asked.

Needs two connections, ``ippanel_default`` (type IPPanel) and ``warehouse`` (any SQL database), and a directory that all
workers share (or object storage). The plan and the report hold phone numbers: choose one where they may lie. The
approval needs Airflow 3.1; on an older one every plan is applied.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowOptionalProviderFeatureException, AirflowSkipException, task

from ippanel_provider.operators.sync import IPPanelPhonebookSyncOperator

try:
    from airflow.providers.standard.operators.hitl import ApprovalOperator
except (ImportError, AirflowOptionalProviderFeatureException):  # Airflow before 3.1
    ApprovalOperator = None


@task
def something_to_do(planned: dict[str, Any]) -> None:
    """Ask nobody to approve nothing."""
    if not planned["changed"]:
        raise AirflowSkipException("The phonebook is as the table says.")


with DAG(
    dag_id="example_ippanel_phonebook_mirror",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    params={"shared": "."},
    doc_md=__doc__,
    tags=["example", "ippanel"],
):
    # --8<-- [start:howto_operator_phonebook_sync_plan]
    plan = IPPanelPhonebookSyncOperator(
        task_id="plan",
        book="Customers",
        sql="SELECT name, mobile, points FROM customers",
        sql_conn_id="warehouse",
        number_column="mobile",
        fields={"name": "name"},
        options={"Points": "points:int"},
        mode="mirror",
        max_delete="10%",
        state_path="{{ params.shared }}/customers.state",
        dry_run=True,
        plan_path="{{ params.shared }}/customers-{{ run_id }}.jsonl",
    )
    # --8<-- [end:howto_operator_phonebook_sync_plan]

    # --8<-- [start:howto_operator_phonebook_sync_apply]
    apply = IPPanelPhonebookSyncOperator(
        task_id="apply",
        plan_path="{{ params.shared }}/customers-{{ run_id }}.jsonl",
        plan_id="{{ ti.xcom_pull(task_ids='plan')['plan_id'] }}",
        state_path="{{ params.shared }}/customers.state",
        report_path="{{ params.shared }}/customers-report-{{ run_id }}.csv",
        asset="ippanel://phonebooks/customers",
    )
    # --8<-- [end:howto_operator_phonebook_sync_apply]

    checked = something_to_do(plan.output)
    if ApprovalOperator is None:
        checked >> apply
    else:
        approve = ApprovalOperator(
            task_id="approve",
            subject="Phonebook Customers",
            body="{% set plan = ti.xcom_pull(task_ids='plan') %}"
            "{% for action, count in plan['counts'].items() %}{% if count %}- {{ count }} {{ action }}\n{% "
            "endif %}{% endfor %}",
        )
        checked >> approve >> apply
