"""Logging in: what the account asks for, how long each token lives, both 401 bodies, a forgotten password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.sandbox.edge.refusals import errors

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire

USER = {"username": "ippanel", "password": "sandbox-password"}
BASE = "/api/acl/auth"
SEEN = {"data": {"data": None}, "meta": {"status": False, "message": "Invalid token"}}


@pytest.fixture(autouse=True)
def _stopped_clock(ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.speed(0)


def step(wire: Wire, call: str, **body: Any) -> dict[str, Any]:
    response = wire.post(f"{BASE}/{call}", body, headers={"Authorization": ""})
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


def whose(wire: Wire, token: str) -> int:
    return wire.post(f"{BASE}/check_token", headers={"Authorization": token}).status_code


def test_a_token_without_a_second_factor_lives_ten_hours(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    token = step(wire, "login", **USER)["token"]
    ippanel_sandbox.advance(10 * 3600 - 1)
    assert whose(wire, token) == 200
    ippanel_sandbox.advance(1)
    assert whose(wire, token) == 401


@pytest.mark.parametrize("wrong", [{"username": "nobody"}, {"password": "wrong"}])
def test_a_wrong_name_or_password_is_the_documented_401(wire: Wire, wrong: dict[str, str]) -> None:
    response = wire.post(f"{BASE}/login", USER | wrong, headers={"Authorization": ""})
    assert response.status_code == 401
    body = response.json()
    assert (body["data"], body["meta"]["message_code"], body["meta"]["errors"]) == (None, "400-1", {})


def test_a_login_without_a_field_has_its_errors_at_the_top(wire: Wire) -> None:
    response = wire.post(f"{BASE}/login", {"username": "ippanel"})
    body = response.json()
    assert response.status_code == 422
    assert body["errors"] == {"password": ["تکمیل گزینه گذرواژه الزامی است"]}
    assert body["meta"]["message_code"] == "422-1"
    assert "data" not in body


def test_a_texted_code_ends_a_login_within_six_minutes(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.account(two_factor="sms", mobile="09120000007")
    begun = step(wire, "login", **USER)
    assert begun["method"] == "sms"
    assert ippanel_sandbox.control("GET", "codes")["codes"][0]["mobile"] == "+989120000007"
    assert whose(wire, begun["token"]) == 401
    ippanel_sandbox.advance(359)
    final = step(wire, "confirm_otp", token=begun["token"], otp=ippanel_sandbox.otp())
    assert final["method"] == "login"
    assert whose(wire, final["token"]) == 200


def test_a_code_that_comes_too_late_or_twice_is_401(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.account(two_factor="sms")
    late = step(wire, "login", **USER)["token"]
    ippanel_sandbox.advance(360)
    assert wire.post(f"{BASE}/confirm_otp", {"token": late, "otp": ippanel_sandbox.otp()}).json() == SEEN
    used = {"token": step(wire, "login", **USER)["token"], "otp": ippanel_sandbox.otp()}
    assert wire.post(f"{BASE}/confirm_otp", used).status_code == 200
    assert wire.post(f"{BASE}/confirm_otp", used).status_code == 401


def test_five_wrong_codes_end_the_step(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.account(two_factor="sms")
    token = step(wire, "login", **USER)["token"]
    for _ in range(5):
        assert wire.post(f"{BASE}/confirm_otp", {"token": token, "otp": "0"}).status_code == 401
    assert wire.post(f"{BASE}/confirm_otp", {"token": token, "otp": ippanel_sandbox.otp()}).status_code == 401


def test_a_code_texted_again_takes_the_place_of_the_first(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.account(two_factor="ga")
    first = step(wire, "login", **USER)["token"]
    again = step(wire, "send_sms_otp", token=first)
    assert again["method"] == "sms"
    assert wire.post(f"{BASE}/send_sms_otp", {"token": first}).status_code == 401
    assert step(wire, "confirm_otp", token=again["token"], otp=int(ippanel_sandbox.otp()))["method"] == "login"


# The codes of RFC 6238, appendix B, for SHA-1, cut to six digits.
@pytest.mark.parametrize(("moment", "otp"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_authenticator_codes(moment: int, otp: str) -> None:
    from ippanel_provider.sandbox import totp

    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert totp.code_at(secret, moment) == otp
    assert totp.accepts(secret, otp, moment + 30)
    assert not totp.accepts(secret, otp, moment + 90)


def test_the_authenticators_code_ends_a_login(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    from ippanel_provider.sandbox import totp

    ippanel_sandbox.account(two_factor="ga", totp_secret="GEZDGNBVGY3TQOJQ")
    token = step(wire, "login", **USER)["token"]
    wrong = wire.post(f"{BASE}/confirm_otp", {"token": token, "otp": "000000"})
    assert (wrong.status_code, wrong.json()) == (401, SEEN)
    code = totp.code_at("GEZDGNBVGY3TQOJQ", ippanel_sandbox.now())
    assert whose(wire, step(wire, "confirm_otp", token=token, otp=code)["token"]) == 200


@pytest.mark.parametrize("body", ["seen", "documented"])
def test_a_wrong_token_is_either_401(wire: Wire, ippanel_sandbox: RunningSandbox, body: str) -> None:
    ippanel_sandbox.account(unauthorized_body=body)
    response = wire.post(f"{BASE}/confirm_otp", {"token": "t" * 32, "otp": "12345"})
    assert response.status_code == 401
    assert (response.json() == SEEN) == (body == "seen")


@pytest.mark.parametrize(
    ("call", "body", "field"),
    [
        ("confirm_otp", {"token": "t" * 32}, "otp"),
        ("confirm_otp", {"token": "short", "otp": "1"}, "token"),
        ("send_sms_otp", {}, "token"),
        ("forgot_password", {"mobile": "+989120000000"}, "username"),
        ("change_password_by_token", {"token": "t" * 32, "otp": "1"}, "password"),
    ],
)
def test_fields_that_are_missing(wire: Wire, call: str, body: dict[str, str], field: str) -> None:
    assert list(errors(wire.post(f"{BASE}/{call}", body, headers={"Authorization": ""}))) == [field]


class TestForgottenPassword:
    def change(self, wire: Wire, **fields: str) -> httpx.Response:
        return wire.post(
            f"{BASE}/change_password_by_token", {"password": "another"} | fields, headers={"Authorization": ""}
        )

    def test_the_new_password_takes_the_place_of_the_old(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        token = step(wire, "forgot_password", username="ippanel", mobile="09120000000")["token"]
        assert self.change(wire, token=token, otp=ippanel_sandbox.otp()).json()["data"] is None
        assert wire.post(f"{BASE}/login", USER).status_code == 401
        assert step(wire, "login", username="ippanel", password="another")["method"] == "login"

    def test_its_code_lives_two_minutes(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        token = step(wire, "forgot_password", username="ippanel", mobile="+989120000000")["token"]
        ippanel_sandbox.advance(120)
        assert self.change(wire, token=token, otp=ippanel_sandbox.otp()).status_code == 401

    def test_its_step_is_no_login_and_an_api_key_is_no_token(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        token = step(wire, "forgot_password", username="ippanel", mobile="+989120000000")["token"]
        otp = ippanel_sandbox.otp()
        assert wire.post(f"{BASE}/confirm_otp", {"token": token, "otp": otp}).status_code == 401
        with_key = wire.post(f"{BASE}/change_password_by_token", {"token": token, "otp": otp, "password": "another"})
        assert with_key.status_code == 401
        assert self.change(wire, token=token, otp=otp).status_code == 200

    def test_only_the_accounts_own_number(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        response = wire.post(f"{BASE}/forgot_password", {"username": "ippanel", "mobile": "+989120000009"})
        assert response.status_code == 401
        assert ippanel_sandbox.control("GET", "codes")["codes"] == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_logout_ends_a_token_and_refuses_api_keys(wire: Wire, method: str) -> None:
    token = step(wire, "login", **USER)["token"]
    assert wire.http.request(method, f"{BASE}/logout").status_code == 401
    assert wire.http.request(method, f"{BASE}/logout", headers={"Authorization": token}).json()["data"] is None
    assert whose(wire, token) == 401


def test_a_token_sends_texts_as_a_key_does(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    token = step(wire, "login", **USER)["token"]
    body = {"sending_type": "votp", "message": "1", "params": {"recipients": ["+989120000000"]}}
    wire.ids(wire.post("/api/send", body, headers={"Authorization": token}))
    assert len(ippanel_sandbox.messages()) == 1
