"""The ordinary ways of writing a text as something else, undone: an echo would go unnoticed in them."""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote

MARKS_OF_ESCAPES = re.compile(r"[%\\&=\x80-\xff]|U\+")
_UNITS = re.compile(r"(?:(?:\\+|%)u[0-9a-fA-F]{4})+")
_POINTS = re.compile(r"(?:\\+u\{|U\+)([0-9a-fA-F]{2,6})\}?")
_BYTES = re.compile(r"(?:\\+x[0-9a-fA-F]{2})+")
_OCTAL = re.compile(r"(?:\\+[0-3][0-7]{2}){2,}")
_BROKEN_LINE = re.compile(r"\\+[nrt](?![a-z])|=\r?\n")
# One alone is taken for an escape only where it stands for a printable character of ASCII: variables are %date%.
_QUOTED = re.compile(r"(?:%[0-9a-fA-F]{2}){2,}|%[2-7][0-9a-fA-F]|(?:=[0-9A-F]{2}){2,}")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f](?:[^\x00-\x7f]|[\s!-/:-@\[-`{-~](?=[^\x00-\x7f]|[\s!-/:-@\[-`{-~]))*")

_PIECE = r"[A-Za-z0-9+/_-]{6,}"
# Mail breaks its lines after 76 letters, and others where they like.
_BASE64 = re.compile(rf"{_PIECE}(?:\s+{_PIECE})*={{0,2}}")
_BASE64_PARTS = re.compile(r"[A-Za-z0-9+/_-]{6,}={0,2}|[A-Za-z0-9]{6,}")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:(?:0x)?[0-9a-fA-F]{2}[\s:,.-]*){4,}|[0-9a-fA-F]{8,}")
_READABLE = re.compile(r"[ -~\n\u0600-\u06ff\u200c\u200d]{4,}")


def plain(said: str) -> str:
    """Undo the escapes of JSON, URLs, HTML, mail and programs, and letters read in a wrong encoding, however often they
    were made.
    """
    for _ in range(4):
        before = said
        said = _UNITS.sub(lambda found: _hex(found[0], r"\\+u|%u").decode("utf-16-be", "replace"), said)
        said = _POINTS.sub(_point, said)
        said = _BYTES.sub(lambda found: _hex(found[0], r"\\+x").decode("utf-8", "replace"), said)
        said = _OCTAL.sub(_octal, said)
        said = unescape(_QUOTED.sub(lambda found: unquote(found[0].replace("=", "%")), _BROKEN_LINE.sub(_line, said)))
        said = _BEYOND_ASCII.sub(_well_read, said)
        if said == before:
            break
    return said


def _hex(escaped: str, marks: str) -> bytes:
    return bytes.fromhex(re.sub(marks, "", escaped))


def _point(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else found[0]


def _octal(found: re.Match[str]) -> str:
    return bytes(int(number, 8) for number in re.findall("[0-7]{3}", found[0])).decode("utf-8", "replace")


def _line(found: re.Match[str]) -> str:
    return "" if found[0][0] == "=" else " "


def _well_read(found: re.Match[str]) -> str:
    """UTF-8 that was read as the encoding of Western Europe, or of Arabic, as it was meant."""
    for encoding in ("cp1252", "cp1256"):
        read = b"".join(_byte(char, encoding) for char in found[0]).decode("utf-8", "ignore")
        # Of what was meant as it stands nearly nothing is left.
        if len(read) * 3 >= len(found[0]) and not read.isascii():
            return read
    return found[0]


def _byte(char: str, encoding: str) -> bytes:
    try:
        return char.encode(encoding)
    except UnicodeEncodeError:
        return bytes([ord(char)]) if ord(char) < 256 else b"\xff"


def coded(said: str) -> Iterator[tuple[int, int, str]]:
    """Yield where base64 or hexadecimal digits stand in a text, and what they may say: in UTF-8, or in the UTF-16 that
    gateways of text messages show. Other words, read so, say nothing.
    """
    for found in _HEX.finditer(said):
        digits = re.sub(r"0x|[^0-9a-fA-F]", "", found[0])
        for start in range(2):
            end = start + (len(digits) - start) // 2 * 2
            yield from _said(*found.span(), bytes.fromhex(digits[start:end]))
    for kind in (_BASE64, _BASE64_PARTS):
        for found in kind.finditer(said):
            letters = "".join(found[0].split()).rstrip("=").replace("-", "+").replace("_", "/")
            # What is cut off, or stands within something longer, begins anywhere.
            for start in range(4):
                part = letters[start:]
                part = part[: len(part) - (len(part) % 4 == 1)]
                yield from _said(*found.span(), a2b_base64(part + "=" * (-len(part) % 4)))


def _said(start: int, end: int, content: bytes) -> Iterator[tuple[int, int, str]]:
    for encoding in ("utf-8", "utf-16-be", "utf-16-le"):
        for shift in range(1 if encoding == "utf-8" else 2):
            # Of what is no text hardly ever so many letters in a row can be read.
            read = "\n".join(_READABLE.findall(content[shift:].decode(encoding, "ignore")))
            if read:
                yield start, end, read
