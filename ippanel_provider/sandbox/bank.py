"""The banks of numbers: how many people a choice holds and which numbers they have. API: bank.

Nobody is in them: counts and numbers come out of arithmetic on the choice, the same ones each time.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from ippanel_provider.service import MAX_BIRTH_YEAR, MIN_BIRTH_YEAR, BankOperator

from .geography import Entry
from .prices import operator_of

OPERATOR_IDS: Mapping[int, str] = {
    BankOperator.MCI: "mci",
    BankOperator.IRANCELL: "irancell",
    BankOperator.OTHER: "other",
}
OPERATORS = tuple(OPERATOR_IDS.values())
_SHARES = {"mci": 0.45, "irancell": 0.4, "other": 0.15}
_PREFIXES = {"mci": "912", "irancell": "935", "other": "920"}
_GENDERS = {0: 1.0, 1: 0.49, 2: 0.47, 3: 0.04}
_WHITE = 0.8
"""Who does not block advertising."""
# Any odd number that is no multiple of five visits every number of a range once.
_STEP = 7919


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom a bank send is for. ``key`` names the place, postal code or trade; ``gender`` 0 is any; ``prefix`` may be
    empty.
    """

    key: str
    gender: int = 0
    born_from: int = MIN_BIRTH_YEAR
    born_to: int = MAX_BIRTH_YEAR
    prefix: str = ""
    white: bool = False

    def count(self, operator: str) -> int:
        """How many numbers of an operator it holds."""
        size = 20_000 + _hash(self.key) % 60_000
        years = (self.born_to - self.born_from + 1) / (MAX_BIRTH_YEAR - MIN_BIRTH_YEAR + 1)
        share = _SHARES[operator] * _GENDERS[self.gender] * max(years, 0) * (_WHITE if self.white else 1)
        if self.prefix:
            if not self.prefix.startswith("9") or operator_of(f"+98{self.prefix}") != operator:
                return 0
            share /= 10.0 ** (len(self.prefix) - 2)
        return int(size * share)

    def numbers(self, operator: str, start: int, size: int) -> list[str]:
        """``size`` numbers of an operator after the first ``start``, or as many as there are."""
        prefix = self.prefix or _PREFIXES[operator]
        digits = 10 - len(prefix)
        offset = _hash(f"{self.key} {operator}")
        end = min(start + size, self.count(operator))
        return [f"+98{prefix}{(offset + index * _STEP) % 10**digits:0{digits}}" for index in range(start, end)]


def place_key(province: Entry | None, county: Entry | None, city: Entry | None) -> str:
    """The key of the smallest place that is named."""
    named = city or county or province
    kind = "city" if city else "county" if county else "province"
    return f"{kind} {named.id if named else 0}"


def trade_key(main: Entry | None, sub: Entry | None) -> str:
    """The key of a trade."""
    return f"trade {main.id if main else 0} {sub.id if sub else 0}"


def _hash(text: str) -> int:
    return zlib.crc32(text.encode())
