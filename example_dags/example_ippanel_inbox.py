"""A text comes in, this DAG runs: whoever texts "stop" is told that it was heard. Needs ``ippanel_default``, and
Airflow 3.3.

An event only says that something came in. From where on to read, the DAG remembers itself, so that no text is missed
even where Airflow makes one run for several events, and none is answered twice. On an older Airflow this file holds no
DAG; there ``IPPanelInboxSensor`` waits for texts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow import __version__
from airflow.providers.common.compat.sdk import DAG, AirflowSkipException, Asset, task

from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.triggers.inbox_event import IPPanelInboxEventTrigger

KEYWORDS = ["stop", "لغو"]


def requests_in(span: dict[str, int]) -> list[Any]:
    """Read from the inbox what is meant."""
    from ippanel_provider.client import watch
    from ippanel_provider.inbox import InboxFilter

    wanted = InboxFilter(keywords=KEYWORDS)
    texts = IPPanelHook().run(watch.received(span["after_id"]))
    return [text for text in texts if text.inbox_id <= span["up_to"] and wanted.lets_through(text, "")]


# Before 3.3 a DAG could not remember how far it had read.
if tuple(map(int, __version__.split(".")[:2])) >= (3, 3):
    from airflow.sdk import AssetWatcher

    # --8<-- [start:howto_trigger_inbox_event]
    stop_requests = Asset(
        name="ippanel_stop_requests",
        watchers=[AssetWatcher(name="stop", trigger=IPPanelInboxEventTrigger(keywords=KEYWORDS, poll_interval=2))],
    )
    # --8<-- [end:howto_trigger_inbox_event]

    with DAG(
        dag_id="example_ippanel_inbox",
        schedule=[stop_requests],
        start_date=datetime(2025, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        render_template_as_native_obj=True,
        doc_md=__doc__,
        tags=["example", "ippanel"],
    ):
        # --8<-- [start:howto_inbox_cursor]
        @task(inlets=[stop_requests])
        def what_is_new(asset_state_store: Any, triggering_asset_events: Any) -> dict[str, int]:
            """Find the ids that no earlier run has handled."""
            ids = [
                inbox_id
                for event in triggering_asset_events[stop_requests]
                for inbox_id in event.extra["payload"]["inbox_ids"]
            ]
            after_id = int(asset_state_store.get("handled_up_to", min(ids) - 1))
            new = requests_in({"after_id": after_id, "up_to": 2**62})
            if not new:
                raise AirflowSkipException("An earlier run has handled them.")
            return {"after_id": after_id, "up_to": new[-1].inbox_id}

        @task.ippanel_sms
        def confirm(span: dict[str, int]) -> list[tuple[str, str]]:
            """Answer; numbers go from the inbox to the service and through nothing in between."""
            return [(text.sender, "درخواست لغو شما ثبت شد.") for text in requests_in(span)]

        @task(inlets=[stop_requests])
        def remember(span: dict[str, int], asset_state_store: Any) -> None:
            """The next run goes on from here."""
            asset_state_store.set("handled_up_to", span["up_to"])

        span = what_is_new()
        confirm(span) >> remember(span)
        # --8<-- [end:howto_inbox_cursor]
