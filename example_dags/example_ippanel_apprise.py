"""One message to everybody, each on a channel of their own: Apprise knows a hundred, and texts by IPPanel are one of
them.

Needs ``pip install 'airflow-provider-ippanel[airflow,apprise]'``, the connection ``ippanel_default``, and the Variable
``announce_to``, a JSON list of mobile numbers. Add further Apprise URLs (``slack://…``, ``mailto://…``) to the same
object. For texts alone the operators say more: who was refused, what is in doubt.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG, AirflowException, Variable, task

from ippanel_provider.hooks.ippanel import IPPanelHook

with DAG(
    dag_id="example_ippanel_apprise",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    doc_md=__doc__,
    tags=["example", "ippanel"],
):

    @task
    def load() -> int:
        """Something that people wait for."""
        return 42

    # --8<-- [start:howto_apprise]
    @task
    def announce(orders: int) -> None:
        """Tell everybody; an announcement that was not accepted fails the task."""
        import apprise

        from ippanel_provider.apprise_plugin import register

        register()
        channels = apprise.Apprise()
        # The URL holds the API key: it is made here, of the connection, and is stored nowhere.
        channels.add(IPPanelHook().get_apprise_url(Variable.get("announce_to", deserialize_json=True)))
        if not channels.notify(title="گزارش روزانه", body=f"{orders} سفارش آماده است."):
            raise AirflowException("Not everybody was told; the log says why.")

    # --8<-- [end:howto_apprise]

    announce(load())
