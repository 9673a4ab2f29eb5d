"""From a task in Airflow to its bulk in the panel.

The service does not document the addresses of its panel, and resellers have panels of their own, so the address is a
setting: the connection's ``panel_url``, in which ``{id}`` stands for the outbox id. Without it there is no link.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ippanel_provider.extras import need

need("airflow.providers.common.compat.sdk", "airflow")

from airflow.providers.common.compat.sdk import BaseOperatorLink, XCom  # noqa: E402

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator, Context, TaskInstanceKey

    from ippanel_provider.hooks.ippanel import IPPanelHook

XCOM_KEY = "ippanel_bulk_url"


class IPPanelBulkLink(BaseOperatorLink):
    """Opens the bulk that a task sent or waited for; of several, the first."""

    name = "IPPanel bulk"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the address that :func:`remember` left; empty where there is none."""
        return XCom.get_value(ti_key=ti_key, key=XCOM_KEY) or ""


def remember(context: Context, hook: IPPanelHook, outbox_ids: Sequence[int]) -> None:
    """Leave the address of the first bulk for the link. Called by tasks when they know their bulks."""
    if outbox_ids:
        # Nothing is written down too: Airflow 3 asks for the link at the end of each task, and logs an error where it
        # finds none.
        address = (_panel_url(hook) or "").replace("{id}", str(outbox_ids[0]))
        context["ti"].xcom_push(key=XCOM_KEY, value=address)


def _panel_url(hook: IPPanelHook) -> str | None:
    extra: dict[str, Any] = hook.get_connection(hook.ippanel_conn_id).extra_dejson
    url = str(extra.get("panel_url") or "").strip()
    # Whoever may edit the connection must not be able to put a script behind a button.
    return url if url.startswith(("https://", "http://")) else None
