"""Patterns, phonebooks, the inbox and any other call, as the pages show them. Needs the connection
``ippanel_default``."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG

from ippanel_provider.operators.api import IPPanelApiOperator
from ippanel_provider.operators.inbox import IPPanelInboxOperator
from ippanel_provider.operators.pattern import (
    IPPanelCreatePatternOperator,
    IPPanelDeletePatternOperator,
    IPPanelUpdatePatternOperator,
)
from ippanel_provider.operators.phonebook import IPPanelExportPhonebookOperator, IPPanelImportPhonebookOperator
from ippanel_provider.sensors.account import IPPanelCreditSensor, IPPanelPatternSensor
from ippanel_provider.sensors.inbox import IPPanelInboxSensor

with DAG(
    dag_id="docs_panel",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    render_template_as_native_obj=True,
    params={"book": 0, "contacts_xlsx": "", "contacts_csv": "", "inbox_jsonl": "", "old_pattern": ""},
) as dag:
    # --8<-- [start:create_pattern]
    create = IPPanelCreatePatternOperator(
        task_id="create",
        title="تأیید سفارش",
        description="متن تأیید سفارش فروشگاه آبان (shop.example)، که پس از پرداخت فرستاده می‌شود",
        message="%name% عزیز، سفارش %order% در فروشگاه آبان ثبت شد",
        variables={"name": "string", "order": "integer"},
    )
    # --8<-- [end:create_pattern]

    # --8<-- [start:wait_for_pattern]
    approved = IPPanelPatternSensor(task_id="approved", pattern_code=create.output, deferrable=True, poke_interval=1)
    # --8<-- [end:wait_for_pattern]

    # --8<-- [start:update_pattern]
    update = IPPanelUpdatePatternOperator(
        task_id="update",
        code=create.output,
        title="تأیید سفارش",
        description="متن تأیید سفارش فروشگاه آبان (shop.example)، که پس از پرداخت فرستاده می‌شود",
        message="%name% عزیز، سفارش شمارهٔ %order% در فروشگاه آبان ثبت شد",
        variables={"name": "string", "order": "integer"},
    )
    # --8<-- [end:update_pattern]

    # --8<-- [start:delete_pattern]
    delete = IPPanelDeletePatternOperator(task_id="delete", code="{{ params.old_pattern }}", ignore_missing=True)
    # --8<-- [end:delete_pattern]

    # --8<-- [start:import_phonebook]
    contacts_in = IPPanelImportPhonebookOperator(
        task_id="contacts_in",
        phonebook_id="{{ params.book }}",
        path="{{ params.contacts_xlsx }}",
    )
    # --8<-- [end:import_phonebook]

    # --8<-- [start:export_phonebook]
    contacts_out = IPPanelExportPhonebookOperator(
        task_id="contacts_out",
        phonebook_id="{{ params.book }}",
        path="{{ params.contacts_csv }}",
    )
    # --8<-- [end:export_phonebook]

    # --8<-- [start:inbox_to_file]
    archive = IPPanelInboxOperator(task_id="archive", path="{{ params.inbox_jsonl }}")
    # --8<-- [end:inbox_to_file]

    # --8<-- [start:api]
    provinces = IPPanelApiOperator(task_id="provinces", operation="bank.provinces")

    titles = IPPanelApiOperator(
        task_id="titles",
        operation="phonebook.list",
        arguments={"title": "Members"},
        max_items=5,
    )
    # --8<-- [end:api]

    # --8<-- [start:wait_for_credit]
    charged = IPPanelCreditSensor(task_id="charged", at_least=50_000, deferrable=True)
    # --8<-- [end:wait_for_credit]

    # --8<-- [start:wait_for_text]
    answer = IPPanelInboxSensor(task_id="answer", after_id=0, keywords=["بله", "yes"], deferrable=True, poke_interval=5)
    # --8<-- [end:wait_for_text]

    approved >> update
