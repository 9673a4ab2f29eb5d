"""One spelling of texts, for comparing: two keyboards, three sorts of digits and invisible marks make one word many.

What is folded is compared, never sent or shown.
"""

from __future__ import annotations

import re
import unicodedata

from ippanel_provider.service import OPT_OUT_SUFFIX

# Letters that stand for the same and that no decomposition brings together.
_ALIKE = {letter: ord(one) for one, many in {"ی": "يىېے", "ک": "كڪ", "ه": "ةەہھ"}.items() for letter in map(ord, many)}
_OPT_OUT = "لغو11"
_SUFFIX = re.compile(rf"(?<=.)(?:{OPT_OUT_SUFFIX})+\Z", re.DOTALL)
_WORD = re.compile(r"[\w']+")


class _Spelling(dict[int, str | None]):
    """A table for :meth:`str.translate` that finds out about each character once."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        kept: str | None
        if char.isdecimal():
            kept = str(unicodedata.decimal(char))
        elif char.isspace():
            kept = " "
        elif char == "\u0640" or unicodedata.category(char) in {"Cf", "Mn", "Cc"}:
            # The bar that stretches letters, marks that show nothing, and vowel signs.
            kept = None
        else:
            kept = char.translate(_ALIKE)
        self[code] = kept
        return kept


_SPELLING = _Spelling()


def spelling(text: str) -> str:
    """Return a text with each letter and digit in one spelling, without marks, and a space for each white space."""
    return unicodedata.normalize("NFKD", text).translate(_SPELLING)


def fold(text: str) -> str:
    """Return what a text says, however a panel or a keyboard spells it: two that fold alike are the same to a reader.

    Letters and digits are brought to one spelling; white space, line ends and invisible marks are dropped (a half-space
    is a space to some panels and nothing to others), and so is the suffix ``لغو11`` that lines append. Upper and lower
    case stay, because codes and links tell them apart.
    """
    # The texts of a campaign are made of the same words.
    folded = "".join(map(_FOLDED.__getitem__, text.split()))
    return _SUFFIX.sub("", folded) if folded.endswith(_OPT_OUT) else folded


class _Folded(dict[str, str]):
    """Words as they are folded, each found out about once: asked without a call, unlike a function with a cache."""

    def __missing__(self, word: str) -> str:
        if word.isascii() and word.isprintable():
            # Numbers, mostly, each of which comes once.
            return word
        if len(self) >= _MOST_WORDS:
            self.clear()
        folded = self[word] = spelling(word).replace(" ", "")
        return folded


_MOST_WORDS = 8192
_FOLDED = _Folded()


def words(text: str) -> list[str]:
    """Return the words of a text, each in one spelling and without upper case."""
    return _WORD.findall(spelling(text).casefold())


def ends_in_opt_out(text: str) -> bool:
    """Whether a text already ends in the suffix that lines ask for, ``لغو11`` in any spelling."""
    return spelling(text[-40:]).replace(" ", "").rstrip(".!»\"'").endswith(OPT_OUT_SUFFIX)


def with_opt_out(text: str) -> str:
    """Return a text with the suffix that lines ask for, on a line of its own unless it already ends in it."""
    return text if ends_in_opt_out(text) else f"{text}\n{OPT_OUT_SUFFIX}"
