"""Several numbers in one text mean the same wherever the text is given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.text.lists import listed, split
from ippanel_provider.text.numbers import normalize


class TestSplit:
    TWO = ("+989120001234", "+989350001234")

    @pytest.mark.parametrize(
        "text",
        [
            "09120001234,09350001234",
            "09120001234, 09350001234",
            "09120001234 09350001234",
            "09120001234\n09350001234\n",
            "09120001234\r\n\r\n09350001234",
            "09120001234\t09350001234",
            "09120001234;09350001234;",
            "09120001234|09350001234",
            "۰۹۱۲۰۰۰۱۲۳۴، ۰۹۳۵۰۰۰۱۲۳۴",
            "09120001234؛ 09350001234",
            "09120001234/09350001234",
            "09120001234 - 09350001234",
            "09120001234 و 09350001234",
            "0912 000 1234 0935 000 1234",
            "+98 912 000 1234, 0935-000-1234",
            "0912-000-1234 – 0935-000-1234",
            "[0912] 000 1234\n'09350001234",
            '"09120001234","09350001234"',
        ],
    )
    def test_two_numbers_of_one_text(self, text: str) -> None:
        assert tuple(map(normalize, split(text))) == self.TWO
        assert tuple(map(normalize, listed(text))) == self.TWO

    @pytest.mark.parametrize("text", ["0912 000 1234", "9,120,001,234", "+98 (0) 912 000 12 34", " 09120001234 "])
    def test_leaves_one_number_whole(self, text: str) -> None:
        assert split(text) == [text.strip()]

    @pytest.mark.parametrize(
        "text",
        [
            "+91 9350001234",
            "+1-912-000-1234",
            "+ 1 912 000 1234",
            "00 1 9120001234",
            "0912 000 123 0935 000 1234",
            "Ali 09120001234",
        ],
    )
    def test_makes_no_number_of_the_rest_of_another(self, text: str) -> None:
        assert split(text) == [text]

    @pytest.mark.parametrize("text", ["", "  ", ",", "\n;\n"])
    def test_finds_nothing_in_nothing(self, text: str) -> None:
        assert split(text) == []

    def test_keeps_what_is_no_number_for_who_reads_it(self) -> None:
        assert split("09120001234, nobody, 110") == ["09120001234", "nobody", "110"]

    def test_a_list_may_hold_texts_and_numbers(self) -> None:
        assert listed(["09120001234,09350001234", 9120001234]) == ["09120001234", "09350001234", 9120001234]
        assert listed(9120001234) == [9120001234]
        assert listed(None) == []

    @given(
        st.lists(st.from_regex(r"9[0123][0-9]{8}", fullmatch=True), min_size=1, max_size=5),
        st.sampled_from([",", "، ", "\n", " ", " / ", ";"]),
        st.data(),
    )
    def test_brings_back_what_was_joined(self, nationals: list[str], between: str, data: st.DataObject) -> None:
        spelled = [data.draw(st.sampled_from(("0", "+98", "98", "0098", ""))) + national for national in nationals]
        assert [normalize(number) for number in split(between.join(spelled))] == [
            "+98" + national for national in nationals
        ]
