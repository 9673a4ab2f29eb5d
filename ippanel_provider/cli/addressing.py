"""From which line a text goes to whom: the numbers of the arguments, of a file, of standard input."""

from __future__ import annotations

import argparse
import codecs
from collections.abc import Iterator
from pathlib import Path

from ippanel_provider.cli.asking import standard_input
from ippanel_provider.cli.terminal import plain
from ippanel_provider.client import InvalidInput
from ippanel_provider.text import lists, numbers

_BAD_SHOWN = 5
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def sender(options: argparse.Namespace) -> str:
    """Return the line to send from.

    :raises InvalidInput: none is given.
    """
    if not options.sender:
        raise InvalidInput("sender: give the line to send from with --sender, or set IPPANEL_SENDER")
    return str(options.sender)


def recipients(options: argparse.Namespace) -> tuple[list[str], int]:
    """Return all as the wire has them, each once, and how many were given more than once.

    :raises InvalidInput: nobody is named, or naming every number that is none, masked.
    :raises OSError: the file cannot be read.
    """
    found: dict[str, None] = {}
    given, bad = 0, []
    for place, number in _given(options):
        given += 1
        try:
            found[numbers.normalize(number)] = None
        except numbers.InvalidNumber as error:
            bad.append(f"{place} ({plain(numbers.mask(number))}): {error}")
    if bad:
        more = f"; and {len(bad) - _BAD_SHOWN} more" if len(bad) > _BAD_SHOWN else ""
        raise InvalidInput(f"recipients: nothing was sent. {'; '.join(bad[:_BAD_SHOWN])}{more}")
    if not found:
        raise InvalidInput("recipients: at least one is required, as 09120000000, or --recipients-file FILE")
    return list(found), given - len(found)


def _given(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    for place, number in enumerate((one for text in options.recipients for one in lists.split(text)), 1):
        yield f"no. {place}", number
    if options.recipients_file is None:
        return
    if str(options.recipients_file) == "-":
        if options.text == "-":
            raise InvalidInput("recipients: the text is read from standard input already; put one of them into a file")
        written = standard_input()
    else:
        written = Path(options.recipients_file).read_bytes()
    seen = False
    for place, line in enumerate(_decoded(written).splitlines(), 1):
        # A list that came out of a table begins with the name of its column.
        if line.strip() and (seen or any(char.isdecimal() for char in line)):
            yield from ((f"line {place}", number) for number in lists.split(line.replace("\t", ";")))
        seen = seen or bool(line.strip())


def _decoded(written: bytes) -> str:
    """The text of a list of numbers in whatever encoding Windows, Excel or a server wrote it."""
    if written.startswith(b"PK\x03\x04"):
        raise InvalidInput("recipients: it is a workbook; save its sheet as CSV, or use a campaign in Airflow")
    encoding = next((encoding for mark, encoding in _MARKS if written.startswith(mark)), "utf-8")
    if b"\0" in written[:4] and encoding == "utf-8":
        encoding = "utf-16-be" if written[:1] == b"\0" else "utf-16-le"
    try:
        return written.decode(encoding)
    except UnicodeDecodeError:
        # In all encodings of Windows digits are where ASCII has them, and what is no digit is refused anyhow.
        return written.decode("cp1256", "replace")
