"""Every way to send, as the pages show it. Needs the connection ``ippanel_default``."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG, task

from ippanel_provider.operators.account import IPPanelCancelOperator, IPPanelCreditOperator, IPPanelPriceOperator
from ippanel_provider.operators.bank import IPPanelSendBankOperator
from ippanel_provider.operators.file_send import IPPanelSendFileOperator
from ippanel_provider.operators.pattern import IPPanelSendPatternOperator
from ippanel_provider.operators.phonebook import IPPanelSendPhonebookOperator
from ippanel_provider.operators.report import IPPanelDeliveryReportOperator
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.operators.voice import IPPanelVoiceOtpOperator
from ippanel_provider.sensors.bulk import IPPanelBulkSensor

with DAG(
    dag_id="docs_sending",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    render_template_as_native_obj=True,
    params={"pattern": "", "book": 0, "numbers_csv": "", "report_csv": ""},
) as dag:
    # --8<-- [start:send_one_text]
    tell_all = IPPanelSendOperator(
        task_id="tell_all",
        message="انبار فردا بسته است",
        recipients=["09120000001", "+98 912 000 0002", "۰۹۱۲۰۰۰۰۰۰۳"],
    )
    # --8<-- [end:send_one_text]

    # --8<-- [start:send_own_texts]
    @task
    def reminders() -> list[dict[str, str]]:
        """What a task returns lies in Airflow's database: numbers and texts too."""
        return [
            {"recipient": "09120000001", "message": "آرش عزیز، نوبت شما فردا ساعت ۱۰ است"},
            {"recipient": "09120000002", "message": "بهار عزیز، نوبت شما فردا ساعت ۱۱ است"},
        ]

    remind = IPPanelSendOperator(task_id="remind", messages=reminders())
    # --8<-- [end:send_own_texts]

    # --8<-- [start:send_at_a_time]
    tomorrow = IPPanelSendOperator(
        task_id="tomorrow",
        message="جشنوارهٔ کفش آبان از امروز آغاز شد.\nفروشگاه آبان\nلغو11",
        recipients=["09120000001", "09120000002"],
        send_time="{{ (dag_run.start_date + macros.timedelta(days=1)).isoformat() }}",
        quiet_hours="22:00-08:00",
    )
    # --8<-- [end:send_at_a_time]

    # --8<-- [start:cancel]
    take_back = IPPanelCancelOperator(task_id="take_back", outbox_ids=tomorrow.output)
    # --8<-- [end:cancel]

    # --8<-- [start:send_pattern]
    confirm = IPPanelSendPatternOperator(
        task_id="confirm",
        code="{{ params.pattern }}",
        messages=[
            {"recipient": "09120000001", "variables": {"name": "آرش", "order": 1042}},
            {"recipient": "09120000002", "variables": {"name": "بهار", "order": 1043}},
        ],
    )
    # --8<-- [end:send_pattern]

    # --8<-- [start:send_phonebook]
    members = IPPanelSendPhonebookOperator(
        task_id="members",
        message="جلسه فردا ساعت ده برگزار می‌شود",
        books="{{ params.book }}",
    )
    # --8<-- [end:send_phonebook]

    # --8<-- [start:send_file]
    from_file = IPPanelSendFileOperator(
        task_id="from_file",
        message="فروشگاه ما جابه‌جا شد",
        path="{{ params.numbers_csv }}",
    )
    # --8<-- [end:send_file]

    # --8<-- [start:send_bank]
    neighbours = IPPanelSendBankOperator(
        task_id="neighbours",
        kind="postal_code",
        message="رستوران لیمو در محلهٔ شما باز شد.\nلغو11",
        choices={"postal_code": "19", "mci": {"size": 10}, "irancell": {"size": 10}},
    )
    # --8<-- [end:send_bank]

    # --8<-- [start:voice]
    call = IPPanelVoiceOtpOperator(task_id="call", code="48151", recipient="09120000001")
    # --8<-- [end:voice]

    # --8<-- [start:credit]
    enough = IPPanelCreditOperator(task_id="enough", at_least=100_000)
    # --8<-- [end:credit]

    # --8<-- [start:price]
    price = IPPanelPriceOperator(task_id="price", message="انبار فردا بسته است", recipients=3)
    # --8<-- [end:price]

    # --8<-- [start:wait]
    wait = IPPanelBulkSensor(task_id="wait", outbox_ids=remind.output, deferrable=True, poke_interval=5)
    # --8<-- [end:wait]

    # --8<-- [start:wait_delivered]
    arrived = IPPanelBulkSensor(
        task_id="arrived", outbox_ids=tell_all.output, min_delivered=0.5, deferrable=True, poke_interval=5
    )
    # --8<-- [end:wait_delivered]

    # --8<-- [start:report]
    report = IPPanelDeliveryReportOperator(
        task_id="report", outbox_ids=tell_all.output, path="{{ params.report_csv }}", settle=60
    )
    # --8<-- [end:report]

    arrived >> report
