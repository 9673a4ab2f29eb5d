"""A campaign of texts of their own from its first row to its report, in a real Airflow on PostgreSQL, while somebody
else sends as many from the same line, which the service rejects.

``python -m tests.cluster.scale --recipients 100000`` prints the time of each task, the requests by call, and by how
much each process grew. It fails if anybody got a text twice or not at all, or has no line in the report.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from ippanel_provider.client import Client, Settings, edge
from tests.cluster.airflow_cluster import METADATA, WAREHOUSE, Cluster, running_cluster
from tests.cluster.people import people, wanted
from tests.cluster.run import fill, table
from tests.cluster.servers import Missing, Postgres, SandboxServer, ended

DAG_ID, RUN = "from_row_to_report", "campaign-1"
TASKS = ("idle", "send", "wait", "report")
REJECTED = "+989000000003"
"""A bulk to this number is rejected by the sandbox."""
CHUNK = 1000


def main() -> int:
    """Run it once and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=100_000)
    parser.add_argument("--minutes", type=float, default=30.0)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    home = Path(tempfile.mkdtemp(prefix="ippanel-scale-"))
    # PostgreSQL runs as another user.
    home.chmod(0o755)
    print(f"the logs are in {home}", flush=True)
    try:
        bad = run(home, options.recipients, options.minutes)
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 2
    if not bad:
        shutil.rmtree(home, ignore_errors=True)
    return 1 if bad else 0


def run(home: Path, recipients: int, minutes: float) -> int:
    """Run the campaign and judge it; return how many people are wrong."""
    audience = people(recipients, seed=1)
    postgres, sandbox = Postgres(home), SandboxServer(home, latency=0.05)
    report = home / "report.csv"
    (home / "airflow").mkdir()
    with ended(sandbox, postgres):
        postgres.make(METADATA, WAREHOUSE)
        fill(postgres, audience)
        sandbox.start()
        more = {"CLUSTER_REPORT": str(report), "CLUSTER_RATE": "1", "CLUSTER_SETTLE": "8"}
        cluster = Cluster(home / "airflow", "LocalExecutor", postgres, None, sandbox, more, ("triggerer",))
        with running_cluster(cluster), grown(cluster) as growth, strangers(sandbox, recipients) as theirs:
            cluster.trigger(DAG_ID, RUN, {})
            calls = watch(cluster, sandbox, minutes)
            print_tasks(cluster)
            print_calls(calls)
        print_growth(growth)
        got = Counter(text["recipient"] for text in sandbox.hands.messages() if text["recipient"] != REJECTED)
    with report.open(encoding="utf-8", newline="") as file:
        told = Counter(line["recipient"] for line in csv.DictReader(file))
    should = set(wanted(audience))
    twice, lost = sum(count - 1 for count in got.values()), len(should - got.keys())
    untold = len(should ^ told.keys()) + sum(count - 1 for count in told.values())
    print(
        f"{len(should)} people, {twice} texts twice, {lost} lost, {untold} not told of; {theirs()} texts of strangers"
    )
    return twice + lost + untold


def watch(cluster: Cluster, sandbox: SandboxServer, minutes: float) -> dict[str, Counter[str]]:
    """Return the requests by call that were made while each task was the current one.

    :raises SystemExit: if the run fails, or does not come to an end.
    """
    began = time.monotonic()
    calls: dict[str, Counter[str]] = {}
    before: Counter[str] = Counter(sandbox.hands.stats()["requests"])
    while time.monotonic() - began < minutes * 60:
        query = "SELECT task_id FROM task_instance WHERE run_id = %s AND state IN ('running', 'deferred', 'queued')"
        at_work = {row[0] for row in cluster.rows(query, RUN)}
        state = next(iter(cluster.rows("SELECT state FROM dag_run WHERE run_id = %s", RUN)), ("unknown",))[0]
        now = Counter(sandbox.hands.stats()["requests"])
        task = next((each for each in TASKS if each in at_work), "between")
        calls.setdefault(task, Counter()).update(now - before)
        before = now
        if state == "success":
            return calls
        if state == "failed":
            raise SystemExit("the run failed")
        cluster.tend()
        time.sleep(0.5)
    raise SystemExit("the run does not come to an end")


@contextmanager
def strangers(sandbox: SandboxServer, count: int) -> Iterator[object]:
    """Send as many texts from the same line, one request for every one that the campaign has sent."""
    stop, sent = threading.Event(), [0]

    def send() -> None:
        hands = sandbox.hands
        with Client(hands.api_key, Settings(base_url=hands.base_url)) as client:
            while not stop.is_set() and sent[0] < count:
                if sandbox.texts() < 2 * sent[0] + 1:
                    stop.wait(0.02)
                    continue
                texts = [(REJECTED, f"theirs {sent[0] + n}") for n in range(CHUNK)]
                sent[0] += len(client.run(edge.send.peer_to_peer(texts, sender=hands.sender)).outbox_ids)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield lambda: sent[0]
    finally:
        stop.set()
        thread.join()


@contextmanager
def grown(cluster: Cluster) -> Iterator[dict[str, tuple[float, float]]]:
    """Measure each process: what it takes at first, and at most, in MB."""
    stop, found = threading.Event(), dict[str, tuple[float, float]]()

    def look() -> None:
        while not stop.wait(0.2):
            for component in cluster.components:
                for process in cluster.tree(component):
                    with contextlib.suppress(psutil.Error):
                        size = process.memory_info().rss / 1e6
                        name = f"{component} {process.pid}"
                        first, most = found.get(name, (size, size))
                        found[name] = (first, max(most, size))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


def print_tasks(cluster: Cluster) -> None:
    """Print how long each task took."""
    query = "SELECT task_id, extract(epoch FROM end_date - start_date) FROM task_instance WHERE run_id = %s"
    seconds = dict(cluster.rows(query, RUN))
    whole = "SELECT extract(epoch FROM end_date - start_date) FROM dag_run WHERE run_id = %s"
    print("\n".join(table([("task", "seconds"), *((task, f"{seconds[task]:.1f}") for task in TASKS)])))
    print(f"the run: {cluster.rows(whole, RUN)[0][0]:.1f} s", flush=True)


def print_calls(calls: dict[str, Counter[str]]) -> None:
    """Print what was asked while each task was the current one; strangers' sends among them."""
    rows = [(task, call, str(count)) for task, some in calls.items() for call, count in sorted(some.items())]
    print("\n".join(table([("while", "call", "requests"), *rows])), flush=True)


def print_growth(growth: dict[str, tuple[float, float]]) -> None:
    """Print the processes that grew most."""
    most = sorted(growth.items(), key=lambda item: item[1][0] - item[1][1])[:8]
    rows = [(name, f"{first:.0f}", f"{peak:.0f}", f"{peak - first:+.0f}") for name, (first, peak) in most]
    print("\n".join(table([("process", "MB at first", "at most", "grown"), *rows])), flush=True)


if __name__ == "__main__":
    sys.exit(main())
