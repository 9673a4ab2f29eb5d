"""The database of a SQL ledger, as Airflow knows it."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import BaseHook, conf


def engine_of(conn_id: str) -> Any:
    """Return the SQLAlchemy engine of a connection."""
    return BaseHook.get_connection(conn_id).get_hook().get_sqlalchemy_engine()


def default_ledger() -> str | None:
    """Return the connection that Airflow's configuration names for all tasks, ``[ippanel] ledger_conn_id``."""
    return conf.get("ippanel", "ledger_conn_id", fallback=None) or None
