"""What is done to a running cluster: kills and restarts, in an order and at moments that a seed decides."""

from __future__ import annotations

import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

import psutil

from tests.cluster.airflow_cluster import Cluster
from tests.cluster.servers import Postgres, Redis, SandboxServer

KINDS = ("worker", "supervisor", "postgres fast", "postgres immediate", "redis", "sandbox")
"""``worker``: everything of one Celery worker, its tasks too (with LocalExecutor: the scheduler with everything under
it).
``supervisor``: the same, but the tasks stay, without a parent, as after an out-of-memory kill."""


class Blows:
    """Strikes ``each`` times with every kind while texts go out. ``done`` counts the strikes."""

    def __init__(
        self,
        cluster: Cluster,
        postgres: Postgres,
        redis: Redis,
        sandbox: SandboxServer,
        *,
        each: int,
        chance: random.Random,
    ) -> None:
        self.done: Counter[str] = Counter()
        self.orphans_lived: list[float] = []
        """Seconds that tasks went on, or did not end, after their supervisors were killed."""
        self._orphans: dict[psutil.Process, float] = {}
        self._cluster, self._postgres, self._redis, self._sandbox = cluster, postgres, redis, sandbox
        self._chance = chance
        kinds = [kind for kind in KINDS if kind != "redis" or cluster.workers]
        self._left = kinds * each
        chance.shuffle(self._left)
        self._next_at = 0.0
        self._texts_then = 0

    @property
    def left(self) -> int:
        """How many are still to come."""
        return len(self._left)

    def perhaps(self) -> str | None:
        """Strike if the moment has come: some seconds after texts go out again. Return the kind."""
        self._bury()
        if not self._left or self._sandbox.texts() <= self._texts_then:
            return None
        if not self._next_at:
            self._next_at = time.monotonic() + self._chance.uniform(1, 6)
        if time.monotonic() < self._next_at:
            return None
        kind = self._left.pop()
        self._strike(kind)
        self.done[kind] += 1
        self._texts_then, self._next_at = self._sandbox.texts(), 0.0
        return kind

    def _strike(self, kind: str) -> None:
        strikes: dict[str, Callable[[], None]] = {
            "worker": lambda: self._kill_worker(tasks_too=True),
            "supervisor": lambda: self._kill_worker(tasks_too=False),
            "postgres fast": lambda: self._postgres.restart(Postgres.FAST, self._pause()),
            "postgres immediate": lambda: self._postgres.restart(Postgres.IMMEDIATE, self._pause()),
            "redis": lambda: self._redis.restart(self._chance.choice((signal.SIGTERM, signal.SIGKILL)), self._pause()),
            "sandbox": lambda: self._sandbox.restart(signal.SIGKILL, self._pause()),
        }
        strikes[kind]()

    def _pause(self) -> float:
        return self._chance.uniform(0, 3)

    def _kill_worker(self, *, tasks_too: bool) -> None:
        busy = {
            worker: tasks
            for worker in self._cluster.workers or ("scheduler",)
            if (tasks := self._cluster.tasks(worker))
        }
        worker = self._chance.choice(sorted(busy) or list(self._cluster.workers or ("scheduler",)))
        spared = [] if tasks_too else busy.get(worker, [])
        self._cluster.kill(worker, spare={task.pid for task in spared})
        self._orphans |= dict.fromkeys(spared, time.monotonic())
        time.sleep(self._pause())
        self._cluster.run(worker)

    def close(self) -> None:
        """End tasks that lost their supervisors and are still there."""
        self._bury()
        for task, since in self._orphans.items():
            self.orphans_lived.append(time.monotonic() - since)
            with contextlib.suppress(psutil.NoSuchProcess):
                task.kill()
        self._orphans.clear()

    def _bury(self) -> None:
        for task in [task for task in self._orphans if not _is_alive(task)]:
            self.orphans_lived.append(time.monotonic() - self._orphans.pop(task))


def _is_alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False
