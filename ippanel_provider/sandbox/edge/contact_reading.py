"""Reading contacts to be out of requests. API: phonebook."""

from __future__ import annotations

from collections.abc import Mapping

from ippanel_provider.sandbox.contact_sheets import fits
from ippanel_provider.sandbox.edge.envelope import Problems, as_int
from ippanel_provider.sandbox.phonebook_records import Entry
from ippanel_provider.sandbox.wire import Call

NO_BOOK = "دفترچه تلفن مورد نظر یافت نشد"


def entry(call: Call, raw: Mapping[str, object], number: str, book_id: int, problems: Problems, at: str = "") -> Entry:
    """A contact to be; its book must exist, and its options with values of their types."""
    if book_id not in call.sandbox.phonebooks.books:
        problems.add(f"{at}phonebook_id", NO_BOOK)
    texts = []
    for field in ("pre", "name", "email"):
        value = raw.get(field)
        if value is not None and not isinstance(value, str):
            problems.add(f"{at}{field}")
        texts.append(value if isinstance(value, str) else None)
    options = _options(call, raw.get("options"), problems, f"{at}options")
    return Entry(book_id, number, texts[0], texts[1], texts[2], options)


def _options(call: Call, given: object, problems: Problems, at: str) -> Mapping[int, str] | None:
    # PHP clients write an empty object as an empty list.
    if given is None or given == []:
        return None if given is None else {}
    if not isinstance(given, Mapping):
        problems.add(at)
        return None
    options = {}
    for key, value in given.items():
        option = call.sandbox.phonebooks.options.get(as_int(key) or 0)
        if option is None or not isinstance(value, str | int) or isinstance(value, bool):
            problems.add(f"{at}.{key}")
        elif value != "":
            if not fits(str(value), option.type):
                problems.add(f"{at}.{key}")
            options[option.id] = str(value)
    return options
