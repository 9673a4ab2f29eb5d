"""What the tasks of plan and apply have in common: places of files, what is told, assets, and what ends a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import Asset, AssetAlias

from ippanel_provider import lineage
from ippanel_provider.exceptions import SyncFailed, SyncRefused
from ippanel_provider.operators import fields
from ippanel_provider.operators.base import IPPanelOperator
from ippanel_provider.operators.door import SYNCING

if TYPE_CHECKING:
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context
    from airflow.providers.openlineage.extractors import OperatorLineage

    from ippanel_provider.operators.signatures import ConnectedArguments


class SyncOperator(IPPanelOperator):
    """Base of the tasks that make the panel as a source says.

    One task can plan and apply; or one with ``dry_run`` writes the plan to ``plan_path`` and a later one, with the same
    ``plan_path`` and no source, does exactly what it says, refusing if the panel has changed since. A person can
    approve in between. A task that was killed can be tried again: it finds out what is done and goes on from there.

    :param dry_run: only plan (templated)
    :param plan_path: where the plan is written by ``dry_run``, and read from otherwise (templated)
    :param plan_id: the id of the plan that may be applied, as the planning task returned it (templated)
    :param report_path: where to write what became of each, as ``.csv`` or ``.jsonl`` (templated)
    :param asset: URI of an asset that gets an event when something was changed, and none when nothing was
    :param on_reject: ``fail`` the task after everything else was done, or only ``report``, when something was rejected
        (templated)
    """

    changes: ClassVar[str]
    """What of the panel it changes."""
    template_fields: Sequence[str] = (
        *("is_dry_run", "plan_path", "plan_id", "report_path", "on_reject"),
        *IPPanelOperator.template_fields,
    )
    ui_color = "#e6dff3"
    errors = SYNCING

    is_dry_run = fields.flag("dry_run")
    on_reject = fields.choice("fail", "report")

    def __init__(
        self,
        *,
        dry_run: bool | str = False,
        plan_path: str | None = None,
        plan_id: str | None = None,
        report_path: str | None = None,
        asset: str | None = None,
        on_reject: str = "fail",
        **kwargs: Unpack[ConnectedArguments],
    ) -> None:
        if asset is not None:
            # An alias, because an asset among the outlets gets its event whether something was changed or not.
            kwargs["outlets"] = [*(kwargs.get("outlets") or ()), AssetAlias(name=asset)]
        super().__init__(**kwargs)
        # The base class has a method of that name.
        self.is_dry_run = dry_run
        self.plan_path = plan_path
        self.plan_id = plan_id
        self.report_path = report_path
        self.asset = asset
        self.on_reject = on_reject

    def tell_asset(self, context: Context, counts: Mapping[str, int]) -> None:
        """Give the asset its event, with how many of what was done."""
        if self.asset is not None:
            events: Any = context["outlet_events"]
            events[AssetAlias(name=self.asset)].add(Asset(self.asset), extra=dict(counts))

    def get_openlineage_facets_on_start(self) -> OperatorLineage[Any, Any] | None:
        """Name what it reads and what it changes in the panel, for OpenLineage."""
        return lineage.to_panel(self, None if self.is_dry_run else self.changes, self.reads())

    def reads(self) -> OperatorLineage[Any, Any] | None:
        """Return what it reads, for OpenLineage; None if that is neither a query nor a file of rows."""
        sql, path = getattr(self, "sql", None), getattr(self, "source_path", None)
        if sql:
            return lineage.of_query(sql, str(getattr(self, "sql_conn_id", "")))
        return lineage.of_file(str(path)) if path else None

    def check_plan(self, plan_id: str) -> None:
        """Refuse a plan that is not the one that was approved.

        :raises SyncRefused: it is another.
        """
        if self.plan_id and self.plan_id != plan_id:
            raise SyncRefused(
                f"plan_id: the plan is {plan_id} and not {self.plan_id}, which was approved. Nothing was changed."
            )

    def judge_rejected(self, rejected: int) -> None:
        """End the task if something was rejected and that is a failure.

        :raises SyncFailed: it is.
        """
        if rejected and self.on_reject == "fail":
            where = f" {self.report_path} says why." if self.report_path else " The log says why."
            raise SyncFailed(f"{rejected} were rejected; everything else was done.{where}")
