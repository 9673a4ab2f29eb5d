"""What is odd about the texts of a campaign, said once a rule instead of once a row."""

from __future__ import annotations

import logging
from collections import Counter

from ippanel_provider.text.lint import RULES, Finding, Level, Text, lint

log = logging.getLogger(__name__)

LOOKED_AT = 1000
"""Texts that are looked at for style; each takes a quarter of a millisecond."""
_ERRORS = [(rule, look) for rule, (level, look) in RULES.items() if level is Level.ERROR]


class Linter:
    """Looks at texts on their way out.

    :param mode: ``off``; ``warn`` of what is odd about the first thousand texts; or ``refuse`` also every text with an
        error, of which its row is rejected
    :param opt_out: whether the line asks for ``لغو11``; None if that is not known
    """

    def __init__(self, mode: str = "off", *, opt_out: bool | None = None, is_66_char: bool = False) -> None:
        self._mode, self._opt_out, self._is_66_char = mode, opt_out, is_66_char
        self._looked_at = 0
        self._found: Counter[str] = Counter()
        self._first: dict[str, Finding] = {}
        self._told = False
        self._last_looked_at: str | None = None
        self._last: tuple[str | None, str] = (None, "")

    def judge(self, text: str) -> str:
        """Return why a text is refused; empty if it is not."""
        if self._mode != "refuse":
            return ""
        # One text for all is one object.
        if text is not self._last[0]:
            self._last = (text, self._error(text))
        return self._last[1]

    def look(self, text: str) -> None:
        """Look at a text that goes out."""
        if self._mode == "off" or self._looked_at >= LOOKED_AT or self._told or text is self._last_looked_at:
            return
        self._last_looked_at = text
        self._looked_at += 1
        for finding in lint(text, opt_out=self._opt_out, is_66_char=self._is_66_char):
            self._found[finding.rule] += 1
            self._first.setdefault(finding.rule, finding)

    def tell(self) -> None:
        """Log what was found, each rule once; what is looked at again after that is no news."""
        for rule, count in self._found.most_common():
            log.warning("lint: %d of %d texts: %s.", count, self._looked_at, self._first[rule])
        self._found.clear()
        self._told = True

    def _error(self, source: str) -> str:
        text = Text(source, self._opt_out, None, self._is_66_char)
        for rule, look in _ERRORS:
            for message in look(text):
                return f"its text {message} ({rule})"
        return ""
