"""Who may see and decide what: the one place that uses parts of Airflow's API server it does not promise to others.

They have kept their names from 3.1 to 3.3. Where one is missing, the page answers 503 and says so.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any


class NoAccessControl(Exception):
    """This Airflow has no access control that the page can ask, so it shows nothing."""


def _parts() -> Any:
    try:
        from airflow.api_fastapi import app
        from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
        from airflow.api_fastapi.core_api import security
    except ImportError as error:
        raise NoAccessControl(
            f"This version of Airflow is not known to the page of texts ({error.name} not found); "
            "ippanel campaign shows the same in a terminal."
        ) from None
    return app, DagAccessEntity, DagDetails, security


def user_dependency() -> Any:
    """Return what FastAPI takes as the default of a parameter that is the user; without one the answer is 401.

    :raises NoAccessControl: if this Airflow has none.
    """
    return _parts()[3].GetUserDep.__metadata__[0]


def name_of(user: Any) -> str:
    """Return how the user is called."""
    return str(user.get_name())


class Rights:
    """What one user may do, asked once a DAG: an auth manager may have to ask another server each time."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self._may = cache(self._ask)

    def may_read(self, dag_ids: Collection[str]) -> bool:
        """Return whether the user may read the task instances of all these DAGs. Of none there is no right to have."""
        return bool(dag_ids) and all(self._may("GET", dag_id) for dag_id in dag_ids)

    def may_decide(self, dag_ids: Collection[str]) -> bool:
        """Return whether the user may clear tasks of all these DAGs, which a decision takes."""
        return bool(dag_ids) and all(self._may("PUT", dag_id) for dag_id in dag_ids)

    def _ask(self, method: str, dag_id: str) -> bool:
        app, entity, details, _ = _parts()
        return bool(
            app.get_auth_manager().is_authorized_dag(
                method=method, access_entity=entity.TASK_INSTANCE, details=details(id=dag_id), user=self.user
            )
        )
