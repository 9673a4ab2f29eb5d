"""Tables that come from the one place where their facts stand; a page says where with ``<!-- made: name -->``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ippanel_provider import service, service_profile
from ippanel_provider.provider_info import CONNECTION_FIELDS, FIELD_BEHAVIOUR
from ippanel_provider.sandbox.faults import NAMES as FAULTS

_LIMITS = (
    ("Characters of a text", service.MAX_TEXT_CHARACTERS),
    ("Parts of a text", service.MAX_TEXT_PARTS),
    ("Recipients of one request", service.MAX_RECIPIENTS_PER_REQUEST),
    (
        "Texts of their own in one request (no figure is documented; this is what is sent)",
        service.MAX_PEER_TO_PEER_ITEMS,
    ),
    ("Numbers in a file that the service reads", service.MAX_FILE_NUMBERS),
    ("Texts of their own in a file that the service reads", service.MAX_FILE_ROWS),
    ("Phonebooks of one send", service.MAX_PHONEBOOKS_PER_SEND),
    ("Digits that a call reads out", service.MAX_VOTP_DIGITS),
    ("Characters of a pattern's title", service.MAX_PATTERN_TITLE),
    ("Characters of a pattern's description", service.MAX_PATTERN_DESCRIPTION),
    ("Variables of a pattern", service.MAX_PATTERN_VARIABLES),
    ("Characters of a variable's name", service.MAX_PATTERN_VARIABLE_NAME),
    ("Contacts of a phonebook", service.MAX_PHONEBOOK_CONTACTS),
    ("Characters of a phonebook's title", service.MAX_PHONEBOOK_TITLE),
    ("Rows of a page of a list", service.MAX_PAGE_SIZE),
    ("Rows of a page of patterns", service.MAX_PATTERN_PAGE_SIZE),
    ("Drafts, and groups of drafts", f"{service.MAX_DRAFTS}, {service.MAX_DRAFT_GROUPS}"),
    ("Bytes of a ticket's file", service.MAX_TICKET_FILE_BYTES),
)
_TIMES = (
    ("A send time is at least so far ahead", service.MIN_SCHEDULE_AHEAD),
    ("and at most", service.MAX_SCHEDULE_AHEAD),
    ("Cancelling ends so long before it", service.CANCEL_WINDOW),
    ("The same text from the same line to the same person is refused for", service.DUPLICATE_GUARD),
    ("The token of a login lives", service.TOKEN_LIFETIME),
    ("A login waits for its one-time code", service.LOGIN_STEP_LIFETIME),
    ("A new password waits for its code", service.RECOVERY_STEP_LIFETIME),
)


def connection() -> str:
    """Every field of the connection: the standard ones as the form names them, then the extra ones."""
    labels, examples = FIELD_BEHAVIOUR["relabeling"], FIELD_BEHAVIOUR["placeholders"]
    standard = {
        "password": "The API key; with a user name, that account's password. Shown as a password, and masked.",
        "login": "Only to log in with a password instead of a key.",
        "host": "Where a relay, a reseller or a sandbox stands in for the service. It may end in `/v1` or `/v1/api`.",
    }
    rows = [
        (labels[name], f"`{name}`", f"`{examples[name]}`" if name == "host" else "", text)
        for name, text in standard.items()
    ]
    for field in CONNECTION_FIELDS:
        default = (
            ""
            if field.default is None
            else f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
        )
        hidden = " Shown as a password, and masked." if field.secret else ""
        rows.append((field.label, f"`{field.name}`", default, field.description.replace("|", "\\|") + hidden))
    return _table(("Field", "Name", "Default", "Meaning"), rows)


def limits() -> str:
    """Limits by number."""
    return _table(("Limit", "Most"), ((name, f"{most:,}" if isinstance(most, int) else most) for name, most in _LIMITS))


def times() -> str:
    """Times."""
    return _table(("Time", "Length"), ((name, _span(seconds)) for name, seconds in _TIMES))


def states() -> str:
    """States of a bulk."""
    return _table(
        ("`state_id`", "Name", "Meaning", "Final"),
        (
            (int(state), f"`{state.name.lower()}`", state.meaning, "yes" if state.is_final else "")
            for state in service.BulkState
        ),
    )


def statuses() -> str:
    """Statuses of a recipient."""
    return _table(
        ("`message_status`", "Name", "Final"),
        (
            (int(status), f"`{status.name.lower()}`", "yes" if status.is_final else "")
            for status in service.DeliveryStatus
        ),
    )


def legacy_codes() -> str:
    """Error codes of the legacy API."""
    return _table(("Code", "What to do"), ((int(code), code.meaning) for code in service.LegacyCode))


def faults() -> str:
    """Faults of the sandbox."""
    return _table(("Fault", "What the service does then"), ((f"`{name}`", does) for name, does in FAULTS.items()))


def facts() -> str:
    """Facts of a service profile."""
    rows = []
    for fact in service_profile.facts().values():
        values = ", ".join(f"`{choice}`" for choice in fact.choices) or (
            "yes or no" if isinstance(fact.default, bool) else "a number"
        )
        default = (
            str(fact.default).lower()
            if isinstance(fact.default, bool)
            else f"{fact.default:g}"
            if not fact.choices
            else fact.default
        )
        rows.append((f"`{fact.name}`", fact.says, values, f"`{default}`"))
    return _table(("Fact", "What it says", "Values", "In the documents"), rows)


MADE = {
    table.__name__.replace("_", "-"): table
    for table in (connection, limits, times, states, statuses, legacy_codes, faults, facts)
}


def filled(text: str) -> str:
    """Return a page with its tables.

    :raises KeyError: there is no such table.
    """
    return re.sub(r"^<!-- made: ([\w-]+) -->$", lambda place: MADE[place[1]](), text, flags=re.MULTILINE)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _span(seconds: int) -> str:
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds % length == 0 and seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"
