"""Who has left which line, read on from where the last look at the inbox ended. Holds keyed hashes and no number."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ippanel_provider.client import Flow, PageRequest
from ippanel_provider.client.gateway import gateway
from ippanel_provider.client.models import IncomingText
from ippanel_provider.client.requests import pages
from ippanel_provider.service import MAX_PAGE_SIZE, Api
from ippanel_provider.text.lines import line_key
from ippanel_provider.text.opt_out import Wishes

Hashed = Callable[[str], str]

_HASH = 16
"""Letters of a hash: of a million people, one in ten million is taken for somebody who has left."""
_OVERLAP = timedelta(hours=1)
"""What came in so lately is read again, in case the list shows something that is older only then."""
_REST_PAGE = 100


@dataclass(slots=True)
class Standing:
    """Who has left, line by line, as of a text of the inbox.

    :ivar cursor: up to which text the inbox was heard for good: its inbox id, or over the legacy REST API, which has
        none, the second it came in
    :ivar mark: the hash of that text, by which the inbox is known to be the same one still
    :ivar out: by line the hashes of those whose last word to it was "no more"
    :ivar salt: what the hashes are keyed with besides the account's own secret
    """

    cursor: int = 0
    mark: str = ""
    out: dict[str, set[str]] = field(default_factory=dict)
    salt: str = field(default="", repr=False)

    def of(self, line: str | None) -> set[str]:
        """Return the hashes of who has left a line; any line, for None."""
        if line is None:
            return set().union(*self.out.values())
        return self.out.get(line_key(line), set())

    def write(self) -> str:
        """Return it as a text."""
        out = {line: "".join(sorted(hashes)) for line, hashes in self.out.items()}
        return json.dumps({"cursor": self.cursor, "mark": self.mark, "out": out, "salt": self.salt})

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
                str(kept.get("salt", "")),
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()


def hear(
    standing: Standing,
    hashed: Hashed,
    words: Iterable[str],
    back_words: Iterable[str],
    *,
    api: Api = Api.EDGE,
    now: datetime | None = None,
) -> Flow[tuple[Standing, Standing]]:
    """Read what came in since; return how things stand, and what of that is to be kept for the next look.

    What came in within the last hour is heard and not kept: it is read again.

    An inbox that no longer shows the text at the cursor, or another one in its place, is read whole: ids that begin
    anew would hide from us who has left since.

    :raises Unreadable: the list broke off: whoever went on from the newest would miss the others for good.
    """
    wishes, quiet_since = Wishes(words, back_words), (now or datetime.now(UTC)) - _OVERLAP
    cursor, mark, is_the_same = standing.cursor, standing.mark, not standing.cursor
    walk, first, place = pages(_inbox(api, standing), whole=True), None, 0
    while page := (yield from walk.turn()):
        for text in page.items:
            at, place = _place_of(text), place + 1
            first = at if first is None else first
            if at < standing.cursor:
                continue
            text_mark = _mark_of(text, hashed)
            is_the_same = is_the_same or text_mark == standing.mark
            # The newest come first, also where they came in within a second.
            wishes.hear(line_key(text.line), short(hashed(text.sender)), text.message, (at, -place))
            if text.received_at is not None and text.received_at < quiet_since and at > cursor:
                cursor, mark = at, text_mark
        if page.items and _place_of(page.items[-1]) < min(standing.cursor, first or 0):
            break
    if not is_the_same:
        return (yield from hear(Standing(salt=standing.salt), hashed, words, back_words, api=api, now=now))
    now_out, kept_out = ({line: set(hashes) for line, hashes in standing.out.items()} for _ in range(2))
    for line, sender, is_out, (at, _) in wishes.last():
        for out in (now_out, kept_out) if at <= cursor else (now_out,):
            (out.setdefault(line, set()).add if is_out else out.setdefault(line, set()).discard)(sender)
    return Standing(cursor, mark, now_out, standing.salt), Standing(cursor, mark, kept_out, standing.salt)


def _inbox(api: Api, standing: Standing) -> PageRequest[IncomingText]:
    if api is Api.REST:
        return gateway(api).inbox(per_page=_REST_PAGE)
    return gateway(api).inbox(after_id=max(standing.cursor - 1, 0) or None, per_page=MAX_PAGE_SIZE)


def _place_of(text: IncomingText) -> int:
    """Where a text stands in its inbox: its id, or when it came in; 0 where neither is told."""
    inbox_id: int | None = getattr(text, "inbox_id", None)
    if inbox_id is not None:
        return inbox_id
    return 0 if text.received_at is None else int(text.received_at.timestamp())


def _mark_of(text: IncomingText, hashed: Hashed) -> str:
    inbox_id = getattr(text, "inbox_id", "")
    return short(hashed(f"{inbox_id} {text.sender} {text.line} {text.received_at} {text.message}"))


def short(digest: str) -> str:
    """Return a hash in the length in which it is kept."""
    return digest[:_HASH]
