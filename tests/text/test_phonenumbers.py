"""Our reading beside that of ``phonenumbers``, which knows all countries: each difference, and who is right."""

from __future__ import annotations

from itertools import product

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType

from ippanel_provider.text.numbers import InvalidNumber, normalize
from ippanel_provider.text.prefixes import is_assigned

WIRE = "+989120001234"
PERSIAN, ARABIC, FULL_WIDTH = (
    str.maketrans("0123456789", digits) for digits in ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９")
)
GROUPINGS = ("9120001234", "912 000 1234", "912-000-1234", "912.000.12.34", "(912) 0001234")
REGULAR = [
    (prefix + gap + national).translate(digits)
    for prefix, gap, national, digits in product(
        ("0", "+98", "0098", "98", ""), ("", " "), GROUPINGS, ({}, PERSIAN, ARABIC, FULL_WIDTH)
    )
    if prefix or not gap
]
ODD = [
    *("'09120001234", '="09120001234"', '"09120001234"', " 09120001234 ", "09120001234\n", "\u202a+989120001234\u202c"),
    *("tel:+989120001234", "tel:09120001234", "Tel: 0912 000 1234", "sms:09120001234", "mobile 09120001234"),
    *("[0912] 000 1234", "<09120001234>", "9,120,001,234", "09120001234,", "0912,000,1234", "0912،000،1234"),
    *("9٬120٬001٬234", "9120001234.0", "9,120,001,234.00", "+00989120001234", "+09120001234", "0989120001234"),
    *(
        "+98 (0) 912 000 1234",
        "+9809120001234",
        "00980 912 000 1234",
        "989120001234+",
        "۹۸۹۱۲۰۰۰۱۲۳۴+",
        "＋989120001234",
    ),
    *("0912_000_1234", "0912/000/1234", "0912\\000\\1234", "0912\u200c000\u200c1234", "0912ـ000ـ1234", "0912•000•1234"),
    *("0912–000–1234", "0912—000—1234", "0912−0001234", "0912\u00a0000\u00a01234", "0912\t000\t1234", "0912'000'1234"),
    *("912000123.4", "9120001.234", "9.120001234E+09", "9.12E+09", "0912000123", "091200012345", "0912000123O"),
    *("+919120001234", "+9120001234", "009120001234", "09120001234 ext 5", "09120001234x5", "09120001234;ext=5"),
    *(
        "09120001234,09350001234",
        "09120001234 09350001234",
        "09120001234/09350001234",
        "02188880000",
        "+98 21 8888 0000",
    ),
    *("0912***1234", "٠٩١٢", "", "-9120001234", "98+9120001234", "++989120001234", "+98+9120001234", "0912 OOO 1234"),
    *("1-800-FLOWERS", "0912-CALL-NOW", "9891200012", "None", "nan"),
]

MARKS = "ours: the mark says nothing, and tables, forms and keyboards of people who write Persian are full of it"
ZEROS = "ours: no country's code begins with 0, so the zeros around 98 can mean nothing else"
FRACTION = "ours: a fraction of a float is no phone number, and without its dot it is a stranger's"
ABROAD = "ours: a mobile number of India, which this service does not reach; theirs says which country"
EXTENSION = "ours: no text goes to an extension, so it is no mobile phone's"
LETTERS = "ours: letters on the keys are not in use in Iran, so a letter is a slip"
SIGNS = "ours: a sign before a number is a slip in a table of integers"
DIFFERENCES = {
    "9,120,001,234": MARKS,
    "0912,000,1234": MARKS,
    "0912،000،1234": MARKS,
    "9٬120٬001٬234": MARKS,
    "9120001234.0": MARKS,
    "9,120,001,234.00": MARKS,
    "0912_000_1234": MARKS,
    "0912\\000\\1234": MARKS,
    "0912\u200c000\u200c1234": MARKS,
    "0912ـ000ـ1234": MARKS,
    "0912•000•1234": MARKS,
    "0912\t000\t1234": MARKS,
    "0912'000'1234": MARKS,
    "+09120001234": ZEROS,
    "0989120001234": ZEROS,
    "912000123.4": FRACTION,
    "9120001.234": FRACTION,
    "+919120001234": ABROAD,
    "09120001234 ext 5": EXTENSION,
    "09120001234x5": EXTENSION,
    "09120001234;ext=5": EXTENSION,
    "-9120001234": SIGNS,
    "++989120001234": SIGNS,
    "0912 OOO 1234": LETTERS,
    "0912-CALL-NOW": LETTERS,
}
"""Spellings that one reads as another number than the other, or only one reads, and who is right."""

NOT_GIVEN_OUT = "both: theirs refuses what nobody has today, ours sends and counts it, because new ones are given out"
IN_BLOCKS = "both: theirs knows blocks of these prefixes, ours takes all, because the next block is given out any day"
PREFIXES = dict.fromkeys((*range(906, 910), *range(924, 930), *range(950, 980), 997), NOT_GIVEN_OUT) | dict.fromkeys(
    (995, 998, 999), IN_BLOCKS
)
"""Prefixes of which one reads more numbers than the other, and who is right."""


def theirs(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text, "IR")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) is not PhoneNumberType.MOBILE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def ours(text: str) -> str | None:
    try:
        return normalize(text)
    except InvalidNumber:
        return None


@pytest.mark.parametrize("text", [*REGULAR, *ODD])
def test_a_spelling_is_read_alike_or_the_difference_is_in_the_table(text: str) -> None:
    assert (ours(text) != theirs(text)) is (text in DIFFERENCES)
    assert ours(text) in {None, WIRE}


def test_there_are_spellings_enough() -> None:
    assert len({*REGULAR, *ODD}) > 250
    assert set(ODD) > DIFFERENCES.keys()


@pytest.mark.parametrize("prefix", range(900, 1000))
def test_a_prefix_is_read_alike_or_the_difference_is_in_the_table(prefix: int) -> None:
    numbers = [f"0{prefix}{block:02d}12345" for block in range(100)]
    read, known = {ours(number) is not None for number in numbers}, {theirs(number) is not None for number in numbers}
    assert (read != known) is (prefix in PREFIXES)
    assert len(read) == 1
    if read == {True}:
        assert is_assigned(f"+98{prefix}0012345") is (True in known)


def test_prefixes_that_nobody_has_are_told_apart() -> None:
    given_out = {prefix for prefix in range(900, 1000) if is_assigned(f"+98{prefix}0001234")}
    assert given_out == {*range(900, 906), *range(910, 924), *range(930, 940), *range(990, 997), 998, 999}
