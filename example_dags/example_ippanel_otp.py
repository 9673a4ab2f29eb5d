"""A code by an approved pattern, and by a phone call if the text does not arrive within a minute.

Whoever needs the code starts this DAG with ``{"mobile": "09120000001", "code": "12345"}``. Patterns also reach people
who block advertising. A run takes seconds to begin: this is for codes of deliveries and payments, as part of a
pipeline; the code of a login comes from the application itself, by ``ippanel_provider.client``.

Needs the connection ``ippanel_default`` and the Variable ``otp_pattern``, the code of a pattern such as
``کد تحویل فروشگاه آبان: %code%``: reviewers refuse a pattern that does not name who sends it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG, Param

from ippanel_provider.operators.pattern import IPPanelSendPatternOperator
from ippanel_provider.operators.voice import IPPanelVoiceOtpOperator
from ippanel_provider.sensors.bulk import IPPanelBulkSensor

with DAG(
    dag_id="example_ippanel_otp",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    params={
        "mobile": Param("09120000001", type="string", description="Whom the code is for, spelled in any way"),
        "code": Param("12345", type="string", pattern="^[0-9]{4,8}$", description="4 to 8 digits"),
    },
    doc_md=__doc__,
    tags=["example", "ippanel"],
):
    # --8<-- [start:howto_operator_send_pattern]
    text = IPPanelSendPatternOperator(
        task_id="text",
        code="{{ var.value.otp_pattern }}",
        recipients="{{ params.mobile }}",
        variables={"code": "{{ params.code }}"},
    )
    # --8<-- [end:howto_operator_send_pattern]

    arrived = IPPanelBulkSensor(
        task_id="arrived", outbox_ids=text.output, min_delivered=1, deferrable=True, poke_interval=2, timeout=60
    )

    # --8<-- [start:howto_operator_voice_otp]
    call = IPPanelVoiceOtpOperator(
        task_id="call",
        code="{{ params.code }}",
        recipient="{{ params.mobile }}",
        trigger_rule="one_failed",
    )
    # --8<-- [end:howto_operator_voice_otp]

    text >> arrived >> call
