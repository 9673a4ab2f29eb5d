"""A whole Airflow on PostgreSQL and Redis: api-server, scheduler, dag-processor, and Celery workers that can be killed.

What ends by itself is started again, as systemd or Kubernetes does it, and counted.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
import psycopg

from tests.cluster.servers import DATABASE_USER, Postgres, Redis, SandboxServer, free_port

TOP = Path(__file__).parents[2]
DAGS = Path(__file__).parent / "dags"
METADATA, WAREHOUSE = "airflow", "warehouse"
WORKERS = ("worker-1", "worker-2")
_DAGS = 3


class Cluster:
    """Lives in ``home``. ``executor`` is CeleryExecutor or LocalExecutor; ``more`` is further environment, and
    ``beside`` further components.
    """

    def __init__(
        self,
        home: Path,
        executor: str,
        postgres: Postgres,
        redis: Redis | None,
        sandbox: SandboxServer,
        more: Mapping[str, str] | None = None,
        beside: Sequence[str] = (),
    ) -> None:
        self.home = home
        self.executor = executor
        self.components = ("api-server", "scheduler", "dag-processor", *beside, *self.workers)
        self.postgres = postgres
        self.ended_by_themselves: Counter[str] = Counter()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._port = free_port()
        shutil.copytree(DAGS, home / "dags", ignore=shutil.ignore_patterns("__pycache__"))
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        self.environment |= self._basics(postgres, redis) | self._connections(postgres, sandbox) | dict(more or {})

    def _basics(self, postgres: Postgres, redis: Redis | None) -> dict[str, str]:
        return {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.home / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": self.executor,
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{self._port}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__API__PORT": str(self._port),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.url(METADATA),
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
            "AIRFLOW__CELERY__BROKER_URL": f"redis://127.0.0.1:{redis.port if redis else 0}/0",
            "AIRFLOW__CELERY__SYNC_PARALLELISM": "1",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": "2",
            "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
            "PYTHONPATH": str(TOP),
            "NO_COLOR": "1",
        }

    def _connections(self, postgres: Postgres, sandbox: SandboxServer) -> dict[str, str]:
        hands = sandbox.hands
        ippanel = {"sender": hands.sender, "read_timeout": 5}
        return {
            "AIRFLOW_CONN_IPPANEL_DEFAULT": json.dumps(
                {"conn_type": "ippanel", "host": hands.base_url, "password": hands.api_key, "extra": ippanel}
            ),
            "AIRFLOW_CONN_WAREHOUSE": json.dumps(
                {
                    "conn_type": "postgres",
                    "host": "127.0.0.1",
                    "port": postgres.port,
                    "login": DATABASE_USER,
                    "schema": WAREHOUSE,
                }
            ),
        }

    @property
    def workers(self) -> tuple[str, ...]:
        """The names of the Celery workers."""
        return WORKERS if self.executor == "CeleryExecutor" else ()

    def start(self) -> None:
        """Make the database and start everything; return when the API answers and the DAGs are known."""
        made = subprocess.run(
            [*_airflow("db", "migrate")], env=self.environment, capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise RuntimeError(made.stdout + made.stderr)
        for component in self.components:
            self.run(component)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def answers() -> bool:
            with (
                contextlib.suppress(OSError),
                opener.open(f"http://127.0.0.1:{self._port}/api/v2/version", timeout=2) as response,
            ):
                return bool(response.status == 200)
            return False

        self.wait_for(answers, "the API answers")
        self.wait_for(lambda: len(self.rows("SELECT 1 FROM dag")) == _DAGS, "the DAGs are known")

    def run(self, component: str) -> None:
        """Start one component in a process group of its own."""
        with (self.home / f"{component}.log").open("ab") as log:
            self._processes[component] = subprocess.Popen(
                self._command(component),
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _command(self, component: str) -> list[str]:
        if component not in WORKERS:
            return _airflow(component)
        # A killed worker leaves its file of the process id behind.
        pid_file = self.home / f"{component}-{secrets.token_hex(4)}.pid"
        return _airflow(
            "celery", "worker", "--skip-serve-logs", "--celery-hostname", f"{component}@%h", "--pid", str(pid_file)
        )

    def pid(self, component: str) -> int:
        """The id of its first process."""
        return self._processes[component].pid

    def tree(self, component: str) -> list[psutil.Process]:
        """Return its processes, the first one first: of a worker also the pool, the tasks' supervisors and the
        tasks."""
        with contextlib.suppress(psutil.NoSuchProcess):
            first = psutil.Process(self.pid(component))
            return [first, *first.children(recursive=True)]
        return []

    def tasks(self, component: str) -> list[psutil.Process]:
        """Return the processes of tasks under it; their parents, the supervisors, lead no process group, but they
        do."""
        return [process for process in self.tree(component)[1:] if _leads_a_group(process)]

    def kill(self, component: str, *, spare: set[int] | None = None) -> None:
        """``kill -9`` everything of a component at once, but for the processes to ``spare``."""
        for process in self.tree(component):
            if process.pid not in (spare or set()):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        self._processes.pop(component).wait()

    def tend(self) -> None:
        """Start again what ended by itself, and say with which words it did."""
        for component, process in list(self._processes.items()):
            if process.poll() is not None:
                self.ended_by_themselves[component] += 1
                words = (self.home / f"{component}.log").read_text(errors="replace").split("\n")
                errors = [line.strip() for line in words[-400:] if "Error" in line]
                print(
                    f"         {component} ended by itself with {process.returncode}: {(errors or words)[-1][:150]}",
                    flush=True,
                )
                self.run(component)

    def stop(self) -> None:
        """End everything that is left."""
        trees = [process for component in self._processes for process in self.tree(component)]
        for process in trees:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        for component in self._processes.values():
            component.wait()
        self._processes.clear()

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> None:
        """Start a run."""
        command = _airflow("dags", "trigger", dag_id, "--run-id", run_id, "--conf", json.dumps(conf))
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask the metadata database; nothing while it is away."""
        with contextlib.suppress(psycopg.OperationalError), self.postgres.connect(METADATA) as connection:
            return connection.execute(sql, parameters).fetchall()
        return []

    def wait_for(self, condition: Callable[[], bool], what: str, seconds: float = 180.0) -> None:
        """Wait until something holds.

        :raises TimeoutError: naming ``what`` did not come.
        """
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise TimeoutError(f"after {seconds:g} s still not: {what}; the logs are in {self.home}")
            self.tend()
            time.sleep(0.2)


@contextlib.contextmanager
def running_cluster(cluster: Cluster) -> Iterator[Cluster]:
    """Run a cluster for as long as the block lasts."""
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def _leads_a_group(process: psutil.Process) -> bool:
    try:
        return os.getpgid(process.pid) == process.pid
    except ProcessLookupError:
        return False


def _airflow(*words: str) -> list[str]:
    return [sys.executable, "-m", "airflow", *words]
