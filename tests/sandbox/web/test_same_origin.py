"""Other web sites are kept out; programs and the pages themselves are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from ippanel_provider.sandbox.web.same_origin import refusal

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox


def reset(sandbox: RunningSandbox, path: str, headers: dict[str, str]) -> int:
    headers = {name: value.replace("{own}", sandbox.url) for name, value in headers.items()}
    return httpx.post(sandbox.url + path, headers=headers, trust_env=False).status_code


@pytest.mark.parametrize("path", ["/account/reset", "/_sandbox/reset"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://example.com"},
        {"Host": "example.com", "Origin": "http://example.com", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_change_from_another_site_is_refused(
    ippanel_sandbox: RunningSandbox, path: str, headers: dict[str, str]
) -> None:
    ippanel_sandbox.inbox("09120000000", "kept")
    assert reset(ippanel_sandbox, path, headers) == 403
    assert ippanel_sandbox.stats()["inbox"] == 1


@pytest.mark.parametrize("path", ["/account/reset", "/_sandbox/reset"])
@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "{own}"}, {"Sec-Fetch-Site": "same-origin", "Origin": "{own}"}, {"Sec-Fetch-Site": "none"}],
)
def test_our_own_forms_and_programs_are_taken(
    ippanel_sandbox: RunningSandbox, path: str, headers: dict[str, str]
) -> None:
    assert reset(ippanel_sandbox, path, headers) in (200, 303)


def test_a_name_of_somebody_elses_reads_nothing(ippanel_sandbox: RunningSandbox) -> None:
    for path in ("/", "/connect", "/_sandbox/account"):
        assert (
            httpx.get(ippanel_sandbox.url + path, headers={"Host": "rebound.example.com"}, trust_env=False).status_code
            == 403
        )


@pytest.mark.parametrize(
    "host", ["localhost:8089", "127.0.0.1", "[::1]:8089", "sandbox:8089", "host.docker.internal", "a.localhost", ""]
)
def test_names_that_only_this_machine_can_have(host: str) -> None:
    assert refusal("GET", {b"host": host}, "127.0.0.1") is None


def test_where_others_may_come_any_name_will_do() -> None:
    assert refusal("GET", {b"host": "sandbox.example.com"}, "192.0.2.1") is None
    assert (
        refusal("POST", {b"host": "sandbox.example.com", b"origin": "http://sandbox.example.com"}, "192.0.2.1") is None
    )
    assert refusal("POST", {b"host": "sandbox.example.com", b"origin": "http://example.com"}, "192.0.2.1") is not None


def test_the_wire_is_not_a_page(ippanel_sandbox: RunningSandbox) -> None:
    response = httpx.get(
        f"{ippanel_sandbox.base_url}/api/payment/credit/mine",
        headers={"Host": "edge.example.com", "Authorization": ippanel_sandbox.api_key},
        trust_env=False,
    )
    assert response.status_code == 200
