"""What the operators have in common that send with one request, to people whom the service finds."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from ippanel_provider.exceptions import SendFailed, SendInDoubt, SendUndecided
from ippanel_provider.operators.private import Private, value_of
from ippanel_provider.operators.timing import send_time_of
from ippanel_provider.operators.waiting import WaitingOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.client import Receipt, Request
    from ippanel_provider.operators.once import Once, Trace


class SingleSendOperator(WaitingOperator):
    """Base of the operators that send with one request.

    A task that is tried again does not send again: with Airflow 3.3 the request is written down in the task state store
    before it leaves; below that, a retry looks for its text in the outbox since the run began.

    Returns ``{"outbox_ids": [...]}``; the parameters of :class:`~ippanel_provider.operators.waiting.WaitingOperator` hold too.

    :param message: the text (templated)
    :param sender: the line to send from, as +983000505; default is the connection's (templated)
    :param send_time: when to send: an aware datetime or ISO text, 5 minutes to 90 days ahead; default is at once (templated)
    :param quiet_hours: hours of Tehran in which nothing goes out, as ``22:00-08:00``; a mapping gives them by line. A text
        that falls into them is scheduled for their end
    :param on_unconfirmed: what to do about a request that left unanswered and that the outbox does not show after
        ``settle`` seconds: ``fail`` (default), ``resend`` or ``skip``
    :param on_clear: ``keep`` (default) sends nothing again when a user clears the task, ``resend`` starts anew
    :param settle: seconds the outbox list is given to show what was accepted
    :param dry_run: send nothing; say what would be sent and what it costs
    :param show_rendered: show texts and numbers on the Rendered Template page; default is their length and count only
    :raises SendFailed: if it was not accepted; a retry is safe
    :raises SendInDoubt: if it left unanswered and nothing tells what came of it
    """

    template_fields: Sequence[str] = ("message", "sender", "send_time", *WaitingOperator.template_fields)

    message = Private()
    default_sender: ClassVar[str | None] = None
    """The line these sends go out from where the task names none; None is the connection's."""

    def __init__(
        self,
        *,
        message: str = "",
        sender: str | None = None,
        send_time: datetime | str | None = None,
        quiet_hours: str | Mapping[str, str] | None = None,
        on_unconfirmed: str = "fail",
        on_clear: str = "keep",
        settle: float = 120.0,
        dry_run: bool = False,
        show_rendered: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, value, choices in (
            ("on_unconfirmed", on_unconfirmed, ("fail", "resend", "skip")),
            ("on_clear", on_clear, ("keep", "resend")),
        ):
            if value not in choices:
                raise ValueError(f"{name}: {value!r} is none of {', '.join(choices)}")
        self.show_rendered = show_rendered
        self.message = message
        self.sender = sender
        self.send_time = send_time
        self.quiet_hours = quiet_hours
        self.on_unconfirmed = on_unconfirmed
        self.on_clear = on_clear
        self.settle = settle
        # Airflow's operators have a method of the name.
        self.is_dry_run = dry_run

    @abstractmethod
    def request(self, line: str, send_time: datetime | None) -> Request[Receipt]:
        """Return the send; what is wrong with its arguments is raised here, by field."""

    def reach(self) -> int | None:
        """Return how many people it would reach, where that can be asked without sending."""
        return None

    def priced_text(self) -> str | None:
        """Return the text whose price can be asked; None where there is no one text or no price."""
        return value_of(self.message) or None

    def trace(self, line: str) -> Trace:
        """Return by what the outbox shows it."""
        from ippanel_provider.operators.once import Trace

        return Trace(line, value_of(self.message) or None)

    def execute(self, context: Context) -> dict[str, Any]:
        """Send, wait if asked to, and return the ids."""
        from ippanel_provider.links import remember

        line = self.line()
        request = self.request(line, send_time_of(self.send_time, line, self.quiet_hours))
        if self.is_dry_run:
            return self._rehearsed(line)
        outbox_ids = self._sent_once(context, line, request)
        remember(context, self.hook, outbox_ids)
        if self.wait_for_completion and outbox_ids:
            self.wait(outbox_ids)
        return {"outbox_ids": outbox_ids}

    def line(self) -> str:
        """Return the line to send from."""
        return self.hook.sender(self.sender or self.default_sender)

    def _sent_once(self, context: Context, line: str, request: Request[Receipt]) -> list[int]:
        from ippanel_provider.client import IPPanelError, Unconfirmed

        once = self._once(context, line)
        try:
            if (earlier := once.earlier()) is not None:
                self.log.info("An earlier try of this task sent it; nothing is sent again.")
                return earlier
        except SendInDoubt as doubt:
            if self.on_unconfirmed != "resend":
                return self._undecided(once, doubt)
        except IPPanelError as error:
            raise SendFailed(str(error)) from error
        self._intend(once)
        try:
            outbox_ids = list(self.hook.run(request).outbox_ids)
        except Unconfirmed as error:
            self.log.warning("No readable answer came; looking for it in the outbox. %s", error)
            return self._looked_up(once, str(error))
        except IPPanelError as error:
            once.void()
            raise SendFailed(str(error)) from error
        once.settled(outbox_ids)
        self.log.info("Accepted as %s.", ", ".join(f"bulk {outbox_id}" for outbox_id in outbox_ids[:5]))
        return outbox_ids

    def _intend(self, once: Once) -> None:
        from ippanel_provider.client import IPPanelError

        try:
            once.intend()
        except IPPanelError as error:
            raise SendFailed(f"{error} Nothing was sent.") from error

    def _looked_up(self, once: Once, why: str) -> list[int]:
        try:
            return once.look()
        except SendInDoubt as doubt:
            # A resend is left to the next try, which looks again first.
            return self._undecided(once, SendInDoubt(f"{why} {doubt}"))

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
                "on_clear: the task was cleared, and nothing here remembers what was sent before. Use on_clear='resend' to send it "
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

    def _rehearsed(self, line: str) -> dict[str, Any]:
        from ippanel_provider.client import edge

        text, reach = self.priced_text(), self.reach()
        told: dict[str, Any] = {"dry_run": True, "outbox_ids": [], "recipients": reach}
        if text:
            price = self.hook.run(edge.send.calculate_price(text, sender=line))
            told |= {"parts": price.parts, "price_each": max(price.mci_price, price.other_price)}
            if reach is not None:
                told["price"] = reach * told["price_each"]
        self.log.info(
            "Nothing is sent. It would go out from %s: %s.", line, ", ".join(f"{k} {v}" for k, v in told.items() if v is not None)
        )
        return told
