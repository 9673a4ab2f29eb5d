"""Look after the credit every hour, and text whoever can fill it up; at most once a day, however long it stays low.

An alert needs credit too: choose a limit that leaves some. Needs the connection ``ippanel_default`` and the Variable
``accounting``, mobile numbers with commas between them.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG, Param

from ippanel_provider.notifications.ippanel import send_ippanel_notification
from ippanel_provider.operators.account import IPPanelCreditOperator

with DAG(
    dag_id="example_ippanel_credit_watch",
    schedule="@hourly",
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    params={"at_least": Param(1_000_000, type="number", minimum=0, description="Rial")},
    doc_md=__doc__,
    tags=["example", "ippanel"],
):
    # --8<-- [start:howto_operator_credit]
    IPPanelCreditOperator(
        task_id="enough_credit",
        at_least="{{ params.at_least }}",
        on_failure_callback=send_ippanel_notification(
            message="اعتبار پنل پیامک کمتر از {{ params.at_least }} ریال است.",
            recipients="{{ var.value.accounting }}",
            window=24 * 3600,
        ),
    )
    # --8<-- [end:howto_operator_credit]
