"""What is odd about a text before it goes out: each rule with its id, told without repeating the text.

An *error* is what nobody means to send, or what reviewers refuse; *style* costs money or trust, and is a choice.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from ippanel_provider.text.letters import ends_in_opt_out, fold, spelling, with_opt_out
from ippanel_provider.text.parts import Encoding, TextSize, measure
from ippanel_provider.text.word_lists import WORD_LISTS, WordLists

_NEAR_EDGE = 10
"""So few characters can be spared from most texts."""
_EXPRESSION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_STATEMENT = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_FALLBACK = re.compile(r"\|\s*(?:default|d)\b|\bor\b|\belse\b")
# What Airflow itself always has.
_GIVEN = re.compile(
    r"(?:dag|dag_run|task|ti|task_instance|run_id|ts|ts_nodash|ds|ds_nodash|logical_date|data_interval_start"
    r"|data_interval_end|params|var|conn|macros)\b"
)
_LITERAL = re.compile(r"\s*(?:'[^']*'|\"[^\"]*\"|\d+)\s*\Z")
_PATTERN_VARIABLE = re.compile(r"%[A-Za-z_][A-Za-z0-9_]{0,49}%")
_LINK = re.compile(
    r"(?:https?://|www\.)(?:[^\s/@]*@)?([\w.-]+)|\b((?:[\w-]+\.)+(?:ir|com|org|net|io|al|ly|at|me|co|gl))\b(?=/|\s|[.،؛!؟]?\Z)",
    re.I,
)
_CARD = re.compile(r"(?<!\d)\d{4}(?:[ -]?\d{4}){3}(?!\d)")
_FRACTION = re.compile(r"\d\.0+\s*(?:ریال|تومان|rial|toman)", re.I)
_OPT_OUT = re.compile(r"لغو\s*11")
_ARABIC_LETTERS = re.compile("[يىك]")
_PERSIAN_LETTERS = re.compile("[یک]")
_INVISIBLE = re.compile("[\u200b\u200d-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\u00a0\u0640]")
_IDLE_HALF_SPACE = re.compile("\u200c(?=[\u200c\\s،.؛:!؟]|\\Z)|(?:\\A|(?<=\\s))\u200c")
_SPACES = re.compile(r"[ \t]{2,}|[ \t]+$|\A\s|\n{3,}|\s\Z", re.MULTILINE)
_EMOJI_JOINED = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf][\ufe0f\U0001f3fb-\U0001f3ff]?\u200d")
_PERSIAN = re.compile("[\u0600-\u06ff]")
# What Airflow puts in for these is Latin.
_OF_AIRFLOW = re.compile(r"\W*\{\{\s*(?:dag|ti|task|run_id|ds|ts)\b")
_LATIN_FIRST = re.compile(r"[\W\d_]*[A-Za-z]")
_LATIN = re.compile("[A-Za-z]")
_WORD = re.compile(r"\w+")


class Level(enum.StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    STYLE = "style"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule has to say of a text. ``message`` repeats nothing of the text but names of its variables."""

    rule: str
    level: Level
    message: str

    def __str__(self) -> str:
        return f"{self.level} {self.rule}: {self.message}"


@dataclass(frozen=True)
class Text:
    """A text as the rules look at it.

    :param source: as it was written
    :param opt_out: whether its line asks for ``لغو11``; None is not known
    :param part_price: what a part costs one recipient, in rial; None is not known
    :param is_66_char: whether its line has the shorter parts
    """

    source: str
    opt_out: bool | None = None
    part_price: float | None = None
    is_66_char: bool = False
    lists: WordLists = WORD_LISTS

    @cached_property
    def is_template(self) -> bool:
        """Whether a template or a pattern makes it, so that its length is not known yet."""
        return bool(_EXPRESSION.search(self.source) or _STATEMENT.search(self.source) or self.is_pattern)

    @cached_property
    def is_pattern(self) -> bool:
        """Whether it has the variables of a pattern."""
        return bool(_PATTERN_VARIABLE.search(self.source))

    @cached_property
    def fixed(self) -> str:
        """What of it does not depend on a row."""
        if not self.is_template:
            return self.source
        return _PATTERN_VARIABLE.sub("0", _EXPRESSION.sub("0", _STATEMENT.sub("", self.source)))

    @cached_property
    def spelled(self) -> str:
        """That, with each letter and digit in one spelling."""
        return spelling(self.fixed)

    @cached_property
    def is_persian(self) -> bool:
        """Whether that has Persian letters."""
        return bool(_PERSIAN.search(self.fixed))

    @cached_property
    def size(self) -> TextSize:
        """How long it is as it is billed."""
        billed = with_opt_out(self.source) if self.opt_out else self.source
        return measure(billed, is_66_char=self.is_66_char)


Rule = Callable[[Text], Iterator[str]]


def lint(
    source: str,
    *,
    opt_out: bool | None = None,
    part_price: float | None = None,
    is_66_char: bool = False,
    lists: WordLists = WORD_LISTS,
) -> list[Finding]:
    """Return what is odd about a text or the template of one, errors first.

    :param opt_out: whether the line asks for ``لغو11``; None if that is not known
    :param part_price: what a part costs one recipient, in rial, so that a rule can say what a part too many costs
    :param is_66_char: whether the line has parts of 66 characters
    :param lists: words and hosts to go by
    """
    text = Text(source, opt_out, part_price, is_66_char, lists)
    found = [Finding(rule, level, message) for rule, (level, look) in RULES.items() for message in look(text)]
    return sorted(found, key=lambda finding: finding.level is not Level.ERROR)


def _leftover(text: Text) -> Iterator[str]:
    fixed = text.fixed
    every = _any_of(tuple(text.lists.leftovers)).finditer(fixed)
    if found := {match[0] for match in every if not (match[0][0].isalnum() and fixed[: match.start()][-1:].isalnum())}:
        yield f"holds {' and '.join(sorted(found))}, which a table leaves where nothing was"
    if _FRACTION.search(text.spelled):
        yield "has an amount with .0 behind it; make it a whole number, or use the filter rial"
    if "{{" in fixed or "}}" in fixed or "{%" in fixed:
        yield "holds braces of a template that was not rendered"


def _no_fallback(text: Text) -> Iterator[str]:
    for match in _EXPRESSION.finditer(text.source):
        expression = match[1].strip(" -+")
        if not (_FALLBACK.search(expression) or _LITERAL.match(expression) or _GIVEN.match(expression)):
            yield f"{{{{ {expression} }}}} has no fallback for an empty value; | default('…') gives one"


def _part_edge(text: Text) -> Iterator[str]:
    if text.is_template:
        return
    size = text.size
    if size.parts < 2:
        return
    several = 153 if size.encoding is Encoding.GSM7 else 66 if text.is_66_char else 67
    room = {1: 160 if size.encoding is Encoding.GSM7 else 70}.get(size.parts - 1, several * (size.parts - 1))
    over = size.units - room
    if 0 < over <= _NEAR_EDGE:
        fewer = "1 part" if size.parts == 2 else f"{size.parts - 1} parts"
        price = f", {text.part_price:,.0f} rial a recipient" if text.part_price else ""
        yield f"is {over} over the {room} characters of {fewer} and costs {size.parts}{price}; shorten it by {over}"


def _latin(text: Text) -> Iterator[str]:
    if not text.is_persian and _LATIN.search(text.fixed) and measure(text.fixed).encoding is Encoding.GSM7:
        yield "is in Latin letters only, of which a part is dearer than of a Persian text"


def _latin_spoilt(text: Text) -> Iterator[str]:
    if text.is_persian or not _LATIN.search(text.fixed):
        return
    if outside := {char for char in text.fixed if measure(char).encoding is Encoding.UCS2}:
        marks = " ".join(f"U+{ord(char):04X}" for char in sorted(outside)[:5])
        yield f"is Latin but for {marks}, which makes its parts hold 70 characters instead of 160"


def _opt_out_missing(text: Text) -> Iterator[str]:
    if text.opt_out and not ends_in_opt_out(text.fixed):
        yield "does not end in لغو11, which its line asks for; the line adds it, and it is billed"


def _opt_out_doubled(text: Text) -> Iterator[str]:
    if len(_OPT_OUT.findall(text.spelled)) > 1:
        yield "has لغو11 more than once"


def _opt_out_spelling(text: Text) -> Iterator[str]:
    found = _OPT_OUT.findall(text.spelled)
    if not found:
        return
    if text.is_pattern:
        yield "is a pattern with لغو11; patterns have none"
    elif len(found) == 1 and not ends_in_opt_out(text.fixed):
        yield "has لغو11 before its end; it belongs on the last line"
    elif "لغو11" not in text.source:
        yield "spells لغو11 in another way; lines look for Latin digits and no space"


def _link(text: Text) -> Iterator[str]:
    hosts = _hosts(text)
    if any(_is_of(host, text.lists.shorteners) for host in hosts):
        yield "has a short link; operators stop what they cannot see behind"
    elif any(not _is_of(host, text.lists.payment_hosts) for host in hosts):
        yield "has a link; operators filter texts with links"


def _payment_link(text: Text) -> Iterator[str]:
    if any(_is_of(host, text.lists.payment_hosts) for host in _hosts(text)):
        yield "has a link to a place that takes money; operators stop it as phishing"


def _card_number(text: Text) -> Iterator[str]:
    if any(_is_card(match[0]) for match in _CARD.finditer(text.spelled)):
        yield "has the number of a bank card; operators stop it"


def _refused_word(text: Text) -> Iterator[str]:
    refused = _spelled(tuple(text.lists.refused_words))
    if found := sorted(refused[word] for word in refused.keys() & set(_WORD.findall(text.spelled))):
        yield f"says {' and '.join(found)}, for which reviewers refuse texts (list of {text.lists.as_of})"


def _arabic_letters(text: Text) -> Iterator[str]:
    if _ARABIC_LETTERS.search(text.source):
        mixed = (
            "mixes Arabic ي or ك with Persian ی and ک" if _PERSIAN_LETTERS.search(text.source) else "has Arabic ي or ك"
        )
        yield f"{mixed}; the Persian letters are meant"


def _invisible(text: Text) -> Iterator[str]:
    source = _EMOJI_JOINED.sub("", text.source)
    if found := sorted({*_INVISIBLE.findall(source), *_IDLE_HALF_SPACE.findall(source)}):
        yield f"has marks that nobody sees and everybody pays for: {' '.join(f'U+{ord(char):04X}' for char in found)}"


def _spaces(text: Text) -> Iterator[str]:
    if not text.is_template and _SPACES.search(text.source):
        yield "has spaces or line breaks that say nothing, and each costs a character"


def _direction(text: Text) -> Iterator[str]:
    if text.is_persian and (_LATIN_FIRST.match(text.fixed) or _OF_AIRFLOW.match(text.source)):
        yield "begins with Latin letters, so that phones write it from left to right"


RULES: dict[str, tuple[Level, Rule]] = {
    "leftover": (Level.ERROR, _leftover),
    "opt-out-doubled": (Level.ERROR, _opt_out_doubled),
    "payment-link": (Level.ERROR, _payment_link),
    "card-number": (Level.ERROR, _card_number),
    "refused-word": (Level.ERROR, _refused_word),
    "no-fallback": (Level.STYLE, _no_fallback),
    "part-edge": (Level.STYLE, _part_edge),
    "latin": (Level.STYLE, _latin),
    "latin-spoilt": (Level.STYLE, _latin_spoilt),
    "opt-out-missing": (Level.STYLE, _opt_out_missing),
    "opt-out-spelling": (Level.STYLE, _opt_out_spelling),
    "link": (Level.STYLE, _link),
    "arabic-letters": (Level.STYLE, _arabic_letters),
    "invisible-mark": (Level.STYLE, _invisible),
    "spaces": (Level.STYLE, _spaces),
    "direction": (Level.STYLE, _direction),
}
"""Every rule by its id, with how much it matters."""


def _hosts(text: Text) -> list[str]:
    return [(match[1] or match[2]).lower().strip(".") for match in _LINK.finditer(text.source)]


def _is_of(host: str, hosts: Collection[str]) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in hosts)


@cache
def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the words, none of them within another; what stands before it is looked at where it is found."""
    ended = [re.escape(word) + (r"(?!\w)" if word[-1].isalnum() else "") for word in words if word]
    return re.compile("|".join(ended) or r"(?!)")


@cache
def _spelled(words: tuple[str, ...]) -> dict[str, str]:
    """The words, by what they are in the one spelling."""
    return {fold(word): word for word in words}


def _is_card(digits: str) -> bool:
    numbers = [int(digit) for digit in digits if digit.isdecimal()]
    doubled = [number * 2 - 9 * (number > 4) for number in numbers[::2]]
    return numbers[0] in {2, 5, 6, 9} and (sum(doubled) + sum(numbers[1::2])) % 10 == 0
