"""The methods, paths and names the documents print besides: served, counted, and switched off all at once or one by
one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire

ROUTES = {
    "GET /api/acl/auth/check_token": 200,
    "GET /api/acl/auth/logout": 401,
    "GET /api/numbers": 200,
    "POST /api/user/pattern": 422,
    "POST /api/patterns/normal/{code}": 404,
    "GET /api/phonebooks/options/listNew": 200,
    "POST /api/report/by_bulk/{id}": 404,
    "POST /api/send/webservice": 401,
}
"""Each alternate with the status it answers an empty request."""


def ask(wire: Wire, route: str) -> tuple[int, str]:
    method, path = route.split(" ")
    response = wire.http.request(method, path.replace("{code}", "c").replace("{id}", "5"))
    return response.status_code, response.json()["meta"]["message"]


@pytest.mark.parametrize("route", ROUTES)
def test_each_can_be_switched_off(wire: Wire, ippanel_sandbox: RunningSandbox, route: str) -> None:
    served = ask(wire, route)
    assert served[0] == ROUTES[route]
    assert ippanel_sandbox.stats()["alternates"] == {route: 1}
    ippanel_sandbox.account(without_alternates=[route])
    without = ask(wire, route)
    assert without[0] in (404, 405)
    assert without != served
    assert ippanel_sandbox.stats()["alternates"] == {route: 1}


def test_all_can_be_switched_off(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    served = {route: ask(wire, route) for route in ROUTES}
    ippanel_sandbox.account(alternates=False)
    assert not any(ask(wire, route) == served[route] for route in ROUTES)


def test_the_names_a_url_send_used(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    url = "/api/send/webservice"
    names = {"originator": "+983000505", "dst": "+989120000000", "txt": "سلام", "apikey": "sandbox-key"}
    assert len(wire.ids(wire.get(url, **names))) == 1
    assert ippanel_sandbox.stats()["alternates"] == {"from as originator": 1, "to as dst": 1, "message as txt": 1}
    ippanel_sandbox.account(without_alternates=["message as txt"])
    assert list(wire.get(url, **names).json()["meta"]["errors"]) == ["message"]
    assert len(wire.ids(wire.get(url, **names | {"msg": "b"}))) == 1
