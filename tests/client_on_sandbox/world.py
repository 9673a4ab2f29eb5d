"""What a case gets: a way to run requests, and the sandbox they meet, filled with the documents' examples."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import openpyxl

from ippanel_provider.client import Request, Upload
from ippanel_provider.sandbox.runner import RunningSandbox

PERSON = "+989120000005"
LINE = "+983000505"


@dataclass
class World:
    run: Callable[[Request[Any]], Any]
    sandbox: RunningSandbox
    as_token: Callable[[str], Callable[[Request[Any]], Any]] = field(repr=False)
    """The same client with another credential."""

    def sent(self) -> list[tuple[str, str]]:
        """Recipient and text of everything that was handed over."""
        return [(message["recipient"], message["text"]) for message in self.sandbox.messages()]


Case = Callable[[World], None]
CASES: dict[str, Case] = {}


def case(operation: str) -> Callable[[Case], Case]:
    """Name the operation that a function is the case of."""

    def register(function: Case) -> Case:
        assert operation not in CASES, f"there are two cases of {operation}"
        CASES[operation] = function
        return function

    return register


def xlsx(*rows: tuple[object, ...]) -> Upload:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    target = io.BytesIO()
    book.save(target)
    return Upload("rows.xlsx", target.getvalue())
