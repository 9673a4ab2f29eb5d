"""What sending tells Airflow's metrics.

====================== ======= =========================================================================
``ippanel.sent``       counter recipients the service accepted a text for
``ippanel.parts``      counter parts of those texts, as they are billed
``ippanel.refused``    counter recipients refused here or by the service
``ippanel.unconfirmed`` counter recipients of sends whose answer never came
``ippanel.latency``    timer   from a send's leaving to its answer, one value a request
``ippanel.delivered``  counter rows of results that became so, and so ``ippanel.not_delivered``, ``ippanel.blacklisted``
``ippanel.cost``       counter rial that the bulks say they cost, less what was given back
``ippanel.oldest_open`` gauge  seconds since the row was accepted that is followed longest
====================== ======= =========================================================================

All carry the tag ``connection``, where the backend knows tags.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ippanel_provider.client import Flow

T = TypeVar("T")


def count(connection: str, *, sent: int = 0, parts: int = 0, refused: int = 0, unconfirmed: int = 0) -> None:
    """Add to the counters; those at 0 are left out."""
    from airflow.providers.common.compat.sdk import Stats

    for name, number in (("sent", sent), ("parts", parts), ("refused", refused), ("unconfirmed", unconfirmed)):
        if number:
            Stats.incr(f"ippanel.{name}", number, tags={"connection": connection})


FATES = ("delivered", "not_delivered", "blacklisted")
"""Statuses of rows of results that are counted."""


def fates(connection: str, became: Mapping[str, int], *, oldest_open: float, cost: float = 0.0) -> None:
    """Tell what became of rows of results since the last time."""
    from airflow.providers.common.compat.sdk import Stats

    for name, number in (*became.items(), ("cost", round(cost))):
        if number > 0:
            Stats.incr(f"ippanel.{name}", number, tags={"connection": connection})
    Stats.gauge("ippanel.oldest_open", oldest_open, tags={"connection": connection})


def latency(connection: str, seconds: float) -> None:
    """Record how long the answer to one send took."""
    from airflow.providers.common.compat.sdk import Stats

    Stats.timing("ippanel.latency", timedelta(seconds=seconds), tags={"connection": connection})


def timed(connection: str, flow: Flow[T]) -> Flow[T]:
    """Return the same flow, recording the latency of every send in it; answered or not."""
    answer: Any = None
    error: Exception | None = None
    try:
        while True:
            try:
                step = flow.throw(error) if error is not None else flow.send(answer)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            answer, error = None, None
            is_send = getattr(step, "is_send", False)
            left = time.monotonic()
            try:
                answer = yield step
            except Exception as raised:  # noqa: BLE001 - the flow decides what to do about it
                error = raised
            if is_send:
                latency(connection, time.monotonic() - left)
    finally:
        flow.close()
