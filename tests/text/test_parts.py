"""Parts of a text, at every boundary and against a slow reference written from GSM 03.38."""

from __future__ import annotations

import random
import string

import gsm0338
import pytest
import smsutil
from hypothesis import example, given
from hypothesis import strategies as st

from ippanel_provider.text.parts import Encoding, TextSize, measure, weigh

ESCAPE = "\x1b"
GSM_CODEC = gsm0338.Codec()


def septets(char: str) -> int:
    """How many septets an independent codec of GSM 03.38 makes of a character; 0 when it has none."""
    try:
        return len(GSM_CODEC.encode(char)[0])
    except UnicodeEncodeError:
        return 0


def reference(text: str, several_ucs2: int) -> tuple[str, int, int]:
    """Encoding, units and parts of a text, counted one character after the other."""
    sizes = [septets(char) if char != ESCAPE else 0 for char in text]
    encoding, single, several = "GSM-7", 160, 153
    if not all(sizes):
        encoding, single, several = "UCS-2", 70, several_ucs2
        sizes = [len(char.encode("utf-16-le")) // 2 for char in text]
    parts, room = 1 if sizes else 0, single if sum(sizes) <= single else several
    for size in sizes:
        if size > room:
            parts, room = parts + 1, several
        room -= size
    return encoding, sum(sizes), parts


class TestAlphabet:
    def test_is_that_of_the_standard(self) -> None:
        every = [chr(code) for code in range(0x3000) if not 0xD800 <= code < 0xE000 and chr(code) != ESCAPE]
        ours = {char: measure(char).units for char in every if measure(char).encoding is Encoding.GSM7}
        assert ours == {char: septets(char) for char in every if septets(char)}

    @pytest.mark.parametrize(
        "char",
        [
            *string.ascii_letters,
            *string.digits,
            *"@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà\n\r",
        ],
    )
    def test_counts_its_characters_once(self, char: str) -> None:
        assert measure(char) == TextSize(Encoding.GSM7, 1, 1, 1)

    @pytest.mark.parametrize("char", [*"^{}\\[~]|€", "\f"])
    def test_counts_its_extension_twice(self, char: str) -> None:
        assert measure(char) == TextSize(Encoding.GSM7, 1, 2, 1)

    @pytest.mark.parametrize("char", [*"سپچژگی۱٪،؟", "ç", "`", "\t", "“", "\u200c", "\u00a0", ESCAPE])
    def test_leaves_out_what_makes_a_text_ucs2(self, char: str) -> None:
        assert measure("a" + char) == TextSize(Encoding.UCS2, 2, 2, 1)


class TestParts:
    @pytest.mark.parametrize("parts", range(1, 21))
    @pytest.mark.parametrize(
        ("char", "single", "several", "is_66_char"),
        [
            ("a", 160, 153, False),
            ("a", 160, 153, True),
            ("س", 70, 67, False),
            ("س", 70, 66, True),
            ("\u200c", 70, 67, False),
        ],
        ids=["GSM-7", "GSM-7 on a 66-character line", "UCS-2", "UCS-2 on a 66-character line", "ZWNJ"],
    )
    def test_hold_so_much_and_no_more(self, parts: int, char: str, single: int, several: int, is_66_char: bool) -> None:
        full = single if parts == 1 else several * parts
        assert measure(char * full, is_66_char=is_66_char).parts == parts
        assert measure(char * (full + 1), is_66_char=is_66_char).parts == (parts + 1 if parts > 1 else 2)

    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("", 0),
            ("a" * 160, 1),
            ("a" * 161, 2),
            ("a" * 306, 2),
            ("a" * 307, 3),
            ("س" * 70, 1),
            ("س" * 71, 2),
            ("س" * 134, 2),
            ("س" * 135, 3),
            ("€" * 80, 1),
            ("€" * 80 + "a", 2),
            ("a" * 158 + "€", 1),
            ("a" * 159 + "€", 2),
            ("😀" * 35, 1),
            ("😀" * 35 + "a", 2),
            ("می\u200cخواهم\n" * 7, 1),
            ("a" * 70 + "س", 2),
            ("\r\n" * 80, 1),
            ("a" * 152 + "{" + "a" * 151, 2),
            ("a" * 152 + "{" + "a" * 152, 3),
            ("{" * 153, 3),
            ("س" * 66 + "😀" + "س" * 65, 2),
            ("س" * 66 + "😀" + "س" * 66, 3),
            ("😀" * 66 + "س", 2),
            ("😀" * 67, 3),
        ],
    )
    def test_of_this_text(self, text: str, parts: int) -> None:
        assert measure(text).parts == parts

    def test_of_an_empty_text_are_none(self) -> None:
        assert measure("") == TextSize(Encoding.GSM7, 0, 0, 0)

    def test_an_emoji_counts_two_units_and_one_character(self) -> None:
        assert measure("سلام 😀") == TextSize(Encoding.UCS2, 6, 7, 1)

    def test_newline_and_zwnj_count_one(self) -> None:
        assert measure("a\nb").units == 3
        assert measure("می\u200cشود").units == 6

    @given(
        st.one_of(
            st.text(st.sampled_from("aB9 @€{[~\n\fΔÑ"), max_size=2000),
            st.text(st.sampled_from("سلام ۱\u200c\n€😀a{"), max_size=1500),
            st.text(max_size=200),
        ),
        st.booleans(),
    )
    @example("a" * 160, False)
    @example("س" * 133 + "😀", True)
    def test_agree_with_a_slow_count(self, text: str, is_66_char: bool) -> None:
        size = measure(text, is_66_char=is_66_char)
        assert (size.encoding, size.units, size.parts) == reference(text, 66 if is_66_char else 67)
        assert size.characters == len(text)


def test_agree_with_another_library_over_ten_thousand_texts() -> None:
    """``smsutil`` makes the parts themselves. (So did ``split-sms`` and Twilio's segment calculator, in JavaScript; the
    latter also keeps a letter and the half-space behind it together, in 9 texts of 10,000.)
    """
    chance = random.Random(7)
    alphabets = ("aB9 @€{[~\nΔÑ", "سلام ۱\u200c\n،aZ", "سلام 😀🎉ا", "abc{}[]", "abcdefgh {", "س😀")
    differing = []
    for _ in range(10_000):
        length = chance.choice((chance.randint(1, 500), chance.randint(60, 170), chance.randint(125, 140)))
        text = "".join(chance.choices(chance.choice(alphabets), k=length))
        if measure(text).parts != len(smsutil.split(text).parts):
            differing.append(text)
    assert differing == []


@given(st.lists(st.text(max_size=200) | st.text(alphabet="سلام ‌abc[]€", max_size=300)), st.booleans())
@example(["سلام", "a" * 161, "", "[" * 81, "س" * 71], False)
@example(["سلام" * 40, "😀" * 36], True)
def test_many_texts_weigh_what_each_does(texts: list[str], is_66_char: bool) -> None:
    sizes = [measure(text, is_66_char=is_66_char) for text in texts]
    assert weigh(texts, is_66_char=is_66_char) == [(size.encoding, size.parts) for size in sizes]
