"""The OpenAPI document names every call there is, once, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest

from ippanel_provider.sandbox.app import APIS

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire


@pytest.fixture
def document(ippanel_sandbox: RunningSandbox) -> dict[str, dict[str, dict[str, dict[str, object]]]]:
    return httpx.get(f"{ippanel_sandbox.url}/_sandbox/openapi.json", trust_env=False, verify=False).json()  # type: ignore[no-any-return]


def test_every_route_is_there(document: dict[str, dict[str, dict[str, dict[str, object]]]]) -> None:
    served = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    for api in APIS:
        for route in api.routes:
            assert f"{route.method} {route.path}" in served or f"{route.method} /v1{route.path}" in served
    assert {"GET /_sandbox/messages", "POST /_sandbox/faults", "DELETE /_sandbox/faults/{id}"} <= served


def test_a_call_takes_the_fields_that_its_route_declares(
    document: dict[str, dict[str, dict[str, dict[str, object]]]],
) -> None:
    for api in APIS:
        for route in api.routes:
            path = route.path if route.path in document["paths"] else f"/v1{route.path}"
            said = str(document["paths"][path][route.method.lower()])
            assert all(f"'{each.name}'" in said for each in route.takes), path


def test_every_call_says_what_it_does_under_a_name_of_its_own(
    document: dict[str, dict[str, dict[str, dict[str, object]]]],
) -> None:
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    assert all(operation["summary"] for operation in operations)
    names = [str(operation["operationId"]) for operation in operations]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"\w+", name) for name in names)


def test_a_call_made_from_the_document_alone(
    document: dict[str, dict[str, dict[str, dict[str, object]]]], wire: Wire
) -> None:
    (parameter,) = document["paths"]["/v1/api/report/by_bulk"]["get"]["parameters"]  # type: ignore[misc]
    (bulk_id,) = wire.ids(wire.send("a"))
    assert wire.get("/api/report/by_bulk", **{parameter["name"]: bulk_id}).status_code == 200
