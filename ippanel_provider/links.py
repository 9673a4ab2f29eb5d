"""From a task in Airflow to its bulk in the panel.

The service does not document the addresses of its panel, and resellers have panels of their own, so the address is a
setting: the connection's ``panel_url``, in which ``{id}`` stands for the outbox id. Without it there is no link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ippanel_provider.extras import need

need("airflow.providers.common.compat.sdk", "airflow")

from airflow.providers.common.compat.sdk import AirflowNotFoundException, Asset, BaseOperatorLink, XCom, conf  # noqa: E402

from ippanel_provider.outbox_ids import read  # noqa: E402

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator, Context, TaskInstanceKey

    from ippanel_provider.hooks.ippanel import IPPanelHook

_IDS_TOLD = 100
_PAGE = "ippanel/campaigns/"
XCOM_KEY = "ippanel_bulk_url"


class IPPanelBulkLink(BaseOperatorLink):
    """Opens the bulk that a task sent or waited for; of several, the first."""

    name = "IPPanel bulk"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the address that :func:`remember` left; empty where there is none."""
        known: str | None = getattr(operator, "bulk_url", None)
        # To look for what nobody left is an error in Airflow's log.
        return XCom.get_value(ti_key=ti_key, key=XCOM_KEY) or "" if known is None else known


class IPPanelCampaignLink(BaseOperatorLink):
    """Opens the task's campaign on the page Browse › Texts, where a ledger in SQL holds it."""

    name = "Texts"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the page's address; empty where there is no page, or it reads another ledger than the task's."""
        ledger = conf.get("ippanel", "ledger_conn_id", fallback=None)
        mine = getattr(operator, "ledger_conn_id", None) or ledger
        if not ledger or mine != ledger or not conf.getboolean("ippanel", "page", fallback=True):
            return ""
        if (place := _place_of_page()) is None:
            return ""
        asked = {"dag": ti_key.dag_id, "task": ti_key.task_id, "run": ti_key.run_id, "map_index": ti_key.map_index}
        return f"{conf.get('api', 'base_url', fallback='').rstrip('/')}/{place}?{urlencode(asked)}"


def _place_of_page() -> str | None:
    """Return where the page stands, from the top of Airflow's address; None before 3.1, which has no place for it."""
    if find_spec("airflow.sdk") is None or find_spec("airflow.sdk.execution_time.hitl") is None:
        return None
    from airflow.sdk import exceptions

    # With 3.3, which brought this name too, Airflow's frame keeps the address of what stands in it.
    return f"plugin/ippanel-texts/{_PAGE}" if hasattr(exceptions, "TaskAwaitingInput") else _PAGE


def remember(context: Context, task: Any, outbox_ids: Sequence[int]) -> None:
    """Leave the address of the first bulk for the link. Called by tasks when they know their bulks."""
    url = _panel_url(task.hook) if outbox_ids else None
    # Airflow 3 asks the task for its link when it ends, and keeps that itself; Airflow 2 asks when somebody looks.
    task.bulk_url = "" if url is None else url.replace("{id}", str(outbox_ids[0]))
    if task.bulk_url:
        context["ti"].xcom_push(key=XCOM_KEY, value=task.bulk_url)


def tell_assets(context: Context, task: Any, result: Mapping[str, Any]) -> None:
    """Put into the events of a task's assets what it sent: counts, and at most a hundred ids with their span.

    Called by the process in which the task ends: what an earlier one said is forgotten during a wait on the triggerer.
    """
    events: Any = context.get("outlet_events")
    if events is None or not task.outlets:
        return
    ids = read(result["outbox_ids"])
    said = {name: result[name] for name in ("rows", "accepted", "rejected", "suppressed") if name in result}
    if ids:
        said |= {"bulks": len(ids), "outbox_ids": list(ids[:_IDS_TOLD]), "first_id": ids[0], "last_id": ids[-1]}
    for outlet in task.outlets:
        if isinstance(outlet, Asset):
            events[outlet].extra.update(said)


def _panel_url(hook: IPPanelHook) -> str | None:
    try:
        extra: dict[str, Any] = hook.get_connection(hook.ippanel_conn_id).extra_dejson
    except AirflowNotFoundException:
        # Gone, or out of reach for now; what was sent does not depend on it.
        return None
    url = str(extra.get("panel_url") or "").strip()
    # Whoever may edit the connection must not be able to put a script behind a button.
    return url if url.startswith(("https://", "http://")) else None
