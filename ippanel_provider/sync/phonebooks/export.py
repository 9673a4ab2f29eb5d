"""A phonebook as rows. The contact list shows no options, so they are read one by one where they are asked for."""

from __future__ import annotations

import json
from collections.abc import Callable

from ippanel_provider.client import Flow, InvalidInput, NotFound, edge
from ippanel_provider.client.requests import pages
from ippanel_provider.service import MAX_PAGE_SIZE
from ippanel_provider.sync.phonebooks.planning import raw_options, read_books
from ippanel_provider.sync.phonebooks.spec import BookSpec

COLUMNS = ("number", "name", "email", "pre", "options")
"""``options`` is a JSON object of title to value; empty where they were not asked for."""


def export(title: str, tell: Callable[[tuple[str, ...]], None], *, with_options: bool = False) -> Flow[int]:
    """Call ``tell`` with every contact of a phonebook; return how many there are.

    :param with_options: also read the options: one request for each contact
    :raises InvalidInput: there is no such phonebook.
    """
    books = yield from read_books(BookSpec(title))
    if not books:
        raise InvalidInput(f"book: there is no phonebook titled {title!r}")
    titles = {option.id: option.title or str(option.id) for option in books[0].options}
    seen: set[int] = set()
    count = 0
    walk = pages(edge.phonebook.list_contacts(phonebook_id=books[0].id, per_page=MAX_PAGE_SIZE), whole=True)
    while page := (yield from walk.turn()):
        for contact in page.items:
            if contact.id in seen:
                continue
            seen.add(contact.id)
            options = ""
            if with_options:
                try:
                    whole = yield from edge.phonebook.get_contact(contact.id)
                except NotFound:
                    continue  # deleted since the page was read
                values = {titles.get(key, str(key)): value for key, value in raw_options(whole).items()}
                options = json.dumps(values, ensure_ascii=False)
            tell((str(contact.number), contact.name or "", contact.email or "", contact.pre or "", options))
            count += 1
    return count
