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
    versions: tuple[int, int] = (0, 0)
    """From which Airflow on it has to be found."""


_DATABASE = r"airflow\.db(-wal)?"
ALLOWED = {
    "masked in a test run": Known(
        ".*",
        r"worker\.output",
        "at DEBUG, `airflow dags test` prints what it is asked to mask: credentials, and every Variable",
        r".*MaskSecret\(value=(?:(?!MaskSecret').)*",
        frozenset({"DEBUG"}),
        (3, 3),
    ),
    "conf": Known(
        ".* in conf",
        rf"dag_run\.conf|{_DATABASE}|lineage\.jsonl|worker\.output",
        "also in lineage events, and at DEBUG in logs",
    ),
    "mapped literal": Known(
        ".* of a mapped literal",
        rf"serialized_dag\.data|{_DATABASE}",
        "what is written into a mapped task: its `partial` and `expand`",
    ),
    "deadline": Known(
        ".* of a deadline",
        rf"serialized_dag\.data|dag\.deadline|deadline_alert\.\w+|callback\.\w+|{_DATABASE}",
        "the arguments of a deadline's callback, as they are written",
        versions=(3, 2),
    ),
    "XCom": Known(
        "number handed over by a task",
        rf"xcom\.value|{_DATABASE}|worker\.output",
        "Airflow also prints what a `@task` returns",
    ),
    "show_rendered": Known(
        ".* with show_rendered",
        rf"serialized_dag\.data|rendered_task_instance_fields\.rendered_fields|{_DATABASE}|worker\.output",
        "`show_rendered=True` lifts it",
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
