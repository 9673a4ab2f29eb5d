"""How one live panel behaves where the documents are silent or disagree: named facts, and the file that carries them.

A :class:`ServiceProfile` is the documents' panel with what is known better about one host. What is learnt from own
sends is written in it, a connection can be given one, and a sandbox behaves like one (``ippanel sandbox --profile``).
A fact that nobody settled has the documents' value and is not in :attr:`ServiceProfile.known`: code that would do harm
if the guess were wrong asks for it there. API: what only the live service can settle.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self, get_args, get_type_hints

from ippanel_provider.values import InvalidValue

VERSION = 1
"""Of the file. A newer one is refused, so that no fact is read as something else."""
_DAY = 86_400.0
_ABOUT = ("host", "account", "learnt_at", "known")
OLD = 90 * _DAY
"""Seconds after which a profile is warned of: panels change."""


class InvalidProfile(InvalidValue):
    """A profile that cannot be used. ``field`` names the fact or the part of the file."""


def _fact(default: Any, says: str, low: float = 0, high: float = math.inf) -> Any:
    return field(default=default, metadata={"says": says, "low": low, "high": high})


@dataclass(frozen=True, kw_only=True)
class ServiceProfile:
    """Facts about a panel. Seconds are of the service's clock, counts are whole; the defaults are the documents'.

    :raises InvalidProfile: naming the fact whose value is invalid.
    """

    # How the outbox and the recipients of a bulk are listed.
    text_listed: Literal["plain", "other", "hidden"] = _fact(
        "plain", "the text of a bulk in the outbox: as sent but for the facts below, in words nobody can match, or none"
    )
    suffix_appended: bool = _fact(False, "listed texts end in a line break and the opt-out word")
    letters: Literal["kept", "arabic", "persian"] = _fact("kept", "letters of listed texts: kept, or ی and ک turned")
    half_spaces: Literal["kept", "dropped", "space"] = _fact("kept", "half-spaces of listed texts")
    trailing_space: Literal["kept", "dropped"] = _fact("kept", "white space at the end of listed texts")
    line_ends: Literal["kept", "lf", "crlf"] = _fact("kept", "line ends of listed texts")
    recipients_listed: Literal["at_once", "when_final", "never"] = _fact("at_once", "when recipients of a bulk show")
    recipient_form: Literal["+98", "98", "0"] = _fact("+98", "how listed recipients begin")
    recipient_texts: bool = _fact(True, "listed recipients show the text they got")
    recipients_lacking: int = _fact(0, "how many people of a bulk are not listed, such as blacklisted ones")
    counts: Literal["exact", "zero", "one_less"] = _fact("exact", "the number of recipients a listed bulk shows")
    send_times: Literal["second", "minute", "created"] = _fact(
        "second", "time_send of a listed bulk: to the second, cut to the minute, or the time it was handed in"
    )
    scheduled_listed: bool = _fact(True, "scheduled bulks are listed before they go out")
    # Ids.
    ids: Literal["grow", "blocks"] = _fact("grow", "ids only grow, or are handed out in blocks of two ranges")
    id_gaps: bool = _fact(True, "ids of other customers lie between ours")
    # Pages and filters of lists.
    filter_zone: Literal["utc", "tehran"] = _fact("utc", "the zone in which times of filters are read")
    text_match: Literal["part", "exact", "ignored"] = _fact("part", "what filters.message finds")
    page_cap: int = _fact(0, "the most entries a page holds, whatever is asked for; 0 is what is asked for")
    page_figures: bool = _fact(True, "lists say total and last_page")
    page_order: Literal["newest", "oldest"] = _fact("newest", "which bulks the outbox lists first")
    pages_shift: int = _fact(0, "how many entries of others slide in before each further page")
    list_cap: int = _fact(0, "how many of the newest bulks the outbox lists in all; 0 is all")
    # Time.
    outbox_lag: float = _fact(0.0, "seconds until a bulk is in the outbox list", high=_DAY)
    recipients_lag: float = _fact(0.0, "seconds until recipients of a bulk are listed", high=_DAY)
    bulk_lag: float = _fact(0.0, "seconds until a bulk can be asked for by its id", high=_DAY)
    clock_offset: float = _fact(0.0, "seconds the service's clock is ahead; behind when negative", -_DAY, _DAY)
    # What is refused, repeated, taken back.
    guard_seconds: float = _fact(
        40.0, "seconds in which the same text to the same person is refused; 0 is never", high=_DAY
    )
    gateway_repeats: bool = _fact(False, "a gateway hands a POST on twice and answers what the second one got")
    cancel_works: bool = _fact(True, "a scheduled bulk that is cancelled stays unsent")
    number_spellings: Literal["local", "strict"] = _fact(
        "local", "numbers and lines on the wire: 09…, 989… too, or only +98…"
    )
    validation_in_message: bool = _fact(False, "the fields of a 422 stand in meta.message, as an object")
    # Parts and prices.
    suffix_priced: bool = _fact(False, "calculate-price counts the opt-out word")
    pairs_cut: bool = _fact(False, "calculate-price cuts a pair of units on the boundary of two parts")
    price_factor: float = _fact(1.0, "what a part costs, in multiples of the price in the documents", high=1000)

    host: str = ""
    """Whose facts these are, as ``edge.ippanel.com``; never with a credential."""
    account: str = ""
    """Whose: the user id of the account, which tells accounts at one host apart."""
    learnt_at: datetime | None = None
    """When the newest of them was settled (UTC)."""
    known: frozenset[str] = frozenset()
    """The facts that were settled; the others are the documents' word."""

    def __post_init__(self) -> None:
        for name, fact in facts().items():
            fact.check(getattr(self, name))
        for name in sorted(self.known):
            _named(name)

    @property
    def explained(self) -> Literal["yes", "no", "hidden"]:
        """Whether one fold of letters, spaces and suffixes makes a listed text equal to what was sent."""
        return _EXPLAINED[self.text_listed]

    def learn(self, settled: Mapping[str, object], *, at: datetime | None = None) -> Self:
        """The profile with these facts settled, ``at`` this moment.

        :raises InvalidProfile: for a name that is no fact, or a value that is not one of its values.
        """
        for name, value in settled.items():
            _named(name).check(value)
        values: dict[str, Any] = dict(settled)
        return replace(self, **values, learnt_at=at or self.learnt_at, known=frozenset({*self.known, *settled}))

    def over(self, other: ServiceProfile) -> ServiceProfile:
        """What either knows; where both do, this one's word."""
        mine = {name: getattr(self, name) for name in self.known}
        times = [each.learnt_at for each in (self, other) if each.learnt_at is not None]
        learnt = other.learn(mine, at=max(times, default=None))
        return replace(learnt, host=self.host or other.host, account=self.account or other.account)

    def differences(self, other: ServiceProfile) -> dict[str, tuple[Any, Any]]:
        """The facts in which the two differ: name to (this one's value, the other's)."""
        pairs = {name: (getattr(self, name), getattr(other, name)) for name in facts()}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}

    def warnings(self, *, host: str = "", account: str = "", now: datetime | None = None) -> list[str]:
        """Return why this profile may not fit the account (of ``host``) that it is about to be used for."""
        found = [
            f"The service profile is of another {what} ({mine}); have one made for this {what}: ippanel doctor"
            for what, mine, other in (("host", self.host, host), ("account", self.account, account))
            if mine and other and mine != other
        ]
        at = now or datetime.now(UTC)
        if self.learnt_at is not None and (at - self.learnt_at).total_seconds() > OLD:
            found.append(
                f"The service profile is of {self.learnt_at:%Y-%m-%d}, more than 90 days old; the service may have "
                "changed since: ippanel doctor --diff"
            )
        return found

    def __str__(self) -> str:
        """One line for a log: what is other than in the documents."""
        found = self.differences(DOCUMENTS)
        other = ", ".join(f"{name}={value}" for name, (value, _) in found.items()) or "as documented"
        return f"{other} ({len(self.known)} of {len(facts())} facts known)"

    def to_json(self) -> str:
        """The file's text: what is known, and of whom."""
        about = {"version": VERSION, "host": self.host, "learnt_at": self.learnt_at and self.learnt_at.isoformat()}
        if self.account:
            about["account"] = self.account
        settled = {name: getattr(self, name) for name in facts() if name in self.known}
        return json.dumps({**about, "facts": settled}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read the text of a file. What it does not name has the documents' value.

        :raises InvalidProfile: saying which part of it is invalid.
        """
        try:
            content = json.loads(text)
        except ValueError as error:
            raise InvalidProfile("profile", f"invalid JSON: {error}") from None
        if not isinstance(content, dict):
            raise InvalidProfile("profile", "expected an object with version and facts")
        if unknown := sorted(content.keys() - {"version", "host", "account", "learnt_at", "facts"}):
            raise InvalidProfile(
                unknown[0], "not a part of a profile; expected version, host, account, learnt_at and facts"
            )
        if content.get("version") != VERSION or isinstance(content["version"], bool):
            raise InvalidProfile("version", f"expected {VERSION}; write the file anew with this version of the package")
        host, account, settled = content.get("host") or "", content.get("account") or "", content.get("facts", {})
        for name, value in (("host", host), ("account", account)):
            if not isinstance(value, str):
                raise InvalidProfile(name, "expected a text")
        if not isinstance(settled, dict):
            raise InvalidProfile("facts", "expected an object of facts by name")
        return cls(host=host, account=account).learn(settled, at=_moment(content.get("learnt_at")))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file at ``path``.

        :raises InvalidProfile: when it cannot be read or used.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise InvalidProfile("profile", f"{path.name} cannot be read: {reason}") from None
        return cls.from_json(text)

    def write(self, path: Path) -> None:
        """Write the file at ``path``."""
        path.write_text(self.to_json(), encoding="utf-8")


_EXPLAINED: Mapping[str, Literal["yes", "no", "hidden"]] = {"plain": "yes", "other": "no", "hidden": "hidden"}


@dataclass(frozen=True)
class Fact:
    """One fact: its name, what it says, and which values it has."""

    name: str
    says: str
    default: Any
    choices: tuple[str, ...] = ()
    low: float = 0
    high: float = math.inf

    def check(self, value: object) -> None:
        """Accept ``value``.

        :raises InvalidProfile: it is none of this fact's.
        """
        if self.choices:
            if value not in self.choices:
                raise InvalidProfile(self.name, f"expected one of: {', '.join(self.choices)}")
        elif isinstance(self.default, bool):
            if not isinstance(value, bool):
                raise InvalidProfile(self.name, "expected true or false")
        elif not self._fits(value):
            kind = "a number" if isinstance(self.default, float) else "a whole number"
            most = f" to {self.high:g}" if self.high < math.inf else ""
            raise InvalidProfile(self.name, f"expected {kind} from {self.low:g}{most}")

    def _fits(self, value: object) -> bool:
        kinds = (int, float) if isinstance(self.default, float) else (int,)
        return not isinstance(value, bool) and isinstance(value, kinds) and self.low <= value <= self.high


@cache
def facts() -> Mapping[str, Fact]:
    """Every fact by its name, in the order they are written."""
    hints = get_type_hints(ServiceProfile)
    return {
        each.name: Fact(each.name, each.metadata["says"], each.default, get_args(hints[each.name]), *_bounds(each))
        for each in fields(ServiceProfile)
        if each.name not in _ABOUT
    }


def _bounds(each: Any) -> tuple[float, float]:
    return each.metadata["low"], each.metadata["high"]


def _named(name: str) -> Fact:
    if name not in facts():
        raise InvalidProfile(name, f"not a fact; expected one of: {', '.join(facts())}")
    return facts()[name]


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise InvalidProfile("learnt_at", "expected a time such as 2026-01-31T12:00:00+00:00") from None
    if moment.tzinfo is None:
        raise InvalidProfile("learnt_at", "expected a time with its offset, such as +00:00")
    return moment.astimezone(UTC)


DOCUMENTS = ServiceProfile()
"""The panel of the documents, nothing of which was settled."""
