"""``ippanel://`` in the Apprise of every Airflow process (entry point ``airflow.plugins``)."""

from __future__ import annotations

from typing import Any

from ippanel_provider.apprise_hook import install
from ippanel_provider.extras import need

need("airflow.providers.common.compat.sdk", "airflow")

from airflow.providers.common.compat.sdk import AirflowPlugin  # noqa: E402


class IPPanelApprisePlugin(AirflowPlugin):
    """Costs nothing where Apprise is not used: the scheme is registered when Apprise loads its plugins."""

    # Airflow skips all plugins after one whose name it has seen.
    name = "ippanel_apprise"

    @classmethod
    def on_load(cls, *args: Any, **kwargs: Any) -> None:
        """Begin to watch for Apprise."""
        install()
