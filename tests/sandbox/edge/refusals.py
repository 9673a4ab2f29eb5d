"""What tests of several chapters ask of a refusal."""

from __future__ import annotations

import httpx


def errors(response: httpx.Response) -> dict[str, list[str]]:
    """The fields of a validation error."""
    assert response.status_code == 422, response.text
    meta = response.json()["meta"]
    assert (meta["status"], meta["message_code"]) == (False, "400-2")
    found: dict[str, list[str]] = meta["errors"]
    return found


def code(response: httpx.Response) -> tuple[int, str]:
    """The HTTP status and the ``message_code`` of any refusal."""
    meta = response.json()["meta"]
    assert meta["status"] is False
    return response.status_code, meta["message_code"]
