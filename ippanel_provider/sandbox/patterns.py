"""Templates that a person approves before they can be sent. API: pattern."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterator, Mapping, Sequence

from .journal import Journal, Store, change
from .records import Pattern

DEFAULT_LENGTH = 40
"""How long the value of a variable may be, in a pattern made over the API."""
APPROVED = "متن پترن مورد تائید است."
_CODE_LETTERS = string.ascii_lowercase + string.digits


def new_code() -> str:
    """A code for a pattern, of the kind the service chooses; nobody has it."""
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(15))


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
    def hand_in(
        self,
        code: str,
        message: str,
        variables: Mapping[str, str],
        title: str | None = None,
        description: str = "",
        is_share: bool = False,
        website: str | None = None,
    ) -> Pattern:
        """Take a pattern, or what one says from now on; it waits for approval. ``variables`` are name to ``string`` or
        ``integer``.
        """
        now, before = self.now(), self._by_code.get(code)
        self._by_code[code] = Pattern(
            code,
            message,
            variables,
            title=title,
            description=description,
            is_share=is_share,
            website=website,
            updated=now,
            created=now if before is None else before.created,
            lengths=dict.fromkeys(variables, DEFAULT_LENGTH),
        )
        return self._by_code[code]

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
