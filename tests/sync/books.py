"""Phonebooks of the sandbox, as a test fills, syncs and reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ippanel_provider.client import Client, edge
from ippanel_provider.client.requests import everything
from ippanel_provider.sync.phonebooks.apply import RowOutcome, Terms, apply
from ippanel_provider.sync.phonebooks.memory import Memory, key_of
from ippanel_provider.sync.phonebooks.plan import PhonebookPlan
from ippanel_provider.sync.phonebooks.planning import make_plan
from ippanel_provider.sync.phonebooks.source import numbered
from ippanel_provider.sync.phonebooks.spec import BookSpec, spec_of

from .conftest import Run

KEY = key_of("a key of the tests")
SPEC = {
    "book": "Customers",
    "number": "mobile",
    "fields": {"name": "name"},
    "options": {"Points": {"column": "points", "type": "int"}, "Since": {"column": "since", "type": "date"}},
}


def a_spec(**changes: Any) -> BookSpec:
    return spec_of(SPEC | changes)


def row(n: int, **changes: Any) -> dict[str, Any]:
    return {"mobile": f"0912{n:07d}", "name": f"نام {n}", "points": n, "since": "2025-05-20"} | changes


class Syncing:
    """A source and a panel, with what is remembered between the runs."""

    def __init__(self, run: Run, client: Client, folder: Path) -> None:
        self.run = run
        self.client = client
        self.state = folder / "state"
        self.told: list[RowOutcome] = []

    def plan(self, rows: Iterable[Mapping[str, Any]], **changes: Any) -> PhonebookPlan:
        return self.run(make_plan(a_spec(**changes), numbered(rows), Memory.load(self.state, KEY)))

    def apply(
        self, plan: PhonebookPlan, *, check_panel: bool = False, chunk_size: int = 10_000, **faults: Any
    ) -> dict[str, int]:
        self.told = []
        terms = Terms(state=self.state, chunk_size=chunk_size)
        return self.run(apply(plan, KEY, self.told.append, terms, check_panel=check_panel), **faults)

    def sync(self, rows: Iterable[Mapping[str, Any]], *, chunk_size: int = 10_000, **changes: Any) -> dict[str, int]:
        return {
            word: count
            for word, count in self.apply(self.plan(rows, **changes), chunk_size=chunk_size).items()
            if count
        }

    def rejected(self) -> dict[int, str]:
        return {outcome.line: outcome.reason for outcome in self.told if outcome.action == "rejected"}

    def book_id(self, title: str = "Customers") -> int:
        return next(book.id for book in self.run(everything(edge.phonebook.list(title=title))) if book.title == title)

    def contacts(self, title: str = "Customers") -> dict[str, tuple[str | None, dict[str, str]]]:
        """Name and options (by title) of every contact, by number."""
        titles = {option.id: option.title for option in self.client.run(everything(edge.phonebook.list_options()))}
        listed = self.client.run(
            everything(edge.phonebook.list_contacts(phonebook_id=self.book_id(title), per_page=1000))
        )
        whole = [self.client.run(edge.phonebook.get_contact(contact.id)) for contact in listed]
        assert len({contact.number for contact in whole}) == len(whole)
        return {
            str(one.number): (one.name, {str(titles[int(key)]): value for key, value in one.options.items()})
            for one in whole
        }
