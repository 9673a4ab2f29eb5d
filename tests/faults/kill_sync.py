"""Kill a syncing process at random moments, start it again, and compare the panel with the source.

``python -m tests.faults.kill_sync --kills 50`` prints a row for patterns, for phonebooks planned anew after each kill,
and for phonebooks applied from one written plan. It fails if anything is lost, doubled or wrong when a try has ended by
itself.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from ippanel_provider.client import Client, Settings, edge
from ippanel_provider.client.requests import everything
from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from ippanel_provider.sync.patterns.apply import read_panel
from ippanel_provider.sync.patterns.files import load
from ippanel_provider.sync.patterns.plan import content_of
from tests.faults.sync_worker import BEGUN, rows
from tests.faults.tally import Tally, heading, row

KINDS = ("patterns", "phonebook", "phonebook from a written plan")


def main() -> int:
    """Run the proof and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="for each kind")
    parser.add_argument("--people", type=int, default=3000, help="rows of the source")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    bad = 0
    print(heading("kind", "generations", "things"), flush=True)
    for kind in KINDS:
        tally = run_kind(kind, options.kills, options.people, chance)
        bad += tally.bad
        print(row(kind, tally), flush=True)
    return 1 if bad else 0


def run_kind(kind: str, kills: int, people: int, chance: random.Random) -> Tally:
    """Sync generation after generation into one panel, until so many processes were killed."""
    tally = Tally()
    began = time.monotonic()
    with running_sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        sandbox.fault("latency", path="/api/", seconds=0.01)
        while tally.kills < kills:
            tally.rounds += 1
            options = {
                "kind": kind.partition(" ")[0],
                "base_url": sandbox.base_url,
                "api_key": sandbox.api_key,
                "folder": folder,
                "generation": tally.rounds,
                "people": people,
                "chunk_size": 100,
                "from_file": kind == KINDS[2],
            }
            if options["kind"] == "patterns":
                write_patterns(Path(folder, "patterns"), tally.rounds)
            run_generation(options, tally, kills, chance)
            with Client(sandbox.api_key, Settings(base_url=sandbox.base_url)) as client:
                (judge_patterns if options["kind"] == "patterns" else judge_contacts)(client, sandbox, options, tally)
    tally.seconds = time.monotonic() - began
    return tally


def run_generation(options: dict[str, Any], tally: Tally, kills: int, chance: random.Random) -> None:
    """Try until a try ends by itself; kill the others at a random moment after they began to apply."""
    while True:
        command = [sys.executable, "-m", "tests.faults.sync_worker", json.dumps(options)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            if process.stdout.readline().strip() == BEGUN and tally.kills < kills:
                try:
                    process.wait(chance.uniform(0, 0.6))
                except subprocess.TimeoutExpired:
                    process.kill()
                    tally.kills += 1
        if process.returncode == 0:
            return
        if process.returncode != -9:
            raise SystemExit(f"a try ended with {process.returncode}; its error is above")


def write_patterns(folder: Path, generation: int) -> None:
    """Forty files, of which each generation changes some, adds some and takes some away."""
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.yaml"):
        path.unlink()
    for n in range(generation * 10, generation * 10 + 40):
        text = generation if n % 4 == 0 else n
        (folder / f"pattern-{n}.yaml").write_text(
            f"message: 'پترن {n} نسخه {text} %code%'\nvariables: {{code: integer}}\n"
        )


def judge_patterns(client: Client, sandbox: RunningSandbox, options: dict[str, Any], tally: Tally) -> None:
    """Compare the panel with the directory."""
    wanted = {file.content.title: file.content.message for file in load(Path(options["folder"], "patterns"))}
    panel = [content_of(pattern) for pattern in client.run(read_panel())]
    counts = Counter(content.title for content in panel)
    tally.things += len(wanted)
    tally.doubled += sum(count - 1 for count in counts.values())
    tally.lost += len(wanted.keys() - counts.keys())
    tally.wrong += sum(wanted.get(content.title) != content.message for content in panel)


def judge_contacts(client: Client, sandbox: RunningSandbox, options: dict[str, Any], tally: Tally) -> None:
    """Compare the phonebook with the source, options included where the generation changed them."""
    wanted = {person["mobile"]: person for person in rows(options["generation"], options["people"])}
    books = client.run(everything(edge.phonebook.list(per_page=1000)))
    assert len(books) == 1
    assert len(client.run(everything(edge.phonebook.list_options(per_page=1000)))) == 1
    sandbox.lift()
    contacts = client.run(everything(edge.phonebook.list_contacts(phonebook_id=books[0].id, per_page=1000)))
    counts = Counter(str(contact.number) for contact in contacts)
    tally.things += len(wanted)
    tally.doubled += sum(count - 1 for count in counts.values())
    tally.lost += len(wanted.keys() - counts.keys())
    tally.wrong += len(counts.keys() - wanted.keys())
    for contact in contacts:
        source = wanted.get(str(contact.number))
        if source is not None and (int(str(contact.number)[-4:]) % 50 == 0):
            values = list(client.run(edge.phonebook.get_contact(contact.id)).options.values())
            tally.wrong += contact.name != source["name"] or values != [str(source["points"])]
    sandbox.fault("latency", path="/api/", seconds=0.01)


if __name__ == "__main__":
    sys.exit(main())
