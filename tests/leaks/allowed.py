"""Where Airflow itself keeps or prints what it is given: known, and written down in docs/security.md word by word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from tests.leaks.scan import Hit

SECURITY = Path(__file__).parents[2] / "docs" / "security.md"


class Known(NamedTuple):
    """Which canary may be found where, and the words that say so."""

    canaries: str
    """A regular expression for their names."""
    places: str
    """A regular expression for the places."""
    words: str
    """What stands in docs/security.md."""
    before: str = ".*"
    """A regular expression for what stands before it."""
    levels: frozenset[str] | None = None
    """At which levels it has to be found; None is at each."""


ALLOWED = {
    "masked in a test run": Known(
        "API key|login password|TOTP secret",
        r"worker\.output",
        "at DEBUG, `airflow dags test` prints what it is asked to mask",
        r".*MaskSecret\(value=['\"]",
        frozenset({"DEBUG"}),
    ),
}


def known_as(hit: Hit) -> str | None:
    """Return what this is known as, or None if it may not be there."""
    for name, known in ALLOWED.items():
        if (
            re.fullmatch(known.canaries, hit.canary.name)
            and re.fullmatch(known.places, hit.place)
            and re.fullmatch(known.before, hit.before)
        ):
            return name
    return None


def unsaid() -> list[str]:
    """Return what is allowed here and not said in docs/security.md."""
    said = " ".join(SECURITY.read_text(encoding="utf-8").split())
    return [name for name, known in ALLOWED.items() if known.words not in said]
