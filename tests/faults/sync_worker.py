"""One try of a sync, as a process that may be killed at any moment: ``python -m tests.faults.sync_worker '{…}'``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ippanel_provider.client import Client, Retry, Settings
from ippanel_provider.sync.patterns import apply as pattern_apply
from ippanel_provider.sync.patterns.files import load
from ippanel_provider.sync.patterns.lock import LOCK_NAME, Lock
from ippanel_provider.sync.patterns.plan import make_plan as plan_patterns
from ippanel_provider.sync.phonebooks.apply import Terms, apply
from ippanel_provider.sync.phonebooks.memory import Memory, key_of
from ippanel_provider.sync.phonebooks.plan import PhonebookPlan
from ippanel_provider.sync.phonebooks.planning import make_plan
from ippanel_provider.sync.phonebooks.source import numbered
from ippanel_provider.sync.phonebooks.spec import spec_of

BEGUN = "begun"
KEY = key_of("faults")
SPEC = {
    "book": "Customers",
    "number": "mobile",
    "fields": {"name": "name"},
    "options": {"Points": "points:int"},
    "mode": "mirror",
    "max_delete": "100%",
}


def rows(generation: int, people: int) -> Iterator[dict[str, Any]]:
    """Yield the source of a generation: with each, some people have other points, and a tenth comes and goes."""
    for n in range(people):
        if (n + generation) % 10:
            points = generation if n % 3 == generation % 3 and n % 50 == 0 else n
            yield {"mobile": f"+98912{n:07d}", "name": f"نام {n}", "points": points}


def sync_phonebook(client: Client, options: dict[str, Any]) -> None:
    """Plan and apply, or apply the plan that the first try wrote down."""
    folder = Path(options["folder"])
    state, written = folder / "state", folder / f"plan-{options['generation']}.jsonl"
    if not options["from_file"]:
        plan = client.run(
            make_plan(spec_of(SPEC), numbered(rows(options["generation"], options["people"])), Memory.load(state, KEY))
        )
    else:
        if not written.exists():
            planned = client.run(
                make_plan(
                    spec_of(SPEC), numbered(rows(options["generation"], options["people"])), Memory.load(state, KEY)
                )
            )
            planned.save(written.with_suffix(".draft"))
            written.with_suffix(".draft").replace(written)
        plan = PhonebookPlan.load(written)
    print(BEGUN, flush=True)
    terms = Terms(chunk_size=options["chunk_size"], settle=0.1, state=state)
    client.run(apply(plan, KEY, lambda row: None, terms, check_panel=options["from_file"]))


def sync_patterns(client: Client, options: dict[str, Any]) -> None:
    """Make the panel as a directory says, in which every generation changes, adds and removes files."""
    folder = Path(options["folder"]) / "patterns"
    lock_path = folder / LOCK_NAME
    lock = Lock.load(lock_path)
    plan = plan_patterns(load(folder), client.run(pattern_apply.read_panel()), lock, prune=True)
    print(BEGUN, flush=True)
    client.run(pattern_apply.apply(plan, lock, lambda kept: kept.save(lock_path), settle=0.1))


def main() -> None:
    """Do the sync named on the command line."""
    options = json.loads(sys.argv[1])
    settings = Settings(base_url=options["base_url"], read_timeout=10, retry=Retry(first_delay=0.05))
    with Client(options["api_key"], settings) as client:
        (sync_patterns if options["kind"] == "patterns" else sync_phonebook)(client, options)


if __name__ == "__main__":
    main()
