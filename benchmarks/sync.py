"""A million rows against ten phonebooks of 100,000: CPU and memory of the plan, and requests against the least
possible.

``python -m benchmarks.sync [--contacts 1000000] [--answers sandbox|made]``. Each step runs in a process of its own, so
that its CPU time and its peak of memory are its own. With ``sandbox`` every request goes over a socket to a sandbox;
with ``made`` the pages of the panel are made up in the same process, which leaves out the network and a second process
of a gigabyte. The steps: the first plan of an empty panel with its apply, and the second run, in which nothing has
changed.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ippanel_provider.client import Client, Contact, Flow, NotFound, Option, Page, Phonebook, Request, Settings, Sleep
from ippanel_provider.client.models import AddedContacts
from ippanel_provider.client.requests import Answer, Together
from ippanel_provider.sandbox.runner import running_sandbox
from ippanel_provider.sync.phonebooks.apply import Terms, apply
from ippanel_provider.sync.phonebooks.memory import Memory, key_of
from ippanel_provider.sync.phonebooks.planning import make_plan
from ippanel_provider.sync.phonebooks.source import numbered
from ippanel_provider.sync.phonebooks.spec import spec_of

KEY = key_of("benchmark")
SPEC = {
    "book": "Customers",
    "number": "mobile",
    "fields": {"name": "name"},
    "options": {"Points": "points:int"},
    "mode": "mirror",
    "over_full": "split",
}
BOOK = 100_000
PAGE = 1000
CHUNK = 10_000


def source(count: int) -> Iterator[dict[str, Any]]:
    """Yield the rows of a warehouse."""
    for n in range(count):
        yield {"mobile": f"0912{n:07d}", "name": f"مشتری شماره {n}", "points": n % 1000}


def main() -> int:
    """Run the steps and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--answers", choices=("sandbox", "made"), default="sandbox")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(run_step(json.loads(options.step))))
        return 0
    print(f"{options.contacts} rows, {-(-options.contacts // BOOK)} phonebooks, answers: {options.answers}")
    print(
        f"{'step':<28} {'CPU s':>7} {'wall s':>7} {'peak MB':>8} {'reads':>6} {'writes':>6} {'least':>6} {'ratio':>6}"
    )
    with tempfile.TemporaryDirectory() as folder:
        if options.answers == "made":
            return steps(options, folder, None)
        with running_sandbox() as sandbox:
            return steps(options, folder, {"base_url": sandbox.base_url, "api_key": sandbox.api_key})


def steps(options: argparse.Namespace, folder: str, sandbox: dict[str, str] | None) -> int:
    """Run all steps, each in its process."""
    bad = 0
    for name in ("plan and apply, empty panel", "plan, nothing changed", "plan and apply, unchanged"):
        step = {"name": name, "contacts": options.contacts, "folder": folder, "sandbox": sandbox}
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.sync", "--step", json.dumps(step)],
            check=True,
            capture_output=True,
            text=True,
        )
        found = json.loads(done.stdout)
        ratio = (found["reads"] + found["writes"]) / found["least"]
        figures = (
            f"{found['cpu']:>7.1f} {found['wall']:>7.1f} {found['peak']:>8.0f} {found['reads']:>6} {found['writes']:>6}"
        )
        print(f"{name:<28} {figures} {found['least']:>6} {ratio:>6.3f}", flush=True)
        bad += ratio > 1.05 or (name != "plan and apply, empty panel" and found["writes"] > 0)
    return 1 if bad else 0


def run_step(step: dict[str, Any]) -> dict[str, Any]:
    """Run one step and measure it."""
    state = Path(step["folder"], "state")
    count = step["contacts"]
    panel: Panel = (
        Made(Path(step["folder"], "panel"), count) if step["sandbox"] is None else Sandboxed(**step["sandbox"])
    )
    began, used = time.perf_counter(), time.process_time()
    plan = panel.run(make_plan(spec_of(SPEC), numbered(source(count)), Memory.load(state, KEY)))
    planned = plan.head.counts
    if "apply" in step["name"]:
        panel.run(apply(plan, KEY, lambda row: None, Terms(chunk_size=CHUNK, state=state), check_panel=False))
    return {
        "cpu": time.process_time() - used,
        "wall": time.perf_counter() - began,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "reads": sum(n for operation, n in panel.calls.items() if ".list" in operation or ".get" in operation),
        "writes": sum(
            n for operation, n in panel.calls.items() if ".list" not in operation and ".get" not in operation
        ),
        "least": least(count, planned["create"]),
    }


def least(count: int, creates: int) -> int:
    """The fewest requests the API allows: a page a thousand contacts that are there, a chunk a book and ten thousand to
    add.
    """
    there = count - creates
    books = -(-count // BOOK)
    pages = 2 + -(-there // PAGE)
    return pages + (-(-creates // CHUNK) + books + 1 if creates else 0)


class Panel(ABC):
    """Runs flows and counts their requests."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()

    def run(self, flow: Flow[Any]) -> Any:
        """Run a flow to its end."""
        answer: Any = None
        while True:
            try:
                step = flow.send(answer)
            except StopIteration as stop:
                return stop.value
            if isinstance(step, Sleep):
                continue
            asked = step.requests if isinstance(step, Together) else [step]
            self.calls.update(request.operation for request in asked)
            answers = self.answers(asked)
            answer = answers if isinstance(step, Together) else answers[0]

    def answers(self, requests: Sequence[Request[Any]]) -> list[Any]:
        """Answer requests that are made at once."""
        return [self.answer(request) for request in requests]

    @abstractmethod
    def answer(self, request: Request[Any]) -> Any:
        """Answer a request."""


class Sandboxed(Panel):
    """A sandbox over a socket."""

    def __init__(self, base_url: str, api_key: str) -> None:
        super().__init__()
        self._client = Client(api_key, Settings(base_url=base_url, read_timeout=300))

    def answer(self, request: Request[Any]) -> Any:
        """Ask the sandbox."""
        return self._client.run(request)

    def answers(self, requests: Sequence[Request[Any]]) -> list[Any]:
        """Ask the sandbox all at once."""
        return self._client.run(iter(Together(requests)))


class Made(Panel):
    """A panel that is made up: empty until it was applied to, then full. Its pages are JSON, read as those of the
    service are.
    """

    def __init__(self, mark: Path, count: int) -> None:
        super().__init__()
        self._mark = mark
        self._count = count
        self._full = mark.exists()
        self._titles = [f"Customers {n + 1}" if n else "Customers" for n in range(-(-count // BOOK))]

    def answer(self, request: Request[Any]) -> Any:
        """Make up the answer."""
        query = dict(request.query)
        match request.operation:
            case "phonebook.list_options":
                return Page([Option(id=1, title="Points", type="int")] if self._full else [], 1, PAGE, 1)
            case "phonebook.list":
                books = [Phonebook(id=n + 1, title=title, options=({"id": 1},)) for n, title in enumerate(self._titles)]  # type: ignore[arg-type]
                return Page(books if self._full else [], 1, PAGE, 1)
            case "phonebook.list_contacts":
                return self._page(request, int(query["phonebook_id"]), int(query["page"]))
            case "phonebook.create_option":
                return Option(id=1, title="Points", type="int")
            case "phonebook.create":
                return Phonebook(id=self.calls["phonebook.create"], title="made")
            case "phonebook.add_contacts":
                self._mark.touch()
                return AddedContacts(added=len(json.loads(request.body or b"{}")["list"]))
        raise NotFound(request.operation)

    def _page(self, request: Request[Any], book: int, page: int) -> Page[Contact]:
        first = (book - 1) * BOOK + (page - 1) * PAGE
        here = min(BOOK, self._count - (book - 1) * BOOK)
        time_ = "2025-06-01T08:27:32.000000Z"
        rows = [
            {
                "id": 3_000_000_001 + n, "phonebook_id": book, "pre": None, "name": f"مشتری شماره {n}", "email": None,
                "number": f"+98912{n:07d}", "created_at": time_, "updated_at": time_,
                "phonebook_title": self._titles[book - 1],
            }
            for n in range(first, min(first + PAGE, (book - 1) * BOOK + here))
        ]  # fmt: skip
        meta = {"status": True, "current_page": page, "last_page": -(-here // PAGE), "per_page": PAGE, "total": here}
        body = json.dumps({"data": rows, "meta": meta}, ensure_ascii=False).encode()
        return request.read(Answer(200, {}, body, request))  # type: ignore[no-any-return]


if __name__ == "__main__":
    sys.exit(main())
