"""Ledger and reconciliation against a model of the service, driven by hypothesis through any order of mishaps.

The model accepts, refuses, loses requests and answers, accepts parts, hides what is new from its outbox list, and tells
nobody. The process may end at any step. Whatever happens, nobody gets a text twice, and once the mishaps end everybody
has one.
"""

from __future__ import annotations

import enum
import json
import random
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.doubts import InDoubt
from ippanel_provider.campaign.ledger.base import Intent, Ledger, Outcome
from ippanel_provider.campaign.order import OnUnconfirmed, Order
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.run import deliver
from ippanel_provider.client import InvalidInput, IPPanelError, NoAnswer, Refused, Settings, Throttled, Unreachable
from ippanel_provider.client.errors import NotFound
from ippanel_provider.client.models import Bulk, Delivery, Receipt
from ippanel_provider.client.requests import Page, Request, Sleep
from ippanel_provider.service import CANCEL_WINDOW, BulkState
from tests.campaign.conftest import Ticking, form_of, ledger_home
from tests.more import TIMES

LINE = "+983000505"


class Killed(BaseException):
    """The process ends here."""


class Mishap(enum.StrEnum):
    """What happens to one send."""

    NONE = "none"
    UNREACHED = "unreached"
    THROTTLED = "throttled"
    REFUSED = "refused"
    LOST = "lost on the way there"
    ANSWER_LOST = "answer lost"
    PART_ANSWERED = "a part is taken, and its ids answered"
    PART_LOST = "a part is taken, and the answer is lost"
    KILLED_BEFORE = "killed before it leaves"
    KILLED_AFTER = "killed before the answer"
    KILLED_BEFORE_OUTCOME = "killed before the outcome is written"
    KILLED_AFTER_OUTCOME = "killed after the outcome is written"


ANSWERED = {Mishap.NONE, Mishap.UNREACHED, Mishap.REFUSED}
"""After these everybody knows what came of it."""


class Service:
    """What the service does, as far as a sender can notice; it also runs flows, as a client does."""

    settings = Settings()

    def __init__(self) -> None:
        self.bulks: list[Bulk] = []
        self.recipients: dict[int, list[str]] = {}
        self.hidden_from: int | None = None
        self.mishaps: list[Mishap] = []
        self._last_id = 10**10
        self.time = Ticking()

    def run(self, call: Any) -> Any:
        """Run a request or a flow."""
        if isinstance(call, Request):
            return self._answer(call)
        result: Any = None
        error: IPPanelError | None = None
        while True:
            try:
                step = call.throw(error) if error else call.send(result)
            except StopIteration as stop:
                return stop.value
            error = None
            try:
                result = None if isinstance(step, Sleep) else self._answer(step)
            except IPPanelError as raised:
                error = raised

    def _answer(self, request: Request[Any]) -> Any:
        body = json.loads(request.body) if request.body else {}
        query = dict(request.query)
        match request.operation:
            case "send.webservice":
                return self._send([(body["params"]["recipients"], body["message"])], body.get("send_time"))
            case "send.peer_to_peer":
                return self._send(
                    [(item["recipients"], item["message"]) for item in body["params"]], body.get("send_time")
                )
            case "send.cancel":
                self._cancel(int(body["message_outbox_id"]))
                return None
            case "report.outbox":
                shown = [bulk for bulk in self.bulks if self.hidden_from is None or bulk.outbox_id < self.hidden_from]
                return Page(shown[::-1], 1, 1000, 1, len(shown))
            case "report.bulk":
                return next(bulk for bulk in self.bulks if bulk.outbox_id == int(query["messages_outbox_id"]))
            case "report.recipients":
                outbox_id = int(query["bulk_id"])
                if outbox_id not in self.recipients:
                    raise NotFound("unknown")
                return Page([Delivery(recipient=number) for number in self.recipients[outbox_id]], 1, 1000, 1)
        raise AssertionError(request.operation)

    def _cancel(self, outbox_id: int) -> None:
        place, bulk = next((n, bulk) for n, bulk in enumerate(self.bulks) if bulk.outbox_id == outbox_id)
        if bulk.send_at is None or bulk.send_at.timestamp() - self.time.time < CANCEL_WINDOW:
            raise NotFound("too late")
        self.bulks[place] = bulk.model_copy(update={"state": BulkState.CANCELLED})

    def _send(self, items: list[tuple[list[str], str]], send_time: str | None = None) -> Receipt:
        match self.mishaps.pop(0) if self.mishaps else Mishap.NONE:
            case Mishap.UNREACHED:
                raise Unreachable("no connection")
            case Mishap.THROTTLED:
                raise Throttled("later")
            case Mishap.REFUSED:
                raise Refused("no")
            case Mishap.LOST:
                raise NoAnswer("gone")
            case Mishap.ANSWER_LOST:
                self._accept(items, send_time)
                raise NoAnswer("gone")
            case Mishap.PART_ANSWERED:
                return self._accept(items[: max(1, len(items) // 2)], send_time)
            case Mishap.PART_LOST:
                self._accept(items[: len(items) // 2], send_time)
                raise NoAnswer("gone")
            case Mishap.KILLED_BEFORE:
                raise Killed
            case Mishap.KILLED_AFTER:
                self._accept(items, send_time)
                raise Killed
        return self._accept(items, send_time)

    def _accept(self, items: list[tuple[list[str], str]], send_time: str | None = None) -> Receipt:
        ids = []
        due = datetime.fromisoformat(send_time).replace(tzinfo=UTC) if send_time else None
        for recipients, text in items:
            self._last_id += 1
            ids.append(self._last_id)
            self.recipients[self._last_id] = recipients
            self.bulks.append(
                Bulk(
                    outbox_id=self._last_id,
                    state=6,
                    sender=LINE,
                    message=text,
                    recipients_count=len(recipients),
                    send_at=due,
                )
            )
        return Receipt(outbox_ids=tuple(ids)) if ids else Receipt.model_construct(outbox_ids=())

    def hide_new(self) -> None:
        """From now on the outbox list does not show what comes."""
        self.hidden_from = self._last_id + 1

    def texts(self) -> Counter[tuple[str, str]]:
        """Who gets what, how often: what is still to go out can be taken back."""
        return Counter(
            (number, bulk.message or "")
            for bulk in self.bulks
            if bulk.state is not BulkState.CANCELLED
            for number in self.recipients[bulk.outbox_id]
        )

    def gone(self) -> Counter[tuple[str, str]]:
        """Who got what, how often, and cannot be spared it any more."""
        return self.texts() - Counter(
            (number, bulk.message or "")
            for bulk in self.bulks
            if bulk.send_at and bulk.send_at.timestamp() - self.time.time > CANCEL_WINDOW
            for number in self.recipients[bulk.outbox_id]
        )


class FragileLedger:
    """A ledger whose process may end around the writing of an outcome."""

    def __init__(self, ledger: Ledger, service: Service) -> None:
        self._ledger = ledger
        self._service = service

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def settle(self, intent: Intent, outcome: Outcome) -> None:
        """Write the outcome, unless the process ends before."""
        mishap = self._service.mishaps[0] if self._service.mishaps else None
        if mishap is Mishap.KILLED_BEFORE_OUTCOME:
            self._service.mishaps.pop(0)
            raise Killed
        self._ledger.settle(intent, outcome)
        if mishap is Mishap.KILLED_AFTER_OUTCOME:
            self._service.mishaps.pop(0)
            raise Killed


class Delivering(RuleBasedStateMachine):
    """Tries of one campaign, with mishaps."""

    home_kind = "task"

    @initialize(people=st.integers(1, 30), shared=st.booleans())
    def begin(self, people: int, shared: bool) -> None:
        self.shared_text = "سلام به همه" if shared else None
        self.everyone = [Message(f"+98912{n:07d}", self.shared_text or f"سلام {n}", n + 1) for n in range(people)]
        self.service = Service()
        self._folder = tempfile.TemporaryDirectory()
        self.open_ledger = ledger_home(self.home_kind, Path(self._folder.name))

    def teardown(self) -> None:
        if hasattr(self, "_folder"):
            self._folder.cleanup()

    @rule(
        mishaps=st.lists(st.sampled_from(Mishap), max_size=6),
        upto=st.floats(0, 1),
        seed=st.integers(0, 99),
        chunk_size=st.integers(1, 12),
        hide=st.booleans(),
        resend=st.booleans(),
    )
    def attempt(self, mishaps: list[Mishap], upto: float, seed: int, chunk_size: int, hide: bool, resend: bool) -> None:
        """One try over a part of the source in another order."""
        source = self.everyone[: max(1, int(len(self.everyone) * upto))]
        random.Random(seed).shuffle(source)
        if self.service.hidden_from is not None:
            # Two unanswered sends on a list that stands still for hours are beyond what anybody can tell.
            mishaps = [mishap if mishap in ANSWERED else Mishap.NONE for mishap in mishaps]
        if hide:
            self.service.hide_new()
            mishaps = mishaps[:1]
        # Sending again what the outbox hides for longer than one is ready to wait is exactly what "resend" risks.
        decision = OnUnconfirmed.RESEND if resend and self.service.hidden_from is None else OnUnconfirmed.FAIL
        self._try(source, list(mishaps), chunk_size, decision)

    @rule()
    def show_all(self) -> None:
        self.service.hidden_from = None

    @rule(number=st.integers(0, 29))
    def somebody_else_sends_the_same_text(self, number: int) -> None:
        """Another task texts the same words to another group of people."""
        recipients = [self.everyone[number % len(self.everyone)].recipient, "+989990000000"]
        self.service._accept([(recipients, self.everyone[0].text)])
        self.others = [*getattr(self, "others", []), *((number, self.everyone[0].text) for number in recipients)]

    @precondition(lambda self: hasattr(self, "service"))
    @invariant()
    def nobody_gets_a_text_twice(self) -> None:
        others = Counter(getattr(self, "others", []))
        assert all(count == 1 for count in (self.service.gone() - others).values())

    @rule()
    def without_mishaps_everybody_has_one(self) -> None:
        self.service.hidden_from = None
        for _ in range(3):
            # What may still be taken back, or has been lost twice, is decided about when its time has come.
            self.service.time.time += 1800
            self._try(self.everyone, [], 7, OnUnconfirmed.RESEND)
        assert self._ours() == Counter((message.recipient, message.text) for message in self.everyone)

    def _ours(self) -> Counter[tuple[str, str]]:
        return self.service.texts() - Counter(getattr(self, "others", []))

    def _try(self, source: list[Message], mishaps: list[Mishap], chunk_size: int, decision: OnUnconfirmed) -> None:
        self.service.mishaps = mishaps
        order = Order(
            sender=LINE,
            kind=form_of(self.shared_text),
            chunk_size=chunk_size,
            concurrency=1,
            on_unconfirmed=decision,
        )
        progress = Progress()
        try:
            ledger: Any = FragileLedger(self.open_ledger(), self.service)
            service: Any = self.service
            deliver(order, source, service, ledger, progress, clock=self.service.time.clock)
        except (Killed, Unreachable, Throttled, Refused, InDoubt, NoAnswer):
            return
        except InvalidInput as error:
            raise AssertionError from error
        reached = self.service.texts()
        assert all((message.recipient, message.text) in reached for message in source)
        assert len(progress.outbox_ids) == len(set(progress.outbox_ids))


class DeliveringThroughVariables(Delivering):
    """The same over Airflow's Variables."""

    home_kind = "variables"


class DeliveringThroughSql(Delivering):
    """The same over a database."""

    home_kind = "sql"


TestTaskHome = Delivering.TestCase
TestTaskHome.settings = hypothesis_settings(max_examples=40 * TIMES, stateful_step_count=12, deadline=None)
TestVariablesHome = DeliveringThroughVariables.TestCase
TestVariablesHome.settings = hypothesis_settings(max_examples=15 * TIMES, stateful_step_count=10, deadline=None)
TestSqlHome = DeliveringThroughSql.TestCase
TestSqlHome.settings = hypothesis_settings(max_examples=10 * TIMES, stateful_step_count=8, deadline=None)
