"""Sends whose recipients come in a file: csv and xlsx, headers, limits, rows that cannot be used."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import httpx
import openpyxl
import pytest

from tests.sandbox.edge.refusals import errors

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire


def xlsx(*rows: tuple[object, ...]) -> tuple[str, bytes]:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    target = io.BytesIO()
    book.save(target)
    return "rows.xlsx", target.getvalue()


def csv(*lines: str) -> tuple[str, bytes]:
    return "rows.csv", ("\ufeff" + "\r\n".join(lines)).encode()


def send(wire: Wire, kind: str, file: tuple[str, bytes] | None, **fields: Any) -> httpx.Response:
    form = {"sending_type": kind, "from_number": wire.sandbox.sender, "message": "سلام"} | fields
    return wire.http.post("/api/send", data=form, files=[("files[]", file)] if file else [("files[]", ("", b""))])


def texts(sandbox: RunningSandbox) -> list[tuple[str, str]]:
    return [(message["recipient"][-4:], message["text"]) for message in sandbox.messages()]


@pytest.mark.parametrize(
    "file",
    [
        csv("recipient,message", "09120000001,one", '+989120000002,"two, and more"'),
        xlsx(("recipient", "message"), (9120000001, "one"), ("+989120000002", "two, and more")),
        xlsx((9120000001.0, "one"), (None, None), ("۰۹۱۲۰۰۰۰۰۰۲", "two, and more")),
    ],
)
def test_each_row_is_a_bulk(wire: Wire, ippanel_sandbox: RunningSandbox, file: tuple[str, bytes]) -> None:
    assert len(wire.ids(send(wire, "peer_to_peer_file", file))) == 2
    assert texts(ippanel_sandbox) == [("0001", "one"), ("0002", "two, and more")]


@pytest.mark.parametrize(
    "file",
    [
        csv("09120000001", "09120000002"),
        csv("number", "09120000001", "09120000002"),
        xlsx(("mobile",), (9120000001,), (9120000002,)),
    ],
)
def test_a_file_of_numbers_is_one_bulk(wire: Wire, ippanel_sandbox: RunningSandbox, file: tuple[str, bytes]) -> None:
    (bulk_id,) = wire.ids(send(wire, "file", file, **{"other_recipients[]": ["+989120000003", "+989120000001"]}))
    assert texts(ippanel_sandbox) == [("0001", "سلام"), ("0002", "سلام"), ("0003", "سلام")]
    assert wire.bulk(bulk_id)["type"] == "file"


def test_columns_fill_the_keywords(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    file = xlsx(("mobile", "name", "debt"), (9120000001, "علی", 1500), (9120000002, None, 7))
    (bulk_id,) = wire.ids(send(wire, "keyword", file, message="{ex_B}: {ex_C}{ex_D}"))
    assert texts(ippanel_sandbox) == [("0001", "علی: 1500"), ("0002", ": 7")]
    assert wire.bulk(bulk_id)["message"] == "{ex_B}: {ex_C}{ex_D}"


def test_a_file_can_be_sent_later(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    from datetime import UTC, datetime

    due = datetime.fromtimestamp(ippanel_sandbox.now() + 3600, UTC).strftime("%Y-%m-%d %H:%M:%S")
    (bulk_id,) = wire.ids(send(wire, "file", csv("09120000001"), send_time=due))
    ippanel_sandbox.settle()
    assert wire.bulk(bulk_id)["state_id"] == 5


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("file", None),
        ("file", ("rows.txt", b"09120000001")),
        ("file", ("rows.xlsx", b"no spreadsheet")),
        ("file", ("rows.csv", b"\xff\xfe0")),
        ("file", csv("")),
        ("file", csv("number")),
        ("file", csv("09120000001", "0912")),
        ("file", csv("09120000001", "02112345678")),
        ("keyword", csv("09120000001,a")),
        ("peer_to_peer_file", csv("09120000001,one")),
        ("peer_to_peer_file", csv("recipient,message", "09120000001")),
        ("peer_to_peer_file", csv("recipient,message", *["09120000001,a"] * 10_001)),
    ],
)
def test_files_that_are_refused(
    wire: Wire, ippanel_sandbox: RunningSandbox, kind: str, file: tuple[str, bytes] | None
) -> None:
    assert list(errors(send(wire, kind, file))) == ["files"]
    assert ippanel_sandbox.counts()["texts"] == 0


def test_a_file_of_ten_thousand_rows(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    rows = csv("recipient,message", *(f"0912{index:07d},{index}" for index in range(10_000)))
    assert len(wire.ids(send(wire, "peer_to_peer_file", rows))) == 10_000


def test_more_than_a_million_numbers(wire: Wire) -> None:
    file = ("rows.csv", b"\n".join(b"0912%07d" % index for index in range(1_000_001)))
    assert errors(send(wire, "file", file)) == {"files": ["تعداد شماره های فایل نباید بیشتر از 1000000 باشد"]}


def test_the_text_and_the_line_are_looked_at_too(wire: Wire) -> None:
    assert set(errors(send(wire, "file", csv("09120000001"), message="", from_number="+98000"))) == {
        "from_number",
        "message",
    }


def test_a_filled_text_may_not_be_too_long(wire: Wire) -> None:
    assert list(errors(send(wire, "keyword", xlsx((9120000001, "a" * 1400)), message="{ex_B}!"))) == ["message"]
    # As long as before, but in letters of which fewer fit a part.
    assert list(errors(send(wire, "keyword", xlsx((9120000001, "سلام ب")), message="a" * 1394 + "{ex_B}"))) == [
        "message"
    ]


def test_an_xlsx_file_that_unpacks_to_more_than_any_has_is_refused_unread(wire: Wire) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(21):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", bytes(10 << 20))
    assert len(packed.getvalue()) < 1 << 20
    form = {"sending_type": "file", "from_number": "+983000505", "message": "a"}
    answer = wire.http.post("/api/send", data=form, files={"files[]": ("bomb.xlsx", packed.getvalue())})
    assert (answer.status_code, list(answer.json()["meta"]["errors"])) == (422, ["files"])
