"""What one person's phone shows, and who there is to look at."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from ippanel_provider.sandbox.lifecycle import milestones
from ippanel_provider.sandbox.records import Bulk
from ippanel_provider.sandbox.state import Sandbox
from ippanel_provider.service import DeliveryStatus

SHOWN = 100
"""How many of the newest texts a phone shows."""
_PEOPLE = 30
_LOOKED_THROUGH = 2000


@dataclass(frozen=True, slots=True)
class Bubble:
    """One text on a phone. ``line`` is the other side; ``is_own`` when the person wrote it."""

    id: str
    time: float
    line: str
    text: str
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Phone:
    """A person's texts, oldest first, and what did not come to show: texts on their way, and texts that ended
    otherwise.
    """

    number: str
    bubbles: list[Bubble]
    coming: int
    lost: int
    bulks: list[Bulk]


def phone(sandbox: Sandbox, number: str) -> Phone:
    """What the person with this number sees of the newest texts: those delivered, and their own."""
    now = sandbox.now()
    bubbles: list[Bubble] = []
    coming = lost = 0
    bulks = list(islice((bulk for bulk in sandbox.outbox.newest() if number in bulk.recipients), SHOWN))
    for bulk in bulks:
        places = [place for place, recipient in enumerate(bulk.recipients) if recipient == number]
        state = bulk.state_at(now)
        status = bulk.status_at(now, number)
        if state.is_good and status is DeliveryStatus.DELIVERED:
            arrived = milestones(bulk.accepted, bulk.due, bulk.script)[-1]
            bubbles += [Bubble(f"out-{bulk.id}-{place}", arrived, bulk.line, bulk.text_for(place)) for place in places]
        elif state.is_final and (not state.is_good or status.is_final):
            lost += len(places)
        else:
            coming += len(places)
    own = islice((message for message in reversed(sandbox.inbox) if message.sender == number), SHOWN)
    bubbles += [Bubble(f"in-{message.id}", message.time, message.number, message.text, is_own=True) for message in own]
    bubbles.sort(key=lambda bubble: bubble.time)
    return Phone(number, bubbles[-SHOWN:], coming, lost, bulks)


def recent_people(sandbox: Sandbox) -> list[tuple[str, str]]:
    """Whoever was texted or texted in lately, with the last text, newest first."""
    found: dict[str, str] = {}
    for message in islice(reversed(sandbox.inbox), _PEOPLE // 3):
        found.setdefault(message.sender, message.text)
    looked_at = 0
    for bulk in sandbox.outbox.newest():
        for place, recipient in enumerate(islice(bulk.recipients, _PEOPLE)):
            found.setdefault(recipient, bulk.text_for(place))
            looked_at += 1
        if len(found) >= _PEOPLE or looked_at >= _LOOKED_THROUGH:
            break
    return list(found.items())[:_PEOPLE]
