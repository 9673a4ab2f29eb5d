"""Who has left which line, read on from where the last look at the inbox ended. Holds keyed hashes and no number."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ippanel_provider.client import Flow, InboxMessage, edge
from ippanel_provider.client.requests import pages
from ippanel_provider.service import MAX_PAGE_SIZE
from ippanel_provider.text.lines import line_key
from ippanel_provider.text.opt_out import Wishes

Hashed = Callable[[str], str]

_HASH = 16
"""Letters of a hash: of a million people, one in ten million is taken for somebody who has left."""
_OVERLAP = timedelta(hours=1)
"""What came in so lately is read again, in case the list shows something that is older only then."""


@dataclass(slots=True)
class Standing:
    """Who has left, line by line, as of a text of the inbox.

    :ivar cursor: the inbox id up to which texts were heard for good
    :ivar mark: the hash of the text with that id, by which the inbox is known to be the same one still
    :ivar out: by line the hashes of those whose last word to it was "no more"
    """

    cursor: int = 0
    mark: str = ""
    out: dict[str, set[str]] = field(default_factory=dict)

    def of(self, line: str | None) -> set[str]:
        """Return the hashes of who has left a line; any line, for None."""
        if line is None:
            return set().union(*self.out.values())
        return self.out.get(line_key(line), set())

    def write(self) -> str:
        """Return it as a text."""
        out = {line: "".join(sorted(hashes)) for line, hashes in self.out.items()}
        return json.dumps({"cursor": self.cursor, "mark": self.mark, "out": out})

    @classmethod
    def read(cls, text: str | None) -> Standing:
        """Return what was written; of anything else nothing, which has the whole inbox read."""
        try:
            kept = json.loads(text or "null")
            return cls(
                int(kept["cursor"]),
                str(kept["mark"]),
                {
                    line: {hashes[at : at + _HASH] for at in range(0, len(hashes), _HASH)}
                    for line, hashes in kept["out"].items()
                },
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()


def hear(
    standing: Standing,
    hashed: Hashed,
    words: Iterable[str],
    back_words: Iterable[str],
    *,
    now: datetime | None = None,
) -> Flow[tuple[Standing, Standing]]:
    """Read what came in since; return how things stand, and what of that is to be kept for the next look. Edge API.

    What came in within the last hour is heard and not kept: it is read again.

    An inbox that no longer shows the text at the cursor, or another one in its place, is read whole: ids that begin
    anew would hide from us who has left since.

    :raises Unreadable: the list broke off: whoever went on from the newest would miss the others for good.
    """
    wishes, quiet_since = Wishes(words, back_words), (now or datetime.now(UTC)) - _OVERLAP
    cursor, mark, is_the_same = standing.cursor, standing.mark, not standing.cursor
    walk = pages(edge.report.inbox(after_id=max(standing.cursor - 1, 0) or None, per_page=MAX_PAGE_SIZE), whole=True)
    while page := (yield from walk.turn()):
        for text in page.items:
            if text.inbox_id == standing.cursor:
                is_the_same = _mark_of(text, hashed) == standing.mark
            if text.inbox_id <= standing.cursor:
                continue
            wishes.hear(line_key(text.line), short(hashed(text.sender)), text.message, text.inbox_id)
            if text.received_at is not None and text.received_at < quiet_since and text.inbox_id > cursor:
                cursor, mark = text.inbox_id, _mark_of(text, hashed)
        if any(text.inbox_id <= standing.cursor for text in page.items):
            break
    if not is_the_same:
        return (yield from hear(Standing(), hashed, words, back_words, now=now))
    now_out, kept_out = ({line: set(hashes) for line, hashes in standing.out.items()} for _ in range(2))
    for line, sender, is_out, order in wishes.last():
        for out in (now_out, kept_out) if order <= cursor else (now_out,):
            (out.setdefault(line, set()).add if is_out else out.setdefault(line, set()).discard)(sender)
    return Standing(cursor, mark, now_out), Standing(cursor, mark, kept_out)


def _mark_of(text: InboxMessage, hashed: Hashed) -> str:
    return short(hashed(f"{text.inbox_id} {text.sender} {text.line} {text.received_at} {text.message}"))


def short(digest: str) -> str:
    """Return a hash in the length in which it is kept."""
    return digest[:_HASH]
