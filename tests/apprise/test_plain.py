"""Markdown taken out, and texts that end where their parts do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.apprise_plugin.plain import cut, fits, pieces, without_markdown
from ippanel_provider.text.parts import measure


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("# عنوان #\nمتن", "عنوان\nمتن"),
        ("**پُر** و __پُر__ و *کج* و _کج_ و ~~خط~~", "پُر و پُر و کج و کج و خط"),
        ("می‌**خواهم**‌ش", "می‌خواهم‌ش"),
        ("2*3*4 snake_case_name 5 * 6 * 7", "2*3*4 snake_case_name 5 * 6 * 7"),
        ("[گراف](https://g.example/d/a_b_c?x=1)", "گراف https://g.example/d/a_b_c?x=1"),
        ("[https://g.example](https://g.example)", "https://g.example"),
        ('[a](https://x.example/(1) "title") <https://y.example/_z_>', "a https://x.example/(1) https://y.example/_z_"),
        ("![نمودار](https://g.example/x.png)", "نمودار"),
        ("`SELECT * FROM *` و **`a*b`**", "SELECT * FROM * و a*b"),
        ("```sql\nSELECT *\n  FROM t\n```\nپایان", "SELECT *\n  FROM t\nپایان"),
        ("* یک\n+ دو\n- سه\n1. چهار", "- یک\n- دو\n- سه\n1. چهار"),
        ("> نقل\n>> باز", "نقل\nباز"),
        ("بالا\n\n---\n\nپایین", "بالا\n\n\nپایین"),
        (r"\*نه\* \_این\_", "*نه* _این_"),
        ("", ""),
    ],
)
def test_what_markdown_looks_like_without_its_signs(markdown: str, plain: str) -> None:
    assert without_markdown(markdown) == plain


@given(st.text(alphabet="abc ابپ\u200c۱۲\n.,:!؟()@/&", max_size=80))
def test_a_text_without_signs_stays_as_it_is(text: str) -> None:
    assert without_markdown(text) == text


@given(st.text(max_size=200))
def test_any_text_can_be_read_as_markdown(text: str) -> None:
    assert len(without_markdown(text)) <= len(text) + 2


class TestCut:
    def test_a_text_that_fits_stays_as_it_is(self) -> None:
        assert cut("سلام " * 14, 1) == "سلام " * 14

    @pytest.mark.parametrize(
        ("text", "parts", "units"), [("a" * 500, 1, 160), ("a" * 500, 2, 306), ("س" * 500, 1, 70), ("س" * 500, 3, 201)]
    )
    def test_a_longer_one_fills_its_parts(self, text: str, parts: int, units: int) -> None:
        size = measure(cut(text, parts))
        assert (size.parts, size.units) == (parts, units)

    def test_a_letter_is_not_torn_apart(self) -> None:
        family = "👨\u200d👩\u200d👧"
        assert cut(family * 30, 1).removesuffix("…") == family * 8
        assert not cut("a\u0301" * 100, 1).removesuffix("…").endswith("a")

    @given(st.text(min_size=1, max_size=400), st.integers(1, 4))
    def test_it_always_fits(self, text: str, parts: int) -> None:
        assert fits(cut(text, parts), parts)


class TestPieces:
    @given(st.text(alphabet="abc ابپ\u200c🎉\n", max_size=600), st.integers(1, 3))
    def test_each_fits_and_nothing_is_lost(self, text: str, parts: int) -> None:
        found = pieces(text, parts)
        assert all(fits(piece, parts) for piece in found)
        assert "".join("".join(found).split()) == "".join(text.split())

    def test_words_stay_whole(self) -> None:
        words = ["واژه"] * 50
        assert " ".join(pieces(" ".join(words), 1)).split() == words
