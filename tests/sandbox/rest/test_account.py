"""The key stands behind its scheme; the user and the credit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sandbox.rest.conftest import Older


@pytest.mark.parametrize(
    ("header", "code", "error"),
    [
        ("sandbox-key", "1401", "api key scheme is not valid"),
        ("Bearer sandbox-key", "1401", "api key scheme is not valid"),
        ("", "1401", "api key scheme is not valid"),
        ("AccessKey wrong", "1402", "api key is not valid"),
        ("AccessKey", "1401", "api key scheme is not valid"),
    ],
)
def test_anything_but_the_access_key_scheme_is_401(rest: Older, header: str, code: str, error: str) -> None:
    response = rest.http.get("/credit", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.json() == {
        "status": "Unauthorized",
        "code": code,
        "message": "Unauthorized",
        "data": {"error": error},
    }


def test_the_scheme_may_be_written_in_any_case(rest: Older) -> None:
    assert rest.http.get("/credit", headers={"Authorization": "accesskey sandbox-key"}).status_code == 200


def test_credit_is_a_float(rest: Older) -> None:
    rest.sandbox.account(credit=500)
    answer = rest.http.get("/credit").json()
    assert answer == {"status": "OK", "code": 200, "message": "Ok", "data": {"credit": 500.0}}
    assert isinstance(answer["data"]["credit"], float)


def test_whose_key_it_is(rest: Older) -> None:
    user = rest.http.get("/user").json()["data"]["user"]
    assert user["id"] == 58745
    assert user["username"] == "ippanel"
    assert {"name", "email", "mobile", "document_block", "send_block", "status"} <= user.keys()


def test_a_path_or_method_nobody_serves(rest: Older) -> None:
    assert (rest.http.get("/nothing").status_code, rest.http.delete("/user").status_code) == (404, 405)
    assert rest.http.get("/nothing").json()["data"]["error"] == "not found"


def test_what_is_no_json(rest: Older) -> None:
    response = rest.http.post("/messages", content=b"{broken")
    assert (response.status_code, response.json()["code"]) == (422, "422")


def test_faults_speak_this_api(rest: Older) -> None:
    rest.sandbox.fault("refused", times=1, code="10010", message="operator is offline")
    response = rest.send("a")
    assert (response.status_code, response.json()["code"], response.json()["data"]) == (
        200,
        "10010",
        {"error": "operator is offline"},
    )
    assert response.json()["status"] != "OK"
    rest.sandbox.fault("unauthorized", times=1)
    assert rest.send("a").json()["code"] == "1401"
    assert rest.sandbox.messages() == []
