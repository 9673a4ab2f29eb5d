"""Keeping the panel as a source says: patterns as files do, phonebooks as rows do."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

from airflow.providers.common.compat.sdk import conf

from ippanel_provider.exceptions import PatternRejected, WaitFailed
from ippanel_provider.operators import fields
from ippanel_provider.operators.files import location
from ippanel_provider.operators.hidden_fields import Private
from ippanel_provider.operators.syncing import SyncOperator
from ippanel_provider.operators.waiting import LEAST_POLL, looked, time_left

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.operators.signatures import PhonebookSyncArguments, SyncArguments
    from ippanel_provider.sync.patterns.apply import PatternOutcome
    from ippanel_provider.sync.patterns.plan import PatternPlan
    from ippanel_provider.sync.phonebooks.memory import Key
    from ippanel_provider.sync.phonebooks.plan import PhonebookPlan
    from ippanel_provider.sync.phonebooks.source import Row
    from ippanel_provider.sync.phonebooks.spec import BookSpec
    from ippanel_provider.tables.storage import Location

REJECTS_SHOWN = 100


class IPPanelPatternSyncOperator(SyncOperator):
    """Keep the panel's patterns as a directory of YAML files says.

    Returns ``{"plan_id", "changed", "counts": {action: n}, "codes": {file: code}, "pending": [codes], "inactive":
    [codes]}``, and for a ``dry_run`` what would change, as ``"changes": [{"action", "name", "code", "fields"}]``. No
    text is in it, unless ``show_diff`` asks for that. The parameters of
    :class:`~ippanel_provider.operators.syncing.SyncOperator` hold too.

    :param folder: the directory, local or on object storage; not needed where ``plan_path`` is applied (templated)
    :param lock_path: the lock file; default is ``ippanel.lock.json`` in ``folder``. Put it on object storage where the
        folder cannot be written to (templated)
    :param prune: delete patterns that the lock file knows and no file describes any more (templated)
    :param show_diff: put the differences, with their texts, into the log and, for a ``dry_run``, the result as
        ``"diff"`` (templated)
    :param wait_for_approval: after applying, wait until a person has decided about every pattern that is pending
        (templated)
    :param deferrable: wait on the triggerer; default is the ``[operators] default_deferrable`` setting
    :param poke_interval: seconds, or a ``timedelta``, between two looks
    :param timeout: seconds, or a ``timedelta``, to wait
    :raises PatternRejected: if one was rejected, now or earlier, and ``wait_for_approval`` is set
    """

    changes = "patterns"
    template_fields: Sequence[str] = (
        *("folder", "lock_path", "prune", "show_diff", "wait_for_approval"),
        *SyncOperator.template_fields,
    )

    prune = fields.flag()
    show_diff = fields.flag()
    wait_for_approval = fields.flag()
    deferrable = fields.flag()
    poke_interval = fields.seconds(LEAST_POLL)
    timeout = fields.seconds()

    def __init__(
        self,
        *,
        folder: str | None = None,
        lock_path: str | None = None,
        prune: bool | str = False,
        show_diff: bool | str = False,
        wait_for_approval: bool | str = False,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poke_interval: float | timedelta = 300.0,
        timeout: float | timedelta = 7 * 86_400.0,
        **kwargs: Unpack[SyncArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.folder = folder
        self.lock_path = lock_path
        self.prune = prune
        self.show_diff = show_diff
        self.wait_for_approval = wait_for_approval
        self.deferrable = deferrable
        self.poke_interval = poke_interval
        self.timeout = timeout

    def perform(self, context: Context) -> dict[str, Any]:
        """Plan, apply, or both; then wait if asked to."""
        from ippanel_provider.sync.patterns.lock import Lock

        lock_path = self._lock_path()
        lock = Lock.load(lock_path)
        plan = self._plan(lock)
        self._show(plan)
        if self.is_dry_run:
            return self._planned(plan)
        self.check_plan(plan.plan_id)
        summary, rejected = self._apply(plan, lock, lock_path)
        self.judge_rejected(rejected)
        deadline = time.time() + self.timeout
        return self._go_on(context, summary, deadline)

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """Take up the trigger's event, and wait for the next pattern that nobody has decided about."""
        summary, deadline = event["carried"]["summary"], event["carried"]["deadline"]
        if event.get("status") != "decided":
            raise WaitFailed(
                f"patterns {', '.join(summary['pending'])}: {event.get('message', 'the trigger ended without a word')}"
            )
        return self._go_on(context, summary, deadline)

    def _plan(self, lock: Any) -> PatternPlan:
        from ippanel_provider.client import InvalidInput
        from ippanel_provider.sync.patterns import apply as pattern_apply
        from ippanel_provider.sync.patterns.files import load
        from ippanel_provider.sync.patterns.plan import PatternPlan, make_plan
        from ippanel_provider.tables import storage

        if self.plan_path and not self.is_dry_run:
            data = storage.read_json(location(self.plan_path), "plan")
            if data is None:
                raise InvalidInput(f"plan_path: there is no plan at {self.plan_path}")
            return PatternPlan.from_json(data)
        if not self.folder:
            raise InvalidInput(
                "folder: name the directory of the patterns, or with plan_path a plan that was made of one"
            )
        files = load(cast("Path", location(self.folder)))
        return make_plan(files, self.hook.run(pattern_apply.read_panel()), lock, prune=self.prune)

    def _planned(self, plan: PatternPlan) -> dict[str, Any]:
        from ippanel_provider.sync.paint import Paint
        from ippanel_provider.sync.patterns import diff as pattern_diff
        from ippanel_provider.sync.plan import CHANGES
        from ippanel_provider.tables import storage

        if self.plan_path:
            storage.write_json(location(self.plan_path), plan.as_json())
        changes = [change for change in plan.changes if change.action in CHANGES]
        summary = {
            "plan_id": plan.plan_id,
            "changed": plan.has_changes,
            "counts": plan.counts,
            "changes": [
                {"action": c.action.value, "name": c.label, "code": c.code, "fields": c.fields} for c in changes
            ],
        }
        return summary | ({"diff": "\n".join(pattern_diff.lines(plan, Paint()))} if self.show_diff else {})

    def _apply(self, plan: PatternPlan, lock: Any, lock_path: Any) -> tuple[dict[str, Any], int]:
        from ippanel_provider.sync.patterns import apply as pattern_apply
        from ippanel_provider.tables.writers import report

        path = location(self.report_path) if self.report_path else None
        with report(path, pattern_apply.PatternOutcome._fields, "report_path") as tell:
            rows: list[PatternOutcome] = self.hook.run(
                pattern_apply.apply(plan, lock, lambda kept: kept.save(lock_path), tell)
            )
        rejected = [row for row in rows if row.action == "rejected"]
        for row in rejected:
            self.log.error("Pattern %s was rejected: %s", row.name, row.reason)
        summary = {
            "plan_id": plan.plan_id,
            "changed": any(row.action in ("created", "updated", "deleted") for row in rows),
            "counts": plan.counts,
            "codes": {row.name: row.code for row in rows if row.name and row.code and row.action != "deleted"},
            "pending": [row.code for row in rows if row.name and row.status == "pending"],
            "inactive": [row.code for row in rows if row.name and row.status == "inactive"],
        }
        return summary, len(rejected)

    def _go_on(self, context: Context, summary: dict[str, Any], deadline: float) -> dict[str, Any]:
        """Wait for what is pending, here or on the triggerer; return the summary when nothing is."""
        if self.wait_for_approval:
            self._wait(context, summary, deadline)
        if summary["changed"]:
            self.tell_asset(context, summary["counts"])
        return summary

    def _wait(self, context: Context, summary: dict[str, Any], deadline: float) -> None:
        from ippanel_provider.sync.patterns import apply as pattern_apply

        def decided() -> dict[str, Any]:
            left = 0.0 if self.deferrable else max(0.0, deadline - time.time())
            codes = summary["pending"] + summary["inactive"]
            return self.hook.run(pattern_apply.decided(codes, poll=self.poke_interval, timeout=left))

        found = looked(self, decided)
        summary["pending"] = [code for code, pattern in found.items() if pattern.status == "pending"]
        rejected = {code: pattern for code, pattern in found.items() if pattern.status == "inactive"}
        if rejected:
            said = "; ".join(
                f"{code}: {pattern.reject_text or pattern.admin_comment or 'no comment'}"
                for code, pattern in rejected.items()
            )
            raise PatternRejected(f"{len(rejected)} of the patterns were not approved. {said}")
        if not summary["pending"]:
            return
        if not self.deferrable or time.time() >= deadline:
            raise WaitFailed(
                f"patterns {', '.join(summary['pending'])}: nobody has decided within {self.timeout:g} seconds."
            )
        from ippanel_provider.triggers.account import IPPanelPatternTrigger

        self.defer(
            trigger=IPPanelPatternTrigger(
                summary["pending"][0],
                self.ippanel_conn_id,
                self.poke_interval,
                deadline,
                carried={"summary": summary, "deadline": deadline},
            ),
            method_name="execute_complete",
            timeout=time_left(self, context),
        )

    def _show(self, plan: PatternPlan) -> None:
        from ippanel_provider.sync.paint import Paint
        from ippanel_provider.sync.patterns import diff as pattern_diff

        counts = ", ".join(f"{count} {action}" for action, count in plan.counts.items() if count)
        self.log.info("Plan %s: %s.", plan.plan_id, counts or "no patterns")
        if self.show_diff:
            for line in pattern_diff.lines(plan, Paint()):
                self.log.info("%s", line)

    def _lock_path(self) -> Any:
        from ippanel_provider.client import InvalidInput
        from ippanel_provider.sync.patterns.lock import LOCK_NAME

        if not self.lock_path and not self.folder:
            raise InvalidInput("lock_path: with a plan and no folder, name the lock file")
        return location(self.lock_path or f"{str(self.folder).rstrip('/')}/{LOCK_NAME}")


class IPPanelPhonebookSyncOperator(SyncOperator):
    """Keep a phonebook as the rows of a source say: of a query, of a file, or of another task.

    Rows go from the source to the service without passing through XCom, logs or rendered fields. Returns ``{"plan_id",
    "changed", "counts": {action: n}, "setup": [what is made first], "books": [{"title", "id", "contacts", "create",
    "delete"}]}``, and after applying ``"outcome": {created, updated, deleted, unchanged, unmanaged, rejected: n}``; no
    number is in it. ``plan_path`` and ``report_path`` hold phone numbers: put them where they may lie.
    The parameters of :class:`~ippanel_provider.operators.syncing.SyncOperator` hold too.

    :param book: the title of the phonebook; it is created when missing (templated)
    :param sql: a query, or the path of a ``.sql`` file (templated)
    :param sql_conn_id: the connection to its database (templated)
    :param parameters: values for the query's placeholders (templated)
    :param source_path: instead of a query, a ``.csv``, ``.jsonl``, ``.parquet`` or ``.xlsx`` file, local or on object
        storage (templated)
    :param rows: instead of either, mappings of column to value, or an XCom of them (templated)
    :param number_column: the column with the mobile number (templated)
    :param fields: the columns of ``name``, ``email`` and ``pre``, as ``{"name": "full_name"}``; what is not named is
        left alone
    :param options: the options (custom fields) by title, as ``{"Points": "points:int"}``; the types are ``string``,
        ``int`` and ``date``. They are created when missing
    :param mode: ``insert``, ``update``, ``upsert`` (default) or ``mirror`` (templated)
    :param on_missing: what happens to contacts that the source does not have: ``keep`` (default) or ``delete``
        (mirror) (templated)
    :param max_delete: how many contacts may be deleted: a share as ``0.1`` or ``"10%"`` (default), or a number. More
        than that stop the task before the first call (templated)
    :param over_full: what does not fit into a phonebook is a reason to ``refuse`` all (default), or to ``split``: it
        goes on in further ones, titled ``… 2``, ``… 3`` (templated)
    :param state_path: where to remember what was applied to options, because the service does not list them; without it
        they are read one by one (templated)
    :param chunk_size: contacts in a request (templated)
    :param show_rendered: show ``rows`` on the Rendered Template page; default is their number only
    """

    changes = "phonebooks"
    template_fields: Sequence[str] = (
        *("book", "sql", "sql_conn_id", "parameters", "source_path", "rows", "number_column", "mode", "on_missing"),
        *("max_delete", "over_full", "state_path", "chunk_size"),
        *SyncOperator.template_fields,
    )
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers = {"sql": "sql"}  # noqa: RUF012 - the base class declares it so

    rows = Private(of="row")
    mode = fields.choice("insert", "update", "upsert", "mirror")
    on_missing = fields.choice("keep", "delete")
    over_full = fields.choice("refuse", "split")
    chunk_size = fields.whole(1)

    def __init__(
        self,
        *,
        book: str | None = None,
        sql: str | None = None,
        sql_conn_id: str | None = None,
        parameters: Mapping[str, Any] | Sequence[Any] | None = None,
        source_path: str | None = None,
        rows: Any = None,
        number_column: str = "number",
        fields: Mapping[str, str] | None = None,
        options: Mapping[str, Any] | None = None,
        mode: str = "upsert",
        on_missing: str | None = None,
        max_delete: float | str = "10%",
        over_full: str = "refuse",
        state_path: str | None = None,
        chunk_size: int | str = 10_000,
        show_rendered: bool = False,
        on_reject: str = "report",
        **kwargs: Unpack[PhonebookSyncArguments],
    ) -> None:
        super().__init__(on_reject=on_reject, **kwargs)
        self.show_rendered = show_rendered
        self.book = book
        self.sql = sql
        self.sql_conn_id = sql_conn_id
        self.parameters = parameters
        self.source_path = source_path
        self.rows = rows
        self.number_column = number_column
        self.fields = fields
        self.options = options
        self.mode = mode
        self.on_missing = on_missing
        self.max_delete = max_delete
        self.over_full = over_full
        self.state_path = state_path
        self.chunk_size = chunk_size

    def perform(self, context: Context) -> dict[str, Any]:
        """Plan, apply, or both."""
        with closing(self._plan()) as plan:
            counts = ", ".join(f"{count} to {action}" for action, count in plan.head.counts.items() if count)
            self.log.info("Plan %s: %s.", plan.head.plan_id, "; ".join([*plan.head.setup, counts or "no rows"]))
            if self.is_dry_run and self.plan_path:
                plan.save(location(self.plan_path))
            # What must not be applied is not worth anybody's approval.
            plan.check_deletions()
            summary = plan.head.summary()
            if self.is_dry_run:
                return summary
            self.check_plan(plan.head.plan_id)
            outcome = self._apply(plan)
        if any(outcome[word] for word in ("created", "updated", "deleted")):
            self.tell_asset(context, outcome)
        self.judge_rejected(outcome["rejected"])
        return summary | {"outcome": outcome}

    def _plan(self) -> PhonebookPlan:
        from ippanel_provider.sync.phonebooks.memory import Memory
        from ippanel_provider.sync.phonebooks.plan import PhonebookPlan
        from ippanel_provider.sync.phonebooks.planning import make_plan

        if self.plan_path and not self.is_dry_run:
            return PhonebookPlan.load(location(self.plan_path))
        return self.hook.run(make_plan(self._spec(), self._source(), Memory.load(self._state(), self._key())))

    def _apply(self, plan: PhonebookPlan) -> dict[str, int]:
        from ippanel_provider.sync.phonebooks.apply import RowOutcome, Terms, apply, told
        from ippanel_provider.tables.writers import report

        shown = 0
        path = location(self.report_path) if self.report_path else None
        with report(path, RowOutcome._fields, "report_path") as write_down:

            def tell(row: RowOutcome) -> None:
                nonlocal shown
                write_down(row)
                if row.action == "rejected" and shown < REJECTS_SHOWN:
                    shown += 1
                    self.log.warning("Row %d was rejected: %s.", row.line, row.reason)

            terms = Terms(chunk_size=self.chunk_size, state=self._state())
            outcome = self.hook.run(apply(plan, self._key(), tell, terms, check_panel=bool(self.plan_path)))
        self.log.info("Applied: %s.", told(outcome))
        return outcome

    def _spec(self) -> BookSpec:
        from ippanel_provider.sync.phonebooks.spec import spec_of

        names = ("book", "fields", "options", "mode", "on_missing", "max_delete", "over_full")
        return spec_of({"number": self.number_column, **{name: getattr(self, name) for name in names}})

    def _source(self) -> Iterable[Row]:
        from ippanel_provider.operators.phonebook_source import rows_of

        return rows_of(self)

    def _state(self) -> Location | None:
        return location(self.state_path) if self.state_path else None

    def _key(self) -> Key:
        from ippanel_provider.sync.phonebooks.memory import key_of

        return key_of(self.hook.account.ledger_secret)
