"""What reads alike folds alike, whatever keyboard or panel spelled it; what says something else does not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.text.letters import ends_in_opt_out, fold, spelling, with_opt_out, words

ARABIC = str.maketrans("یک۰۱۲۳۴۵۶۷۸۹", "يك٠١٢٣٤٥٦٧٨٩")
LATIN_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")
persian = st.text("ابپتکیگهو۰۱۲۹ \u200c\n،.", max_size=60)


class TestFold:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("سفارش یک کتاب", "سفارش يك كتاب"),
            ("کد ۱۲۳", "کد 123"),
            ("کد ۱۲۳", "کد ١٢٣"),
            ("می\u200cشود", "می شود"),
            ("می\u200cشود", "میشود"),
            ("خط یک\r\nخط دو", "خط یک\nخط دو"),
            ("خط یک\nخط دو", "خط یک خط دو"),
            ("  سلام  ", "سلام"),
            ("\u202bسلام\u202c\u200f", "سلام"),
            ("سلام\u00a0دوست", "سلام دوست"),
            ("سلـــام", "سلام"),
            ("خانهٔ ما", "خانۀ ما"),
            ("خانهٔ ما", "خانه ما"),
            ("مسئول تأیید", "مسيول تاييد"),
            ("سَلام", "سلام"),
            ("ﺳﻼﻡ", "سلام"),
            ("ＯＫ １２", "OK 12"),
            ("…", "..."),
            ("سلام ❤\ufe0f", "سلام ❤"),
            ("جشنواره کفش\nلغو11", "جشنواره کفش"),
            ("جشنواره کفش\nلغو۱۱", "جشنواره کفش لغو 11"),
            ("جشنواره کفش\nلغو11\nلغو11", "جشنواره کفش"),
        ],
    )
    def test_is_the_same_of(self, one: str, other: str) -> None:
        assert fold(one) == fold(other)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("کد 123", "کد 124"),
            ("ab", "aB"),
            ("سلام؟", "سلام!"),
            ("کار", "گار"),
            ("لغو11 شد", "شد"),
            ("سلام 😀", "سلام"),
        ],
    )
    def test_is_not_the_same_of(self, one: str, other: str) -> None:
        assert fold(one) != fold(other)

    def test_of_the_suffix_alone_is_not_empty(self) -> None:
        assert fold("لغو۱۱") == fold("لغو 11 لغو 11") == "لغو11"

    @given(st.text())
    def test_of_what_is_folded_is_itself(self, text: str) -> None:
        assert fold(fold(text)) == fold(text)

    @given(st.text())
    def test_is_the_same_of_every_normal_form(self, text: str) -> None:
        assert (
            len({fold(unicodedata.normalize(form, text)) for form in ("NFC", "NFD", "NFKC", "NFKD")} | {fold(text)})
            == 1
        )

    @given(persian)
    def test_is_the_same_of_both_keyboards_and_with_a_suffix(self, text: str) -> None:
        assert fold(text.translate(ARABIC)) == fold(text) == fold(text.translate(LATIN_DIGITS))
        assert not fold(text) or fold(text + "\nلغو۱۱") == fold(text)

    @given(st.text(), st.text("0123456789", min_size=1))
    def test_keeps_every_digit(self, text: str, digits: str) -> None:
        assert digits in fold(text + digits + "x")


class TestWords:
    def test_are_read_in_one_spelling_with_half_spaces_inside(self) -> None:
        assert words("«لغو\u200c۱۱» كنيد. STOP!") == ["لغو11", "کنید", "stop"]

    def test_are_none_in_what_has_none(self) -> None:
        assert words(" \u200c…!") == []


class TestEndsInOptOut:
    @pytest.mark.parametrize(
        "text",
        ["لغو11", "سلام لغو۱۱", "سلام\nلغو ١١", "سلام لغو\u200c11 ", "سلام لغو11.", "سلام\nلغو11\n\n", "سلام «لغو11»"],
    )
    def test_in_any_spelling(self, text: str) -> None:
        assert ends_in_opt_out(text)

    @pytest.mark.parametrize("text", ["", "سلام", "لغو11 سلام", "لغو1", "لغو112", "11"])
    def test_or_does_not(self, text: str) -> None:
        assert not ends_in_opt_out(text)


def test_the_suffix_is_added_once() -> None:
    assert with_opt_out("سلام") == "سلام\nلغو11"
    assert with_opt_out("سلام لغو ۱۱ ") == "سلام لغو ۱۱ "


def test_spelling_keeps_the_spaces() -> None:
    assert spelling("ك\u00a0ي\n۱") == "ک ی 1"
