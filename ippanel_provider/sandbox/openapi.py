"""The OpenAPI document of everything a sandbox serves, made from its tables of routes: ``/_sandbox/openapi.json``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from starlette.routing import BaseRoute
from starlette.routing import Route as PageRoute

from .takes import FILE, Field
from .wire import Api, Route

_CREDENTIALS: Mapping[str, Mapping[str, str]] = {
    "edge": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "The key or token, bare."},
    "rest": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "AccessKey, a space, the key."},
    "api2": {"type": "apiKey", "in": "header", "name": "apikey"},
}
_DONE: Mapping[str, Any] = {"default": {"description": "An answer in JSON."}}


def document(apis: Sequence[Api], controls: Iterable[BaseRoute], version: str) -> dict[str, Any]:
    """The document of some wire APIs and of the controls; a call is described by the first line its handler says of
    itself.
    """
    paths: dict[str, dict[str, Any]] = {}
    for api in apis:
        for route in api.routes:
            path = route.path if api.prefix.startswith("/api/") else f"/v1{route.path}"
            _add(paths, route.method, path, _operation(api.name, route, path))
    for control in controls:
        if not isinstance(control, PageRoute):
            continue
        path = re.sub(r":\w+}", "}", control.path)
        for method in sorted((control.methods or set()) - {"HEAD"}):
            name = f"control_{method}_{path}".replace("/", "_").lower()
            takes = getattr(control.endpoint, "takes", ())
            operation = _described("control", re.sub(r"\W", "", name), control.endpoint, method, path, takes)
            _add(paths, method, path, operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "IPPanel sandbox", "version": version},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"securitySchemes": dict(_CREDENTIALS)},
    }


def _add(paths: dict[str, dict[str, Any]], method: str, path: str, operation: dict[str, Any]) -> None:
    paths.setdefault(path, {})[method.lower()] = operation


def _operation(api: str, route: Route, path: str) -> dict[str, Any]:
    name = f"{api}_{route.op}_{route.method.lower()}" if route.alternate else f"{api}_{route.op}"
    operation = _described(api, f"{name}_{_letters(path)}", route.handler, route.method, path, route.takes)
    if route.auth != "none":
        operation["security"] = [{api: []}]
    if route.alternate:
        operation["deprecated"] = True
    return operation


def _letters(path: str) -> str:
    return re.sub(r"\W+", "_", path).strip("_")


def _described(
    tag: str, name: str, handler: Callable[..., Any], method: str, path: str, takes: Sequence[Field]
) -> dict[str, Any]:
    """An operation with its parameters: those of the path, and what it takes in its query or body."""
    said = (handler.__doc__ or "").strip().partition("\n")[0]
    parameters = [
        {"name": part, "in": "path", "required": True, "schema": {"type": "string"}}
        for part in re.findall(r"{(\w+)}", path)
    ]
    operation: dict[str, Any] = {"operationId": name, "tags": [tag], "summary": said, "responses": dict(_DONE)}
    if method == "GET":
        parameters += [
            {"name": each.name, "in": "query", "required": each.required, "schema": each.schema} for each in takes
        ]
    elif takes:
        schema: dict[str, Any] = {"type": "object", "properties": {each.name: each.schema for each in takes}}
        if needed := [each.name for each in takes if each.required]:
            schema["required"] = needed
        body = {"schema": schema}
        has_file = any(FILE in (each.schema, each.schema.get("items")) for each in takes)
        kinds = ["application/json", "multipart/form-data"] if has_file else ["application/json"]
        operation["requestBody"] = {"required": bool(needed), "content": dict.fromkeys(kinds, body)}
    if parameters:
        operation["parameters"] = parameters
    return operation
