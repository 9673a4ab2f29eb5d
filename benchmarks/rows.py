"""What it costs to judge rows and to make their texts: this tree against another one, in one run.

python -m benchmarks.rows [--rows 1000000] [--against /path/of/another/tree]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys, time
from ippanel_provider.campaign.audience import Audience, OncePer
from ippanel_provider.campaign.rows import rendered
try:
    from ippanel_provider.tables.records import Record
except ImportError:
    from ippanel_provider.campaign.rows import Record
count = int(sys.argv[1])
template = "{{ row.name }} عزیز، {{ row.points }} امتیاز شما در باشگاه مشتریان تا {{ row.until }} اعتبار دارد.\\nلغو11"
def records():
    for n in range(count):
        yield Record(n, {"mobile": f"0912{n:07d}", "name": "آرش", "points": n, "until": "30 آذر", "city": None})
best = None
for _ in range(int(sys.argv[2])):
    audience = Audience(OncePer.RECIPIENT)
    start = time.process_time()
    messages = sum(1 for _ in audience.screen(rendered(records(), template, "mobile")))
    took = time.process_time() - start
    best = took if best is None else min(best, took)
    assert messages == count, audience.rejects[:3]
print(best / count * 1e6)
"""


def microseconds(tree: Path, rows: int, rounds: int) -> float:
    """Return what a row costs in a tree."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(rows), str(rounds)],
        cwd=tree, env={"PYTHONPATH": str(tree)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(ran.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path)
    options = parser.parse_args()
    here = microseconds(Path(__file__).parents[1], options.rows, options.rounds)
    print(f"this tree: {here:.2f} µs a row")
    if options.against:
        there = microseconds(options.against, options.rows, options.rounds)
        print(f"the other: {there:.2f} µs a row; ratio {here / there:.2f}")


if __name__ == "__main__":
    main()
