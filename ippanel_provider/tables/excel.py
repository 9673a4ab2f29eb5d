"""Rows of Excel's sheets, as a person sees them: what a filter hides is no row to send to."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.cells import unescaped
from ippanel_provider.tables.formats import missing_extra
from ippanel_provider.tables.layout import MOST_COLUMNS, Layout, Line, named
from ippanel_provider.tables.records import Record
from ippanel_provider.tables.values import ERRORS, UNCALCULATED
from ippanel_provider.tables.writers import SHEET_ROWS

_MOST_SHARED = 256 << 20
"""Bytes of the table of texts, which is read whole."""
_FORMULA = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}f"
_LARGE, _MOST_PACKED = 64 << 20, 200
_NO_HEIGHT = re.compile(r"0*(\.0*)?(e.*)?", re.IGNORECASE)
HIDDEN = "it is hidden in the sheet, by a filter or by hand; show it to send to it"


def read_excel(file: IO[bytes], layout: Layout) -> Iterator[Record]:
    """Yield the rows of a sheet below its header; the line is the number that the sheet shows."""
    book = _opened(file)
    try:
        sheet = _sheet(book, layout)
        count = 0
        for record in named(_lines(book, sheet), layout, "row", _others(book, sheet, layout)):
            count += 1
            yield record
        if not count and (others := _others(book, sheet, layout)):
            raise InvalidInput(f"sheet: {sheet.title!r} has no rows; {others}")
    finally:
        book.close()


def _opened(file: IO[bytes]) -> Any:
    try:
        import openpyxl
    except ImportError:
        raise missing_extra("xlsx") from None
    # It would repeat the number in a cell that is formatted as a date.
    warnings.filterwarnings("ignore", message="Cell .* is marked as a date", category=UserWarning)
    try:
        with zipfile.ZipFile(file) as archive:
            _check_sizes(archive)
        return openpyxl.load_workbook(file, read_only=True, data_only=True)
    except InvalidInput:
        raise
    except Exception as error:  # noqa: BLE001 - openpyxl raises what its parsers do
        raise InvalidInput(f"format: the file cannot be read as an Excel file ({type(error).__name__})") from None


def _check_sizes(archive: zipfile.ZipFile) -> None:
    for part in archive.infolist():
        if part.filename.endswith("sharedStrings.xml") and part.file_size > _MOST_SHARED:
            raise InvalidInput(
                f"format: its table of texts takes {part.file_size >> 20} MB, at most {_MOST_SHARED >> 20} are read; "
                f"save it as CSV"
            )
        if part.file_size > max(_LARGE, _MOST_PACKED * part.compress_size):
            raise InvalidInput(
                f"format: a part of it unpacks to {part.file_size >> 20} MB, more than {_MOST_PACKED} times its size; "
                f"save it as CSV"
            )


def _sheet(book: Any, layout: Layout) -> Any:
    if layout.sheet is not None:
        for sheet in book.worksheets:
            if sheet.title == layout.sheet:
                return sheet
        raise InvalidInput(f"sheet: there is no sheet {layout.sheet!r}, only {', '.join(map(repr, book.sheetnames))}")
    if not book.worksheets:
        raise InvalidInput("sheet: the file has none with rows")
    sheet = book.worksheets[0]
    if sheet.sheet_state != "visible":
        raise InvalidInput(f"sheet: the first one, {sheet.title!r}, is hidden; {_others(book, sheet, layout)}")
    return sheet


def _others(book: Any, sheet: Any, layout: Layout) -> str:
    """Say which sheets there are besides, if the author has not chosen this one."""
    others = [repr(other.title) for other in book.worksheets if other is not sheet]
    return (
        f"name the sheet to read, as sheet={others[0]}: there are also {', '.join(others)}"
        if (others and layout.sheet is None)
        else ""
    )


def _lines(book: Any, sheet: Any) -> Iterator[Line]:
    from openpyxl.worksheet._reader import WorkSheetParser

    with book._archive.open(sheet._worksheet_path) as source:
        # What openpyxl makes of the rows does not say which are hidden, and fills gaps of a hundred million rows.
        parser: Any = WorkSheetParser(
            source,
            sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        parse = parser.parse_cell
        parser.parse_cell = lambda element: _calculated(parse(element), element)
        for number, cells in _parsed(parser):
            if number > SHEET_ROWS:
                raise InvalidInput(f"format: it has a row {number:,}; a sheet has {SHEET_ROWS:,}")
            attributes = parser.row_dimensions.pop(str(number), {})
            values = _values(cells)
            if any(value is not None for value in values):
                yield Line(number, values, HIDDEN if _is_hidden(attributes, parser) else "")


def _parsed(parser: Any) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    try:
        yield from parser.parse()
    except Exception as error:  # noqa: BLE001 - openpyxl raises what its parsers do
        after = f" after row {parser.row_counter}" if parser.row_counter else ""
        raise InvalidInput(f"format: the sheet cannot be read{after} ({type(error).__name__})") from None


def _calculated(cell: dict[str, Any], element: Any) -> dict[str, Any]:
    """Tell a formula that nobody has calculated from an empty cell; one whose outcome is an empty text is that."""
    if cell["value"] is None and element.get("t") != "str" and element.find(_FORMULA) is not None:
        cell["value"] = UNCALCULATED
    return cell


def _is_hidden(attributes: dict[str, str], parser: Any) -> bool:
    if "hidden" in attributes:
        return attributes["hidden"] in {"1", "true"}
    if "ht" in attributes:
        return bool(_NO_HEIGHT.fullmatch(attributes["ht"]))
    # Set before the first row, where all rows are hidden that do not say otherwise.
    layout = getattr(parser, "sheet_format", None)
    return bool(layout is not None and layout.zeroHeight)


def _values(cells: list[dict[str, Any]]) -> list[Any]:
    values: list[Any] = []
    for cell in cells:
        column, value = cell["column"], cell["value"]
        if value is None:
            continue
        if column > MOST_COLUMNS:
            raise InvalidInput(f"format: it has a column {column:,}; a sheet has {MOST_COLUMNS:,}")
        if cell["data_type"] == "e" and value not in ERRORS:
            value = "#VALUE!"
        values += [None] * (column - len(values))
        values[column - 1] = unescaped(value) if isinstance(value, str) else value
    return values
