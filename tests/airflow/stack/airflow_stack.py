"""A whole Airflow 3 on SQLite: api-server, scheduler, dag-processor and triggerer, each a process that can be
killed."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ippanel_provider.sandbox.runner import RunningSandbox

COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")


class Stack:
    """Lives in ``home``, which it makes; ``dags`` are files to run; ``more`` is further environment, such as
    connections.
    """

    def __init__(
        self, home: Path, dags: list[Path], sandbox: RunningSandbox, more: Mapping[str, str] | None = None
    ) -> None:
        self.home = home
        self.database = home / "airflow.db"
        self.port = _free_port()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        (home / "dags").mkdir(parents=True)
        for dag in dags:
            shutil.copy(dag, home / "dags")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")} | {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "2",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{self.port}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.database}",
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
            "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
            # A killed triggerer's triggers are taken over when it has been silent for that long.
            "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "6",
            "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
            "AIRFLOW_CONN_IPPANEL_DEFAULT": json.dumps(
                {
                    "conn_type": "ippanel",
                    "host": sandbox.base_url,
                    "password": sandbox.api_key,
                    "extra": {"sender": sandbox.sender},
                }
            ),
            "NO_COLOR": "1",
            **(more or {}),
        }

    def start(self) -> None:
        """Make the database and start every component; return when the API answers."""
        made = subprocess.run(
            [*_airflow(), "db", "migrate"], env=self.environment, capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise RuntimeError(made.stdout + made.stderr)
        for component in COMPONENTS:
            self.run(component)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def answers() -> bool:
            with (
                contextlib.suppress(OSError),
                opener.open(f"http://127.0.0.1:{self.port}/api/v2/version", timeout=2) as response,
            ):
                return bool(response.status == 200)
            return False

        self.wait_for(answers, "the API answers")

    def run(self, component: str) -> None:
        """Start one component in a process group of its own."""
        with (self.home / f"{component}.log").open("ab") as log:
            self._processes[component] = subprocess.Popen(
                [*_airflow(), component],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, component: str) -> None:
        """``kill -9`` a component with all its children."""
        process = self._processes.pop(component)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """End everything that is left."""
        for component in reversed(COMPONENTS):
            if component in self._processes:
                self.kill(component)

    def wait_for(self, condition: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
        """Wait until something holds.

        :raises TimeoutError: naming ``what`` did not come.
        """
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise TimeoutError(f"after {seconds:g} s still not: {what}; the logs are in {self.home}")
            for component, process in self._processes.items():
                if process.poll() is not None:
                    raise RuntimeError(f"{component} ended by itself; its log is {self.home / component}.log")
            time.sleep(0.2)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the metadata database."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(sql).fetchall()


@contextlib.contextmanager
def running_stack(
    home: Path, dags: list[Path], sandbox: RunningSandbox, more: Mapping[str, str] | None = None
) -> Iterator[Stack]:
    """Run a stack for as long as the block lasts."""
    stack = Stack(home, dags, sandbox, more)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


def _airflow() -> list[str]:
    return [sys.executable, "-m", "airflow"]


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
