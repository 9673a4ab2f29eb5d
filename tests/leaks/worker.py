"""What runs inside the Airflow that is looked at. It reads what it is to do from its input, so that neither its
arguments nor its environment hold a canary."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HOME = Path(os.environ["AIRFLOW_HOME"])
DAG_FILE = HOME / "dags" / "leaks.txt"


def main() -> int:
    """Run every DAG of the plan; print how many tasks ended how."""
    order = json.load(sys.stdin)
    record_everything()
    make_connections(order["connections"], order["variables"])
    from tests.leaks.dags import plan
    from tests.leaks.witness import Witness, note

    witness = Witness()
    ends: dict[str, int] = {}
    seen: dict[str, str] = {}
    began = time.monotonic()
    for dag, conf in plan(order):
        for task in dag.tasks:
            note("shown.log", repr(task), str(task))
        for task, state in run(dag, conf):
            ends[state] = ends.get(state, 0) + 1
            seen[f"{dag.dag_id}/{task}"] = state
        note("times.log", f"{dag.dag_id} {time.monotonic() - began:.1f}")
    covered = {"covered": sorted(witness.seen), "missing": sorted(witness.expected - witness.seen)}
    (HOME / "ends.json").write_text(json.dumps({"ends": ends, "tasks": seen, **covered}))
    return 0


def record_everything() -> None:
    """Write down what any library logs, unmasked, and what Airflow's metrics are told."""
    if order_of_logs() == "DEBUG":
        kept = logging.FileHandler(HOME / "unmasked.log")
        kept.setLevel(logging.DEBUG)
        kept.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
        # At the libraries themselves: Airflow takes the root's handlers away again.
        for name in ("httpx", "httpcore", "ippanel_provider", "apprise", "asyncio", "urllib3", "requests"):
            logging.getLogger(name).setLevel(logging.DEBUG)
            logging.getLogger(name).addHandler(kept)
    from airflow.providers.common.compat.sdk import Stats

    metrics = (HOME / "metrics.log").open("a", encoding="utf-8")

    def told(kind: str) -> Any:
        def tell(*given: Any, **named: Any) -> None:
            print(kind, given, named, file=metrics, flush=True)

        return tell

    for kind in ("incr", "decr", "gauge", "timing"):
        setattr(Stats, kind, told(kind))


def order_of_logs() -> str:
    """Return the level Airflow is told to log at."""
    return os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"]


def make_connections(given: dict[str, dict[str, Any]], variables: dict[str, str]) -> None:
    """Put connections and Variables into the metadata database, where Airflow encrypts what is secret in them."""
    from airflow.models import Connection, Variable
    from airflow.utils.session import create_session

    with create_session() as session:
        for conn_id, fields in given.items():
            extra = json.dumps(fields.pop("extra", {}))
            session.add(Connection(conn_id=conn_id, extra=extra, **fields))
        session.add_all(Variable(key=name, val=value) for name, value in variables.items())


def run(dag: Any, conf: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    """Run a DAG in this process, and yield how its tasks ended."""
    from airflow.utils.session import create_session

    make_known(dag)
    if getattr(dag, "deadline", None):
        return  # a test run of Airflow 3.3 breaks off at deadlines
    dag_run = dag.test(run_conf=conf)
    with create_session() as session:
        for instance in dag_run.get_task_instances(session=session):
            yield f"{instance.task_id}[{instance.map_index}]", str(getattr(instance.state, "value", instance.state))


def make_known(dag: Any) -> None:
    """Let Airflow keep the DAG as the dag-processor would."""
    try:
        from airflow.dag_processing.bundles.manager import DagBundlesManager
        from airflow.dag_processing.collection import update_dag_parsing_results_in_db
        from airflow.serialization.serialized_objects import LazyDeserializedDAG
    except ImportError:
        from airflow.models.serialized_dag import SerializedDagModel

        dag.fileloc = str(DAG_FILE)
        dag.sync_to_db()
        SerializedDagModel.write_dag(dag)
        return
    from airflow.utils.session import create_session

    dag.fileloc, dag.relative_fileloc = str(DAG_FILE), DAG_FILE.name
    with create_session() as session:
        DagBundlesManager().sync_bundles_to_db(session=session)
        session.commit()
        update_dag_parsing_results_in_db(
            "dags-folder", None, [LazyDeserializedDAG.from_dag(dag)], {}, None, set(), session
        )


def new_dag(name: str, **options: Any) -> Any:
    """Return an empty DAG."""
    from airflow.providers.common.compat.sdk import DAG

    return DAG(dag_id=name, schedule=None, start_date=datetime(2025, 1, 1, tzinfo=UTC), **options)


if __name__ == "__main__":
    sys.exit(main())
