"""Templates that a person approves before they can be sent. API: pattern."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .journal import Journal, Store, change
from .records import Pattern

DEFAULT_LENGTH = 40
"""How long the value of a variable may be, in a pattern made over the API."""
APPROVED = "متن پترن مورد تائید است."


class Patterns(Store, Mapping[str, Pattern]):
    """Patterns by their code, oldest first."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self._by_code: dict[str, Pattern] = {}

    def __getitem__(self, code: str) -> Pattern:
        return self._by_code[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_code)

    def __len__(self) -> int:
        return len(self._by_code)

    def add(self, pattern: Pattern) -> None:
        """Put an example in."""
        self._by_code[pattern.code] = pattern

    @change
    def create(
        self,
        code: str,
        message: str,
        variables: Mapping[str, str],
        title: str | None = None,
        description: str = "",
        is_share: bool = False,
        website: str | None = None,
    ) -> Pattern:
        """Hand in a pattern; ``variables`` are name to ``string`` or ``integer``."""
        lengths = dict.fromkeys(variables, DEFAULT_LENGTH)
        pattern = Pattern(
            code, message, dict(variables), "pending", title, description, is_share, website, updated=self.now(), created=self.now()
        )
        pattern.lengths = lengths
        self._by_code[code] = pattern
        return pattern

    @change
    def update(
        self,
        code: str,
        message: str,
        variables: Mapping[str, str],
        title: str | None = None,
        description: str = "",
        is_share: bool = False,
        website: str | None = None,
    ) -> Pattern:
        """Replace what a pattern says; it waits for approval again.

        :raises KeyError: when there is no such pattern.
        """
        created = self._by_code[code].created
        pattern = self.create(code, message, variables, title, description, is_share, website)
        pattern.created = created
        return pattern

    @change
    def delete(self, code: str) -> None:
        """Delete a pattern.

        :raises KeyError: when there is no such pattern.
        """
        del self._by_code[code]

    @change
    def review(self, code: str, approved: bool, comment: str) -> Pattern:
        """The person who reviews patterns decides.

        :raises KeyError: when there is no such pattern.
        """
        pattern = self._by_code[code]
        pattern.status = "active" if approved else "inactive"
        pattern.comment = comment or (APPROVED if approved else "")
        pattern.updated = self.now()
        return pattern

    def matching(
        self, code: str | None = None, title: str | None = None, is_share: bool | None = None, state: str | None = None
    ) -> Sequence[Pattern]:
        """Patterns that fit all that is given, newest first; ``title`` matches a part."""
        return [
            pattern
            for pattern in reversed(self._by_code.values())
            if (code is None or pattern.code == code)
            and (title is None or title in (pattern.title or ""))
            and (is_share is None or pattern.is_share == is_share)
            and (state is None or pattern.status == state)
        ]
