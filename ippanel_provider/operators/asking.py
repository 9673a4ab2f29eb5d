"""Asking a person what to do with texts that are in doubt: ``on_unconfirmed="ask"``, Airflow's Required Actions.

The task leaves its worker with the question and takes up the answer where it is given (Airflow 3.1 to 3.3). Where
nothing can ask, it fails as with ``fail``: each retry looks again, and ``ippanel campaign resolve`` can decide.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ippanel_provider.exceptions import SendInDoubt
from ippanel_provider.operators.waiting import time_left

if TYPE_CHECKING:
    from datetime import timedelta

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.campaign.ledger.base import Ledger

ANSWERS = {"Look again": "look", "Send again": "send-again", "Treat as sent": "treat-as-sent"}
"""What a person can choose, and what a ledger calls it."""

# An answer cannot change what the question says, and a later doubt of the same try keeps the first one's words.
_SUBJECT = "Texts are in doubt"
_BODY = """Texts of this task left and nothing tells whether the service took them; the task's log names the chunks.

- **Look again**: the outbox is looked into once more, and nothing is sent that it shows.
- **Send again**: unless the outbox shows them by then; who got them all the same gets them twice.
- **Treat as sent**: who did not get them gets none.
"""


def ask(task: Any, context: Context, ledger: Ledger) -> None:
    """Put the question and leave, to come back in ``execute_decided``; return where nothing can ask.

    An answer is written into the ledger before anything else is done with it, and a retry reads it there before it asks
    again. Airflow itself shows a task no answer that was given to an earlier try.
    """
    ti: Any = context["ti"]
    try:
        from airflow.sdk.execution_time.hitl import upsert_hitl_detail

        leaving = _leaving(ti, time_left(task, context))
    except ImportError:
        task.log.warning("on_unconfirmed: this Airflow cannot ask; a retry looks again.")
        return
    for _ in ledger.history():
        break
    if (earlier := ledger.asked()) and earlier["try"] < ti.try_number:
        task.log.warning(
            "on_unconfirmed: try %d has asked as well, and no answer of then has arrived; it counts no more.",
            earlier["try"],
        )
    try:
        upsert_hitl_detail(ti_id=ti.id, options=list(ANSWERS), subject=_SUBJECT, body=_BODY, params={})
    except Exception as error:  # noqa: BLE001 - the doubt has to be told, whatever becomes of the question
        task.log.warning(
            "on_unconfirmed: the question could not be put (%s); a retry looks again.", type(error).__name__
        )
        return
    ledger.ask({"try": ti.try_number, "at": time.time()})
    task.log.info("on_unconfirmed: a person is asked; the answer is given under Required Actions.")
    raise leaving


def _leaving(ti: Any, timeout: timedelta | None) -> BaseException:
    """Return what lets a task wait for an answer without a worker.

    :raises ImportError: if nothing of this Airflow does.
    """
    try:
        from airflow.sdk.exceptions import TaskAwaitingInput
    except ImportError:
        from airflow.providers.common.compat.sdk import TaskDeferred
        from airflow.providers.standard.triggers.hitl import HITLTrigger

        options = list(ANSWERS)
        trigger = HITLTrigger(
            ti_id=ti.id, options=options, params={}, defaults=None, multiple=False, timeout_datetime=None
        )
        return TaskDeferred(trigger=trigger, method_name="execute_decided", timeout=timeout)
    return TaskAwaitingInput(method_name="execute_decided", timeout=timeout)


def take_down(event: Mapping[str, Any], ledger: Ledger) -> None:
    """Write the answer into the ledger, for every chunk that is open.

    :raises SendInDoubt: if nobody answered.
    """
    from ippanel_provider.campaign.ledger.base import Decision

    [chosen] = event.get("chosen_options") or [""]
    if chosen not in ANSWERS:
        raise SendInDoubt(f"on_unconfirmed: nobody has answered ({event.get('error_type', 'no answer')}).")
    user = event.get("responded_by_user") or {}
    by = str((user.get("name") if isinstance(user, Mapping) else getattr(user, "name", "")) or "Required Actions")
    for number in [intent.number for intent, outcome in ledger.history() if outcome is None]:
        ledger.decide(number, Decision(ANSWERS[chosen]), by)
    ledger.ask(None)
    ledger.flush()
