"""Faults and the clock, as switches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ippanel_provider.sandbox.faults import NAMES, Fault
from ippanel_provider.sandbox.lifecycle import Timing
from ippanel_provider.sandbox.state import Sandbox
from ippanel_provider.service import DeliveryStatus

from .layout import Foreign, Mistake, done, form_of, number_in, sandbox_of, show

SEND = "/api/send"


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """A fault people often want, under a name and a sentence (of the catalogue)."""

    key: str
    title: str
    tells: str
    fault: Mapping[str, Any]

    def is_in(self, fault: Fault) -> bool:
        """Whether ``fault`` is this one, however it was set."""
        options = {name: value for name, value in self.fault.items() if name not in ("fault", "match")}
        path = self.fault.get("match", {}).get("path")
        plain = fault.method is None and fault.sending_type is None and fault.after == 0 and fault.probability == 1
        return plain and fault.name == self.fault["fault"] and dict(fault.options) == options and fault.path == path


GROUPS: tuple[tuple[str, tuple[ReadyMade, ...]], ...] = (
    (
        "The service answers badly",
        (
            ReadyMade("slow", "Slow", "Every answer takes two seconds.", {"fault": "latency", "seconds": 2}),
            ReadyMade(
                "busy",
                "Too busy",
                "429 with Retry-After: 5; nothing is accepted.",
                {"fault": "status", "status": 429, "retry_after": 5},
            ),
            ReadyMade("down", "Down", "503; nothing is accepted.", {"fault": "status", "status": 503}),
            ReadyMade("gateway", "A page of the gateway", "502 with HTML instead of JSON.", {"fault": "html"}),
            ReadyMade("key", "Key refused", "401, as for a wrong API key.", {"fault": "unauthorized"}),
            ReadyMade(
                "refused",
                "Refused with 200",
                "HTTP 200 that says no to a send.",
                {"fault": "refused", "match": {"path": SEND}},
            ),
        ),
    ),
    (
        "The connection breaks",
        (
            ReadyMade(
                "lost",
                "Accepted, never answered",
                "The send counts, but its answer is lost.",
                {"fault": "drop_after", "match": {"path": SEND}},
            ),
            ReadyMade(
                "before",
                "Closed before it counts",
                "The connection closes and nothing is accepted.",
                {"fault": "drop_before"},
            ),
            ReadyMade(
                "silent",
                "Accepted, silent",
                "The send counts; the connection stays open and nothing comes.",
                {"fault": "unanswered", "match": {"path": SEND}},
            ),
            ReadyMade(
                "held",
                "Held back for a minute",
                "A gateway answers 504, and the service takes the send a minute later.",
                {"fault": "held", "status": 504, "match": {"path": SEND}},
            ),
            ReadyMade(
                "twice",
                "Handed on twice",
                "A gateway repeats the send and answers what the second one got.",
                {"fault": "repeated", "match": {"path": SEND}},
            ),
            ReadyMade("half", "Half an answer", "The answer breaks off in the middle.", {"fault": "truncated"}),
            ReadyMade("broken", "Broken JSON", "200, but nobody can read it.", {"fault": "malformed"}),
        ),
    ),
    (
        "Texts fare badly",
        (
            ReadyMade(
                "lag",
                "The report lags",
                "The outbox report is 30 seconds behind.",
                {"fault": "outbox_lag", "seconds": 30},
            ),
            ReadyMade(
                "undelivered",
                "Nothing is delivered",
                "What is accepted goes out and is not delivered.",
                {"fault": "outcome", "message_status": int(DeliveryStatus.NOT_DELIVERED)},
            ),
            ReadyMade(
                "rejected", "Review rejects", "What is accepted ends rejected.", {"fault": "outcome", "state_id": 3}
            ),
            ReadyMade(
                "poor", "Credit runs out", "What is accepted ends without credit.", {"fault": "outcome", "state_id": 8}
            ),
        ),
    ),
)
_BY_KEY = {ready.key: ready for _, group in GROUPS for ready in group}
JUMPS = ((60, "{n} min"), (300, "{n} min"), (3600, "{n} h"), (86_400, "{n} d"))
SPEEDS = (0, 1, 10, 60)
PACES = (0, 1, 10)
_NUMBERS = ("seconds", "status", "retry_after", "accept", "state_id", "message_status")
_WHOLE = ("times", "after", *_NUMBERS[1:])
_TEXTS = ("message", "code", "answer")


async def switches(request: Request) -> Response:
    """Every fault with its switch, and the clock."""
    return _page(request)


def _page(request: Request, error: Mistake | None = None, form: dict[str, str] | None = None) -> Response:
    sandbox = sandbox_of(request)
    active = sandbox.faults.active
    return show(
        request,
        "switches.html",
        status=422 if error else 200,
        error=error,
        form=form or {},
        groups=[(name, [(ready, _position(ready, active)) for ready in group]) for name, group in GROUPS],
        active=active,
        others=[fault for fault in active if not any(ready.is_in(fault) for ready in _BY_KEY.values())],
        known=NAMES,
        jumps=[
            (seconds, words, seconds // {"{n} min": 60, "{n} h": 3600, "{n} d": 86_400}[words])
            for seconds, words in JUMPS
        ],
        speeds=SPEEDS,
        paces=PACES,
        pace=round(sandbox.script.timing.total / Timing().total, 3),
        life=sandbox.script.timing.total,
        # Striking leaves no trace that the stream of changes would report.
        next_change=2.0 if active else None,
    )


def _position(ready: ReadyMade, active: list[Fault]) -> str:
    """``always``, ``once`` or ``off``."""
    times = [fault.times for fault in active if ready.is_in(fault)]
    return "off" if not times else "always" if None in times else "once"


async def turn(request: Request) -> Response:
    """Turn a ready-made fault ``off``, or on for ``once`` or ``always``."""
    sandbox = sandbox_of(request)
    try:
        form = await form_of(request)
        ready, position = _BY_KEY.get(form.get("fault", "")), form.get("position")
        if ready is None or position not in ("off", "once", "always"):
            raise Mistake("Choose a fault, and off, once or always.")
    except Mistake as mistake:
        return _page(request, mistake)
    for fault in list(sandbox.faults.active):
        if ready.is_in(fault):
            sandbox.faults.remove(fault.id)
    if position != "off":
        sandbox.faults.add({**ready.fault, **({"times": 1} if position == "once" else {})})
    sandbox.hub.changed()
    return done("/switches", "lifted" if position == "off" else "fault")


async def add(request: Request) -> Response:
    """Set a fault with everything it takes."""
    sandbox, form = sandbox_of(request), {}
    try:
        form = await form_of(request)
        body = _fault(form)
        try:
            sandbox.faults.add(body)
        except ValueError as error:
            raise Mistake("This fault cannot be set: {why}", why=Foreign(str(error))) from None
    except Mistake as mistake:
        return _page(request, mistake, form)
    sandbox.hub.changed()
    return done("/switches", "fault")


def _fault(form: dict[str, str]) -> dict[str, Any]:
    """The body of the control call that the form stands for."""
    body: dict[str, Any] = {"fault": form.get("fault", "")}
    body["match"] = {name: form[name] for name in ("path", "method", "sending_type") if form.get(name)}
    for name in ("times", "after", *_NUMBERS):
        value = number_in(form, name, most=1e6)
        if value is not None:
            body[name] = int(value) if name in _WHOLE else value
    percent = number_in(form, "probability", "Chance in percent", most=100)
    if percent is not None:
        body["probability"] = percent / 100
    return body | {name: form[name] for name in _TEXTS if form.get(name)}


async def lift(request: Request) -> Response:
    """Lift one fault, or all when none is named."""
    sandbox = sandbox_of(request)
    try:
        fault = (await form_of(request)).get("id", "")
    except Mistake as mistake:
        return _page(request, mistake)
    sandbox.faults.remove(int(fault) if fault.isascii() and fault.isdigit() else None)
    sandbox.hub.changed()
    return done("/switches", "lifted")


async def clock(request: Request) -> Response:
    """Let time jump, run at another speed, or new bulks live another life."""
    sandbox, form = sandbox_of(request), {}
    try:
        form = await form_of(request)
        _set_clock(sandbox, form)
    except Mistake as mistake:
        return _page(request, mistake, form)
    return done("/switches", "clock")


def _set_clock(sandbox: Sandbox, form: dict[str, str]) -> None:
    advance = number_in(form, "advance", most=1e9)
    minutes = number_in(form, "minutes", "Minutes", most=1e7)
    speed, pace = number_in(form, "speed", most=1e5), number_in(form, "pace", most=1e5)
    if form.get("settle"):
        advance = sandbox.script.timing.total + 1
    if advance is None and minutes is not None:
        advance = minutes * 60
    if advance is None and speed is None and pace is None:
        raise Mistake("Say how far the clock shall jump.")
    if advance is not None or speed is not None:
        sandbox.move_clock(advance=advance or 0.0, speed=speed)
    if pace is not None:
        sandbox.set_pace(pace)
