"""How this panel shows what it holds: texts, people, counts and times, by the facts of its service profile."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ippanel_provider.service import OPT_OUT_SUFFIX
from ippanel_provider.service_profile import ServiceProfile
from ippanel_provider.text.parts import Encoding, TextSize

from .outbox_report import OutboxFilter
from .records import Bulk

_LETTERS = {"arabic": str.maketrans("یک", "يك"), "persian": str.maketrans("يك", "یک")}
_HALF_SPACE = "\u200c"
_LINE_END = re.compile(r"\r\n|\r|\n")
_TEHRAN = 12_600
"""Seconds that Tehran's clocks are ahead of UTC; there is no summer time since 2022."""


def text(profile: ServiceProfile, sent: str) -> str | None:
    """A text as it is listed; None where this panel lists none."""
    if profile.text_listed == "hidden":
        return None
    if profile.letters != "kept":
        sent = sent.translate(_LETTERS[profile.letters])
    if profile.half_spaces != "kept":
        sent = sent.replace(_HALF_SPACE, "" if profile.half_spaces == "dropped" else " ")
    if profile.trailing_space == "dropped":
        sent = sent.rstrip()
    if profile.suffix_appended and not sent.endswith(OPT_OUT_SUFFIX):
        sent = f"{sent}\n{OPT_OUT_SUFFIX}"
    if profile.line_ends != "kept":
        sent = _LINE_END.sub("\r\n" if profile.line_ends == "crlf" else "\n", sent)
    return f"@{sent}" if profile.text_listed == "other" else sent


def finds(profile: ServiceProfile, wanted: str) -> Callable[[str], bool] | None:
    """What ``filters.message`` finds among the texts that were sent; None where it finds everything."""
    match profile.text_match:
        case "ignored":
            return None
        case "exact":
            return lambda sent: text(profile, sent) == wanted
        case _:
            return lambda sent: wanted in (text(profile, sent) or "")


def listed(profile: ServiceProfile, lag: float = 0.0) -> OutboxFilter:
    """Which bulks this panel lists at all, in which order; ``lag`` is that of a fault."""
    return OutboxFilter(
        younger_hidden=max(lag, profile.outbox_lag),
        scheduled_hidden=not profile.scheduled_listed,
        newest_only=profile.list_cap,
        oldest_first=profile.page_order == "oldest",
    )


def recipient(profile: ServiceProfile, number: str) -> str:
    """A recipient as it is listed."""
    return number if profile.recipient_form == "+98" else profile.recipient_form + number.removeprefix("+98")


def recipients(profile: ServiceProfile, bulk: Bulk, now: float) -> Sequence[str]:
    """Whom of a bulk this panel lists at ``now``, in order and as they were sent to."""
    hidden = profile.recipients_listed == "never" or (
        profile.recipients_listed == "when_final" and not bulk.state_at(now).is_final
    )
    if hidden or now < bulk.accepted + profile.recipients_lag:
        return ()
    return bulk.recipients[: max(1, len(bulk.recipients) - profile.recipients_lacking)]


def count(profile: ServiceProfile, recipients: int) -> int:
    """How many recipients a bulk says to have."""
    if profile.counts == "zero":
        return 0
    return recipients - 1 if profile.counts == "one_less" else recipients


def due(profile: ServiceProfile, bulk: Bulk) -> float:
    """When a bulk says to go out, in epoch seconds."""
    if profile.send_times == "created":
        return bulk.accepted
    return bulk.due // 60 * 60 if profile.send_times == "minute" else bulk.due


def size(profile: ServiceProfile, measured: TextSize, *, is_66_char: bool) -> TextSize:
    """The measure of a text, where this panel cuts a pair of units on the boundary of two parts."""
    if not profile.pairs_cut or measured.parts < 2:
        return measured
    several = 153 if measured.encoding is Encoding.GSM7 else 66 if is_66_char else 67
    return measured._replace(parts=-(-measured.units // several))


def moment(profile: ServiceProfile, epoch: int | None) -> int | None:
    """A time of a filter, as this panel reads it."""
    return epoch if epoch is None or profile.filter_zone == "utc" else epoch - _TEHRAN
