"""Airflow's REST API, spoken to as any program would."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any, cast

from tests.airflow.stack.airflow_stack import Stack

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(stack: Stack, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
    """Make a call below ``/api/v2/``; None where there is no such thing.

    :raises RuntimeError: with Airflow's words, if it refuses.
    """
    request = urllib.request.Request(
        f"http://127.0.0.1:{stack.port}/api/v2/{path}",
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {_token(stack)}"},
        method=method,
    )
    try:
        with _opener.open(request, timeout=30) as response:
            return cast("dict[str, Any]", json.load(response))
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()}") from None


_tokens: dict[int, str] = {}


def _token(stack: Stack) -> str:
    if stack.port not in _tokens:
        with _opener.open(f"http://127.0.0.1:{stack.port}/auth/token", timeout=30) as response:
            _tokens[stack.port] = str(json.load(response)["access_token"])
    return _tokens[stack.port]
