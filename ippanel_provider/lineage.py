"""What tasks read and where it goes, for OpenLineage: tables, files and lines by name, never a row of them.

Operators return these from ``get_openlineage_facets_on_start``; without the openlineage provider they are None.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage


def of_file(path: str) -> OperatorLineage[Any, Any] | None:
    """Return the lineage of reading one file: a local path, or a URL as object storage takes it.

    ``s3://conn@bucket/key`` is the dataset ``key`` in the namespace ``s3://bucket``; the connection's id is left out.
    """
    try:
        from airflow.providers.common.compat.openlineage.facet import Dataset
        from airflow.providers.openlineage.extractors import OperatorLineage
    except ImportError:
        return None
    parts = urlsplit(path)
    if parts.scheme in {"", "file"}:
        return OperatorLineage(inputs=[Dataset(namespace="file", name=str(PurePosixPath(parts.path)))])
    place = parts.netloc.rpartition("@")[2]
    return OperatorLineage(inputs=[Dataset(namespace=f"{parts.scheme}://{place}", name=parts.path.lstrip("/") or "/")])


def of_query(sql: str, conn_id: str) -> OperatorLineage[Any, Any] | None:
    """Return the lineage of a query: the tables it reads and its text.

    Databases whose provider knows OpenLineage name their tables themselves; others are named by the connection.
    """
    from airflow.providers.common.compat.sdk import BaseHook

    try:
        from airflow.providers.openlineage.sqlparser import get_openlineage_facets_with_sql
    except ImportError:
        return None
    connection = BaseHook.get_connection(conn_id)
    hook = connection.get_hook()
    found = get_openlineage_facets_with_sql(hook=hook, sql=sql, conn_id=conn_id, database=None)
    return found if found is not None else _by_connection(sql, connection)


def to_panel(
    task: Any, name: str | None, read: OperatorLineage[Any, Any] | None = None
) -> OperatorLineage[Any, Any] | None:
    """Return the lineage of a task that changes something in the panel, or sends.

    :param name: what it changes, as ``lines/+983000505``; None for nothing
    :param read: what it reads
    """
    try:
        from airflow.providers.common.compat.openlineage.facet import Dataset
        from airflow.providers.openlineage.extractors import OperatorLineage
    except ImportError:
        return None
    found: OperatorLineage[Any, Any] = read or OperatorLineage()
    if name is not None:
        host = urlsplit(task.hook.account.settings.root).netloc
        found.outputs.append(Dataset(namespace=f"ippanel://{host}", name=name))
    return found


def _by_connection(sql: str, connection: Any) -> OperatorLineage[Any, Any] | None:
    from airflow.providers.common.compat.openlineage.facet import Dataset, SQLJobFacet
    from airflow.providers.openlineage.extractors import OperatorLineage

    parsed = import_module("openlineage.common.sql").parse([sql])
    if parsed is None:
        return None
    server = f"{connection.host}:{connection.port}" if connection.port else connection.host or ""
    # The host of a SQLite connection is its file.
    is_file = server.startswith("/") or not server
    namespace = connection.conn_type if is_file else f"{connection.conn_type}://{server}"
    database = server if is_file else connection.schema
    tables = [".".join(filter(None, (database, table.qualified_name))) for table in parsed.in_tables]
    return OperatorLineage(
        inputs=[Dataset(namespace=namespace, name=name) for name in tables],
        job_facets={"sql": SQLJobFacet(query=sql)},
    )
