"""The legacy REST API. API: legacy REST."""

from __future__ import annotations

from ippanel_provider.sandbox.wire import Api, Call, Reply, Route
from ippanel_provider.service import LegacyCode

from . import account, messages
from .checks import refusal
from .envelope import failed

_SCHEME = "AccessKey "


def _authorize(call: Call, route: Route) -> Reply | None:
    """The key stands behind its scheme here, and only keys do; tokens belong to the Edge API."""
    header = call.header(b"authorization").strip()
    if not header.lower().startswith(_SCHEME.lower()):
        return failed(LegacyCode.UNAUTHORIZED, "api key scheme is not valid")
    credential = call.sandbox.credential(header[len(_SCHEME) :].strip())
    if credential is None or credential.kind != "key":
        return failed(LegacyCode.KEY_NOT_VALID, "api key is not valid")
    call.credential = credential
    return None


def _unknown(status: int) -> Reply:
    return failed(status, "not found" if status == 404 else "method not allowed")


def _unreadable() -> Reply:
    return failed(LegacyCode.UNPROCESSABLE, "request body is not valid json")


def _refused(message: str | None, code: str | None) -> Reply:
    return failed(code or LegacyCode.OPERATOR_OFFLINE, message or "request refused", 200)


def _unauthorized(body: str) -> Reply:
    return failed(LegacyCode.UNAUTHORIZED, "unauthorized")


REST = Api(
    name="rest",
    title="the legacy REST API",
    prefix="/v1/",
    routes=(*account.routes, *messages.routes),
    authorize=_authorize,
    unknown=_unknown,
    unreadable=_unreadable,
    refused=_refused,
    unauthorized=_unauthorized,
    repeated=lambda why: refusal(why).reply(),
)
