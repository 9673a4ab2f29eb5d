"""Files that are wrong, large or made to hurt, against everything that reads files: ``python -m tests.fuzz.files``.

Whatever a file holds, its reader yields rows, each right or with its problem, or says in one sentence of its own that
the file cannot be read; within so much memory and processor time. Prints what was tried and ends with 1 if anything
else happened. ``ROUNDS`` as an argument makes so many broken files of each kind.
"""

from __future__ import annotations

import io
import json
import random
import resource
import signal
import sys
import tempfile
import traceback
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from ippanel_provider.client import InvalidInput
from ippanel_provider.sandbox import sheets
from ippanel_provider.sync import yaml_files
from ippanel_provider.sync.patterns import files as patterns
from ippanel_provider.tables import formats, readers, storage
from ippanel_provider.tables.layout import Layout

SECONDS = 10.0
"""Of processor time that one file may cost."""
MORE_MEMORY = 700 << 20
"""Bytes of memory that all of it may take beyond what the program itself has."""
ROUNDS = 60
SEED = 20260701
PEOPLE = [("09120001234", "سلام 🎉"), ("+989120005678", '"نقل قول", =1+1'), ("x", "")]


class Reader(NamedTuple):
    """Something that reads files."""

    read: Callable[[bytes], object]
    refuses: type[Exception] | tuple[type[Exception], ...] = InvalidInput


def _table(kind: str) -> Reader:
    def read(content: bytes) -> object:
        for layout in (Layout(), Layout(number_column="mobile")):
            for record in readers.read(io.BytesIO(content), kind, layout):
                str(record)
        return None

    return Reader(read)


def _through_a_file(read: Callable[[Path], object]) -> Reader:
    def through(content: bytes) -> object:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "file.yaml")
            path.write_bytes(content)
            return read(path)

    return Reader(through)


def _uploaded(kind: str) -> Reader:
    return Reader(lambda content: sheets.read_rows(f"a.{kind}", content, (kind,), 1000), sheets.UnreadableSheet)


READERS = {kind: _table(kind) for kind in formats.NAMES} | {
    "yaml": _through_a_file(yaml_files.load),
    "pattern": _through_a_file(lambda path: patterns.load(path.parent)),
    "json": _through_a_file(lambda path: storage.read_json(path, "plan")),
    "csv, uploaded": _uploaded("csv"),
    "xlsx, uploaded": _uploaded("xlsx"),
}


def seeds() -> dict[str, bytes]:
    """Return a good file of every kind."""
    import openpyxl
    import pyarrow
    from pyarrow import parquet

    rows = [("mobile", "text"), *PEOPLE]
    csv = "".join(f'{mobile},"{text.replace(chr(34), chr(34) * 2)}"\n' for mobile, text in rows).encode()
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(xlsx := io.BytesIO())
    table = pyarrow.table({"mobile": [mobile for mobile, _ in PEOPLE], "text": [text for _, text in PEOPLE]})
    parquet.write_table(table, packed := io.BytesIO())
    pattern = "title: a\ndescription: b\nmessage: |\n  کد %code%\nvariables:\n  code: integer\nshared: false\n".encode()
    lines = "".join(json.dumps({"mobile": mobile, "text": text}) + "\n" for mobile, text in PEOPLE).encode()
    return {
        "csv": csv,
        "csv, uploaded": csv,
        "jsonl": lines,
        "parquet": packed.getvalue(),
        "xlsx": xlsx.getvalue(),
        "xlsx, uploaded": xlsx.getvalue(),
        "yaml": pattern,
        "pattern": pattern,
        "json": json.dumps({"version": 1, "changes": [{"number": "09120001234"}]}).encode(),
    }


def broken(content: bytes, chance: random.Random) -> bytes:
    """Return the file with something wrong in it."""
    raw = bytearray(content)
    for _ in range(chance.choice((1, 2, 8))):
        at, size = chance.randrange(len(raw) + 1), chance.randrange(1, 24)
        match chance.randrange(5):
            case 0:
                raw[at : at + size] = chance.randbytes(size)
            case 1:
                del raw[at : at + size]
            case 2:
                raw[at:at] = raw[max(0, at - size) : at] * chance.choice((1, 3, 200))
            case 3:
                raw[at:at] = chance.choice(
                    (b'"', b"\0", b"\xff\xfe", b",", b"\r", b"{" * 50, b": &a *a", b"\xe2\x80\xae")
                )
            case _:
                raw = raw[: max(1, at)]
    return bytes(raw)


def repacked(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return an archive with a part of it changed."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return made.getvalue()


_LAUGHS = b'<!DOCTYPE a [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + at, b"&%c;" % (97 + at) * 12) for at in range(9)
)
_OUTSIDE = b'<!DOCTYPE a [<!ENTITY j SYSTEM "file:///etc/passwd">]>'


def made_to_hurt(good: dict[str, bytes]) -> Iterator[tuple[str, str, bytes]]:
    """Yield kind, name and content of files that would cost much, or reach for something else."""
    million = 1 << 20
    for kind in ("csv", "csv, uploaded"):
        yield kind, "an endless quote", b'mobile,text\n"' + b"a,\n" * million
        yield kind, "an endless value", b"mobile,text\n0912," + b"a" * (4 * million)
        yield kind, "a million columns", b",".join([b"a"] * million) + b"\n1\n"
        yield kind, "nothing but delimiters", b"mobile,text\n" + b"," * million + b"\n"
        yield kind, "zeros", b"\0" * million
        yield kind, "a compressed file", zipfile_of(b"0" * million)
    yield "jsonl", "brackets", b'{"mobile": ' + b"[" * 900_000 + b"\n"
    yield "jsonl", "objects in objects", b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    yield "jsonl", "a number of a million digits", b'{"mobile": ' + b"9" * 900_000 + b"}\n"
    yield "jsonl", "a key a million times", b"{" + b'"a": 1,' * 100_000 + b'"a": 2}\n'
    yield "jsonl", "an endless line", b'{"mobile": "' + b"a" * (4 * million)
    yield "json", "brackets", b'{"version": 1, "a": ' + b"[" * million
    yield "json", "a number", b'{"version": ' + b"9" * million + b"}"
    for kind in ("yaml", "pattern"):
        yield (
            kind,
            "aliases",
            b"a: &a [x, x]\n"
            + b"".join(b"%c: &%c [%s]\n" % (98 + at, 98 + at, b",".join([b"*%c" % (97 + at)] * 9)) for at in range(9)),
        )
        yield kind, "itself in itself", b"message: &a\n  a: *a\n"
        yield kind, "brackets", b"message: " + b"[" * 60_000
        yield kind, "keys in keys", b"? " * 30_000 + b"a"
        yield kind, "a number", b"message: " + b"9" * 60_000
        yield kind, "a number in base 60", b"message: " + b":59" * 20_000
        yield kind, "a program", b"message: !!python/object/apply:os.system [id]"
        yield kind, "megabytes", b"message: " + b"a" * (8 * million)
        yield kind, "a file of another", b"message: !include /etc/passwd"
    sheet, texts = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
    for kind in ("xlsx", "xlsx, uploaded"):
        content = good["xlsx"]
        for name, part, change in (
            ("a row far away", sheet, lambda xml: xml.replace(b'r="3"', b'r="99999999"', 1)),
            ("a column far away", sheet, lambda xml: xml.replace(b'r="A3"', b'r="ZZZZZ3"')),
            ("wide dimensions", sheet, lambda xml: xml.replace(b'ref="A1:B4"', b'ref="A1:XFD99999999"')),
            ("a text beyond the table", sheet, lambda xml: xml.replace(b"<v>2</v>", b"<v>99999999</v>")),
            ("a text before the table", sheet, lambda xml: xml.replace(b"<v>2</v>", b"<v>-1</v>")),
            ("a height that is none", sheet, lambda xml: xml.replace(b'<row r="2"', b'<row ht="x" r="2"')),
            ("rows in no order", sheet, lambda xml: xml.replace(b'<row r="4"', b'<row r="1"')),
            ("a million spaces", texts, lambda xml: xml.replace(b"</t>", b" " * million + b"</t>", 1)),
            ("many texts", texts, lambda xml: xml.replace(b"</sst>", b"<si/>" * million + b"</sst>")),
            ("tags in tags", sheet, lambda xml: xml.replace(b"</row>", b"<a>" * 200_000, 1)),
            ("laughs", texts, lambda xml: _LAUGHS + b"]>" + xml.replace(b"mobile", b"&j;")),
            ("a file of another", texts, lambda xml: _OUTSIDE + xml.replace(b"mobile", b"&j;")),
            ("a gigabyte", sheet, lambda xml: xml.replace(b"</row>", b"</row>" + b" " * (150 * million), 1)),
        ):
            yield kind, name, repacked(content, part, change)  # type: ignore[arg-type]
        yield kind, "a part of another folder", content_with(content, "../../../../tmp/evil.xml")
        yield kind, "no archive", b"PK\3\4" + b"\0" * million


def zipfile_of(content: bytes) -> bytes:
    """Return an archive with one file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", content)
    return made.getvalue()


def content_with(content: bytes, name: str) -> bytes:
    """Return an archive with a file more."""
    made = io.BytesIO(content)
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr(name, "evil")
    return made.getvalue()


def judged(kind: str, content: bytes) -> str:
    """Read a file; return what is wrong with how that went."""

    def too_long(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"it took more than {SECONDS:g} seconds of the processor")

    signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        READERS[kind].read(content)
    except READERS[kind].refuses as error:
        said = str(error)
        if len(said) > 500 or "root:" in said:
            return f"said {said[:200]!r}"
    except BaseException as error:  # noqa: BLE001 - that is what is looked for
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {last.filename}:{last.lineno}: {str(error)[:200]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return ""


def main() -> int:
    """Try everything; print what was tried, and what went wrong."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    good, chance = seeds(), random.Random(SEED)
    wrong = [f"{kind}: a good file: {problem}" for kind in READERS if (problem := judged(kind, good[kind]))]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MORE_MEMORY, used + MORE_MEMORY))
    cases = list(made_to_hurt(good))
    cases += [(kind, f"broken {at}", broken(good[kind], chance)) for kind in READERS for at in range(rounds)]
    wrong += [f"{kind}: {name}: {problem}" for kind, name, content in cases if (problem := judged(kind, content))]
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10) - before
    print(
        f"{len(READERS)} readers ({', '.join(READERS)}): {len(cases):,} files, made to hurt or broken; "
        f"{more >> 20} MB at most beyond the start."
    )
    for line in wrong:
        print(f"WRONG: {line}")
    print(f"{len(wrong)} wrong.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
