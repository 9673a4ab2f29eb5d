"""Credentials stand bare in the header; both 401 bodies; lines and credit of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire

SEEN = {"data": {"data": None}, "meta": {"status": False, "message": "Invalid token"}}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whose_key_it_is(wire: Wire, method: str) -> None:
    data = wire.http.request(method, "/api/acl/auth/check_token").json()["data"]
    assert data == {
        "user_name": "ippanel",
        "user_id": 58745,
        "document_block": False,
        "is_reseller": True,
        "send_block": False,
        "name": "test",
    }


@pytest.mark.parametrize("header", ["", "wrong", "Bearer sandbox-key", "AccessKey sandbox-key", "Apikey sandbox-key"])
def test_anything_but_the_bare_key_is_401(wire: Wire, header: str) -> None:
    response = wire.http.post("/api/acl/auth/check_token", headers={"Authorization": header})
    assert (response.status_code, response.json()) == (401, SEEN)


def test_the_documented_body(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.account(unauthorized_body="documented")
    body = wire.http.get("/api/payment/credit/mine", headers={"Authorization": "wrong"}).json()
    assert body["data"] is None
    assert body["meta"]["message_code"] == "400-1"
    assert body["meta"]["errors"] == {}


@pytest.mark.parametrize("path", ["/api/number/numbers", "/api/numbers"])
def test_lines(demo: Wire, path: str) -> None:
    page = demo.get(path, page=1, per_page=2).json()
    assert page["data"][0] == {
        "id": 10001,
        "number": "+983000505",
        "operator_id": 1,
        "alias": None,
        "gets": 1,
        "is_66_char": 0,
    }
    assert len(page["data"]) == 2
    assert page["meta"] == {"status": True, "message": "Success", "message_code": "200-1"}
    assert demo.get(path, page=4, per_page=2).json()["data"] == []


def test_credit_is_a_float(wire: Wire) -> None:
    data = wire.get("/api/payment/credit/mine").json()["data"]
    assert isinstance(data["credit"], float)
    assert set(data) == {"credit", "yesterday_credit", "gift", "gift_expires_at", "updated_at"}
