"""Sends by pattern: an approved template with its values, to exactly one recipient."""

from __future__ import annotations

from collections.abc import Mapping

from ippanel_provider.sandbox.edge.contact_reading import entry
from ippanel_provider.sandbox.edge.envelope import Problems, as_int, not_found, wrong
from ippanel_provider.sandbox.phonebook_records import Entry
from ippanel_provider.sandbox.records import Item, Pattern, Submission
from ippanel_provider.sandbox.wire import Call

from .checks import due_of, line_of, recipients_of

UNKNOWN_PATTERN = "پترن مورد نظر یافت نشد"


def pattern(call: Call) -> Submission:
    """Fill the pattern's variables and send."""
    problems = Problems()
    line = line_of(call, problems)
    code = call.body.get("code")
    if not code:
        problems.require("code")
    recipients = recipients_of(call, call.body.get("recipients"), problems, "recipients", 1)
    due = due_of(call, problems)
    given = call.body.get("params")
    if given is None:
        problems.require("params")
    elif not isinstance(given, Mapping) and given != []:
        problems.add("params")
    problems.check()
    known = call.sandbox.patterns.get(str(code))
    if known is None:
        raise not_found(UNKNOWN_PATTERN)
    if known.status != "active":
        raise wrong("code", "پترن فعال نیست")
    # PHP clients write an empty object as an empty list.
    text = fill(known, given if isinstance(given, Mapping) else {}, problems)
    filing = _filing(call, recipients[0], problems)
    problems.check()
    return Submission("pattern", line, [Item(text, recipients)], due, filing=filing)


def _filing(call: Call, number: str, problems: Problems) -> Entry | None:
    """The contact that the recipient is also filed as, where ``phonebook`` asks for it."""
    given = call.body.get("phonebook")
    if given is None or given == []:
        return None
    if not isinstance(given, Mapping):
        problems.add("phonebook")
        return None
    return entry(call, given, number, as_int(given.get("id")) or 0, problems, "phonebook.")


def fill(known: Pattern, values: Mapping[str, object], problems: Problems) -> str:
    """The text of a pattern with its values; every variable must be given, with a value of its type and not too
    long."""
    text = known.message
    for name, kind in known.variables.items():
        value = values.get(name)
        if value is None or value == "":
            problems.add(f"params.{name}", f"تکمیل متغیر {name} الزامی است")
        elif not _fits(value, kind):
            problems.add(f"params.{name}", f"مقدار متغیر {name} با نوع آن سازگار نیست")
        elif 0 < known.lengths.get(name, 0) < len(str(value)):
            problems.add(f"params.{name}", f"مقدار متغیر {name} نباید بیشتر از {known.lengths[name]} کاراکتر باشد")
        else:
            text = text.replace(f"%{name}%", str(value))
    return text


def _fits(value: object, kind: str) -> bool:
    if kind == "integer":
        return (isinstance(value, int) and not isinstance(value, bool)) or (
            isinstance(value, str) and value.isdecimal()
        )
    return isinstance(value, str)
