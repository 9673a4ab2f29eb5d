"""Small worlds: a panel with a few oddities, a send that goes wrong on it, and what people got in the end.

``python -m tests.faults.worlds [--most 2] [--share 1.0] [--seed 1]`` runs every world with at most so many oddities
through the real sender and a real sandbox, whose clock stands still but for the sender's sleeps, and prints for each
form how many ended well, doubled, lost, or with a question to a person. It fails if anybody got a text twice, or none
though the task is green, for none of the reasons that nobody can do anything about.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import SharedText
from ippanel_provider.campaign.ledger.base import Intent, Outcome
from ippanel_provider.campaign.ledger.hashes import MemberKey, secret_of
from ippanel_provider.campaign.ledger.memory import MemoryLedger
from ippanel_provider.campaign.order import OncePer, Order
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.run import deliver
from ippanel_provider.campaign.schedule import Clock
from ippanel_provider.client import Client, IPPanelError, NoAnswer, Retry, Settings, edge
from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from ippanel_provider.service_profile import ServiceProfile

SEND = "^/v1/api/send$"
TEXT, OTHER = "سلام به همه", "متن دیگری برای همه"
READ_TIMEOUT = 30.0
TRIES = 4
FORMS = {"chunks": (60, 20), "one": (20, 20), "alert": (3, 3), "otp": (1, 1), "turn": (6, 1)}
"""How many people, and how many in a request."""
SILENT = ("lost", "held")


class Killed(BaseException):
    """The process ends here."""


@dataclass(frozen=True)
class World:
    """A friendly panel with a few oddities. Times are seconds."""

    form: str = "chunks"
    victim: int = 0
    """Which send the fate hits."""
    fate: str = "ok"
    kill: bool = False
    """The process ends when the victim's send has had its effect, before anything is written down."""
    lag: float = 1.0
    victim_lag: float = 0.0
    freeze: float = 0.0
    people: str = "now"
    text: str = "plain"
    ids: str = "grow"
    memory: str = "same"
    neighbour: str = "none"
    deleted: bool = False
    cap: int = 0
    guard: bool = True
    cancel: bool = True
    sched_listed: bool = True
    second: str = "ok"
    """What becomes of a repetition with a send time."""
    retry_after: float = 300.0

    def __str__(self) -> str:
        plain = World()
        odd = {each.name: getattr(self, each.name) for each in fields(self)}
        return " ".join(f"{name}={value}" for name, value in odd.items() if value != getattr(plain, name)) or "plain"


ODDITIES: dict[str, list[Any]] = {
    "fate": [
        *("reset", "lost", "held10", "held180", "held400", "held1200"),
        *("twice429", "twicecredit", "cdn_after", "cdn_before", "throttle", "throttle_after"),
    ],
    "kill": [True],
    "lag": [8.0, 60.0, 400.0],
    "victim_lag": [300.0, 1500.0],
    "freeze": [500.0],
    "people": ["late", "one_less"],
    "text": ["other", "hidden"],
    "ids": ["blocks"],
    "memory": ["none"],
    "neighbour": [
        *("other_words", "other_words_hand", "same_words", "same_words_hand"),
        *("before", "before_hand", "before_late", "before_late_hand"),
    ],
    "deleted": [True],
    "cap": [2],
    "guard": [False],
    "cancel": [False],
    "sched_listed": [False],
    "second": ["lost", "killed"],
    "retry_after": [30.0],
}

REASONS: dict[str, Callable[[World], bool]] = {
    "it is taken or shown later than ten minutes after it left": lambda w: (
        w.fate == "held1200"
        or w.victim_lag > 1000
        or (w.fate == "held400" and w.lag + w.victim_lag + w.freeze >= 300)
        or w.lag + w.victim_lag >= 700
    ),
    "a code or alert is taken later than 65 seconds after it left": lambda w: (
        w.form in ("otp", "alert") and w.fate in ("held180", "held400")
    ),
    "somebody deletes the bulk from the outbox": lambda w: w.deleted,
    "cancelling does not work": lambda w: not w.cancel,
    "the same words to the same people by hand": lambda w: w.neighbour in ("same_words_hand", "before_late_hand"),
    "the same words to the same people by another task within the guard's 40 seconds": lambda w: (
        w.neighbour == "same_words"
    ),
    "other words by hand, where texts are hidden or not understood": lambda w: (
        w.neighbour == "other_words_hand" and w.text != "plain"
    ),
    "both answers are lost, on a list later than cancelling": lambda w: (
        w.second == "lost" and (w.lag >= 400 or w.freeze > 0 or not w.sched_listed)
    ),
}
"""Why what still goes wrong cannot be told from what goes well."""


def reason_of(world: World) -> str:
    """Return why nobody can tell; empty if somebody can."""
    return next((why for why, holds in REASONS.items() if holds(world)), "")


def worlds(most: int) -> Iterator[World]:
    """Yield every world with at most so many oddities in which something goes wrong."""
    for form, victims in {"chunks": (0, 1, 2), "one": (0,), "alert": (0,), "otp": (0,), "turn": (3,)}.items():
        for victim, count in itertools.product(victims, range(1, most + 1)):
            for names in itertools.combinations(ODDITIES, count):
                if not {"fate", "kill"} & set(names):
                    continue
                for values in itertools.product(*(ODDITIES[name] for name in names)):
                    odd = dict(zip(names, values, strict=True))
                    if odd.get("fate") == "twice429" and "guard" in odd:
                        continue  # The 429 is the guard's.
                    yield World(form=form, victim=victim, **odd)


class Register(MemoryLedger):
    """A ledger in whose home other tasks of the account write too."""

    def __init__(self) -> None:
        super().__init__(MemberKey(secret_of("worlds"), OncePer.RECIPIENT))
        self.others: set[int] = set()

    def history(self) -> Iterator[tuple[Intent, Outcome | None]]:
        """Yield all records, as to a new try."""
        self.known.remember(b"", frozenset())
        return super().history()

    def claimed(self, since: float) -> set[int]:
        """Return the ids of all."""
        return super().claimed(since) | self.others


@dataclass
class Play:
    """One world, played through the real sender."""

    world: World
    sandbox: RunningSandbox
    client: Client
    settings: Settings = field(init=False)
    sends: int = 0
    foreign: set[int] = field(default_factory=set)
    """Bulks that others sent."""
    due: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.settings = self.client.settings
        self.ledger = Register()
        count, self.size = FORMS[self.world.form]
        self.people = [f"+98912{n:07d}" for n in range(count)]
        self.sandbox.reset()
        self.sandbox.speed(0)
        self.time = self.sandbox.now()
        self._furnish()

    def verdict(self) -> str:
        """Play it, and return ``ok``, ``doubled``, ``lost`` or ``asks``."""
        messages = [Message(number, TEXT, line) for line, number in enumerate(self.people, start=1)]
        order = Order(
            sender=self.sandbox.sender,
            kind=SharedText(TEXT),
            chunk_size=self.size,
            concurrency=1,
            is_urgent=self.world.form in ("otp", "alert"),
        )
        is_green = False
        for _ in range(TRIES):
            try:
                deliver(order, messages, self, self.ledger, Progress(), clock=Clock(lambda: self.time, self.sleep))  # type: ignore[arg-type]
            except (IPPanelError, Killed):
                self.sleep(self.world.retry_after)
                continue
            is_green = True
            break
        self.sleep(10_000)
        got = Counter(
            text["recipient"]
            for text in self.sandbox.messages()
            if text["outbox_id"] not in self.foreign and text["state_id"] != 7
        )
        if any(got[number] > 1 for number in self.people):
            return "doubled"
        if is_green and any(not got[number] for number in self.people):
            return "lost"
        return "ok" if is_green else "asks"

    def run(self, call: Any) -> Any:
        """Run a request or a flow as a client does; sends meet their fate, and take their time."""
        if not getattr(call, "operation", "").startswith("send.web"):
            return self.client.run(call)
        is_second = "send_time" in json.loads(call.body)
        is_victim = self.sends == self.world.victim and not is_second
        self.sends += 1
        if is_victim:
            self._neighbours()
        try:
            result = self.client.run(call)
        except NoAnswer:
            self.sleep(READ_TIMEOUT if self.world.fate.startswith(SILENT) else 0.1)
            raise
        finally:
            if is_victim and self.world.kill:
                raise Killed
        self.sleep(1)
        if is_second and self.world.second == "killed" and self._first_time("second"):
            raise Killed
        if is_second and self.world.second == "lost" and self._first_time("second"):
            self.sleep(READ_TIMEOUT)
            raise NoAnswer("lost")
        return result

    def sleep(self, seconds: float) -> None:
        """Let time pass, and others do what they do meanwhile."""
        end = self.time + seconds
        for at, act in sorted(self.due, key=lambda each: each[0]):
            if at <= end:
                self.due.remove((at, act))
                self._advance(max(0.0, at - self.time))
                act()
        self._advance(max(0.0, end - self.time))

    def _advance(self, seconds: float) -> None:
        if seconds:
            self.sandbox.advance(seconds)
            self.time += seconds

    def _first_time(self, what: str) -> bool:
        is_first = what not in self._done
        self._done.add(what)
        return is_first

    def _furnish(self) -> None:
        world, self._done = self.world, set[str]()
        self._post(["+989129999999"], OTHER)
        self._advance(500)
        if world.neighbour.startswith("before"):
            if "late" in world.neighbour:
                self.sandbox.fault("listed_late", path=SEND, times=1, seconds=150)
            self._post(self.people[: self.size], TEXT, known="hand" not in world.neighbour)
        self._advance(60)
        facts = {
            "outbox_lag": world.lag,
            "recipients_listed": "when_final" if world.people == "late" else "at_once",
            "recipients_lacking": int(world.people == "one_less" and self.size > 1),
            "text_listed": world.text,
            "ids": world.ids,
            "list_cap": world.cap,
            "cancel_works": world.cancel,
            "scheduled_listed": world.sched_listed,
            "guard_seconds": 40.0 if world.guard else 0.0,
        }
        self.sandbox.profile(**facts)
        if world.people == "late":
            life = float(self.sandbox.control("GET", "clock")["life"])
            self.sandbox.pace(3600 / life)
        if world.memory == "same":
            known = {name: facts[name] for name in ("text_listed", "ids", "guard_seconds")}
            profile = ServiceProfile().learn(
                {**known, "clock_offset": 0.0, "send_times": "second"}, at=datetime.fromtimestamp(self.time, UTC)
            )
            self.ledger.learn({"profile": profile.to_json()})
        self._fate()

    def _fate(self) -> None:
        world = self.world
        here: dict[str, Any] = {"path": SEND, "times": 1, "after": world.victim}
        match world.fate:
            case "reset":
                self.sandbox.fault("reset", **here)
            case "lost":
                self.sandbox.fault("unanswered", **here)
            case "twice429":
                self.sandbox.fault("repeated", **here, answer="guard")
            case "twicecredit":
                # The second copy found no credit left.
                self.sandbox.fault("refused", **here, processed=True, message="اعتبار حساب کافی نیست", code="400-1")
            case "cdn_after" | "cdn_before":
                self.sandbox.fault("html", **here, status=403, processed=world.fate == "cdn_after")
            case "throttle" | "throttle_after":
                self.sandbox.fault("status", **here, status=429, processed=world.fate == "throttle_after")
            case fate if fate.startswith("held"):
                self.sandbox.fault("held", **here, seconds=int(fate.removeprefix("held")))
        if world.victim_lag:
            self.sandbox.fault("listed_late", **here, seconds=world.victim_lag)
        if world.freeze:
            self.sandbox.fault("frozen", **here, seconds=world.freeze)
        if world.deleted:
            self.sandbox.fault("deleted", **here, seconds=60)

    def _neighbours(self) -> None:
        world, at = self.world, self.time
        victims = self.people[world.victim * self.size :][: self.size]
        if world.neighbour.startswith(("other_words", "same_words")):
            text, known = TEXT if "same" in world.neighbour else OTHER, "hand" not in world.neighbour
            self.due.append((at + 20, lambda: self._post(victims, text, known=known)))
        for n in range(world.cap):
            self.due.append((at + 40 + n, lambda n=n: self._post([f"+98912888000{n}"], f"{OTHER} {n}")))  # type: ignore[misc]

    def _post(self, people: list[str], text: str, *, known: bool = False) -> None:
        try:
            ids = self.client.run(edge.send.webservice(text, people, sender=self.sandbox.sender)).outbox_ids
        except IPPanelError:
            return
        self.foreign.update(ids)
        self.ledger.others.update(ids if known else ())


def play(sandbox: RunningSandbox, client: Client, world: World) -> str:
    """Return what came of a world."""
    return Play(world, sandbox, client).verdict()


def client_of(sandbox: RunningSandbox) -> Client:
    """Return a client that waits no longer for an answer than it has to."""
    settings = Settings(base_url=sandbox.base_url, read_timeout=0.5, retry=Retry(attempts=1))
    return Client(sandbox.api_key, settings)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=2, help="oddities of a world")
    parser.add_argument("--share", type=float, default=1.0, help="how many of the worlds, drawn by chance")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--form", choices=FORMS, help="only this one")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    chance, bad, began = random.Random(options.seed), 0, time.monotonic()
    drawn = [world for world in worlds(options.most) if chance.random() < options.share]
    tallies: dict[str, Counter[str]] = {form: Counter() for form in FORMS}
    with running_sandbox() as sandbox, client_of(sandbox) as client:
        for world in drawn:
            if options.form and world.form != options.form:
                continue
            verdict = play(sandbox, client, world)
            why = reason_of(world)
            is_bad = verdict in ("doubled", "lost")
            bad += is_bad and not why
            tallies[world.form][f"{verdict}, nobody can tell" if is_bad and why else verdict] += 1
            if (is_bad and not why) or verdict == "asks":
                print(f"{verdict:8} {world}", flush=True)
    for form, tally in tallies.items():
        print(f"{form:8} " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(tally.items())))
    print(f"{sum(map(Counter.total, tallies.values()))} worlds in {time.monotonic() - began:.0f} s. Wrong: {bad}.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
