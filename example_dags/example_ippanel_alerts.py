"""Texts about the DAG itself: when it fails, and what it found out.

Needs the connection ``ippanel_default`` and the Variable ``oncall``, mobile numbers with commas between them.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG, task

from ippanel_provider.notifications.ippanel import send_ippanel_notification

# --8<-- [start:howto_notifier]
tell_oncall = send_ippanel_notification(
    message="{{ dag.dag_id }}: {{ ti.task_id }} failed ({{ run_id }})",
    recipients="{{ var.value.oncall }}",
    window=900,
)
# --8<-- [end:howto_notifier]

with DAG(
    dag_id="example_ippanel_alerts",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    render_template_as_native_obj=True,
    default_args={"on_failure_callback": tell_oncall},
    doc_md=__doc__,
    tags=["example", "ippanel"],
) as dag:

    @task
    def count_orders() -> int:
        """Something that may fail."""
        return 42

    # --8<-- [start:howto_decorator_ippanel_sms]
    @task.ippanel_sms(recipients="{{ var.value.oncall.split(',') }}")
    def daily_report(orders: int) -> str:
        """Return the text; who gets it says the decorator."""
        return f"امروز {orders} سفارش ثبت شد."

    # --8<-- [end:howto_decorator_ippanel_sms]

    daily_report(count_orders())
