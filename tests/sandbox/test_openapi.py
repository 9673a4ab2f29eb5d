"""The OpenAPI document names every call there is, once, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

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


EITHER = {"number_id", "number", "target_user_id", "target_user"}
"""One of two will do, which is not said of either."""


def test_a_call_is_refused_without_what_it_requires(
    ippanel_sandbox: RunningSandbox, document: dict[str, dict[str, dict[str, Any]]]
) -> None:
    key = ippanel_sandbox.api_key
    headers = {"edge": {"Authorization": key}, "rest": {"Authorization": f"AccessKey {key}"}, "api2": {"apikey": key}}
    ippanel_sandbox.account(is_reseller=True)
    for api in APIS:
        for route in api.routes:
            marked = {each.name for each in route.takes if each.required}
            path = route.path if api.prefix.startswith("/api/") else f"/v1{route.path}"
            operation = document["paths"][path][route.method.lower()]
            assert required_of(operation) == marked, path
            if not marked:
                continue
            url = re.sub(r"{\w+}", "1", f"{ippanel_sandbox.url}{path}")
            body = None if route.method == "GET" else {}
            answer = httpx.request(route.method, url, headers=headers[api.name], json=body, trust_env=False)
            assert answer.status_code >= 400, path
            errors = answer.json().get("meta", {}).get("errors") or {}
            missing = {name for name, texts in errors.items() if "الزامی" in str(texts)}
            # Nothing is called for that the document does not mark.
            assert missing - EITHER <= marked, path


def required_of(operation: dict[str, Any]) -> set[str]:
    found = {each["name"] for each in operation.get("parameters", ()) if each["required"] and each["in"] == "query"}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        found |= set(content["schema"].get("required", ()))
    return found
