"""Server time of the page Browse › Texts: a list of 500 campaigns, and one campaign with 1,000 chunks.

python -m benchmarks.page [--database URL]      an SQLAlchemy URL, such as one of PostgreSQL; SQLite without

Each answer is made as the page gets it, rights and JSON included, and set against one SELECT over the same connection.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from ippanel_provider.campaign.ledger.schema import campaigns, chunks, name_key, prepare, runs
from ippanel_provider.page import campaigns as page

MEMBERS = bytes(8 * 1000)


def _run(number: int, now: float, report: str) -> dict[str, object]:
    return {
        "id": number, "campaign": number, "who_key": name_key(str(number)), "part_key": "", "part": "",
        "dag_id": f"dag{number % 20}", "task_id": "send", "run_id": "r", "conn_id": "c", "sender": "s", "form": "Own",
        "map_index": -1, "try_number": 1, "mark": "", "state": "in doubt", "began_at": now, "seen_at": now,
        "report": report,
    }  # fmt: skip


def _chunk(campaign: int, number: int, now: float) -> dict[str, object]:
    return {
        "campaign": campaign, "number": number, "run": campaign, "try_number": 1, "account": "a", "intended_at": now,
        "first_line": 1, "last_line": 1000, "size": 1000, "members": MEMBERS, "details": "{}",
        "state": "open" if number % 500 == 0 else "confirmed",
    }  # fmt: skip


def filled(engine: sa.Engine, count: int, chunks_each: int, large: int) -> int:
    """Fill a ledger; return the id of the one with ``large`` chunks."""
    prepare(engine)
    report = json.dumps({"rows": 1000, "accepted": 990, "rejected": 10, "rejected_why": {"too short": 10}, "cost": 1e6})
    now = time.time()
    with engine.begin() as connection:
        for number in range(1, count + 1):
            own = large if number == count else chunks_each
            connection.execute(
                sa.insert(campaigns).values(
                    id=number, name_key=name_key(str(number)), name=f"campaign {number}", generation="0",
                    fingerprint="", last_number=own, last_member=own, begun_at=now, touched_at=now,
                )
            )  # fmt: skip
            connection.execute(sa.insert(runs).values(_run(number, now, report)))
            connection.execute(sa.insert(chunks), [_chunk(number, place, now) for place in range(1, own + 1)])
    return count


def milliseconds(call: Callable[[], object], rounds: int = 15) -> float:
    """The quickest of some rounds, after a first one that warms up."""
    call()
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return 1000 * min(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default=None)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        engine = sa.create_engine(arguments.database or f"sqlite:///{Path(home) / 'ledger.sqlite'}")
        large = filled(engine, 500, 20, 1000)

        def select() -> None:
            with engine.connect() as connection:
                connection.execute(sa.text("SELECT 1")).all()

        def listed() -> str:
            return json.dumps([one.told() for one in page.shown(engine)])

        def one() -> str:
            (found,) = page.shown(engine, only=large)
            return json.dumps([found.told(), page.doubts(engine, found)])

        nothing = milliseconds(select)
        print(f"{engine.dialect.name}: a SELECT {nothing:.2f} ms")
        for name, call, most in (("list of 500", listed, 50), ("one with 1,000 chunks", one, 20)):
            took = milliseconds(call)
            print(f"{name}: {took:.1f} ms, {took / nothing:.0f} times a SELECT (goal at most {most} ms)")


if __name__ == "__main__":
    main()
