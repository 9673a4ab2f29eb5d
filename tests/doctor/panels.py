"""Panels drawn by chance, what two texts can show of them, and whether what the doctor says is so."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ippanel_provider.service_profile import Fact, facts

Facts = Mapping[str, Any]
_AMOUNTS: Mapping[str, tuple[Any, ...]] = {
    "recipients_lacking": (0, 0, 1),
    "page_cap": (0, 0, 2, 5, 50),
    "pages_shift": (0, 0, 1),
    "list_cap": (0, 0, 0, 4),
    "outbox_lag": (0.0, 0.0, 3.0, 12.0, 45.0, 90.0),
    "recipients_lag": (0.0, 0.0, 5.0, 60.0),
    "bulk_lag": (0.0, 0.0, 0.0, 2.0, 20.0),
    "clock_offset": (0.0, 0.0, -3600.0, -90.0, 45.0, 1200.0),
    "guard_seconds": (0.0, 40.0, 40.0, 20.0, 60.0),
    "price_factor": (1.0, 1.0, 0.8, 2.375),
}
_RARE = {"gateway_repeats": True, "cancel_works": False}
"""What keeps most else from being shown is drawn once in eight."""


def drawn(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """So many panels."""
    chance = random.Random(seed)
    for _ in range(count):
        yield {name: _value(fact, chance) for name, fact in facts().items()}


def _value(fact: Fact, chance: random.Random) -> Any:
    if fact.name in _RARE:
        return _RARE[fact.name] if chance.random() < 1 / 8 else not _RARE[fact.name]
    if fact.name in _AMOUNTS:
        return chance.choice(_AMOUNTS[fact.name])
    return chance.choice(fact.choices or (False, True))


def _lag(true: float, said: float) -> bool:
    return true <= said <= 1.6 * true + 3


JUDGES: Mapping[str, Callable[[Facts, Any], bool]] = {
    "outbox_lag": lambda is_, said: _lag(is_["outbox_lag"], said),
    "bulk_lag": lambda is_, said: _lag(is_["bulk_lag"], said),
    # People cannot be asked for before the bulk can.
    "recipients_lag": lambda is_, said: _lag(max(is_["recipients_lag"], is_["bulk_lag"]), said),
    "clock_offset": lambda is_, said: abs(is_["clock_offset"] - said) <= 2,
    # How long is known as far as it was tried: for eight seconds, and for thirty-five.
    "guard_seconds": lambda is_, said: is_["guard_seconds"] >= min(said, 35) if said else is_["guard_seconds"] < 8,
    "price_factor": lambda is_, said: abs(is_["price_factor"] - said) < 0.001,
}


def is_so(name: str, is_: Facts, said: Any) -> bool:
    """Whether what the doctor says of a fact is so."""
    judge = JUDGES.get(name)
    return judge(is_, said) if judge else bool(is_[name] == said)


def _is_found_late(is_: Facts) -> bool:
    """Whether a gateway's second request is refused, so that only the list tells that the first was accepted."""
    return bool(is_["gateway_repeats"] and is_["guard_seconds"])


_FREE = ("page_figures", "page_cap", "number_spellings", "validation_in_message", "suffix_priced", "pairs_cut")
_PLAIN = ("suffix_appended", "letters", "half_spaces", "trailing_space", "line_ends")
SHOWN: Mapping[str, Callable[[Facts], bool]] = {
    **dict.fromkeys((*_FREE, "price_factor"), lambda _: True),
    **dict.fromkeys(("text_listed", "send_times", "cancel_works", "clock_offset"), lambda _: True),
    "recipients_listed": lambda _: True,
    "bulk_lag": lambda is_: not _is_found_late(is_),
    **dict.fromkeys(_PLAIN, lambda is_: is_["text_listed"] == "plain"),
    "filter_zone": lambda _: True,
    "outbox_lag": lambda is_: not _is_found_late(is_),
    "text_match": lambda is_: is_["text_listed"] != "hidden",
    "scheduled_listed": lambda _: True,
    "page_order": lambda is_: is_["scheduled_listed"],
    "recipient_form": lambda is_: is_["recipients_listed"] != "never",
    "recipient_texts": lambda is_: is_["recipients_listed"] != "never" and is_["text_listed"] != "hidden",
    "recipients_lag": lambda is_: is_["recipients_listed"] == "at_once" and not _is_found_late(is_),
    "counts": lambda is_: is_["counts"] == "exact",
    "ids": lambda is_: is_["ids"] == "blocks",
    "id_gaps": lambda is_: is_["id_gaps"] and is_["ids"] == "grow" and not is_["gateway_repeats"],
    "gateway_repeats": lambda is_: is_["cancel_works"],
    "guard_seconds": lambda is_: is_["cancel_works"] and not is_["gateway_repeats"],
}
"""What two texts can show, and on which panels; the list in docs/doctor.md."""


def hidden(is_: Facts) -> bool:
    """Whether the marker is not sent, because what became of the scheduled text cannot be told.

    Either two of it are not taken back, or a second one cannot be ruled out, as neither the list nor the cancelling
    tells; or no answer had its id and nothing that is listed tells it from those of others.
    """
    odd = (not is_["scheduled_listed"], is_["gateway_repeats"], not is_["cancel_works"])
    people = is_["recipients_listed"]
    shows_nobody = people == "never" or (people == "when_final" and is_["send_times"] != "second")
    return sum(odd) >= 2 or (_is_found_late(is_) and is_["text_listed"] == "hidden" and shows_nobody)
