"""Every night, what became of each text of the day before, as one Parquet file in object storage. Started by hand, it
tells of the 24 hours before.

For whatever reads object storage: a warehouse, DuckDB, Spark. The file holds phone numbers: choose a bucket where they
may lie.

Needs the connection ``ippanel_default`` and what the folder names, here the connection ``aws_default`` and the provider
of Amazon with ``s3fs``; a local folder will do as well. Parquet needs ``pip install
'airflow-provider-ippanel[parquet]'``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowSkipException, Param, task

from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.operators.report import IPPanelDeliveryReportOperator


@task
def bulks_of_the_day(dag_run: Any, data_interval_end: datetime | None = None) -> list[int]:
    """Ask the outbox; ids are all that passes through XCom."""
    from ippanel_provider.client import edge

    # By any schedule "@daily" of any Airflow, the interval ends at the midnight that the run is for. A run of Airflow 3
    # that a person, the API or an asset started may have none.
    end = data_interval_end or dag_run.run_after
    day = edge.report.outbox(created_from=end - timedelta(days=1), created_to=end, per_page=1000)
    found = [bulk.outbox_id for bulk in IPPanelHook().get_conn().walk(day)]
    if not found:
        raise AirflowSkipException("Nothing was sent that day.")
    return found


with DAG(
    dag_id="example_ippanel_delivery_report",
    schedule="@daily",
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    params={"folder": Param("s3://aws_default@texts/delivery", type="string", description="Where the files go")},
    doc_md=__doc__,
    tags=["example", "ippanel"],
):
    # --8<-- [start:howto_operator_delivery_report_object_storage]
    IPPanelDeliveryReportOperator(
        task_id="report",
        outbox_ids=bulks_of_the_day(),
        path="{{ params.folder }}/{{ (data_interval_end | default(dag_run.run_after, true)"
        " - macros.timedelta(days=1)).strftime('%Y-%m-%d') }}.parquet",
        settle=300,
    )
    # --8<-- [end:howto_operator_delivery_report_object_storage]
