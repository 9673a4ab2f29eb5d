"""Texts as a phone shows them: Markdown taken out, and never longer than so many parts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from ippanel_provider.service import MAX_TEXT_CHARACTERS
from ippanel_provider.text.parts import Encoding, measure

_FENCE = re.compile(r"^[ \t]*(```|~~~)[^\n]*\n(.*?)(?:\n[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_BARE_LINK = re.compile(r"<((?:https?|mailto|tel):[^\s<>]+)>")
_LINK = re.compile(
    r"(!?)\[([^\[\]]*)\]\(\s*<?([^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)"
)
_LINES = (
    (re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$", re.MULTILINE), r"\1"),
    (re.compile(r"^(?:[ \t]{0,3}>[ \t]?)+", re.MULTILINE), ""),
    (re.compile(r"^[ \t]{0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$\n?", re.MULTILINE), ""),
    (re.compile(r"^([ \t]*)[*+][ \t]+", re.MULTILINE), r"\1- "),
)
# Stars mark inside words too, underscores only around them: snake_case and 2*3*4 stay as they are.
_EMPHASIS = (
    re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", re.DOTALL),
    re.compile(r"(?<![\w*])(\*)(?=[^\s*])([^*\n]*[^\s*])\*(?![\w*])"),
    re.compile(r"(?<![\w_])(_)(?=[^\s_])([^\n]*?[^\s_])_(?![\w_])"),
    re.compile(r"(~~)(?=\S)(.+?)(?<=\S)~~", re.DOTALL),
)
_KEPT = re.compile("\ue000([0-9]+)\ue001")


def without_markdown(text: str) -> str:
    """Return ``text`` without the signs of Markdown; links show their address, code stays as it is."""
    kept: list[str] = []

    def keep(what: str) -> str:
        kept.append(what)
        return f"\ue000{len(kept) - 1}\ue001"

    text = text.replace("\r\n", "\n").replace("\ue000", "").replace("\ue001", "")
    text = _FENCE.sub(lambda match: keep(match[2]), text)
    text = _CODE.sub(lambda match: keep(match[2].strip() or match[2]), text)
    text = _ESCAPED.sub(lambda match: keep(match[1]), text)
    text = _BARE_LINK.sub(lambda match: keep(match[1]), text)
    text = _LINK.sub(lambda match: _link(match, keep), text)
    for pattern, replacement in _LINES:
        text = pattern.sub(replacement, text)
    for pattern in _EMPHASIS:
        text = pattern.sub(r"\2", text)
    # What was kept can hold what was kept before it: code in the name of a link.
    while _KEPT.search(text):
        text = _KEPT.sub(lambda match: kept[int(match[1])], text)
    return text


def _link(match: re.Match[str], keep: Callable[[str], str]) -> str:
    image, name, address = match.groups()
    if image or not address or address in name:
        return name
    return f"{name} {keep(address)}" if name else keep(address)


def fits(text: str, max_parts: int) -> bool:
    """Whether ``text`` goes out in at most ``max_parts`` parts (and is one the service takes)."""
    return len(text) <= MAX_TEXT_CHARACTERS and measure(text).parts <= max_parts


def cut(text: str, max_parts: int) -> str:
    """Return ``text``, or as much of it as ``max_parts`` parts hold, ending in three dots."""
    if fits(text, max_parts):
        return text
    # The one character … would make a Latin text UCS-2, and less than half as much of it would fit.
    dots = "..." if measure(text).encoding is Encoding.GSM7 else "…"
    return text[: _longest(text, max_parts, dots)].rstrip() + dots


def pieces(text: str, max_parts: int) -> list[str]:
    """Return ``text`` as texts of at most ``max_parts`` parts each, broken between words where that is possible."""
    found: list[str] = []
    while not fits(text, max_parts):
        end = _longest(text, max_parts, "")
        space = max(text.rfind(sign, end // 2, end + 1) for sign in (" ", "\n"))
        end = space if space > 0 else end
        found.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [piece for piece in (*found, text) if piece]


def _longest(text: str, max_parts: int, tail: str) -> int:
    """The greatest length at which the start of ``text`` and ``tail`` fit; at least 1."""
    low, high = 1, min(len(text), MAX_TEXT_CHARACTERS)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(text[:middle] + tail, max_parts):
            low = middle
        else:
            high = middle - 1
    # A mark or a joiner belongs to the letter before it, and a joined letter to the one before that.
    while low > 1 and (_clings(text[low : low + 1]) or text[low - 1] == "\u200d"):
        low -= 1
    return low


def _clings(char: str) -> bool:
    return char != "" and (char == "\u200d" or unicodedata.category(char) in {"Mn", "Me"})
