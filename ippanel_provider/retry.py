"""When a task that talks to IPPanel is worth another try (Airflow 3.3).

>>> IPPanelSendOperator(..., retries=3, retry_policy=IPPanelRetryPolicy())          # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from ippanel_provider.extras import need

need("airflow.providers.common.compat.sdk", "airflow")

from airflow.providers.common.compat.sdk import RetryDecision, RetryPolicy  # noqa: E402

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class IPPanelRetryPolicy(RetryPolicy):
    """Retry what never went out, as soon as the service says; fail at once where a retry can only do the same or harm.

    ========================== ==========================================================================
    not sent                   retry; after the service's Retry-After where it named one
    refused, wrong input       fail at once: the same would be refused again
    a send without an answer   fail at once: it may have gone out, and only the outbox can tell
    anything else              left to the task's own retries; that holds for the sending tasks of this
                               provider as well, which look into the outbox before they send again
    ========================== ==========================================================================

    :param max_delay: the longest Retry-After to honour, in seconds; a longer one fails at once
    """

    def __init__(self, max_delay: float = 3600.0) -> None:
        self.max_delay = max_delay

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        """Decide by the first error of the client among the exception and its causes."""
        from ippanel_provider.client import (
            InvalidInput,
            IPPanelError,
            NotSent,
            OtpRequired,
            Refused,
            Unconfirmed,
            Unsupported,
        )
        from ippanel_provider.exceptions import SendInDoubt

        error = next((cause for cause in _causes(exception) if isinstance(cause, IPPanelError)), None)
        if isinstance(error, (Refused, InvalidInput, Unsupported, OtpRequired)):
            return RetryDecision.fail(f"{type(error).__name__}: the same would be refused again")
        in_doubt = isinstance(error, Unconfirmed) and error.details.is_send
        if in_doubt and not isinstance(exception, SendInDoubt):
            return RetryDecision.fail("it may have gone out; look in the outbox report")
        if not isinstance(error, NotSent):
            return RetryDecision.default()
        asked = error.details.retry_after
        if asked is None:
            return RetryDecision.retry(reason="nothing was sent")
        if asked > self.max_delay:
            return RetryDecision.fail(f"the service asks to wait {asked:g} s, more than max_delay")
        return RetryDecision.retry(
            timedelta(seconds=asked), reason=f"nothing was sent; the service asks to wait {asked:g} s"
        )

    def serialize(self) -> dict[str, Any]:
        """Return what the DAG keeps of it."""
        return {"max_delay": self.max_delay}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Self:
        """Return the policy that :meth:`serialize` wrote."""
        return cls(**data)


def _causes(exception: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = exception
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__
