"""Whatever is asked is answered: no 5xx, an answer in JSON, and not a line in the log."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from ippanel_provider.sandbox import control
from ippanel_provider.sandbox.app import APIS
from tests.more import TIMES

# A stream has no end, and waiting takes its time.
ENDLESS = {"/_sandbox/events", "/_sandbox/messages/wait"}
TAKEN: dict[tuple[str, str], list[str]] = {
    (route.method, route.path if api.prefix.startswith("/api/") else f"/v1{route.path}"): [
        each.name for each in route.takes
    ]
    for api in APIS
    for route in api.routes
} | {
    (method, each.path): [field.name for field in getattr(each.endpoint, "takes", ())]
    for each in control.routes()
    if isinstance(each, Route) and each.path not in ENDLESS
    for method in each.methods or ()
}
"""Every call, and the fields it takes."""
ROUTES = sorted(TAKEN)
HEADERS = {
    "/v1/api/": {"Authorization": "sandbox-key"},
    "/v1/": {"Authorization": "AccessKey sandbox-key"},
    "/api/v1/": {"apikey": "sandbox-key"},
}

STRANGE = [
    "",
    " ",
    "0",
    "-1",
    "9" * 5000,
    "9" * 500,
    "1e400",
    "nan",
    "null",
    "true",
    "٣",
    "%",
    "\u200c",
    "😀",
    "\x00",
    "+",
    "{",
    "[",
    "a" * 2000,
]
USUAL = [
    "+989120000000",
    "+983000505",
    "سلام",
    "1",
    "10",
    "xxxxxxxxxxxxxxx",
    "5544778899",
    "900001",
    "2026-01-01 00:00:00",
    "webservice",
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, -1, 2**31, 2**63, 10**30, 1.5, -0.0, 1e308]),
    st.sampled_from(USUAL),
    st.sampled_from(STRANGE),
    st.text(max_size=8),
)
NAMES = st.sampled_from(sorted({*itertools.chain.from_iterable(TAKEN.values()), "type", "id", "operator", "mci"}))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=4),
    max_leaves=6,
)


@st.composite
def requests(draw: st.DrawFn) -> httpx.Request:
    """A request for some route, with the fields it takes in the forms it takes them and in others."""
    method, pattern = draw(st.sampled_from(ROUTES))
    words = [
        draw(st.sampled_from([*USUAL, *STRANGE[1:]])) if part.startswith("{") else part for part in pattern.split("/")
    ]
    path = "/".join(word if word in pattern else quote(word, safe="") for word in words)
    taken = TAKEN[method, pattern]
    fields = draw(st.dictionaries(st.sampled_from(taken) if taken else NAMES, VALUES, max_size=8))
    query = {name: str(value) for name, value in fields.items()} if draw(st.booleans()) or method == "GET" else {}
    headers = dict(next((value for prefix, value in HEADERS.items() if path.startswith(prefix)), {}))
    options: dict[str, object] = {}
    match draw(st.sampled_from(["json", "json", "json", "form", "multipart", "any", "bytes", "none"])):
        case "json":
            options["json"] = fields
        case "form":
            options["data"] = {name: str(value) for name, value in fields.items()}
        case "multipart":
            content = draw(
                st.sampled_from(
                    [
                        b"",
                        b"recipient,message\n+989120000000,a\n",
                        b"PK\x03\x04broken",
                        "شماره".encode(),
                        b"\xff\xfe\x00",
                    ]
                )
            )
            options["data"] = {name: str(value) for name, value in fields.items()}
            options["files"] = {
                draw(st.sampled_from(["files[]", "file"])): (draw(st.sampled_from(["a.csv", "a.xlsx", ""])), content)
            }
        case "any":
            options["json"] = draw(VALUES)
        case "bytes":
            options["content"] = draw(st.binary(max_size=40))
            headers["Content-Type"] = draw(
                st.sampled_from(["application/json", "multipart/form-data", "multipart/form-data; boundary=a", "a"])
            )
    return httpx.Request(method, f"http://sandbox{path}", params=query, headers=headers, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a sandbox with the examples; nothing may be in its log when all is done."""
    log: Path = tmp_path_factory.mktemp("fuzz") / "log"
    with log.open("w") as errors:
        command = [
            sys.executable,
            "-m",
            "ippanel_provider.sandbox",
            "--port",
            "0",
            "--state",
            str(log.parent / "state.db"),
        ]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split(": ")[1].strip()
        with httpx.Client(base_url=url, trust_env=False, verify=False, timeout=20) as client:
            yield client
        process.terminate()
        assert process.wait(timeout=10) == 0
        assert log.read_text() == ""
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@settings(max_examples=200 * TIMES, suppress_health_check=list(HealthCheck))
@given(requests())
def test_everything_is_answered(attacked: httpx.Client, asked: httpx.Request) -> None:
    asked.url = httpx.URL(attacked.base_url).copy_with(raw_path=asked.url.raw_path)
    asked.headers["Host"] = asked.url.netloc.decode()
    response = attacked.send(asked)
    assert response.status_code < 500, response.text
    if asked.url.path.startswith(("/v1/", "/api/v1/")):
        assert isinstance(response.json(), dict)
    # A fault it may have set would be its own excuse.
    attacked.delete("/_sandbox/faults").raise_for_status()
