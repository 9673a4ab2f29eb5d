"""Recipients as tables have them: any spelling, some people twice, some rows without a mobile number.

Each row knows whose number it truly is, so that the judge does not have to trust the code that cleans numbers. The
numbers begin with 0970, a range that no operator has.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

_NAMES = (
    "آرش",
    "بهار",
    "پویا",
    "ترانه",
    "سارا",
    "شیرین",
    "فرهاد",
    "کاوه",
    "گلناز",
    "مریم",
    "نیما",
    "هستی",
    "یاسمن",
    "علی‌رضا",
)
_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda n: f"0{n}",
    lambda n: n,
    lambda n: f"98{n}",
    lambda n: f"+98{n}",
    lambda n: f"0098{n}",
    lambda n: f"0{n}".translate(_PERSIAN),
    lambda n: f"+98{n}".translate(_ARABIC),
    lambda n: f"0{n[:3]} {n[3:6]} {n[6:]}",
    lambda n: f" +98 ({n[:3]}) {n[3:6]}-{n[6:]} ".translate(_PERSIAN),
    lambda n: f"{n}.0",
)
_NO_MOBILE = ("", "-", "ندارد", "0970000", "02112345678", "+442079460000", "097000000001")


class Person(NamedTuple):
    """One row; ``truth`` is the number as the service takes it, or None where there is none."""

    id: int
    name: str
    mobile: str | None
    truth: str | None


def people(count: int, seed: int) -> list[Person]:
    """Return rows with exactly ``count`` recipients: a fiftieth of them once more, and a hundredth of rows that are no
    mobile.
    """
    chance = random.Random(seed)
    numbers = [f"970{n:07d}" for n in range(count)]
    entries: list[str | None] = [*numbers, *chance.choices(numbers, k=count // 50), *([None] * (count // 100))]
    chance.shuffle(entries)
    return [_person(at, number, chance) for at, number in enumerate(entries, start=1)]


def _person(at: int, number: str | None, chance: random.Random) -> Person:
    name = chance.choice(_NAMES)
    if number is None:
        return Person(at, name, chance.choice((*_NO_MOBILE, None)), None)
    return Person(at, name, chance.choice(_SPELLINGS)(number), f"+98{number}")


def wanted(rows: list[Person]) -> Iterator[str]:
    """Yield who is to get a text, once each."""
    yield from dict.fromkeys(row.truth for row in rows if row.truth)
