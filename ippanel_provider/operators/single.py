"""What the operators have in common that send with one request, to people whom the service finds."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from ippanel_provider import metrics
from ippanel_provider.exceptions import SendFailed, SendInDoubt, SendUndecided
from ippanel_provider.operators.hidden_fields import Private, value_of
from ippanel_provider.operators.timing import TimedOperator, one_of

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.client import Receipt, Request
    from ippanel_provider.operators.once import Once, Trace


class SingleSendOperator(TimedOperator):
    """Base of the operators that send with one request.

    A task that is tried again does not send again: with Airflow 3.3 the request is written down in the task state store
    before it leaves; below that, a retry looks for its text in the outbox since the run began.

    Returns ``{"outbox_ids": [...]}``; the parameters of :class:`~ippanel_provider.operators.timing.TimedOperator` and
    :class:`~ippanel_provider.operators.waiting.WaitingOperator` hold too.

    :param message: the text (templated)
    :param on_unconfirmed: what to do about a request that left unanswered and that the outbox does not show after
        ``settle`` seconds: ``fail`` (default), ``resend`` or ``skip``
    :param on_clear: ``keep`` (default) sends nothing again when a user clears the task, ``resend`` starts anew
    :param settle: seconds the outbox list is given to show what was accepted
    :param dry_run: send nothing; log and return what would be sent, what it costs and the credit, and where the
        recipients are known before the service has chosen them, who would get what (numbers masked, texts as their
        measure)
    :param show_rendered: show texts and numbers on the Rendered Template page; default is their length and count only
    :raises SendFailed: if it was not accepted; a retry is safe
    :raises SendInDoubt: if it left unanswered and nothing tells what came of it
    """

    template_fields: Sequence[str] = ("message", *TimedOperator.template_fields)

    message = Private()
    default_sender: ClassVar[str | None] = None
    """The line these sends go out from where the task names none; None is the connection's."""
    is_priced: ClassVar[bool] = True
    """Whether the service tells beforehand what such a send costs."""

    def __init__(
        self,
        *,
        message: str | int = "",
        on_unconfirmed: str = "fail",
        on_clear: str = "keep",
        settle: float = 120.0,
        dry_run: bool = False,
        show_rendered: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.show_rendered = show_rendered
        self.message = message
        self.on_unconfirmed = one_of("on_unconfirmed", on_unconfirmed, ("fail", "resend", "skip"))
        self.on_clear = one_of("on_clear", on_clear, ("keep", "resend"))
        self.settle = settle
        # Airflow's operators have a method of the name.
        self.is_dry_run = dry_run

    @abstractmethod
    def request(self, line: str, send_time: datetime | None) -> Request[Receipt]:
        """Return the send; what is wrong with its arguments is raised here, by field."""

    def rows(self) -> Iterable[Row] | None:
        """Return who would get which text, where that can be told without sending; None if only the service knows."""
        return None

    def reach(self) -> int | None:
        """Return how many people it would reach, where that can be asked without sending."""
        return None

    def priced_text(self) -> str | None:
        """Return the text whose price can be asked; None where there is no one text or no price."""
        return (value_of(self.message) or None) if self.is_priced else None

    def trace(self, line: str) -> Trace:
        """Return by what the outbox shows it."""
        from ippanel_provider.operators.once import Trace

        message = value_of(self.message)
        return Trace(line, None if message in (None, "") else str(message))

    def perform(self, context: Context) -> dict[str, Any]:
        """Send, wait if asked to, and return the ids."""
        from ippanel_provider.links import remember
        from ippanel_provider.operators.rehearsal import rehearse

        if self.rehearses:
            return rehearse(self)
        self.hold()
        outbox_ids = self._sent_once(context)
        remember(context, self.hook, outbox_ids)
        return self.completed({"outbox_ids": outbox_ids})

    def line(self) -> str:
        """Return the line to send from."""
        return self.hook.sender(self.sender or self.default_sender)

    @property
    def rehearses(self) -> bool:
        """See :class:`~ippanel_provider.operators.timing.TimedOperator`."""
        return self.is_dry_run

    def _sent_once(self, context: Context) -> list[int]:
        line = self.line()
        once = self._once(context, line)
        try:
            if (earlier := once.earlier()) is not None:
                self.log.info("An earlier try of this task sent it; nothing is sent again.")
                return sorted(earlier)
        except SendInDoubt as doubt:
            if self.on_unconfirmed != "resend":
                return self._undecided(once, doubt)
        # Only now, because the send time of what an earlier try has sent may be over.
        request = self.request(line, self.moment())
        self._intend(once)
        return sorted(self._send(once, request))

    def _send(self, once: Once, request: Request[Receipt]) -> list[int]:
        from ippanel_provider.client import IPPanelError, Unconfirmed

        left = time.monotonic()
        try:
            outbox_ids = list(self.hook.run(request).outbox_ids)
        except Unconfirmed as error:
            self.log.warning("No readable answer came; looking for it in the outbox. %s", error)
            return self._looked_up(once, str(error))
        except IPPanelError:
            once.void()
            raise
        finally:
            metrics.latency(self.ippanel_conn_id, time.monotonic() - left)
        once.settled(outbox_ids)
        self._measure(outbox_ids)
        self.log.info("Accepted as %s.", ", ".join(f"bulk {outbox_id}" for outbox_id in outbox_ids[:5]))
        return outbox_ids

    def _measure(self, outbox_ids: Sequence[int]) -> None:
        """Count what was accepted, as far as the report tells it at once."""
        from ippanel_provider.client import IPPanelError

        sent, parts = len(outbox_ids), 0
        if sent == 1:
            try:
                bulk = self.hook.run(self.hook.gateway.bulk(outbox_ids[0]))
            except IPPanelError as error:
                # The texts are on their way, whatever becomes of the figures.
                self.log.info("How many get it is not counted: %s", error)
                return
            sent = bulk.recipients_count or 0
            parts = sent * (bulk.parts or 0)
        metrics.count(self.ippanel_conn_id, sent=sent, parts=parts)

    def _intend(self, once: Once) -> None:
        from ippanel_provider.client import IPPanelError

        try:
            once.intend()
        except IPPanelError as error:
            error.args = (f"{error} Nothing was sent.", *error.args[1:])
            raise

    def _looked_up(self, once: Once, why: str) -> list[int]:
        try:
            found = once.look()
        except SendInDoubt as doubt:
            # How many it is to reach, only the service knows.
            metrics.count(self.ippanel_conn_id, unconfirmed=1)
            # A resend is left to the next try, which looks again first.
            return self._undecided(once, SendInDoubt(f"{why} {doubt}"))
        self._measure(found)
        return found

    def _undecided(self, once: Once, doubt: SendInDoubt) -> list[int]:
        if self.on_unconfirmed == "skip":
            self.log.warning("%s on_unconfirmed is 'skip': the task goes on without it.", doubt)
            return []
        if self.on_unconfirmed == "fail" and not once.remembers:
            # The next try would know nothing of it, and send.
            raise SendUndecided(str(doubt)) from doubt
        raise doubt

    def _once(self, context: Context, line: str) -> Once:
        from ippanel_provider.operators.once import Once

        ti: Any = context["ti"]
        store: Any = context.get("task_state_store")
        is_cleared = ti.max_tries > (self.retries or 0)
        if store is None and is_cleared and self.on_clear == "keep":
            raise SendFailed(
                "on_clear: the task was cleared, and nothing here remembers what was sent before. Use "
                "on_clear='resend' to send it "
                "again. Nothing was sent."
            )
        run: Any = context["dag_run"]
        return Once(
            self.hook,
            self.trace(line),
            store=store,
            # Only a user's clear makes more tries of what the author allowed.
            key=f"ippanel.once.{ti.max_tries if self.on_clear == 'resend' else 0}",
            since=run.start_date if ti.try_number > 1 else None,
            settle=self.settle,
        )
