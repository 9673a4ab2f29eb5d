"""From the rows of a source to the messages that go out: numbers normalised, bad rows refused, repetitions merged."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ippanel_provider.client import InvalidInput
from ippanel_provider.client.checks import text as checked_text
from ippanel_provider.text.numbers import InvalidNumber, normalize


class Row(NamedTuple):
    """One row of a source as it came; ``line`` counts from 1 and is how the row is named to people."""

    line: int
    recipient: str | int | None
    text: str
    problem: str = ""
    """Why the source could not make a text of the row; empty if it could."""
    variables: Mapping[str, str | int] | None = None
    """The values of a pattern's variables; ``text`` is then the pattern's text with them in place."""


class Message(NamedTuple):
    """One text for one recipient (``+989XXXXXXXXX``), and the line of the source it came from."""

    recipient: str
    text: str
    line: int = 0
    variables: Mapping[str, str | int] | None = None


class Rejected(NamedTuple):
    """A row that gets no text, and why; it names the row by its line, never by its number."""

    line: int
    reason: str


class OncePer(enum.StrEnum):
    """What a repetition is."""

    RECIPIENT = "recipient"
    """A second row of the same recipient, whatever its text: a campaign reaches each person once."""
    MESSAGE = "message"
    """The same text to the same recipient."""


class Audience:
    """Screens rows into messages as they stream by; keeps what it refused and how many it merged.

    :param once_per: what counts as a repetition. Repetitions with the same text are merged silently into ``merged``;
        under ``OncePer.RECIPIENT`` a repetition with another text is refused, so that nobody wonders where it went.
    """

    def __init__(self, once_per: OncePer = OncePer.MESSAGE) -> None:
        self.once_per = once_per
        self.rows = 0
        self.merged = 0
        self.rejected: list[Rejected] = []
        # Per recipient the hash of the first text, and a set of all only where there are several.
        self._texts: dict[int, int] = {}
        self._further: set[tuple[int, int]] = set()

    def screen(self, rows: Iterable[Row]) -> Iterator[Message]:
        """Yield the messages of the rows that get one."""
        for row in rows:
            self.rows += 1
            if row.problem:
                self.rejected.append(Rejected(row.line, row.problem))
                continue
            try:
                recipient = normalize("" if row.recipient is None else row.recipient)
                text = checked_text(row.text, "text")
            except (InvalidNumber, InvalidInput) as error:
                self.rejected.append(Rejected(row.line, str(error)))
                continue
            if self._is_new(row, int(recipient), hash(text)):
                yield Message(recipient, text, row.line, row.variables)

    def _is_new(self, row: Row, recipient: int, text: int) -> bool:
        first = self._texts.get(recipient)
        if first is None:
            self._texts[recipient] = text
            return True
        if text == first or (recipient, text) in self._further:
            self.merged += 1
        elif self.once_per is OncePer.MESSAGE:
            self._further.add((recipient, text))
            return True
        else:
            self.rejected.append(Rejected(row.line, "an earlier row has the same recipient with another text, and each gets one"))
        return False
