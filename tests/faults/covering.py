"""Homes, forms, kinds of delivery, panels and faults, each pair of them at least once.

``python -m tests.faults.covering [--seed 1] [--share 1.0]`` plays a covering array through the real sender and a real
sandbox, whose clock stands still but for the sender's sleeps, and prints for each panel how many runs ended well, with
a question to a person, doubled, or lost though the task was green. It fails if any of the last two is there.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import Form, OwnTexts, Pattern, SharedText, Single
from ippanel_provider.campaign.ledger.base import Ledger
from ippanel_provider.campaign.order import Order
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.run import deliver
from ippanel_provider.campaign.schedule import Clock
from ippanel_provider.client import Client, IPPanelError, NoAnswer, Upload, edge
from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from tests.campaign.conftest import HOMES, ledger_home
from tests.faults.worlds import READ_TIMEOUT, SEND, TRIES, Killed, client_of

TEXT = "سلام، کتاب‌های تازهٔ ما رسید ۱۲۳"
PANELS: dict[str, dict[str, Any]] = {
    "as documented": {},
    "texts end in لغو11": {"suffix_appended": True},
    "Arabic letters, CRLF": {"letters": "arabic", "line_ends": "crlf"},
    "half-spaces dropped": {"half_spaces": "dropped", "trailing_space": "dropped"},
    "numbers as 09…, without texts": {"recipient_form": "0", "recipient_texts": False},
    "numbers as 98…, counts 0": {"recipient_form": "98", "counts": "zero"},
    "one listed less": {"counts": "one_less", "recipients_lacking": 1},
    "other texts": {"text_listed": "other"},
    "texts hidden": {"text_listed": "hidden"},
    "people when final": {"recipients_listed": "when_final"},
    "texts hidden, people when final": {"text_listed": "hidden", "recipients_listed": "when_final"},
    "times to the minute": {"send_times": "minute"},
    "times of creation, Tehran": {"send_times": "created", "filter_zone": "tehran"},
    "clock 2 minutes behind": {"clock_offset": -120.0},
    "clock 6 minutes ahead": {"clock_offset": 360.0},
    "ids in blocks": {"ids": "blocks"},
    "pages of 5, no figures": {"page_cap": 5, "page_figures": False},
    "pages shift, oldest first": {"pages_shift": 1, "page_order": "oldest"},
    "listed a minute late": {"outbox_lag": 60.0},
    "listed 7 minutes late": {"outbox_lag": 420.0},
    "scheduled not listed": {"scheduled_listed": False},
    "two newest listed": {"list_cap": 2},
    "no guard": {"guard_seconds": 0.0},
}
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "reset": ("reset", {}),
    "answer lost": ("unanswered", {}),
    "answer lost, killed": ("unanswered", {}),
    "killed before": ("reset", {}),
    "504 before": ("status", {"status": 504}),
    "504 after": ("status", {"status": 504, "processed": True}),
    "CDN's page after": ("html", {"status": 403, "processed": True}),
    "redirect after": ("redirect", {"status": 302, "processed": True}),
    "429 before": ("status", {"status": 429, "retry_after": 2}),
    "429 after": ("status", {"status": 429, "processed": True}),
    "a second copy meets the guard": ("repeated", {"answer": "guard"}),
    "a second copy finds no credit": ("repeated", {"answer": "credit"}),
    "taken a minute later": ("held", {"seconds": 60}),
    "bad credential": ("unauthorized", {}),
}
SILENT = ("unanswered", "held")
FORMS = ("one text", "own texts", "pattern", "alert", "phonebook", "file")
SERVICE_KNOWS = ("phonebook", "file")
"""Only the service knows who gets these."""
_DRAWN = 60


class Run(NamedTuple):
    """A campaign, and what is odd about its way."""

    home: str
    form: str
    delivery: str
    panel: str
    fault: str
    place: int
    """Which request the fault hits."""

    @property
    def is_possible(self) -> bool:
        """Whether there is such a thing."""
        if self.form == "alert" and self.delivery != "direct":
            return False
        if self.form in SERVICE_KNOWS and self.delivery == "scheduled":
            return False
        if self.form in (*SERVICE_KNOWS, "alert") and self.place:
            return False
        # Where there is no guard, the service itself would make two of them.
        return not (self.panel == "no guard" and self.fault.startswith("a second copy"))

    def __str__(self) -> str:
        return ", ".join(map(str, self))


FACTORS: tuple[Sequence[Any], ...] = (HOMES, FORMS, ("direct", "later", "scheduled"), (*PANELS,), (*FAULTS,), (0, 1))


def array(seed: int) -> list[Run]:
    """Return runs in which every pair of values of two factors that can be is there at least once."""
    chance, runs = random.Random(seed), list[Run]()
    every = (Run(*values) for values in itertools.product(*FACTORS))
    left = {pair for run in every if run.is_possible for pair in _pairs(run)}
    for wanted in sorted(left, key=str):
        if wanted in left:
            # Of some that have this pair, the one that has most of what else is missing.
            best = max(_drawn(dict(wanted), chance), key=lambda run: len(left & _pairs(run)))
            left -= _pairs(best)
            runs.append(best)
    return runs


def _drawn(given: Mapping[int, Any], chance: random.Random) -> list[Run]:
    runs: list[Run] = []
    while len(runs) < _DRAWN:
        values = (given.get(place, chance.choice(factor)) for place, factor in enumerate(FACTORS))
        if (run := Run(*values)).is_possible:
            runs.append(run)
    return runs


def _pairs(run: Run) -> set[tuple[tuple[int, Any], tuple[int, Any]]]:
    return set(itertools.combinations(enumerate(run), 2))


class _Dying:
    """A client whose process ends when the victim's request has left."""

    def __init__(self, client: Client, run: Run, sleep: Callable[[float], None]) -> None:
        self.settings = client.settings
        self._client, self._run, self._sleep = client, run, sleep
        self._place, self._sends = run.place, 0

    def run(self, call: Any) -> Any:
        """Run it, and let the time pass that it takes."""
        if not getattr(call, "operation", "").startswith("send.") or call.operation == "send.cancel":
            return self._client.run(call)
        is_victim = self._sends == self._place
        self._sends += 1
        try:
            return self._client.run(call)
        except NoAnswer:
            self._sleep(READ_TIMEOUT if is_victim and FAULTS[self._run.fault][0] in SILENT else 0.1)
            raise
        finally:
            if is_victim and "killed" in self._run.fault:
                raise Killed


class Ending(NamedTuple):
    """What came of a run."""

    verdict: str
    """``ok``, ``asks``, ``doubled`` or ``lost``."""
    seconds: float
    """Until the task ended, whichever try of it."""


def play(sandbox: RunningSandbox, client: Client, run: Run, folder: Path) -> Ending:
    """Return what came of it."""
    sandbox.reset()
    sandbox.speed(0)
    at = [sandbox.now()]

    def sleep(seconds: float) -> None:
        if seconds > 0:
            sandbox.advance(seconds)
            at[0] += seconds

    client.run(edge.send.webservice("پیام دیروز", ["09120000999"], sender=sandbox.sender))
    sleep(600)
    people = [f"+98912{n:07d}" for n in range({"alert": 3, "pattern": 5}.get(run.form, 12))]
    kind, messages = _what(run, people, sandbox, client)
    if PANELS[run.panel].get("recipients_listed") == "when_final":
        sandbox.pace(3600 / float(sandbox.control("GET", "clock")["life"]))
    sandbox.profile(**PANELS[run.panel])
    fault, given = FAULTS[run.fault]
    sandbox.fault(fault, path=SEND, times=1, after=run.place, **given)
    order = Order(
        sender=sandbox.sender,
        kind=kind,
        chunk_size=4,
        concurrency=1,
        is_urgent=run.form == "alert",
        delivery="scheduled" if run.delivery == "scheduled" else "direct",
        send_time=None if run.delivery == "direct" else datetime.fromtimestamp(at[0], UTC) + timedelta(hours=8),
    )
    open_ledger: Callable[[], Ledger] = ledger_home(run.home, folder)
    dying: Any = _Dying(client, run, sleep)
    is_green, began = False, at[0]
    for _ in range(TRIES):
        try:
            deliver(order, messages, dying, open_ledger(), Progress(), clock=Clock(lambda: at[0], sleep))
        except (IPPanelError, Killed):
            sleep(300)
            continue
        is_green = True
        break
    seconds = at[0] - began
    sleep(50_000)
    sandbox.settle()
    texts = [text for text in sandbox.messages() if text["state_id"] != 7]
    got = Counter(text["recipient"] for text in texts)
    if any(got[number] > 1 for number in people):
        return Ending("doubled", seconds)
    if is_green and any(not got[number] for number in people):
        return Ending("lost", seconds)
    return Ending("ok" if is_green else "asks", seconds)


def _what(run: Run, people: list[str], sandbox: RunningSandbox, client: Client) -> tuple[Form, list[Message]]:
    """Return the form and the messages."""
    one = [Message("", sandbox.sender)]
    match run.form:
        case "own texts":
            return OwnTexts(), [Message(number, f"{TEXT} {n}", n) for n, number in enumerate(people, start=1)]
        case "pattern":
            made = client.run(
                edge.pattern.create("کد شما %code% است", variables={"code": "integer"}, description="ورود")
            )
            sandbox.approve(made.code)
            rows = [(n, number, 1000 + n) for n, number in enumerate(people, start=1)]
            return Pattern(made.code, is_urgent=False), [
                Message(number, f"کد شما {value} است", n, {"code": value}) for n, number, value in rows
            ]
        case "phonebook":
            book = sandbox.add_phonebook("all", [{"number": number} for number in people])["id"]
            by_book = lambda at: edge.send.phonebook(TEXT, [book], sender=sandbox.sender, send_time=at)  # noqa: E731
            return Single(by_book, TEXT, len(people)), one
        case "file":
            upload = Upload("people.csv", "\n".join(["recipient", *people]).encode())
            by_file = lambda at: edge.send.file(TEXT, upload, sender=sandbox.sender, send_time=at)  # noqa: E731
            return Single(by_file, TEXT, len(people)), one
        case _:
            return SharedText(TEXT), [Message(number, TEXT, n) for n, number in enumerate(people, start=1)]


def table(tallies: Mapping[str, Counter[str]]) -> Iterator[str]:
    """Yield the lines of what was seen."""
    yield "| panel | runs | ok | waits for a person | share | doubled | lost |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for name, tally in tallies.items():
        runs = tally.total()
        share = f"{tally['asks'] / runs:.0%}" if runs else "-"
        counts = [runs, tally["ok"], tally["asks"], share, tally["doubled"], tally["lost"]]
        yield "| " + " | ".join([name, *map(str, counts)]) + " |"


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="how many of the runs, drawn by chance")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    chance, began = random.Random(options.seed), time.monotonic()
    runs = [run for run in array(options.seed) if chance.random() < options.share]
    by: tuple[dict[str, Counter[str]], ...] = tuple({str(value): Counter() for value in factor} for factor in FACTORS)
    with running_sandbox() as sandbox, client_of(sandbox) as client, tempfile.TemporaryDirectory() as folder:
        for number, run in enumerate(runs):
            (home := Path(folder) / str(number)).mkdir()
            verdict = play(sandbox, client, run, home).verdict
            for tallies, value in zip(by, run, strict=True):
                tallies[str(value)][verdict] += 1
            if verdict != "ok":
                print(f"{verdict:8} {run}", flush=True)
    for place in (3, 0, 1, 2):
        print("\n".join(table(by[place])) + "\n")
    bad = sum(tally["doubled"] + tally["lost"] for tally in by[0].values())
    print(f"{len(runs)} runs in {time.monotonic() - began:.0f} s. Wrong: {bad}.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
