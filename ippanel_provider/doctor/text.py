"""Group ``text``: how the service measures and prices, by some thirty price calls, which cost nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ippanel_provider.client import Flow, Price, edge
from ippanel_provider.doctor.case import Case
from ippanel_provider.doctor.findings import Verdict
from ippanel_provider.doctor.wording import wording
from ippanel_provider.service import OPT_OUT_SUFFIX
from ippanel_provider.text.parts import measure

_DOCUMENTED = 1330.1
"""Rial that a part of a Persian text to MCI cost in the documents' example: 2660.2 for two people."""
_LETTER, _EMOJI, _HALF_SPACE = "س", "😀", "\u200c"


class Sample(NamedTuple):
    """Texts that the documents measure as we do; ``of`` is the line that tells of them."""

    of: str
    text: str


def samples(several: int) -> Iterator[Sample]:
    """The texts whose parts are asked for; further parts of a Persian text hold ``several`` units."""
    for size in (1, 70, 71, 2 * several, 2 * several + 1, 3 * several, 3 * several + 1):
        yield Sample("persian parts", _LETTER * size)
    for size in (1, 160, 161, 306, 307, 459, 460):
        yield Sample("latin parts", "a" * size)
    for mark in (_HALF_SPACE, "\n", "\r\n", "۱", "ي"):
        for size in (70, 71):
            yield Sample("marks", _LETTER + mark + _LETTER * (size - 1 - len(mark)))
    yield Sample("extension", "a" * 158 + "€")
    yield Sample("extension", "a" * 159 + "€")
    yield Sample("emoji", "a" * 68 + _EMOJI)
    yield Sample("emoji", "a" * 69 + _EMOJI)


def text(case: Case) -> Flow[None]:
    """Boundaries of parts, marks, pairs, the suffix, and what letters cost."""
    is_66_char = bool(case.own_line and case.own_line.is_66_char)
    several = 66 if is_66_char else 67
    wrong: dict[str, list[int]] = {}
    for sample in samples(several):
        price = yield from _price(case, sample.text)
        if price is None:
            case.say(Verdict.UNKNOWN, "prices", f"the price call does not answer ({_why(case)})")
            return
        off = price.parts - measure(sample.text, is_66_char=is_66_char).parts
        wrong.setdefault(sample.of, []).extend([off] if off else [])
    for name, offs in wrong.items():
        if offs:
            case.say(Verdict.QUIRK, name, f"{len(offs)} counts differ from ours", "estimates of cost are off by parts")
        else:
            case.say(Verdict.OK, name, "counted as we count them")
    yield from _pairs(case, several)
    yield from _suffix(case)
    yield from _money(case)


def _pairs(case: Case, several: int) -> Flow[None]:
    """A pair of units on the boundary of two parts: cut, it needs two parts, moved whole it needs three."""
    fill = _LETTER * (several - 1)
    price = yield from _price(case, fill + _EMOJI + fill)
    if price is None or price.parts not in (2, 3):
        case.say(Verdict.UNKNOWN, "pairs", "it cannot be told")
        return
    case.learn(pairs_cut=price.parts == 2)
    if price.parts == 2:
        case.say(Verdict.QUIRK, "pairs", "an emoji on a boundary is cut", "estimates may be a part too many")
    else:
        case.say(Verdict.OK, "pairs", "an emoji on a boundary moves to the next part whole")


def _suffix(case: Case) -> Flow[None]:
    price = yield from _price(case, f"{_LETTER * 70}\n{OPT_OUT_SUFFIX}")
    if price is None or price.parts not in (1, 2):
        case.say(Verdict.UNKNOWN, "suffix", "it cannot be told")
        return
    case.learn(suffix_priced=price.parts == 2)
    if price.parts == 2:
        case.say(Verdict.QUIRK, "suffix", "the opt-out word is priced", "texts with it may cost a part more")
    else:
        case.say(Verdict.OK, "suffix", "the opt-out word is not priced")


def _money(case: Case) -> Flow[None]:
    persian, latin = (yield from _price(case, _LETTER)), (yield from _price(case, "a"))
    two = yield from _price(case, _LETTER * 71)
    if persian is None or latin is None or two is None or persian.mci_price <= 0:
        case.say(Verdict.UNKNOWN, "money", "no price is told")
        return
    own = yield from _price(case, wording("00000000"))
    case.prices = tuple(price for price in (own.mci_price, own.other_price) if price > 0) if own else ()
    factor = round(persian.mci_price / _DOCUMENTED, 3)
    case.learn(price_factor=factor)
    case.measures |= {
        "latin_to_persian": round(latin.mci_price / persian.mci_price, 3),
        "other_to_mci": round(persian.other_price / persian.mci_price, 3),
        "two_parts_to_one": round(two.mci_price / persian.mci_price, 3),
    }
    if factor == 1:
        case.say(Verdict.OK, "money", "a part costs what it does in the documents")
    else:
        case.say(Verdict.QUIRK, "money", f"a part costs {factor:g} times what it does in the documents")


def _price(case: Case, message: str) -> Flow[Price | None]:
    return case.ask(edge.send.calculate_price(message, sender=case.line))


def _why(case: Case) -> str:
    return case.why("send.calculate_price")
