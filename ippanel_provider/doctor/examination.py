"""The groups in their order, and the profile that comes of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from ippanel_provider.client import Flow, IPPanelError, Settings
from ippanel_provider.doctor import account, listing, pages, paid, text, way
from ippanel_provider.doctor.case import Asking, Case
from ippanel_provider.doctor.findings import Verdict
from ippanel_provider.doctor.journal import Journal
from ippanel_provider.doctor.paid import Texts
from ippanel_provider.doctor.sending import newest
from ippanel_provider.service_profile import DOCUMENTS, InvalidProfile, ServiceProfile, facts

Free = Callable[[Case], Flow[None]]
FREE: Mapping[str, Free] = {
    "way": way.answers,
    "key": account.key,
    "account": account.account,
    "text": text.text,
    "pages": pages.pages,
}
PAID: Mapping[str, paid.Step] = {
    "refusals": paid.refusals,
    "time": paid.schedule,
    "outbox": paid.outbox,
    "guard": paid.guard,
    "delivery": listing.delivery,
    "inbox": listing.inbox,
}
GROUPS = (*FREE, *PAID)
NEVER = {
    "banks": "they reach strangers",
    "more than 1,000 recipients": "it costs a thousand texts",
    "rate limits": "reaching them gets in the way of your own sends",
    "deletes": "they cannot be taken back",
}
"""What is never tried, and why."""
_SENDING = (paid.schedule, paid.outbox, paid.guard)


def examine(case: Case, asking: Asking, settings: Settings, only: Collection[str] = ()) -> None:
    """Run the groups that cost nothing; what one needs of another is asked along with it.

    The first, ``way``, always runs: it alone explains what stands between here and the service.
    """
    case.group = "way"
    way.connect(case, settings)
    wanted = {"way", *(set(only) or FREE)}
    if wanted != {"way"}:
        # Whose credential it is decides whose profile it becomes.
        wanted |= {"key"}
    if wanted & PAID.keys():
        wanted |= {"account", "text"}
    for name, group in FREE.items():
        if name in wanted and not case.is_blocked:
            case.group = name
            _run(case, asking, lambda group=group: group(case))  # type: ignore[misc]


def examine_with_texts(case: Case, asking: Asking, journal: Journal, only: Collection[str] = ()) -> None:
    """Run the groups that send to ``case.phone``: at most two texts reach it, in this run and all that follow."""
    texts = Texts()
    wanted = set(only) & PAID.keys() or set(PAID)
    wanted -= set() if case.reply else {"inbox"}
    wanted |= {"outbox"} if wanted & {"guard", "delivery", "inbox"} else set()
    # What is listed before the first text is not ours.
    listed = asking.run(newest(case))
    if listed is None:
        case.group = "outbox"
        case.say(Verdict.NO, "list", f"the list does not answer ({case.why('report.outbox')})", "so nothing is sent")
        return
    times = [bulk.created_at.timestamp() for bulk in listed.values() if bulk.created_at is not None]
    journal.open(sorted(listed), max(times, default=0.0))
    plan = [(name, step) for name, step in PAID.items() if name in wanted]
    if wanted & {"time", "outbox"}:
        # A repetition comes before the marker is looked at closely: ten seconds are soon over.
        place = sum(name in ("refusals", "time", "outbox", "guard") for name, _ in plan)
        plan.insert(place, ("outbox", listing.listing))
    for name, step in plan:
        case.group = name
        if not (texts.is_over and step in _SENDING):
            _run(case, asking, lambda step=step: step(case, journal, texts))  # type: ignore[misc]
    case.group = "outbox"
    for end in (paid.tidy(case, journal), listing.order_of_pages(case)):
        _run(case, asking, lambda end=end: end)  # type: ignore[misc]
    if journal.gateway is not None:
        case.learn(gateway_repeats=journal.gateway == "repeats")


def _run(case: Case, asking: Asking, flow: Callable[[], Flow[None]]) -> None:
    try:
        asking.run(flow())
    except IPPanelError as error:
        status = error.details.http_status
        case.say(
            Verdict.UNKNOWN, case.group, f"it broke off ({type(error).__name__}{f', HTTP {status}' if status else ''})"
        )


def profile_of(case: Case, settings: Settings) -> ServiceProfile:
    """The service profile that the facts make, of this account at this service."""
    kept = {}
    for name, value in case.facts.items():
        try:
            facts()[name].check(value)
        except InvalidProfile:
            # A value that no profile has, such as a clock that is more than a day off.
            continue
        kept[name] = value
    host = urlsplit(settings.root).hostname or ""
    who = case.answers.get("account")
    learnt = DOCUMENTS.learn(kept, at=datetime.fromtimestamp(int(case.now()), UTC) if kept else None)
    return replace(learnt, host=host, account="" if who is None else str(who.user_id))
