"""Values that must be found nowhere, and how each of them can be written."""

from __future__ import annotations

import base64
import json
import quopri
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote, quote_plus

PERSIAN = "۰۱۲۳۴۵۶۷۸۹"
ARABIC = "٠١٢٣٤٥٦٧٨٩"


class Canary(NamedTuple):
    """A value that is looked for."""

    name: str
    value: str

    @property
    def is_number(self) -> bool:
        """Whether it is a phone number, which stands without its leading zero."""
        return self.value.isdecimal() and len(self.value) == 10


SECRETS = (
    Canary("phone number", "9120007351"),
    Canary("second phone number", "9120008462"),
    Canary("word of a text", "شبتاب‌کبودرنگ"),
    Canary("Latin word of a text", "Zephyrine9Quokka"),
    Canary("pattern value", "Kx7Qv943172Wd"),
    Canary("API key", "OWVi-canary-key-5f2c81d0a7=="),
    Canary("login password", "Pl0ver&Night:jar%77"),
    Canary("TOTP secret", "JBSWY3DPEHPK3PXPQX7A"),
    Canary("planted", "9120005593"),
)
# Given to Airflow where it keeps what it is given.
KNOWN = (
    Canary("number in conf", "9120004417"),
    Canary("text in conf", "Wigeon4Harrier"),
    Canary("number of a mapped literal", "9120006172"),
    Canary("text of a mapped literal", "Turnstone6Dunlin"),
    Canary("number handed over by a task", "9120002908"),
    Canary("number of a deadline", "9120003745"),
    Canary("text of a deadline", "Godwit8Curlew"),
    Canary("number with show_rendered", "9120001836"),
    Canary("text with show_rendered", "Bittern2Avocet"),
)
BY_NAME = {canary.name: canary for canary in SECRETS + KNOWN}


def encodings(canary: Canary) -> dict[str, bytes]:
    """Return the ways in which the value can stand in a file, by name; equal ones only once."""
    found: dict[str, bytes] = {}
    for name, written in _ways(canary):
        if written not in found.values():
            found[name] = written
    return found


def _ways(canary: Canary) -> Iterator[tuple[str, bytes]]:
    value = canary.value
    # A number is also found behind 0, +98, 98 and 0098, since it is looked for without them.
    yield "plain", value.encode()
    yield "text of Python", repr(value)[1:-1].encode()
    yield "small letters", value.lower().encode()
    yield "capitals", value.upper().encode()
    yield "reversed", value[::-1].encode()
    if canary.is_number:
        for mark in " -._/,":
            yield f"grouped by {mark!r}", mark.join((value[:3], value[3:6], value[6:])).encode()
            yield f"grouped as 3 3 2 2 by {mark!r}", mark.join((value[:3], value[3:6], value[6:8], value[8:])).encode()
        for name, digits in (("Persian", PERSIAN), ("Arabic", ARABIC)):
            other = value.translate(str.maketrans("0123456789", digits))
            yield f"{name} digits", other.encode()
            yield f"{name} digits, JSON", json.dumps(other)[1:-1].encode()
    else:
        yield "without joiners", value.replace("\u200c", "").encode()
    yield "URL", quote(value, safe="").encode()
    yield "URL, small", quote(value, safe="").lower().encode()
    yield "form", quote_plus(value).encode()
    yield "URL, twice", quote(quote(value, safe=""), safe="").encode()
    escaped = json.dumps(value)[1:-1]
    yield "JSON", escaped.encode()
    yield "JSON, twice", json.dumps(escaped)[1:-1].encode()
    yield "JSON, thrice", json.dumps(json.dumps(escaped)[1:-1])[1:-1].encode()
    yield "JSON, every letter", "".join(f"\\u{ord(char):04x}" for char in value).encode()
    yield "HTML", "".join(f"&#{ord(char)};" for char in value).encode()
    yield "HTML, hexadecimal", "".join(f"&#x{ord(char):x};" for char in value).encode()
    yield "bytes of Python", repr(value.encode())[2:-1].encode()
    yield "mojibake", value.encode().decode("cp1252", "ignore").encode()
    yield "mojibake, Latin-1", value.encode().decode("latin-1").encode()
    yield "quoted-printable", quopri.encodestring(value.encode()).replace(b"=\n", b"")
    yield "UTF-16", value.encode("utf-16-le")
    yield "UTF-16, big end first", value.encode("utf-16-be")
    yield "hexadecimal", value.encode().hex().encode()
    yield "hexadecimal, capitals", value.encode().hex().upper().encode()
    for offset in range(3):
        # What stands before and after it also decides the first and the last letters; those in between are sure.
        coded = base64.b64encode(b"\0" * offset + value.encode())
        start, end = -(-offset * 4 // 3) + (1 if offset else 0), (offset + len(value.encode())) * 4 // 3
        yield f"base64 at offset {offset}", coded[start:end]
        yield f"base64 of URLs at offset {offset}", coded[start:end].replace(b"+", b"-").replace(b"/", b"_")
