"""A campaign from a file, with all that a campaign can have. Needs the connection ``ippanel_default``."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG, task

from ippanel_provider.operators.suppress import InFile, InPhonebook, OptedOut
from ippanel_provider.transfers.file_to_ippanel import FileToIPPanelOperator

with DAG(
    dag_id="docs_campaign",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    render_template_as_native_obj=True,
    params={"customers": "", "never": "", "book": 0, "rejects": ""},
) as dag:
    # --8<-- [start:preview]
    preview = FileToIPPanelOperator(
        task_id="preview",
        path="{{ params.customers }}",
        recipient_column="mobile",
        row_message="{{ row.name }} عزیز، {{ row.points }} امتیاز باشگاه کتاب نیما تا 30 آذر اعتبار دارد.\nلغو11",
        dry_run=True,
    )
    # --8<-- [end:preview]

    # --8<-- [start:file_to_ippanel]
    send = FileToIPPanelOperator(
        task_id="send",
        path="{{ params.customers }}",
        recipient_column="mobile",
        row_message="{{ row.name }} عزیز، {{ row.points }} امتیاز باشگاه کتاب نیما تا 30 آذر اعتبار دارد.\nلغو11",
    )
    # --8<-- [end:file_to_ippanel]

    # --8<-- [start:suppress]
    careful = FileToIPPanelOperator(
        task_id="careful",
        path="{{ params.customers }}",
        recipient_column="mobile",
        message="جشنوارهٔ کفش آبان از فردا آغاز می‌شود.\nفروشگاه آبان\nلغو11",
        suppress=[OptedOut(), InPhonebook("{{ params.book }}"), InFile("{{ params.never }}")],
        rejects_path="{{ params.rejects }}",
        quiet_hours="22:00-08:00",
    )
    # --8<-- [end:suppress]

    # --8<-- [start:decorator_rows]
    @task.ippanel_sms
    def parcels() -> list[tuple[str, str]]:
        """Rows go from here to the service; the task's result is the counts."""
        return [
            ("09120000001", "آرش عزیز، بستهٔ شما تحویل پست شد. فروشگاه آبان"),
            ("09120000002", "بهار عزیز، بستهٔ شما در راه است. فروشگاه آبان"),
        ]

    # --8<-- [end:decorator_rows]

    preview >> send >> careful >> parcels()
