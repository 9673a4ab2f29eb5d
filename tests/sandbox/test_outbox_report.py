"""The outbox report finds in its index what it would find by looking through everything."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.sandbox.acceptance import Block
from ippanel_provider.sandbox.batch import Batch
from ippanel_provider.sandbox.lifecycle import Script
from ippanel_provider.sandbox.outbox import Outbox
from ippanel_provider.sandbox.outbox_report import OutboxFilter
from ippanel_provider.sandbox.records import Bulk, Singles

LINES = ("+981", "+982")
NOW = 1000.0


def block(place: int, line: str, size: int, accepted: float, ahead: float) -> Block:
    """A bulk for ``size`` people, or where it is negative a batch of as many."""
    first, due = 1000 + place * 100, accepted + ahead
    people = [f"+98912{n:07d}" for n in range(abs(size))]
    if size > 0:
        return Bulk(first, "webservice", line, f"text {place}", people, 1, 1.0, accepted, due, Script())
    ids = range(first, first + 2 * len(people), 2)
    texts = [f"text {place} {n}" for n in range(len(people))]
    parts, costs = array("q", [1] * len(people)), array("d", [1.0] * len(people))
    return Batch(ids, "peer_to_peer", line, Singles(texts, people), parts, costs, accepted, due, Script())


SIZES = st.integers(-4, 4).filter(bool)
BLOCKS = st.lists(st.tuples(st.sampled_from(LINES), SIZES, st.integers(0, 30), st.sampled_from([0, 400])), max_size=12)
FILTERS = st.builds(
    OutboxFilter,
    number=st.none() | st.sampled_from([*LINES, "+983"]),
    bulk_id=st.none() | st.integers(1000, 1600),
    created_from=st.none() | st.integers(900, 1000),
    created_to=st.none() | st.integers(900, 1000),
    due_to=st.none() | st.integers(900, 1400),
    recipients_from=st.none() | st.integers(1, 3),
    finds=st.none() | st.just(lambda text: text.endswith("1")),
    state=st.none() | st.sampled_from([0, 1, 5, 6]),
    younger_hidden=st.sampled_from([0.0, 20.0]),
    scheduled_hidden=st.booleans(),
    newest_only=st.sampled_from([0, 0, 3]),
    oldest_first=st.booleans(),
)


def is_wanted(bulk: Bulk, wanted: OutboxFilter) -> bool:
    """The same as the report, one question after the other."""
    return (
        (wanted.number is None or bulk.line == wanted.number)
        and (wanted.bulk_id is None or bulk.id == wanted.bulk_id)
        and (wanted.created_from is None or int(bulk.accepted) >= wanted.created_from)
        and (wanted.created_to is None or int(bulk.accepted) <= wanted.created_to)
        and (wanted.due_to is None or int(bulk.due) <= wanted.due_to)
        and (wanted.recipients_from is None or len(bulk.recipients) >= wanted.recipients_from)
        and (wanted.finds is None or wanted.finds(bulk.text))
        and (wanted.state is None or bulk.state_at(NOW) == wanted.state)
    )


@given(BLOCKS, FILTERS, st.sets(st.integers(0, 40), max_size=3), st.integers(0, 5), st.integers(1, 6))
def test_it_agrees_with_looking_through_everything(
    shapes: list[tuple[str, int, int, int]], wanted: OutboxFilter, hidden: set[int], offset: int, limit: int
) -> None:
    outbox, accepted = Outbox(), 900.0
    everything: list[Bulk] = []
    for place, (line, size, later, ahead) in enumerate(shapes):
        accepted += later / 4
        made = block(place, line, size, accepted, ahead)
        outbox.add([made])
        everything += list(made)
    for place in hidden & set(range(len(everything))):
        outbox.show(everything[place].id, start=NOW + 1)
    listed = [
        bulk
        for place, bulk in enumerate(everything)
        if place not in hidden
        and bulk.accepted <= NOW - wanted.younger_hidden
        and not (wanted.scheduled_hidden and bulk.due > NOW)
    ]
    if wanted.newest_only:
        listed = listed[-wanted.newest_only :]
    expected = [bulk.id for bulk in listed if is_wanted(bulk, wanted)]
    expected = expected if wanted.oldest_first else expected[::-1]
    page, total = outbox.report(wanted, NOW, offset=offset, limit=limit)
    assert ([bulk.id for bulk in page], total) == (expected[offset : offset + limit], len(expected))
    assert all(outbox.get(bulk.id) == bulk for bulk in everything)


def test_a_page_of_a_line_and_a_time_makes_only_the_bulks_it_shows() -> None:
    made = 0

    class Counted(Batch):
        def __getitem__(self, place: int) -> Bulk:
            nonlocal made
            made += 1
            return super().__getitem__(place)

    outbox = Outbox()
    for place in range(1000):
        plain = block(place, LINES[place % 2], -50, 900.0 + place / 100, 0)
        assert isinstance(plain, Batch)
        names = ("ids", "kind", "line", "singles", "parts", "costs", "accepted", "due", "script")
        outbox.add([Counted(*(getattr(plain, name) for name in names))])
    page, total = outbox.report(
        OutboxFilter(number=LINES[0], created_from=902, created_to=903), NOW, offset=0, limit=100
    )
    assert (len(page), total) == (100, 5000)
    assert made == 100
