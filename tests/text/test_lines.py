"""Every spelling of a line becomes one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.text.lines import InvalidLine, line, line_key
from ippanel_provider.text.numbers import is_sender


class TestLine:
    @pytest.mark.parametrize(
        "raw",
        [
            "+983000505",
            "3000505",
            "983000505",
            "۳۰۰۰۵۰۵",
            "+98 3000505",
            "00983000505",
            "+00983000505",
            "3000-505",
            "03000505",
            " \u202a+983000505\u202c\n",
            "983000505+",
            983000505,
            3000505,
            3000505.0,
            "3000505.0",
            "'3000505",
        ],
    )
    def test_is_the_same_in_every_spelling(self, raw: object) -> None:
        assert line(raw) == "+983000505"
        assert line_key(raw) == "+983000505"

    @pytest.mark.parametrize(
        ("raw", "form"),
        [
            ("BANK", "+98BANK"),
            ("98BANK", "+98BANK"),
            ("+98 BANK", "+98BANK"),
            ("+98votp", "+98votp"),
            ("MOBILE", "+98MOBILE"),
            ("989120001234", "+989120001234"),
            ("9890000909", "+9890000909"),
            ("90000909", "+9890000909"),
            ("02191000000", "+982191000000"),
            ("0012025550123", "+12025550123"),
        ],
    )
    def test_is_also_a_bank_line_or_any_number_of_the_world(self, raw: str, form: str) -> None:
        assert line(raw) == form

    @pytest.mark.parametrize(
        "raw",
        [
            "",
            " ",
            "+",
            "5",
            "x3000505",
            "BANK1",
            "{{ params.line }}",
            "a.b",
            "+0983000",
            None,
            True,
            3.5,
            [],
            "3000505,3000506",
        ],
    )
    def test_is_nothing_else(self, raw: object) -> None:
        with pytest.raises(InvalidLine, match=r"expected a line as \+983000505"):
            line(raw)

    @given(st.text("0123456789+ABC۰۹ -", max_size=14))
    def test_stays_as_it_is_once_read(self, raw: str) -> None:
        try:
            read = line(raw)
        except InvalidLine:
            return
        assert is_sender(read)
        assert line(read) == read

    def test_of_what_is_none_the_key_is_the_text(self) -> None:
        assert line_key(" x1 ") == "x1"
        assert line_key("+98bank") == line_key("BANK") == line_key("98 BANK")
