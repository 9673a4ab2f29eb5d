"""Every spelling of a mobile number becomes one; nothing else becomes a number."""

from __future__ import annotations

import math
import pickle
import random
import re
import struct
from decimal import Decimal

import phonenumbers
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from ippanel_provider.text._digits import look_rounded
from ippanel_provider.text.numbers import InvalidNumber, Problem, is_sender, mask, normalize

WIRE = "+989120001234"

PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
FULL_WIDTH = str.maketrans("0123456789+", "０１２３４５６７８９＋")
SCRIPTS = (str.maketrans("", ""), PERSIAN, ARABIC, FULL_WIDTH)
PREFIXES = ("", "0", "98", "+98", "0098", "980", "+980", "00980")
BETWEEN = (
    "",
    " ",
    "-",
    "–",
    "—",
    "‑",
    "−",
    ".",
    "(",
    ")",
    "/",
    "\u00a0",
    "\u200c",
    "\u200e",
    "\u200f",
    "\u202a",
    "\u202c",
    "\u2066",
    "\u2069",
    "\t",
    "_",
    "'",
    "·",
    "\u0640",
)


@st.composite
def mobiles(draw: st.DrawFn) -> str:
    """National numbers that phonenumbers calls mobile numbers of Iran."""
    national = draw(st.sampled_from(("90", "91", "92", "93", "99"))) + draw(
        st.text("0123456789", min_size=8, max_size=8)
    )
    parsed = phonenumbers.parse("+98" + national)
    assume(phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) is PhoneNumberType.MOBILE)
    return national


@st.composite
def spelled(draw: st.DrawFn, national: str) -> str:
    """One of the ways people write a national number."""
    written = (draw(st.sampled_from(PREFIXES)) + national).translate(draw(st.sampled_from(SCRIPTS)))
    gaps = draw(st.lists(st.sampled_from(BETWEEN), min_size=len(written), max_size=len(written)))
    # ".0" at the end would be the tail of a float.
    joined = "".join(digit + gap for digit, gap in zip(written, [*gaps[:-2], "", gaps[-1]], strict=True))
    # Far behind the prefix, a single dot would be the fraction of a float.
    assume(not re.search(r"\A[+＋]?\w{6,}\.\w+\Z", joined))
    return draw(st.sampled_from(("", " ", "\u202a", "\u200f", "(", "'", '="', "tel:", "["))) + joined


class TestEverySpelling:
    @pytest.mark.parametrize(
        "raw",
        [
            "09120001234",
            "9120001234",
            "989120001234",
            "+989120001234",
            "00989120001234",
            "+9809120001234",
            "0098 0 912 000 1234",
            "۰۹۱۲۰۰۰۱۲۳۴",
            "٠٩١٢٠٠٠١٢٣٤",
            "+۹۸۹۱۲۰۰۰۱۲۳۴",
            "۹۱۲000۱۲۳۴",
            "0912 000 1234",
            "0912-000-1234",
            "0912.000.1234",
            "(0912) 000 1234",
            "+98 (0) 912 000 1234",
            " 09120001234\n",
            "\u202a+98 912 000 1234\u202c",
            "\u200f09120001234\u200e",
            "0912\u200c0001234",
            "989120001234+",
            "۹۸۹۱۲۰۰۰۱۲۳۴+",
            "＋989120001234",
            9120001234,
            989120001234,
            "9120001234.0",
            "989120001234.0",
            9120001234.0,
            Decimal("989120001234"),
            "'09120001234",
            '="09120001234"',
            ' "09120001234"',
            "tel:+98-912-000-1234",
            "Tel: 0912 000 1234",
            "sms:09120001234",
            "همراه: ۰۹۱۲۰۰۰۱۲۳۴",
            "[0912] 000 1234",
            "<09120001234>",
            "9,120,001,234",
            "9,120,001,234.00",
            "0912،000،1234",
            "9٬120٬001٬234",
            "09120001234,",
            "+00989120001234",
            "+09120001234",
            "0989120001234",
            "0912_000_1234",
            "0912ـ0001234",
            "0912.0001234",
        ],
    )
    def test_is_the_wire_form(self, raw: object) -> None:
        assert normalize(raw) == WIRE

    @given(st.data(), mobiles())
    def test_whatever_phonenumbers_calls_a_mobile_is_its_e164_in_every_spelling(
        self, data: st.DataObject, national: str
    ) -> None:
        e164 = phonenumbers.format_number(phonenumbers.parse(national, "IR"), phonenumbers.PhoneNumberFormat.E164)
        assert normalize(data.draw(spelled(national))) == e164
        assert normalize(int(national)) == e164
        assert normalize(int("98" + national)) == e164
        for style in phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.NATIONAL:
            assert normalize(phonenumbers.format_number(phonenumbers.parse(e164), style)) == e164

    @given(mobiles())
    def test_the_wire_form_stays_as_it_is(self, national: str) -> None:
        assert normalize(normalize(national)) == normalize(national)


class TestRefusals:
    @pytest.mark.parametrize(
        ("raw", "problem"),
        [
            ("", Problem.EMPTY),
            ("   ", Problem.EMPTY),
            ("+", Problem.EMPTY),
            ("\u200f", Problem.EMPTY),
            ("None", Problem.LETTERS),
            ("nan", Problem.LETTERS),
            ("09120001234,09120001235", Problem.LETTERS),
            ("0912000123O", Problem.LETTERS),
            ("0912000١٢٣²", Problem.LETTERS),
            ("+98+9120001234", Problem.LETTERS),
            ("++989120001234", Problem.LETTERS),
            (-9120001234, Problem.LETTERS),
            (True, Problem.LETTERS),
            ("0912000123", Problem.SHORT),
            ("۰۹۱۲", Problem.SHORT),
            ("+98912000123", Problem.SHORT),
            ("110", Problem.SHORT),
            (912000123, Problem.SHORT),
            ("091200012345", Problem.LONG),
            ("+9891200012345", Problem.LONG),
            ("09120001234 09120001235", Problem.LONG),
            ("02188880000", Problem.LANDLINE),
            ("+982188880000", Problem.LANDLINE),
            ("+98 021 8888 0000", Problem.LANDLINE),
            ("0098 21 8888 0000", Problem.LANDLINE),
            ("982188880000", Problem.LANDLINE),
            ("۰۲۱۸۸۸۸۰۰۰۰", Problem.LANDLINE),
            ("09412300000", Problem.LANDLINE),
            ("+989412300000", Problem.LANDLINE),
            ("+12025550123", Problem.FOREIGN),
            ("0044 7700 900123", Problem.FOREIGN),
            ("+919876543210", Problem.FOREIGN),
            ("+9647901234567", Problem.FOREIGN),
            ("2188880000", Problem.NOT_MOBILE),
            ("2025550123", Problem.NOT_MOBILE),
            ("09812345678", Problem.NOT_MOBILE),
            (None, Problem.EMPTY),
            (math.nan, Problem.EMPTY),
            (Decimal("sNaN"), Problem.EMPTY),
            (math.inf, Problem.LONG),
            (10**400, Problem.LONG),
            (Decimal("1e999999"), Problem.LONG),
            (912000123.4, Problem.FRACTION),
            (Decimal("9120001234.5"), Problem.FRACTION),
            ("912000123.4", Problem.FRACTION),
            ("9120001.234", Problem.FRACTION),
            ("9,120,001,234.5", Problem.FRACTION),
            ("9.12E+09", Problem.SCIENTIFIC),
            ("9,12e9", Problem.SCIENTIFIC),
            ("9.120001234E+09", Problem.SCIENTIFIC),
            (["09120001234"], Problem.LETTERS),
            (b"09120001234", Problem.LETTERS),
            ("0912***1234", Problem.LETTERS),
            ("+9120001234", Problem.FOREIGN),
            ("+9120001234.0", Problem.FOREIGN),
            ("009120001234", Problem.FOREIGN),
            ("tel:+12025550123", Problem.FOREIGN),
        ],
    )
    def test_give_the_reason(self, raw: object, problem: Problem) -> None:
        with pytest.raises(InvalidNumber) as refusal:
            normalize(raw)
        assert refusal.value.problem is problem
        assert problem.value in str(refusal.value)

    @pytest.mark.parametrize("raw", ["9891200012", "989120001.0", "912000123.0", "98912000-12"])
    def test_a_number_with_digits_lost_never_becomes_a_strangers(self, raw: str) -> None:
        with pytest.raises(InvalidNumber) as refusal:
            normalize(raw)
        assert refusal.value.problem is Problem.SHORT

    @given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS - {"IR"})), st.data())
    def test_no_valid_number_of_another_country_is_taken(self, region: str, data: st.DataObject) -> None:
        sample = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE) or phonenumbers.example_number(
            region
        )
        assume(sample is not None)
        digits = str(sample.national_number)
        keep = data.draw(st.integers(1, len(digits)))
        tail = data.draw(st.text("0123456789", min_size=len(digits) - keep, max_size=len(digits) - keep))
        number = phonenumbers.PhoneNumber(country_code=sample.country_code, national_number=int(digits[:keep] + tail))
        assume(phonenumbers.is_valid_number(number))
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        for spelling in (
            e164,
            "00" + e164[1:],
            phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL),
        ):
            with pytest.raises(InvalidNumber) as refusal:
                normalize(spelling)
            assert refusal.value.problem is Problem.FOREIGN

    @given(st.data(), st.from_regex(r"[1-9][0-9]{3,9}", fullmatch=True))
    @example(None, "9400000000").via("internet telephony counts as a fixed line")
    @example(None, "9412300000")
    def test_no_valid_landline_is_taken(self, data: st.DataObject | None, national: str) -> None:
        parsed = phonenumbers.parse("+98" + national)
        assume(phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) is not PhoneNumberType.MOBILE)
        for spelling in (
            (national, "0" + national, "+98" + national) if data is None else (data.draw(spelled(national)),)
        ):
            with pytest.raises(InvalidNumber):
                normalize(spelling)

    @given(st.one_of(st.text(), st.text("0123456789+- ۰۹٠.0()", max_size=20), st.integers()))
    def test_whatever_is_given_is_normalised_or_refused_without_being_shown(self, raw: str | int) -> None:
        try:
            wire = normalize(raw)
        except InvalidNumber as error:
            refusal = error
        else:
            assert re.fullmatch(r"\+989[0-9]{9}", wire)
            return
        assert str(refusal) in {f"the number {problem.value}" for problem in Problem}
        assert repr(refusal) == f"InvalidNumber({str(refusal)!r})"
        assert refusal.__cause__ is None
        assert refusal.__context__ is None

    def test_survive_being_carried_to_another_process(self) -> None:
        carried = pickle.loads(pickle.dumps(InvalidNumber(Problem.LANDLINE)))
        assert isinstance(carried, InvalidNumber)
        assert isinstance(carried, ValueError)
        assert carried.problem is Problem.LANDLINE
        assert str(carried) == f"the number {Problem.LANDLINE.value}"


class TestMask:
    @pytest.mark.parametrize(
        ("number", "shown"),
        [
            ("+989120001234", "+98912***1234"),
            ("09120001234", "0912***1234"),
            ("9120001234", "912***1234"),
            ("989120001234", "98912***1234"),
            ("+98 912 000 1234", "+98912***1234"),
            ("۰۹۱۲۰۰۰۱۲۳۴", "0912***1234"),
            ("+983000505", "+98***0505"),
            ("30001234", "3***4"),
            ("123", "1***3"),
            ("12", "***"),
            ("", "***"),
        ],
    )
    def test_shows_the_operator_and_the_end(self, number: str, shown: str) -> None:
        assert mask(number) == shown

    @given(st.data(), mobiles())
    def test_three_digits_of_a_mobile_number_stay_hidden_however_it_is_spelled(
        self, data: st.DataObject, national: str
    ) -> None:
        shown = mask(data.draw(spelled(national)))
        assert re.fullmatch(r"\+?[0-9]{2,6}\*\*\*[0-9]{4}|[0-9+]\*\*\*[0-9]", shown)
        assert not shown.replace("***", "").endswith(national)

    @given(st.text(min_size=17))
    def test_of_what_is_no_number_shows_at_most_its_ends(self, text: str) -> None:
        assert len(mask(text)) <= len("+***0")


class TestSender:
    @pytest.mark.parametrize(
        "line", ["+983000505", "+9810001", "+985000125475", "+98BANK", "+98PRO", "+98votp", "+989120001234"]
    )
    def test_takes_lines_in_e164_and_bank_lines(self, line: str) -> None:
        assert is_sender(line)

    @pytest.mark.parametrize(
        "line",
        [
            "",
            "3000505",
            "983000505",
            "+0983000",
            "+98",
            "BANK",
            "+98BANK1",
            "+983000505\n",
            "+98 3000505",
            "+۹۸۳۰۰۰۵۰۵",
        ],
    )
    def test_takes_nothing_else(self, line: str) -> None:
        assert not is_sender(line)


class Float32:
    """What numpy hands out for one value of a column of 32-bit floats."""

    ndim = 0

    class dtype:
        kind, itemsize = "f", 4

    def item(self) -> float:
        return 9120001024.0


class Float64(Float32):
    class dtype:
        kind, itemsize = "f", 8


def test_a_32_bit_float_is_no_number_even_if_it_looks_like_one() -> None:
    with pytest.raises(InvalidNumber) as refusal:
        normalize(Float32())
    assert refusal.value.problem is Problem.LOSSY
    assert normalize(Float64()) == "+989120001024"


@pytest.mark.parametrize(("kind", "least"), [("f", 10), ("shortest", 100), ("with its country", 10)])
def test_numbers_that_a_float_of_32_bits_has_rounded_look_so(kind: str, least: int) -> None:
    chance = random.Random(5)
    made = {chance.randrange(9_100_000_000, 9_399_999_999) for _ in range(300)}
    if kind == "with its country":
        made = {int(struct.unpack("f", struct.pack("f", 98 * 10**10 + number))[0]) for number in made}
    else:
        made = {int(struct.unpack("f", struct.pack("f", number))[0]) for number in made}
    read = [normalize(int(float(f"{number:.7g}")) if kind == "shortest" else number) for number in made]
    assert look_rounded(read)
    assert look_rounded(read[:least])
    assert not look_rounded(read[: least - 1])
    assert not look_rounded([*read, "+989120001235"])
    assert not look_rounded([])
