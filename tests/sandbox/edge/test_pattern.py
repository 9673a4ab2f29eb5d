"""Patterns: handing in, review, lists, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.sandbox.edge.refusals import code, errors

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire

PATTERN: dict[str, Any] = {
    "title": "codes",
    "description": "a code",
    "is_share": False,
    "message": "کد %code%",
    "website": "https://example.com",
    "variable": [{"name": "code", "type": "integer"}],
}


def create(wire: Wire, **fields: Any) -> dict[str, Any]:
    response = wire.post("/api/patterns/normal", PATTERN | fields)
    assert response.status_code == 200, response.text
    made: dict[str, Any] = response.json()["data"]
    return made


def send(wire: Wire, pattern_code: str, **values: Any) -> httpx.Response:
    body = {
        "sending_type": "pattern",
        "from_number": wire.sandbox.sender,
        "code": pattern_code,
        "recipients": ["+989120000000"],
    }
    return wire.post("/api/send", body | {"params": values})


def test_what_is_handed_in_waits_for_a_person(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    made = create(wire)
    assert (made["pattern_status"], made["pattern_is_share"], made["delimiter"]) == ("pending", False, "%")
    assert made["variable"] == [{"name": "code", "type": "integer", "len": 40}]
    assert list(errors(send(wire, made["pattern_code"], code=1))) == ["code"]
    ippanel_sandbox.approve(made["pattern_code"])
    wire.ids(send(wire, made["pattern_code"], code=1))
    assert [text["text"] for text in ippanel_sandbox.messages()] == ["کد 1"]


def test_a_rejection_says_why(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    pattern_code = create(wire)["pattern_code"]
    ippanel_sandbox.reject(pattern_code, "who are you?")
    found = wire.get(f"/api/patterns/{pattern_code}").json()["data"]
    assert (found["pattern_status"], found["pattern_status_id"], found["admin_comment"]) == (
        "inactive",
        2,
        "who are you?",
    )
    assert list(errors(send(wire, pattern_code, code=1))) == ["code"]


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_changed_one_waits_again(wire: Wire, ippanel_sandbox: RunningSandbox, method: str) -> None:
    pattern_code = create(wire)["pattern_code"]
    ippanel_sandbox.approve(pattern_code)
    change = PATTERN | {"message": "رمز %code%", "variable": [{"name": "code", "type": "string"}]}
    made = wire.http.request(method, f"/api/patterns/normal/{pattern_code}", json=change).json()["data"]
    assert (made["pattern_code"], made["pattern_status"], made["pattern_message"]) == (
        pattern_code,
        "pending",
        "رمز %code%",
    )
    assert list(errors(send(wire, pattern_code, code="a"))) == ["code"]


def test_a_deleted_one_is_gone(wire: Wire) -> None:
    pattern_code = create(wire)["pattern_code"]
    assert wire.http.delete(f"/api/patterns/normal/{pattern_code}").json()["data"] is None
    assert code(wire.get(f"/api/patterns/{pattern_code}")) == (404, "404-1")
    assert code(wire.http.delete(f"/api/patterns/normal/{pattern_code}")) == (404, "404-1")
    assert code(wire.http.put(f"/api/patterns/normal/{pattern_code}", json=PATTERN)) == (404, "404-1")
    assert code(send(wire, pattern_code, code=1)) == (404, "404-1")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"description": None}, "description"),
        ({"description": "a" * 501}, "description"),
        ({"title": "a" * 201}, "title"),
        ({"is_share": None}, "is_share"),
        ({"is_share": "maybe"}, "is_share"),
        ({"message": ""}, "message"),
        ({"message": "a" * 1401}, "message"),
        ({"variable": None}, "variable"),
        ({"variable": {"code": "integer"}}, "variable"),
        ({"variable": [{"name": f"v{index}", "type": "string"} for index in range(31)]}, "variable"),
        ({"variable": [{"type": "string"}]}, "variable.0.name"),
        ({"variable": [{"name": "a" * 51, "type": "string"}]}, "variable.0.name"),
        ({"variable": [{"name": "a", "type": "string"}, {"name": "a", "type": "string"}]}, "variable.1.name"),
        ({"variable": [{"name": "a"}]}, "variable.0.type"),
        ({"variable": [{"name": "a", "type": "float"}]}, "variable.0.type"),
    ],
)
def test_fields_that_are_refused(
    wire: Wire, ippanel_sandbox: RunningSandbox, fields: dict[str, Any], field: str
) -> None:
    assert list(errors(wire.post("/api/patterns/normal", PATTERN | fields))) == [field]
    assert ippanel_sandbox.account()["patterns"] == {}


def test_title_and_website_may_be_left_out_and_there_may_be_no_variables(wire: Wire) -> None:
    made = create(wire, title=None, website=None, variable=[], message="سلام")
    assert (made["title"], made["variable"]) == (None, [])


class TestList:
    def codes(self, demo: Wire, **filters: str) -> list[str]:
        query = {f"filter[{name}]": value for name, value in filters.items()}
        return [row["pattern_code"] for row in demo.get("/api/patterns", per_page=100, **query).json()["data"]]

    def test_filters(self, demo: Wire) -> None:
        shared = create(demo, is_share=True, title="shared")["pattern_code"]
        assert len(self.codes(demo)) == 7
        assert (
            self.codes(demo, is_share="true")
            == self.codes(demo, title="are")
            == self.codes(demo, code=shared)
            == [shared]
        )
        assert shared not in self.codes(demo, is_share="false")
        assert self.codes(demo, state="inactive") == ["zcxxc465465zxc"]
        assert self.codes(demo, state="active", type="normal", is_share="0") == self.codes(demo, state="active")
        assert self.codes(demo, type="systemic") == []

    @pytest.mark.parametrize(("name", "value"), [("code", ""), ("state", "rejected"), ("is_share", "2"), ("type", "a")])
    def test_filters_that_are_refused(self, demo: Wire, name: str, value: str) -> None:
        assert list(errors(demo.http.get("/api/patterns", params={f"filter[{name}]": value}))) == [name]

    def test_pages_hold_a_hundred_at_most(self, demo: Wire) -> None:
        assert list(errors(demo.get("/api/patterns", per_page=101))) == ["per_page"]
        meta = demo.get("/api/patterns", page=2, per_page=4).json()["meta"]
        assert (meta["from"], meta["to"], meta["last_page"], meta["total"]) == (5, 6, 2, 6)
