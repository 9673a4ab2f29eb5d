"""What DAG authors write, and what a type checker has to say of it. Checked by test_typing, not imported.

A line with ``# type: ignore[…]`` is one that has to be refused: mypy tells of an ignore that is not needed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ippanel_provider.operators.account import IPPanelCancelOperator, IPPanelCreditOperator
from ippanel_provider.operators.api import IPPanelApiOperator
from ippanel_provider.operators.bank import IPPanelSendBankOperator
from ippanel_provider.operators.file_send import IPPanelSendFileOperator
from ippanel_provider.operators.inbox import IPPanelInboxOperator
from ippanel_provider.operators.pattern import IPPanelCreatePatternOperator, IPPanelSendPatternOperator
from ippanel_provider.operators.phonebook import IPPanelImportPhonebookOperator, IPPanelSendPhonebookOperator
from ippanel_provider.operators.report import IPPanelDeliveryReportOperator
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.operators.suppress import OptedOut
from ippanel_provider.operators.sync import IPPanelPatternSyncOperator, IPPanelPhonebookSyncOperator
from ippanel_provider.operators.voice import IPPanelVoiceOtpOperator
from ippanel_provider.options import Memory
from ippanel_provider.sensors.account import IPPanelCreditSensor, IPPanelPatternSensor
from ippanel_provider.sensors.bulk import IPPanelBulkSensor
from ippanel_provider.sensors.inbox import IPPanelInboxSensor
from ippanel_provider.transfers.file_to_ippanel import FileToIPPanelOperator
from ippanel_provider.transfers.sql_to_ippanel import SqlToIPPanelOperator

IPPanelSendOperator(
    task_id="send",
    message="سلام",
    recipients=["09120000001", 9120000002],
    retries=3,
    retry_delay=timedelta(minutes=1),
    ippanel_conn_id="ippanel",
    sender="+983000505",
    send_time=datetime(2030, 1, 1, tzinfo=UTC),
    quiet_hours={"+983000505": "22:00-08:00"},
    in_quiet_hours="hold",
    delivery="scheduled",
    ledger_conn_id="warehouse",
    campaign_id="sale",
    on_unconfirmed="skip",
    on_clear="resend",
    settle=timedelta(minutes=2),
    concurrency=8,
    rate=2.5,
    chunk_size=100,
    suppress=[OptedOut()],
    rejects_path="rejects.csv",
    rejects_with_numbers=True,
    first_pass=False,
    check_credit=False,
    opt_out_suffix=True,
    allow_empty=True,
    dry_run="{{ params.dry }}",
    memory=Memory(once_per="person", keep_for=timedelta(days=30)),
    wait_for_completion=True,
    fail_on=["cancelled"],
    min_delivered=0.9,
    deferrable=True,
    poke_interval=timedelta(minutes=1),
    timeout=3600,
    show_rendered=True,
)
IPPanelSendPatternOperator(task_id="send", code="abc", recipients=["09120000001"], variables={"a": "b"}, rate=1.0)
SqlToIPPanelOperator(task_id="send", sql="SELECT 1", sql_conn_id="db", row_message="{{ row.a }}", first_pass=True)
FileToIPPanelOperator(task_id="send", path="people.csv", message="سلام", concurrency=2, dry_run=True)
IPPanelVoiceOtpOperator(task_id="call", code="0481", recipient="09120000001", settle=30, retries=1)
IPPanelSendPhonebookOperator(task_id="send", message="سلام", books=[1], wait_for_completion=True)
IPPanelSendFileOperator(task_id="send", path="numbers.csv", message="سلام", on_unconfirmed="fail")
IPPanelSendBankOperator(task_id="send", message="سلام", kind="country", choices=[{"country_id": 1}], sender="+98BANK")
IPPanelCreditOperator(task_id="credit", at_least=1000, pool="sms")
IPPanelCancelOperator(task_id="cancel", outbox_ids=[1], ignore_late=True)
IPPanelApiOperator(task_id="call", operation="payment.credit", max_items=3)
IPPanelInboxOperator(task_id="inbox", path="inbox.csv", after_id=3)
IPPanelDeliveryReportOperator(task_id="report", outbox_ids=[1], path="report.csv", settle=timedelta(minutes=5))
IPPanelCreatePatternOperator(task_id="create", message="%a% است", description="x", is_share=True)
IPPanelImportPhonebookOperator(task_id="import", phonebook_id=1, path="a.xlsx", wait_for_completion=True)
IPPanelPatternSyncOperator(task_id="sync", folder="patterns", prune=True, dry_run=True, plan_path="plan.json")
IPPanelPhonebookSyncOperator(task_id="sync", book="مشتریان", rows=[], mode="mirror", report_path="report.csv")
IPPanelBulkSensor(task_id="wait", outbox_ids=[1], min_delivered=0.5, soft_fail=True, mode="reschedule")
IPPanelInboxSensor(task_id="wait", keywords=["stop"], least=2, poke_interval=timedelta(minutes=1))
IPPanelCreditSensor(task_id="wait", at_least=5, deferrable=True)
IPPanelPatternSensor(task_id="wait", pattern_code="abc", timeout=600)

IPPanelSendOperator(task_id="send", mesage="سلام")  # type: ignore[call-arg]
IPPanelSendOperator(message="سلام", recipients=[1])  # type: ignore[call-arg]
IPPanelSendOperator(task_id="send", message="سلام", recipients=[1], concurrency=[2])  # type: ignore[arg-type]
IPPanelSendOperator(task_id="send", message="سلام", recipients=[1], sql="SELECT 1")  # type: ignore[call-arg]
IPPanelVoiceOtpOperator(task_id="call", code="0481", recipient="0912", chunk_size=3)  # type: ignore[call-arg]
SqlToIPPanelOperator(task_id="send", sql="SELECT 1", sql_conn_id="db", row_mesage="x")  # type: ignore[call-arg]
IPPanelCreditOperator(task_id="credit", atleast=1000)  # type: ignore[call-arg]
IPPanelBulkSensor(task_id="wait", outbox_ids=[1], min_deliverd=0.5)  # type: ignore[call-arg]
IPPanelPatternSyncOperator(task_id="sync", folder="patterns", prunes=True)  # type: ignore[call-arg]
