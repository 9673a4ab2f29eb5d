"""Keeping the panel as a source says: patterns as files do, phonebooks as rows do."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from airflow.providers.common.compat.sdk import conf

from ippanel_provider.exceptions import PatternRejected, WaitFailed
from ippanel_provider.operators.syncing import SyncOperator, as_task_errors, location

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.sync.pattern_apply import PatternOutcome
    from ippanel_provider.sync.patterns import PatternPlan


class IPPanelPatternSyncOperator(SyncOperator):
    """Keep the panel's patterns as a directory of YAML files says.

    Returns ``{"plan_id", "changed", "counts": {action: n}, "codes": {file: code}, "pending": [codes], "inactive":
    [codes]}``, and for a
    ``dry_run`` what would change, as ``"changes": [{"action", "name", "code", "fields"}]``. No text is in it, unless
    ``show_diff`` asks for that. The parameters of :class:`~ippanel_provider.operators.syncing.SyncOperator` hold too.

    :param folder: the directory, local or on object storage; not needed where ``plan_path`` is applied (templated)
    :param lock_path: the lock file; default is ``ippanel.lock.json`` in ``folder``. Put it on object storage where the
        folder cannot be written to (templated)
    :param prune: delete patterns that the lock file knows and no file describes any more
    :param show_diff: put the differences, with their texts, into the log and, for a ``dry_run``, the result as ``"diff"``
    :param wait_for_approval: after applying, wait until a person has decided about every pattern that is pending
    :param deferrable: wait on the triggerer; default is the ``[operators] default_deferrable`` setting
    :param poke_interval: seconds between two looks
    :param timeout: seconds to wait
    :raises PatternRejected: if one was rejected, now or earlier, and ``wait_for_approval`` is set
    """

    template_fields: Sequence[str] = ("folder", "lock_path", *SyncOperator.template_fields)

    def __init__(
        self,
        *,
        folder: str | None = None,
        lock_path: str | None = None,
        prune: bool = False,
        show_diff: bool = False,
        wait_for_approval: bool = False,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poke_interval: float = 300.0,
        timeout: float = 7 * 86_400.0,
        **kwargs: Any,
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

    def execute(self, context: Context) -> dict[str, Any]:
        """Plan, apply, or both; then wait if asked to."""
        from ippanel_provider.sync.pattern_lock import Lock

        with as_task_errors():
            lock_path = self._lock_path()
            lock = Lock.load(lock_path)
            plan = self._plan(lock)
            self._show(plan)
            if self.plan_only:
                return self._planned(plan)
            self.check_plan(plan.plan_id)
            summary, rejected = self._apply(plan, lock, lock_path)
        self.judge_rejected(rejected)
        deadline = time.time() + self.timeout
        return self._go_on(context, summary, deadline)

    def execute_complete(self, context: Context, event: Mapping[str, Any], summary: dict[str, Any], deadline: float) -> dict[str, Any]:
        """Take up the trigger's event, and wait for the next pattern that nobody has decided about."""
        if event.get("status") != "decided":
            raise WaitFailed(f"patterns {', '.join(summary['pending'])}: {event.get('message', 'the trigger ended without a word')}")
        return self._go_on(context, summary, deadline)

    def _plan(self, lock: Any) -> PatternPlan:
        from ippanel_provider.client import InvalidInput
        from ippanel_provider.sync import pattern_apply, storage
        from ippanel_provider.sync.pattern_files import load
        from ippanel_provider.sync.patterns import PatternPlan, make_plan

        if self.plan_path and not self.plan_only:
            data = storage.read_json(location(self.plan_path), "plan")
            if data is None:
                raise InvalidInput(f"plan_path: there is no plan at {self.plan_path}")
            return PatternPlan.from_json(data)
        if not self.folder:
            raise InvalidInput("folder: name the directory of the patterns, or with plan_path a plan that was made of one")
        files = load(cast("Path", location(self.folder)))
        return make_plan(files, self.hook.run(pattern_apply.read_panel()), lock, prune=self.prune)

    def _planned(self, plan: PatternPlan) -> dict[str, Any]:
        from ippanel_provider.sync import pattern_diff, storage
        from ippanel_provider.sync.paint import Paint
        from ippanel_provider.sync.plan import CHANGES

        if self.plan_path:
            storage.write_json(location(self.plan_path), plan.as_json())
        changes = [change for change in plan.changes if change.action in CHANGES]
        summary = {
            "plan_id": plan.plan_id,
            "changed": plan.has_changes,
            "counts": plan.counts,
            "changes": [{"action": c.action.value, "name": c.label, "code": c.code, "fields": c.fields} for c in changes],
        }
        return summary | ({"diff": "\n".join(pattern_diff.lines(plan, Paint()))} if self.show_diff else {})

    def _apply(self, plan: PatternPlan, lock: Any, lock_path: Any) -> tuple[dict[str, Any], int]:
        from ippanel_provider.sync import pattern_apply
        from ippanel_provider.sync.report import report_to

        with report_to(location(self.report_path) if self.report_path else None, pattern_apply.PatternOutcome._fields) as report:
            rows: list[PatternOutcome] = self.hook.run(pattern_apply.apply(plan, lock, lambda kept: kept.save(lock_path), report.add))
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
            self._wait(summary, deadline)
        if summary["changed"]:
            self.tell_asset(context)
        return summary

    def _wait(self, summary: dict[str, Any], deadline: float) -> None:
        from ippanel_provider.sync import pattern_apply

        left = 0.0 if self.deferrable else max(0.0, deadline - time.time())
        found = self.hook.run(pattern_apply.decided(summary["pending"] + summary["inactive"], poll=self.poke_interval, timeout=left))
        summary["pending"] = [code for code, pattern in found.items() if pattern.status == "pending"]
        rejected = {code: pattern for code, pattern in found.items() if pattern.status == "inactive"}
        if rejected:
            said = "; ".join(
                f"{code}: {pattern.reject_text or pattern.admin_comment or 'no comment'}" for code, pattern in rejected.items()
            )
            raise PatternRejected(f"{len(rejected)} of the patterns were not approved. {said}")
        if not summary["pending"]:
            return
        if not self.deferrable or time.time() >= deadline:
            raise WaitFailed(f"patterns {', '.join(summary['pending'])}: nobody has decided within {self.timeout:g} seconds.")
        from ippanel_provider.triggers.account import IPPanelPatternTrigger

        self.defer(
            trigger=IPPanelPatternTrigger(summary["pending"][0], self.ippanel_conn_id, self.poke_interval, deadline),
            method_name="execute_complete",
            kwargs={"summary": summary, "deadline": deadline},
        )

    def _show(self, plan: PatternPlan) -> None:
        from ippanel_provider.sync import pattern_diff
        from ippanel_provider.sync.paint import Paint

        counts = ", ".join(f"{count} {action}" for action, count in plan.counts.items() if count)
        self.log.info("Plan %s: %s.", plan.plan_id, counts or "no patterns")
        if self.show_diff:
            for line in pattern_diff.lines(plan, Paint()):
                self.log.info("%s", line)

    def _lock_path(self) -> Any:
        from ippanel_provider.client import InvalidInput
        from ippanel_provider.sync.pattern_lock import LOCK_NAME

        if not self.lock_path and not self.folder:
            raise InvalidInput("lock_path: with a plan and no folder, name the lock file")
        return location(self.lock_path or f"{str(self.folder).rstrip('/')}/{LOCK_NAME}")
