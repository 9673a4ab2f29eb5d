"""A code by an approved pattern, and by a phone call if the text does not arrive within a minute.

Whoever needs the code starts this DAG with ``{"delivery": 1043}``: what starts a run stays in Airflow's database for
everybody to read, so it holds neither the code nor the number. Both are read from the table ``deliveries`` (``id,
mobile, code``) when a task is at work, and pass through no XCom either. Patterns also reach people who block
advertising. A run takes seconds to begin: this is for codes of deliveries and payments, as part of a pipeline; the code
of a login comes from the application itself, by ``ippanel_provider.client``.

Needs two connections, ``ippanel_default`` (type IPPanel) and ``warehouse`` (any SQL database), and the Variable
``otp_pattern``, the code of a pattern such as ``کد تحویل فروشگاه آبان: %code%``: reviewers refuse a pattern that does
not name who sends it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG, BaseHook, Param

from ippanel_provider.operators.pattern import IPPanelSendPatternOperator
from ippanel_provider.operators.voice import IPPanelVoiceOtpOperator
from ippanel_provider.sensors.bulk import IPPanelBulkSensor


# --8<-- [start:howto_private_values]
def read(column: str, delivery: int) -> str:
    """Read something of a delivery where a template asks for it."""
    hook: Any = BaseHook.get_connection("warehouse").get_hook()
    return str(hook.get_first(f"SELECT {column} FROM deliveries WHERE id = {int(delivery)}")[0])


# --8<-- [end:howto_private_values]

with DAG(
    dag_id="example_ippanel_otp",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    params={"delivery": Param(1, type="integer", description="The id of the delivery that the code is for")},
    user_defined_macros={"read": read},
    doc_md=__doc__,
    tags=["example", "ippanel"],
):
    # --8<-- [start:howto_operator_send_pattern]
    text = IPPanelSendPatternOperator(
        task_id="text",
        code="{{ var.value.otp_pattern }}",
        recipients="{{ read('mobile', params.delivery) }}",
        variables={"code": "{{ read('code', params.delivery) }}"},
    )
    # --8<-- [end:howto_operator_send_pattern]

    arrived = IPPanelBulkSensor(
        task_id="arrived", outbox_ids=text.output, min_delivered=1, deferrable=True, poke_interval=2, timeout=60
    )

    # --8<-- [start:howto_operator_voice_otp]
    call = IPPanelVoiceOtpOperator(
        task_id="call",
        code="{{ read('code', params.delivery) }}",
        recipient="{{ read('mobile', params.delivery) }}",
        trigger_rule="one_failed",
    )
    # --8<-- [end:howto_operator_voice_otp]

    text >> arrived >> call
