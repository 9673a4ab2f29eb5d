"""What a dry run shows: the texts that go wrong most likely, not the first hundred."""

from __future__ import annotations

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.samples import Samples


def chosen(count: int, *messages: Message) -> list[tuple[str, int]]:
    samples = Samples(count)
    for message in messages:
        samples.add(message, parts=1 + len(message.text) // 70, cost=1000.0 * (5 if message.text.isascii() else 1))
    return [(sample.kind, sample.line) for sample in samples.chosen()]


def message(line: int, text: str, fallbacks: int = 0) -> Message:
    return Message(f"+98912{line:07d}", text, line, None, fallbacks)


def test_the_first_the_longest_the_dearest_one_with_every_fallback_and_one_at_random() -> None:
    rows = [message(line, f"سلام {line % 10}") for line in range(1, 101)]
    rows[40] = message(41, "سلام " * 20)
    rows[50] = message(51, "hello")
    rows[60] = message(61, "سلام", fallbacks=1)
    rows[70] = message(71, "سلام", fallbacks=2)
    kinds = chosen(5, *rows)
    assert kinds[:4] == [("first", 1), ("longest", 41), ("dearest", 51), ("with fallbacks", 71)]
    assert kinds[4][0] == "at random"
    assert chosen(5, *rows) == kinds
    assert len(chosen(20, *rows)) == 20
    assert chosen(2, *rows) == kinds[:2]


def test_none_is_shown_twice_and_no_more_than_there_are() -> None:
    assert chosen(5, message(1, "سلام")) == [("first", 1)]
    assert len(chosen(5, message(1, "سلام"), message(2, "a"))) == 2
    # Where fallbacks stand in the first text too, another one shows them.
    rows = [message(line, "سلام", fallbacks=1) for line in range(1, 4)]
    assert ("with fallbacks", 2) in chosen(2, *rows)
    assert chosen(5) == []
    assert chosen(0, message(1, "سلام")) == []


def test_a_sample_holds_the_text_and_no_whole_number() -> None:
    samples = Samples(1)
    samples.add(message(1, "سلام"), 1, 0.0)
    (sample,) = samples.chosen()
    assert (sample.text, sample.recipient, sample.characters) == ("سلام", "+98912***0001", 4)
