"""How fast numbers are normalised and texts measured: ``python benchmarks/text.py``.

Numbers against the ``phonenumbers`` package, which does the same for the whole world, in one run on one machine.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable, Sequence

import phonenumbers

from ippanel_provider.text.numbers import normalize
from ippanel_provider.text.parts import measure

PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
NATIONAL = [f"9120{index:06d}" for index in range(2000)]
NUMBERS = {
    "canonical +989…": ["+98" + number for number in NATIONAL],
    "common    09…": ["0" + number for number in NATIONAL],
    "Persian   ۰۹…": [("0" + number).translate(PERSIAN) for number in NATIONAL],
    "spaced    +98 912 …": [f"+98 {number[:3]} {number[3:6]} {number[6:]}" for number in NATIONAL],
}
TEXTS = {
    "GSM-7   1 part": "Your order 123456 is on its way. " * 4,
    "GSM-7  20 parts": "a" * 3000,
    "UCS-2   1 part": "سفارش شما با کد ۱۲۳۴۵۶ ارسال شد.",
    "UCS-2  20 parts": "سفارش شما " * 130,
    "emoji   2 parts": "سفارش شما آماده است 🎉" * 4,
}


def theirs(raw: str) -> str:
    """What ``normalize`` does, by phonenumbers."""
    number = phonenumbers.parse(raw, "IR")
    if phonenumbers.number_type(number) != phonenumbers.PhoneNumberType.MOBILE:
        raise ValueError
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def microseconds(call: Callable[[str], object], values: Sequence[str], rounds: int = 5) -> float:
    """Microseconds a call, the best of some rounds."""
    return min(timeit.repeat(lambda: [call(value) for value in values], number=1, repeat=rounds)) / len(values) * 1e6


def main() -> None:
    """Print both tables."""
    print("µs per number         ours  phonenumbers  ratio")
    for name, values in NUMBERS.items():
        assert [normalize(value) for value in values[:50]] == [theirs(value) for value in values[:50]]
        ours, other = microseconds(normalize, values), microseconds(theirs, values, rounds=2)
        print(f"{name:20}{ours:6.2f}{other:14.2f}{other / ours:7.0f}")
    print("\nµs per text")
    for name, text in TEXTS.items():
        print(f"{name:20}{microseconds(measure, [text] * 1000):6.2f}   ({measure(text).parts} parts)")


if __name__ == "__main__":
    main()
