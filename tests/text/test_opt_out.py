"""What people text to hear no more, and to hear again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.text.opt_out import BACK_WORDS, OUT_WORDS, Wish, Wishes, wish


@pytest.mark.parametrize(
    "text",
    [
        "لغو", "لغو11", "لغو ۱۱", "لغو۱۱", "لغو\u200c۱۱", " لغو \n", "«لغو»", "لـغو", "لغو١١", "لُغو", "لغو.",
        "11", "۱۱", "1 1", "11!",
        "off", "Off", "OFF 🙏", "Stop", "STOP!!!",
        "لغو کنید", "لطفاً لغو کنید", "لغو شود", "لغو کنید ممنون", "لطفا پیامک‌ها را لغو کنید", "لغو عضویت",
        "با سلام لغو",
        "سلام لغو كنيد", "لغو 11 لطفا", "۱۱ لطفاً", "لطفا دیگر پیامک نفرستید", "لغو دریافت پیامک", "انصراف",
        "Stop. Thank you", "please stop", "Stop sending me messages", "cancel", "Cancel please", "unsubscribe me",
        "لغو 11 stop", "11 12", "12 لغو",
    ],
)  # fmt: skip
def test_no_more_is_understood_in_every_spelling_and_with_words_around_it(text: str) -> None:
    assert wish(text) is Wish.OUT


@pytest.mark.parametrize("text", ["12", "۱۲", "١٢", " 12.", "1 2", "12 لطفا", "۱۲ ممنون", "سلام 12"])
def test_again_is_understood_too(text: str) -> None:
    assert wish(text) is Wish.BACK


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "!", "سلام", "لغو سفارش", "لغو12", "111", "offer", "لغو نکنید", "1", "don't stop", "cancel my order",
        "نوبت ساعت 11", "11 عدد", "کد 12", "لطفا", "لغو شد؟", "stop at the corner and wait", "12 عدد", "112",
        "لغو " + "لطفا " * 60,
    ],
)  # fmt: skip
def test_what_says_something_else_is_neither(text: str) -> None:
    assert wish(text) is None


def test_the_words_can_be_others() -> None:
    assert wish("خارج", ["خارج"]) is Wish.OUT
    assert wish("لطفا خارج کنید", ["خارج"]) is Wish.OUT
    assert wish("لغو", ["خارج"]) is None
    assert wish("دوباره بفرستید", back_words=["دوباره بفرستید"]) is Wish.BACK
    assert wish("12", back_words=()) is None
    assert wish("", ["", "!"]) is None


@pytest.mark.parametrize("word", [*OUT_WORDS, *BACK_WORDS])
def test_each_word_of_the_lists_counts_alone_and_with_courtesy(word: str) -> None:
    assert wish(word) is wish(f"سلام، {word} ممنون!") is (Wish.BACK if word in BACK_WORDS else Wish.OUT)


class TestWishes:
    def test_the_last_word_to_each_line_counts(self) -> None:
        wishes = Wishes()
        wishes.hear("a", "one", "11", 1)
        wishes.hear("a", "one", "12", 2)
        wishes.hear("a", "two", "11", 1)
        wishes.hear("b", "two", "12", 2)
        wishes.hear("a", "three", "سلام", 3)
        assert list(wishes.out()) == ["two"]

    @given(st.permutations(range(6)))
    def test_the_order_of_hearing_does_not_matter(self, order: list[int]) -> None:
        wishes = Wishes()
        said = ["11", "12", "سلام", "لغو", "12", "سلام"]
        for place in order:
            wishes.hear("a", "one", said[place], place)
        assert list(wishes.out()) == []
