"""The database of a SQL ledger, as Airflow knows it."""

from __future__ import annotations

import os
from typing import Any

from airflow.providers.common.compat.sdk import BaseHook, conf


def stand_in_a_process_of_its_own() -> None:
    """Let a command, which is no task, find the connections of Airflow's database too.

    Airflow 3 looks there only for processes that say they are its own servers; a command that may read that database
    is as trusted as these.
    """
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")


def engine_of(conn_id: str) -> Any:
    """Return the SQLAlchemy engine of a connection."""
    return BaseHook.get_connection(conn_id).get_hook().get_sqlalchemy_engine()


def default_ledger() -> str | None:
    """Return the connection that Airflow's configuration names for all tasks, ``[ippanel] ledger_conn_id``."""
    return conf.get("ippanel", "ledger_conn_id", fallback=None) or None
