"""Whether a text that came in says "no more" or "again", as people say it. The lists are of 2026 and can be replaced.

The regulator's rule: who texts ``11`` to a line hears no more from it, who texts ``12`` does again.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ippanel_provider.text.letters import fold, spelling, words

OUT_WORDS = (
    *("لغو", "لغو11", "11", "لغو 11", "off", "stop", "stopall", "cancel", "unsubscribe", "unsub", "quit"),
    *("انصراف", "کنسل", "استاپ", "حذف", "غیرفعال", "لغو عضویت", "لغو اشتراک", "لغو دریافت", "قطع پیامک"),
    *("نفرستید", "نفرست", "نفرستین", "ارسال نکنید", "پیام ندهید", "پیام ندید", "پیامک ندهید", "پیامک ندید"),
)
"""What people text to a line to hear no more from it."""
BACK_WORDS = ("12", "۱۲")
"""What brings them back. No other word is sure to mean that."""
_COURTESY = (
    "لطفا لطفاً لطف کنید کنین کن بکنید کنم کردن شود بشه شه شم شوم میکنم می‌کنم نمایید بفرمایید فرمایید را رو برای به از "
    "من ما مرا منو دیگه دیگر این شماره شماره‌ی شمارهٔ خط لیست پیام پیامک پیامک‌ها پیام‌ها پیامها پیامهای پیامکهای اس ام "
    "تبلیغات تبلیغاتی ارسال دریافت عضویت اشتراک سلام درود با تشکر ممنون متشکرم مرسی سپاس خواهش خواهشا "
    "please pls plz thank thanks you me my to the all your of sending send texting messages message texts text sms "
    "from number list now it this"
)
"""What people say around the word without saying anything else by it."""
# Nobody says so little at such length.
_LONGEST = 160


class Wish(enum.Enum):
    """What somebody wants who texted a line."""

    OUT = "out"
    BACK = "back"


def wish(text: str, out_words: Iterable[str] = OUT_WORDS, back_words: Iterable[str] = BACK_WORDS) -> Wish | None:
    """Return what a text asks for; None if it is about something else.

    A text asks if it is one of the words in any spelling, or one of them among nothing but courtesy: ``لغو کنید`` and
    ``Stop. Thank you`` do, ``لغو سفارش`` and ``don't stop`` do not. One that says both is heeded as the first: nobody
    gets a text against a wish because of a doubt.
    """
    return _wish(text, _Words(out_words), _Words(back_words))


class Wishes:
    """The last word of everybody, line by line: whoever said "no more" to one and not "again" to the same is out.

    :param out_words: what says "no more" (default: :data:`OUT_WORDS`)
    :param back_words: what says "again" (default: :data:`BACK_WORDS`)
    """

    def __init__(self, out_words: Iterable[str] = OUT_WORDS, back_words: Iterable[str] = BACK_WORDS) -> None:
        self._out, self._back = _Words(out_words), _Words(back_words)
        self._last: dict[tuple[str, str], tuple[Any, bool]] = {}

    def hear(self, line: str, sender: str, text: str, order: Any) -> None:
        """Take up a text; of two from one sender to one line, the one with the higher ``order`` is the last."""
        if said := _wish(text, self._out, self._back):
            known = self._last.get((line, sender))
            if known is None or known[0] <= order:
                self._last[line, sender] = (order, said is Wish.OUT)

    def last(self) -> Iterator[tuple[str, str, bool, Any]]:
        """Yield line and sender of all who asked for either, whether the last word was "no more", and its order."""
        return ((line, sender, is_out, order) for (line, sender), (order, is_out) in self._last.items())

    def out(self) -> dict[str, None]:
        """Return who is out of at least one line, each once."""
        return {sender: None for _, sender, is_out, _ in self.last() if is_out}


class _Words:
    """A list of words and phrases, in the one spelling."""

    def __init__(self, given: Iterable[str]) -> None:
        given = [given] if isinstance(given, str) else list(given)
        self.whole = {_bare(phrase) for phrase in given} - {""}
        self.phrases = {tuple(words(phrase)) for phrase in given} - {()}

    def length_at(self, said: Sequence[str], place: int) -> int:
        """How many words a phrase has that stands at a place; 0 if none does."""
        lengths = {len(phrase) for phrase in self.phrases}
        return max((length for length in lengths if tuple(said[place : place + length]) in self.phrases), default=0)


def _wish(text: str, out: _Words, back: _Words) -> Wish | None:
    if len(text) > _LONGEST:
        return None
    if (bare := _bare(text)) in out.whole:
        return Wish.OUT
    if bare in back.whole:
        return Wish.BACK
    said, place, asked = words(text), 0, set()
    while place < len(said):
        if length := out.length_at(said, place):
            asked.add(Wish.OUT)
        elif length := back.length_at(said, place):
            asked.add(Wish.BACK)
        elif said[place] not in _COURTEOUS:
            return None
        place += length or 1
    return Wish.OUT if Wish.OUT in asked else Wish.BACK if asked else None


def _bare(text: str) -> str:
    """Letters and digits only: people write «لغو», لغو ۱۱, 1 1 and Off."""
    return "".join(filter(str.isalnum, spelling(text).casefold()))


_COURTEOUS = frozenset(fold(word) for word in _COURTESY.split())
