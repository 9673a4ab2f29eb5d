"""Waiting until what a task began is done: on its worker, or on the triggerer."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.providers.common.compat.sdk import AirflowTaskTimeout, BaseOperator

from ippanel_provider.exceptions import WaitFailed, WaitRefused

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.triggers.base import WaitTrigger

T = TypeVar("T")

SAY_EVERY = 60.0
"""Seconds between two lines in the log that say how far a wait is."""
LEAST_POLL = 0.01
"""Seconds between two looks at least; without a pause the service is asked a thousand times a second."""


class Teller:
    """Says how far a wait is, at most once a minute.

    :param log: has ``info``
    """

    def __init__(self, log: Any) -> None:
        self._log = log
        self._said = -math.inf

    def tell(self, words: Callable[[], str]) -> None:
        """Say it, unless something was said within the minute."""
        if time.monotonic() - self._said >= SAY_EVERY:
            self._said = time.monotonic()
            self._log.info("%s.", words())


def time_left(task: Any, context: Context) -> timedelta | None:
    """Return what a wait on the triggerer may take of a task's ``execution_timeout``; None is as long as it likes.

    Airflow 3 measures that limit on workers only; a trigger is stopped when the time is up that its task tells.
    """
    if task.execution_timeout is None:
        return None
    limit: timedelta = task.execution_timeout
    began: datetime | None = getattr(context.get("ti"), "start_date", None)
    gone = datetime.now(UTC) - began if began is not None else timedelta()
    return max(limit - gone, timedelta(seconds=1))


def resumed(task: Any, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
    """Go on after a wait on the triggerer; where that was stopped, ``execution_timeout`` ends it as on a worker.

    :raises AirflowTaskTimeout: then, so that it is tried again where the task has tries left.
    """
    if next_method == "__fail__" and "timeout" in str((next_kwargs or {}).get("error")).lower():
        raise AirflowTaskTimeout(f"execution_timeout: {task.execution_timeout} were over during the wait.")
    # Not of a sensor's own, which takes this limit for the sensor's and tries no more.
    return BaseOperator.resume_execution(task, next_method, next_kwargs, context)


def looked(task: Any, look: Callable[[], T]) -> T:
    """Return what a look finds. A wait may last for days and the key be another by now: where the service refuses it,
    the connection is read again, and if it has changed there is one more look.
    """
    from ippanel_provider.client import Unauthorized

    try:
        return look()
    except Unauthorized:
        if not task.hook.read_again():
            raise
        task.log.info("The connection %s has been changed; looking once more with it.", task.ippanel_conn_id)
        return look()


def patiently(
    task: Any,
    context: Context,
    look: Callable[[], T | None],
    trigger: Callable[[float], WaitTrigger],
    progress: Callable[[], str],
    news: Callable[[], str] | None = None,
) -> T:
    """Return what ``look`` finds, after as many looks as that takes; or leave, to come back in ``execute_complete``.

    A look that finds the service out of reach is a look without result.

    :param task: says by ``deferrable`` where to wait, by ``poke_interval`` and ``timeout`` how long
    :param trigger: makes the trigger that waits for the same until a deadline in epoch seconds
    :param progress: says how far it is
    :param news: says for the log how far it is and why; default is ``progress``
    :raises WaitFailed: if the time was up, or the service refused to be asked.
    """
    deadline = time.time() + task.timeout
    teller, news = Teller(task.log), news or progress
    while True:
        if (found := _looked(task, look)) is not None:
            return found
        if task.deferrable:
            task.log.info("%s; the triggerer waits for it.", news())
            task.defer(trigger=trigger(deadline), method_name="execute_complete", timeout=time_left(task, context))
        if (left := deadline - time.time()) <= 0:
            raise WaitFailed(f"timeout: the time is up and {progress()}.")
        teller.tell(news)
        time.sleep(min(task.poke_interval, left))


def check_event(event: Mapping[str, Any], expected: str) -> None:
    """Return if the trigger says that it is done.

    :raises WaitFailed: if it does not, in its words.
    """
    if event.get("status") != expected:
        kind = WaitRefused if event.get("refused") else WaitFailed
        raise kind(f"wait_for_completion: {event.get('message', 'the trigger ended without a word')}")


def _looked(task: Any, look: Callable[[], T | None]) -> T | None:
    from ippanel_provider.client import IPPanelError, NotSent, OtpRequired, Unconfirmed

    try:
        return looked(task, look)
    except IPPanelError as error:
        if isinstance(error, OtpRequired) or not isinstance(error, (NotSent, Unconfirmed)):
            raise WaitRefused(f"wait_for_completion: {error}") from error
        task.log.warning("This look failed, the next is in %g s: %s", task.poke_interval, error)
        return None
