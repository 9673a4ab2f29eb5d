"""Faults on demand: which request meets which failure, and how often."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .lifecycle import Script

NAMES: dict[str, str] = {
    "latency": "answers after `seconds` (0.5)",
    "status": "answers with `status` (500), `retry_after`, `body`; nothing is processed unless `processed`",
    "html": "answers an HTML page of a gateway with `status` (502); nothing is processed unless `processed`",
    "malformed": "processes, then answers 200 with broken JSON",
    "truncated": "processes, then announces the whole answer and closes in the middle of it",
    "refused": "answers 200 that says no, with `message` and `code`; nothing is processed unless `processed`",
    "unauthorized": "answers 401 with `body`: `seen` or `documented`",
    "drop_before": "closes the connection, nothing processed",
    "reset": "resets the connection (TCP), nothing processed",
    "drop_after": "processes, then closes the connection unanswered",
    "unanswered": "processes, then stays silent until the client gives up",
    "held": "keeps the request back and processes it `seconds` (60) of service time later; stays silent, or answers "
    "an HTML page of a gateway with `status` if given",
    "repeated": "a gateway hands the request on twice and answers what the second got; or, with `answer`, that it is a "
    "repetition (`guard`) or there is no credit (`credit`)",
    "redirect": "answers `status` (302) that points elsewhere; nothing is processed unless `processed`",
    "listed_late": "what is accepted is in the outbox list only after `seconds` (300) of service time",
    "frozen": "from this send on the outbox list takes in nothing new for `seconds` (500) of service time",
    "deleted": "what is accepted is deleted from the outbox after `seconds` (60) of service time",
    "fewer_ids": "accepts all, answers only the first `accept` (1) ids",
    "outbox_lag": "the outbox list does not show bulks younger than `seconds` (30) of service time",
    "partial": "peer_to_peer accepts only the first `accept` (1) items and answers their ids, or answers "
    "`status` if given",
    "outcome": "what is accepted ends in `state_id`, or all its texts in `message_status`",
}
"""Every fault and what it does."""

# What any fault may be given besides, of which each heeds its own. These are numbers (all but seconds whole) within
# bounds,
_NUMBERS = {
    "seconds": (0, 3600),
    "status": (200, 599),
    "retry_after": (0, 86400),
    "accept": (0, 1000),
    "state_id": (0, 9),
    "message_status": (0, 4),
}
# and these are other things.
_OTHERS = ("body", "message", "code", "processed", "answer")
ANSWERS = ("guard", "credit")
_PROCESSED_BY_DEFAULT = frozenset({"malformed", "truncated", "drop_after", "unanswered", "repeated"})
_DECISIVE = _PROCESSED_BY_DEFAULT | {
    *("status", "html", "redirect", "refused", "unauthorized", "drop_before", "reset", "held")
}


@dataclass(slots=True)
class Effects:
    """What faults change about a request that is processed."""

    lag: float = 0.0
    """Seconds the outbox list is behind."""
    accept_only: int | None = None
    """How many items a peer_to_peer send takes."""
    answer_only: int | None = None
    """How many of its ids a send is answered with."""
    outcome: tuple[int | None, int | None] | None = None
    """The ``state_id`` and ``message_status`` what is accepted shall end in."""
    listed_after: float = 0.0
    listed_for: float | None = None
    freezes: float = 0.0

    def add(self, fault: Fault) -> None:
        """Take in what ``fault`` changes."""
        match fault.name:
            case "outbox_lag":
                self.lag = max(self.lag, fault.seconds(30))
            case "partial":
                self.accept_only = int(fault.options.get("accept", 1))
            case "fewer_ids":
                self.answer_only = int(fault.options.get("accept", 1))
            case "outcome":
                self.outcome = (fault.options.get("state_id"), fault.options.get("message_status"))
            case "listed_late":
                self.listed_after = fault.seconds(300)
            case "deleted":
                self.listed_for = fault.seconds(60)
            case "frozen":
                self.freezes = fault.seconds(500)


@dataclass(slots=True)
class Fault:
    """One fault: what it matches, what it does, and how much of it is left."""

    id: int
    name: str
    path: str | None = None
    """A part of the path, such as ``/api/send``; ``^`` and ``$`` at the ends anchor it. None is any path."""
    method: str | None = None
    sending_type: str | None = None
    times: int | None = None
    """How often it strikes; None is for ever."""
    after: int = 0
    """How many matching requests pass before it strikes."""
    probability: float = 1.0
    options: Mapping[str, Any] = field(default_factory=dict)
    struck: int = 0

    @property
    def processed(self) -> bool:
        """Whether the service does what was asked before things go wrong."""
        return bool(self.options.get("processed", self.name in _PROCESSED_BY_DEFAULT))

    @property
    def is_decisive(self) -> bool:
        """Whether it decides the answer by itself; at most one such fault strikes a request."""
        return self.name in _DECISIVE

    def matches(self, method: str, path: str, sending_type: str | None) -> bool:
        """Whether this request is meant."""
        if self.method is not None and self.method != method:
            return False
        wanted = "peer_to_peer" if self.name in ("partial", "fewer_ids") else self.sending_type
        if wanted is not None and wanted != sending_type:
            return False
        return self.path is None or _path_matches(self.path, path)

    def seconds(self, default: float) -> float:
        """The ``seconds`` option."""
        return float(self.options.get("seconds", default))

    def as_json(self) -> dict[str, Any]:
        """The fault as the controls show it."""
        match = {"path": self.path, "method": self.method, "sending_type": self.sending_type}
        return {
            "id": self.id,
            "fault": self.name,
            "match": {key: value for key, value in match.items() if value is not None},
            "times": self.times,
            "after": self.after,
            "probability": self.probability,
            "struck": self.struck,
            **self.options,
        }


class Faults:
    """The faults in force, in the order they were set."""

    def __init__(self) -> None:
        self.active: list[Fault] = []
        self._ids = itertools.count(1)
        self._random = random.Random(0)  # noqa: S311 - chance for tests, and the same chance each time

    def add(self, request: Mapping[str, Any]) -> Fault:
        """Set a fault from the body of a control call.

        :raises ValueError: saying what is wrong with it.
        """
        fault = _read(next(self._ids), request)
        self.active.append(fault)
        return fault

    def remove(self, fault_id: int | None = None) -> int:
        """Lift one fault, or all; return how many."""
        before = len(self.active)
        self.active = [] if fault_id is None else [fault for fault in self.active if fault.id != fault_id]
        return before - len(self.active)

    def strike(self, method: str, path: str, sending_type: str | None) -> list[Fault]:
        """The faults that meet this request, counted as used. Of those that decide the answer only the first does."""
        striking: list[Fault] = []
        decided = False
        for fault in self.active:
            if not fault.matches(method, path, sending_type) or (decided and fault.is_decisive):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.probability < 1 and self._random.random() >= fault.probability:
                continue
            fault.struck += 1
            decided = decided or fault.is_decisive
            striking.append(fault)
        self.active = [fault for fault in self.active if fault.times is None or fault.struck < fault.times]
        return striking


def _path_matches(wanted: str, path: str) -> bool:
    start, end = wanted.startswith("^"), wanted.endswith("$")
    plain = wanted.removeprefix("^").removesuffix("$")
    if start and end:
        return path == plain
    if start:
        return path.startswith(plain)
    return path.endswith(plain) if end else plain in path


def _read(fault_id: int, request: Mapping[str, Any]) -> Fault:
    options = dict(request)
    name = options.pop("fault", None)
    if not isinstance(name, str) or name not in NAMES:
        raise ValueError(f"fault must be one of: {', '.join(NAMES)}")
    match = options.pop("match", None) or {}
    if not isinstance(match, Mapping) or match.keys() - {"path", "method", "sending_type"}:
        raise ValueError("match takes path, method and sending_type, nothing else")
    if not all(value is None or isinstance(value, str) for value in match.values()):
        raise ValueError("path, method and sending_type are texts")
    times, after, probability = options.pop("times", None), options.pop("after", 0), options.pop("probability", 1.0)
    if times is not None and (not isinstance(times, int) or times < 1):
        raise ValueError("times must be a whole number from 1, or left out for ever")
    if not isinstance(after, int) or after < 0:
        raise ValueError("after must be a whole number from 0: how many matching requests pass first")
    if not isinstance(probability, int | float) or not 0 <= probability <= 1:
        raise ValueError("probability must lie between 0 and 1")
    if unknown := sorted(map(str, options.keys() - _NUMBERS.keys() - set(_OTHERS))):
        raise ValueError(f"no fault takes {', '.join(unknown)}; there are {', '.join([*_NUMBERS, *_OTHERS])}")
    for option, (least, most) in _NUMBERS.items():
        value = options.get(option, least)
        whole = int if option != "seconds" else (int, float)
        if isinstance(value, bool) or not isinstance(value, whole) or not least <= value <= most:
            raise ValueError(f"{option} must be a number from {least} to {most}")
    if options.get("answer", "guard") not in ANSWERS:
        raise ValueError(f"answer must be one of: {', '.join(ANSWERS)}")
    Script().forced(options.get("state_id"), options.get("message_status"))
    method = match.get("method")
    return Fault(
        id=fault_id,
        name=name,
        path=match.get("path"),
        method=method.upper() if isinstance(method, str) else None,
        sending_type=match.get("sending_type"),
        times=times,
        after=after,
        probability=float(probability),
        options=options,
    )
