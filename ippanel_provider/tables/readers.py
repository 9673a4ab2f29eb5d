"""Records from files, a few at a time: CSV, JSON lines, Parquet, Excel.

Every reader takes a file opened for bytes and yields each record with the line it has in an editor (CSV, JSON lines) or
the row it has in a spreadsheet (Excel); in Parquet, which has neither, with its place counted from 1.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, Any

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.excel import read_excel
from ippanel_provider.tables.frames import read_parquet
from ippanel_provider.tables.layout import Layout, Line, named
from ippanel_provider.tables.records import Record, certain
from ippanel_provider.tables.values import NOTHINGS, written

_MAX_LINE = 1 << 20
_EXACT_DIGITS = 15
# Three letters of it: two bytes of a code page may be one by chance.
_PERSIAN = re.compile("(?:[\u0600-\u06ff].*){3}", re.DOTALL)
_LONG_FLOAT = re.compile(r"-?\d+\.\d{10,}\Z", re.ASCII)


def read(file: IO[bytes], kind: str, layout: Layout | None = None) -> Iterator[Record]:
    """Yield the records of a file.

    :param kind: what :func:`ippanel_provider.tables.formats.to_read` returns
    :raises InvalidInput: if the file cannot be read, naming the line where there is one; never what stands in it.
    """
    return _READERS[kind](file, layout or Layout())


def _csv(file: IO[bytes], layout: Layout) -> Iterator[Record]:
    if len(layout.delimiter) != 1:
        raise InvalidInput("delimiter: give one character")
    return named(_csv_lines(file, layout), layout)


def _csv_lines(file: IO[bytes], layout: Layout) -> Iterator[Line]:
    # Not strict, a quote that is never closed would swallow the rest of the file without a word.
    reader = csv.reader(_decoded(file, layout.encoding), delimiter=layout.delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end" in str(error) or "field limit" in str(error):
                raise InvalidInput(
                    f"line {line}: a quoted value begins here and does not end, or is longer than "
                    f"{csv.field_size_limit():,} characters"
                ) from None
            yield Line(line, (), "its quotes are not in order")
            continue
        if any(values):
            yield Line(line, [_untyped(value) for value in values])


def _untyped(value: str) -> str:
    """What programs write into CSV, which has neither nothing nor numbers: ``nan`` for nothing, ``150000.0`` for
    150000, ``0.30000000000000004`` for 0.3."""
    if value in NOTHINGS:
        return ""
    if len(value) > _EXACT_DIGITS and _LONG_FLOAT.match(value):
        return written(float(value))
    return value[:-2] if value.endswith(".0") and value[:-2].lstrip("-").isdecimal() else value


def _jsonl(file: IO[bytes], layout: Layout) -> Iterator[Record]:
    is_first = True
    for line, text in enumerate(_decoded(file, layout.encoding), start=1):
        if text.isspace():
            continue
        if is_first and (text.strip() in {"{", "["} or text.lstrip().startswith("[{")):
            raise InvalidInput("format: it is one JSON document; JSON lines have an object in each line")
        is_first = False
        try:
            values = json.loads(text, object_pairs_hook=_object)
        except (ValueError, RecursionError):
            values = None
        yield Record(line, values) if isinstance(values, dict) else Record(line, {}, "it is no JSON object")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return certain([name for name, _ in pairs], [value for _, value in pairs])


_READERS: dict[str, Callable[[IO[bytes], Layout], Iterator[Record]]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": read_parquet,
    "xlsx": read_excel,
}


def _as_utf8(text: str, encoding: str) -> str:
    """What the bytes of a text are in UTF-8; empty if they are not."""
    try:
        return text.encode(encoding).decode()
    except UnicodeError:
        return ""


def _decoded(file: IO[bytes], encoding: str) -> Iterator[str]:
    """Yield the lines as text, with their ends."""
    try:
        text = io.TextIOWrapper(file, encoding=encoding, newline="")
    except LookupError:
        raise InvalidInput(f"encoding: there is no encoding {encoding!r}; utf-8-sig and cp1256 are usual") from None
    line, is_utf = 0, "utf" in codecs.lookup(encoding).name
    try:
        while piece := text.readline(_MAX_LINE):
            line += 1
            if not (is_utf or piece.isascii()) and _PERSIAN.search(_as_utf8(piece, encoding)):
                raise InvalidInput(f"encoding: line {line} is UTF-8, and not {encoding}; leave the encoding out")
            if len(piece) == _MAX_LINE and not piece.endswith(("\n", "\r")):
                raise InvalidInput(
                    f"line {line}: it is longer than {_MAX_LINE} characters; is this a text file with a record a line?"
                )
            yield piece
    except UnicodeError:
        raise InvalidInput(
            f"encoding: the file is not {encoding} (after line {line}); Excel of a Persian Windows saves "
            f"cp1256, or utf-16 as Unicode text"
        ) from None
    finally:
        # Whoever opened the file closes it, and after an error may have done so already.
        with suppress(ValueError):
            text.detach()
