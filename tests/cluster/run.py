"""Run a campaign on a real cluster, strike at every part of it, and let the sandbox say what people got.

``python -m tests.cluster.run --recipients 100000 --each 3`` prints a row for each executor and fails if anybody got a
text twice or not at all.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.airflow_cluster import METADATA, WAREHOUSE, Cluster, running_cluster
from tests.cluster.blows import KINDS, Blows
from tests.cluster.people import Person, people, wanted
from tests.cluster.servers import Missing, Postgres, Redis, SandboxServer, ended

ROWS_PER_TASK = 10_000
RUN = "campaign-1"
SETTLE = 8.0
"""Seconds; the connection's read timeout is 5, and the sandbox's outbox does not lag."""
# What the example cluster is given; the page docs/cluster.md says what for.
SETTINGS = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "60",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
}
COLUMNS = ("executor", "form", "recipients", *KINDS, "tries", "duplicates", "lost", "seconds", "texts/s")


@dataclass
class Tally:
    """What one campaign came to."""

    blows: Counter[str] = field(default_factory=Counter)
    tries: int = 0
    most_tries: int = 0
    duplicates: int = 0
    lost: int = 0
    strangers: int = 0
    seconds: float = 0.0
    ended_by_themselves: Counter[str] = field(default_factory=Counter)
    orphans_lived: list[float] = field(default_factory=list)
    blows_left: int = 0

    def notes(self) -> str:
        """Return what the table does not say."""
        lived = ", ".join(f"{seconds:.0f}" for seconds in self.orphans_lived)
        ended = ", ".join(f"{component} {times} times" for component, times in sorted(self.ended_by_themselves.items()))
        return (
            f"The most tries of a task: {self.most_tries}. Ended by themselves and were started again: "
            f"{ended or 'none'}. "
            f"Seconds that tasks without a supervisor went on: {lived or 'none'}. Texts to strangers: "
            f"{self.strangers}. "
            f"Blows that came too late: {self.blows_left}."
        )


def main() -> int:
    """Run the proof and print its table."""
    options = _options()
    # Ended by a signal, it ends everything it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows: list[tuple[str, ...]] = []
    bad = 0
    try:
        for executor, dag_id in options.campaigns:
            home = Path(tempfile.mkdtemp(prefix="ippanel-cluster-"))
            # PostgreSQL runs as another user.
            home.chmod(0o755)
            print(f"{executor}, {dag_id}: the logs are in {home}", flush=True)
            tally = run_campaign(home, executor, dag_id, options)
            bad += tally.duplicates + tally.lost + tally.strangers + tally.blows_left
            rows.append(row(executor, dag_id, options.recipients, tally))
            print(tally.notes(), flush=True)
            if not bad:
                shutil.rmtree(home, ignore_errors=True)
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 2
    finally:
        print("\n".join(table([COLUMNS, *rows])), flush=True)
    return 1 if bad else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=100_000)
    parser.add_argument("--each", type=int, default=3, help="how often each kind of blow falls")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2.0, help="requests a second of each task, 100 texts each")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="more environment of Airflow")
    parser.add_argument("--minutes", type=float, default=30.0, help="how long one campaign may take")
    parser.add_argument(
        "--campaigns",
        nargs="+",
        type=lambda given: tuple(given.split("/")),
        default=[("CeleryExecutor", "own_texts"), ("LocalExecutor", "shared_text")],
        metavar="EXECUTOR/DAG",
    )
    return parser.parse_args()


def run_campaign(home: Path, executor: str, dag_id: str, options: argparse.Namespace) -> Tally:
    """Run one campaign on a cluster of its own."""
    chance = random.Random(options.seed)
    postgres, redis, sandbox = Postgres(home), Redis(home), SandboxServer(home, latency=0.05)
    audience = people(options.recipients, options.seed)
    more = (
        SETTINGS
        | {"CLUSTER_RATE": str(options.rate), "CLUSTER_SETTLE": str(SETTLE)}
        | dict(word.split("=", 1) for word in options.set)
    )
    (home / "airflow").mkdir()
    with ended(sandbox, redis, postgres):
        postgres.make(METADATA, WAREHOUSE)
        fill(postgres, audience)
        redis.start()
        sandbox.start()
        cluster = Cluster(home / "airflow", executor, postgres, redis, sandbox, more)
        with running_cluster(cluster):
            blows = Blows(cluster, postgres, redis, sandbox, each=options.each, chance=chance)
            with contextlib.closing(blows):
                tally = watch(cluster, dag_id, blows, sandbox, options)
            judge(sandbox, audience, tally)
            tally.blows_left = blows.left
            tally.blows, tally.ended_by_themselves, tally.orphans_lived = (
                blows.done,
                cluster.ended_by_themselves,
                blows.orphans_lived,
            )
    return tally


def fill(postgres: Postgres, audience: list[Person]) -> None:
    """Put the recipients into the warehouse."""
    with postgres.connect(WAREHOUSE) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, mobile text)")
        with cursor.copy("COPY customers (id, name, mobile) FROM STDIN") as copy:
            for person in audience:
                copy.write_row((person.id, person.name, person.mobile))


def watch(cluster: Cluster, dag_id: str, blows: Blows, sandbox: SandboxServer, options: argparse.Namespace) -> Tally:
    """Start the run, strike while it goes on, and return when it is done.

    :raises SystemExit: if the run fails, or does not come to an end.
    """
    cluster.trigger(dag_id, RUN, {"rows_per_task": min(ROWS_PER_TASK, max(1, options.recipients // 8))})
    began = time.monotonic()
    said = began
    while time.monotonic() - began < options.minutes * 60:
        state = next(iter(cluster.rows("SELECT state FROM dag_run WHERE run_id = %s", RUN)), ("unknown",))[0]
        if state == "failed":
            raise SystemExit(f"the run failed: {states(cluster)}")
        if state == "success":
            tries = [row[0] for row in cluster.rows("SELECT try_number FROM task_instance WHERE task_id = 'send'")]
            return Tally(tries=sum(tries), most_tries=max(tries), seconds=time.monotonic() - began)
        cluster.tend()
        struck = blows.perhaps()
        if struck or time.monotonic() - said > 15:
            said = time.monotonic()
            what = f"{struck} struck" if struck else ""
            print(f"{said - began:6.0f} s  {sandbox.texts():>7} texts  {states(cluster)}  {what}", flush=True)
        time.sleep(0.2)
    raise SystemExit(f"the run does not come to an end: {states(cluster)}")


def states(cluster: Cluster) -> dict[str, int]:
    """Return how many tasks are in each state."""
    query = "SELECT coalesce(state, 'none'), count(*) FROM task_instance WHERE run_id = %s GROUP BY 1 ORDER BY 1"
    return dict(cluster.rows(query, RUN))  # type: ignore[arg-type]


def judge(sandbox: SandboxServer, audience: list[Person], tally: Tally) -> None:
    """Ask the sandbox who got what, and compare with who should have."""
    got = Counter(text["recipient"] for text in sandbox.hands.messages())
    should = set(wanted(audience))
    tally.duplicates = sum(count - 1 for count in got.values())
    tally.lost = len(should - got.keys())
    tally.strangers = len(got.keys() - should)


def row(executor: str, dag_id: str, recipients: int, tally: Tally) -> tuple[str, ...]:
    """Return a row of the table."""
    blows = [tally.blows[kind] for kind in KINDS]
    figures = [
        recipients,
        *blows,
        tally.tries,
        tally.duplicates,
        tally.lost,
        round(tally.seconds),
        round(recipients / tally.seconds),
    ]
    return executor.removesuffix("Executor"), dag_id, *map(str, figures)


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """Return rows with their columns in line."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True)) for cells in rows]


if __name__ == "__main__":
    sys.exit(main())
