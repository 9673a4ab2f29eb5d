"""A thousand customers as a shop really has them: every spelling of a number, repetitions, and some that are none.

The list is made the same way every time, and each row knows what its number truly is, so that whoever judges a run
does not have to trust the code that cleans numbers.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROWS = 1000
INVALID = 30
REPEATED = 40

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
    "زهرا",
    "علی‌رضا",
)
_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")

_SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda n: "0" + n,
    lambda n: n,
    lambda n: "98" + n,
    lambda n: "+98" + n,
    lambda n: "0098" + n,
    lambda n: ("0" + n).translate(_PERSIAN),
    lambda n: ("+98" + n).translate(_ARABIC),
    lambda n: f"0{n[:3]} {n[3:6]} {n[6:8]} {n[8:]}",
    lambda n: f" +98 {n[:3]}-{n[3:6]}-{n[6:]} ",
    lambda n: f"(0{n[:3]}) {n[3:]}".translate(_PERSIAN),
)

_NO_MOBILE = (
    "",
    "-",
    "ندارد",
    "0912000",
    "02112345678",
    "+98 21 1234 5678",
    "+442079460000",
    "00971501234567",
    "091200000001",
    "3000505",
)


class Customer(NamedTuple):
    """One row; ``truth`` is the number in the service's form, or None where there is none."""

    name: str
    mobile: str
    points: int
    truth: str | None


def customers() -> list[Customer]:
    """Return the list, always the same."""
    chance = random.Random(1404)  # noqa: S311 - makes examples, guards nothing
    unique = [f"9120{number:06d}" for number in chance.sample(range(1000, 10_000), ROWS - INVALID - REPEATED)]
    rows = [_customer(number, chance) for number in unique]
    # A person registered twice, each time written in another way.
    rows += [
        Customer(row.name, chance.choice(_SPELLINGS)(row.truth[3:]), row.points, row.truth)
        for row in chance.sample(rows, REPEATED)
        if row.truth
    ]
    rows += [Customer(chance.choice(_NAMES), _NO_MOBILE[i % len(_NO_MOBILE)], 0, None) for i in range(INVALID)]
    chance.shuffle(rows)
    return rows


def _customer(number: str, chance: random.Random) -> Customer:
    return Customer(
        chance.choice(_NAMES), chance.choice(_SPELLINGS)(number), chance.randrange(10, 5000, 10), "+98" + number
    )


def write_csv(path: Path) -> list[Customer]:
    """Write the list as a CSV and return it."""
    rows = customers()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("name", "mobile", "points"))
        writer.writerows((row.name, row.mobile, row.points) for row in rows)
    return rows
