"""How the specifications of the calls write a request, and make an answer."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from ippanel_provider.client import Request
from ippanel_provider.client.requests import Answer

T = TypeVar("T")

LINE = "+983000505"
RECIPIENT = "+989120000000"
OTHER = "+989350000000"
TOKEN = "0123456789abcdef" * 2


def line_of(request: Request[Any]) -> str:
    """Method, path and query as they read, before anything is escaped."""
    query = "&".join(f"{name}={value}" for name, value in request.query)
    return f"{request.method} {request.path}" + (f"?{query}" if query else "")


def content_of(request: Request[Any]) -> Any:
    """The JSON of a request, or the fields of its form with the names of files in angle brackets; None without
    either."""
    if request.form is not None:
        assert request.body is None
        return [*request.form, *((name, f"<{upload.filename}>") for name, upload in request.files)]
    return None if request.body is None else json.loads(request.body)


def read(request: Request[T], data: Any, **meta: Any) -> T:
    """What the request makes of a success with this data."""
    body = {"data": data, "meta": {"status": True, "message": "انجام شد", "message_code": "200-1", **meta}}
    return request.read(Answer(200, {}, json.dumps(body).encode(), request))
