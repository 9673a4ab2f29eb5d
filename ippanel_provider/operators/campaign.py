"""What the tasks have in common that send to many: everything a campaign is asked for, and one call downwards."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators import fields, recording
from ippanel_provider.operators.author import tell_author
from ippanel_provider.operators.base import CONCURRENCY, LEDGER_CONN_ID, Deployed
from ippanel_provider.operators.files import rejects_to
from ippanel_provider.operators.hidden_fields import Private
from ippanel_provider.operators.sending import SendingOperator
from ippanel_provider.options import Checks, IfStatus, Memory, Results
from ippanel_provider.values import InvalidValue

if TYPE_CHECKING:
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.campaign.chunks import Form
    from ippanel_provider.campaign.ledger.base import Ledger
    from ippanel_provider.campaign.order import Order
    from ippanel_provider.campaign.recording import Recording
    from ippanel_provider.campaign.results import Summary
    from ippanel_provider.operators.signatures import SendingArguments


def texts_of(message: Any) -> Form:
    """Return how texts are sent: a text each where there is none for all.

    :raises InvalidInput: if the text for all is none that can be sent.
    """
    from ippanel_provider.campaign.audience import sendable
    from ippanel_provider.campaign.chunks import OwnTexts, SharedText

    return OwnTexts() if message is None else SharedText(sendable(message, "message"))


class CampaignOperator(SendingOperator):
    """Base of the operators that send to many.

    The book of who was reached is kept in a SQL database if ``ledger_conn_id`` names one, else in Airflow's task state
    store (Airflow 3.3) or its Variables (before, for at most 50,000 recipients).

    With ``wait_for_completion`` the result is the same, but is there only when every bulk is final. The parameters of
    :class:`~ippanel_provider.operators.sending.SendingOperator` hold too.

    :param delivery: ``direct`` (default), or ``scheduled``: each chunk gets a send time of its own, from ``send_time``
        or at least 15 minutes ahead, so that what is missing can be sent again and doubles cancelled before anything
        goes out; until 5 minutes before, cancelling the returned ids takes the whole campaign back (templated)
    :param ledger_conn_id: a SQL connection to keep the book in, so that it also holds across runs and clears and
        between workers; default is ``[ippanel] ledger_conn_id`` of Airflow's configuration (templated)
    :param campaign_id: with ``ledger_conn_id``, what makes two sendings the same campaign; default is this task in this
        run (templated)
    :param concurrency: requests under way at once; default is ``[ippanel] concurrency``, or 4 (templated)
    :param rate: requests a second at most; default is no limit (templated)
    :param chunk_size: messages in a request; default is as many as the service takes (templated)
    :param suppress: who gets no text whatever the source says: any of
        :class:`~ippanel_provider.operators.suppress.OptedOut`, ``InPhonebook``, ``InTable``, ``InFile``, numbers, or an
        XCom of numbers. If one of them cannot be read, nothing is sent (templated)
    :param rejects_path: a ``.csv`` or ``.jsonl`` file to write every row to that gets no text, with its line, the
        reason and, with ``results``, its key: a local path, or any URL that object storage takes. Mapped tasks need one
        each, as by ``{{ ti.map_index }}`` (templated)
    :param rejects_with_numbers: write the numbers of these rows too; then put the file where they may lie (templated)
    :param first_pass: read the source twice, the first time only to count: so that the credit is checked against the
        whole cost, that a source that cannot be read to its end fails before anything is sent, and that the log tells
        the time left
    :param check_credit: send nothing if the credit does not cover it: the whole of it with ``first_pass``, otherwise
        the first request. The legacy REST API tells no prices, so nothing is checked there (templated)
    :param opt_out_suffix: the service bills ``لغو11`` at the end of texts from this line; only for parts and cost;
        default is what the connection says
    :param allow_empty: succeed when the source is empty, as a partition may be (templated)
    :param memory: what is remembered, as :class:`~ippanel_provider.options.Memory` says
    :param checks: what is looked at beforehand, as :class:`~ippanel_provider.options.Checks` says
    :param results: keep the fate of every row by its key, as :class:`~ippanel_provider.options.Results` says; needs a
        ledger in SQL
    :param only: send only to rows of which a table of results says this, as
        :class:`~ippanel_provider.options.IfStatus` does
    """

    template_fields: Sequence[str] = (
        *("delivery", "ledger_conn_id", "campaign_id", "concurrency", "rate", "chunk_size", "suppress", "rejects_path"),
        *("rejects_with_numbers", "check_credit", "allow_empty"),
        *SendingOperator.template_fields,
    )

    delivery = fields.choice("direct", "scheduled")
    ledger_conn_id = Deployed(fields.text(must_say=True), LEDGER_CONN_ID)
    campaign_id = fields.text(must_say=True)
    concurrency = Deployed(fields.whole(1), CONCURRENCY)
    rate = fields.above_zero()
    chunk_size = fields.whole(1)
    suppress = Private(of="list")
    rejects_with_numbers = fields.flag()
    first_pass = fields.flag()
    check_credit = fields.flag()
    opt_out_suffix = fields.flag()
    allow_empty = fields.flag()
    memory = fields.one(Memory)
    checks = fields.one(Checks)
    results = fields.one(Results)
    only = fields.one(IfStatus)

    def __init__(
        self,
        *,
        delivery: str = "direct",
        ledger_conn_id: str | None = None,
        campaign_id: str | None = None,
        concurrency: int | str | None = None,
        rate: float | str | None = None,
        chunk_size: int | None = None,
        suppress: Any = None,
        rejects_path: Any = None,
        rejects_with_numbers: bool = False,
        first_pass: bool = True,
        check_credit: bool = True,
        opt_out_suffix: bool | None = None,
        allow_empty: bool | str = False,
        memory: Memory | None = None,
        checks: Checks | None = None,
        results: Results | None = None,
        only: IfStatus | None = None,
        **kwargs: Unpack[SendingArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.delivery = delivery
        self.ledger_conn_id = ledger_conn_id
        self.campaign_id = campaign_id
        self.concurrency = concurrency
        self.rate = rate
        self.chunk_size = chunk_size
        self.suppress = suppress
        self.rejects_path = rejects_path
        self.rejects_with_numbers = rejects_with_numbers
        self.first_pass = first_pass
        self.check_credit = check_credit
        self.opt_out_suffix = opt_out_suffix
        self.allow_empty = allow_empty
        self.memory = memory or Memory()
        self.checks = checks or Checks()
        self.results = results
        self.only = only
        recording.refuse_without_ledger(self)

    @classmethod
    def lint_constants(cls, given: Mapping[str, Any]) -> None:
        """Look at the texts among what is given for a task when the DAG is parsed, as ``checks`` says: warn of what is
        odd, or refuse those with errors.

        :raises InvalidValue: naming the field.
        """
        mode = (given.get("checks") or Checks()).lint
        if mode == "off":
            return
        from ippanel_provider.text.lint import Level, lint

        for field in ("row_message", "message"):
            text = given.get(field)
            for finding in lint(text) if isinstance(text, str) else ():
                if mode == "refuse" and finding.level is Level.ERROR:
                    raise InvalidValue(field, f"{finding.message} ({finding.rule})")
                tell_author(f"{cls.__name__}, {field}: {finding}")

    @abstractmethod
    def kind(self) -> Form:
        """Return which requests its messages make; what is wrong with its arguments is raised here, by field."""

    @abstractmethod
    def rows(self) -> Iterator[Row]:
        """Read the source from its beginning."""

    once_per = "message"

    def order(self, context: Context, kind: Form) -> Order:
        """Return what the campaign is asked for.

        :raises InvalidValue: naming the field.
        """
        from ippanel_provider.campaign.order import Order
        from ippanel_provider.text.hours import quiet_hours_of

        ti: Any = context["ti"]
        return Order(
            sender=self.line(),
            kind=kind,
            send_time=self.moment(),
            quiet_hours=quiet_hours_of(self.line(), self.hours()),
            delivery=self.delivery,
            is_retry=ti.try_number > 1,
            once_per=self.identity(),
            chunk_size=self.chunk_size,
            concurrency=self.concurrency,
            rate=self.rate,
            settle=self.settle,
            on_unconfirmed=self.on_unconfirmed,
            first_pass=self.first_pass,
            check_credit=self.check_credit,
            opt_out_suffix=self._bills_opt_out(),
            profile=self.hook.account.profile,
            keyed=self.results is not None,
            allow_empty=self.allow_empty,
            lint=self.checks.lint,
            max_cost=self.checks.max_cost,
            resend_states=tuple(map(int, self.memory.resend_states)),
        )

    def _bills_opt_out(self) -> bool:
        own = self.opt_out_suffix
        return self.hook.account.bills_opt_out(self.line()) if own is None else bool(own)

    def wanted_rows(self, context: Context) -> Callable[[], Iterable[Row]]:
        """Return what reads the rows of the source that ``only`` lets through."""
        wanted = recording.only_wanted(self, context)
        return lambda: wanted(self.rows())

    def recorded(
        self, context: Context, order: Order, ledger: Ledger, ended: Sequence[Summary]
    ) -> AbstractContextManager[Recording | None]:
        """Keep the fate of every row in the table of ``results``."""
        return recording.recorded(self, context, order, ledger, ended)

    @property
    def key_column(self) -> str | None:
        """The column with the rows' keys; None where nobody asks for them."""
        by = self.results or (self.only and self.only.results)
        return by.key_column if by else None

    def _rejects(self) -> AbstractContextManager[Callable[[Row, str], None] | None]:
        numbers, keys = self.rejects_with_numbers, self.key_column is not None
        return rejects_to(self.rejects_path, with_numbers=numbers, with_keys=keys)

    def send(self, context: Context) -> dict[str, Any]:
        """Send to the rows that no earlier try has reached, and return what was accepted."""
        from ippanel_provider.operators.suppress import suppression_for

        order = self.order(context, self.kind())
        with self._rejects() as on_reject:
            rows = self.wanted_rows(context)
            summary = self.ordered(context, order, rows, suppressing=suppression_for(self), on_reject=on_reject)
        return summary.as_result()

    def rehearse(self, context: Context) -> dict[str, Any]:
        """Log and return who would get what. Nothing is sent."""
        from ippanel_provider.operators.dry_run import preview
        from ippanel_provider.operators.suppress import suppression_for

        order = self.order(context, self.kind())
        with self._rejects() as on_reject:
            return preview(self, context, order, suppression_for(self), on_reject)
