"""Drafts, tickets, users, packages, assigned lines: what a reseller's panel keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.edge.refusals import code, errors

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire

DRAFT = "/api/user/draft"


class TestDrafts:
    def groups(self, wire: Wire) -> dict[str, int]:
        rows = wire.get(f"{DRAFT}/group/list", per_page=100).json()["data"]
        return {row["title"]: row["draft_group_id"] for row in rows}

    def drafts(self, wire: Wire, **query: Any) -> dict[str, int]:
        return {
            row["message"]: row["draft_id"] for row in wire.get(f"{DRAFT}/list", per_page=1000, **query).json()["data"]
        }

    def test_groups_and_drafts_by_the_ids_the_lists_tell(self, wire: Wire) -> None:
        assert wire.post(f"{DRAFT}/group", {"title": "offers"}).json()["data"] is None
        group_id = self.groups(wire)["offers"]
        assert wire.post(DRAFT, {"draft_group_id": group_id, "message": "one"}).json()["data"] is None
        assert (
            wire.http.put(DRAFT, json={"draft_id": self.drafts(wire)["one"], "message": "two"}).json()["data"] is None
        )
        assert (
            wire.http.put(f"{DRAFT}/group", json={"draft_group_id": group_id, "title": "news"}).json()["data"] is None
        )
        assert list(self.groups(wire)) == ["news"]
        assert list(self.drafts(wire, draft_group_id=group_id)) == ["two"]
        assert self.drafts(wire, draft_group_id=group_id + 1) == {}

    def test_deleting(self, wire: Wire) -> None:
        for title in ("a", "b"):
            wire.post(f"{DRAFT}/group", {"title": title})
            wire.post(DRAFT, {"draft_group_id": self.groups(wire)[title], "message": f"{title}1"})
            wire.post(DRAFT, {"draft_group_id": self.groups(wire)[title], "message": f"{title}2"})
        assert wire.post(f"{DRAFT}/delete", {"draft_ids": [self.drafts(wire)["b1"]]}).json()["data"] is None
        assert wire.post(f"{DRAFT}/group/delete", {"draft_group_id": self.groups(wire)["a"]}).json()["data"] is None
        assert list(self.drafts(wire)) == ["b2"]

    def test_twenty_groups_and_two_hundred_drafts(self, wire: Wire) -> None:
        for index in range(20):
            wire.post(f"{DRAFT}/group", {"title": str(index)})
        assert list(errors(wire.post(f"{DRAFT}/group", {"title": "one more"}))) == ["title"]
        group_id = self.groups(wire)["0"]
        for index in range(200):
            wire.post(DRAFT, {"draft_group_id": group_id, "message": str(index)})
        assert list(errors(wire.post(DRAFT, {"draft_group_id": group_id, "message": "one more"}))) == ["message"]
        assert len(self.drafts(wire)) == 200

    def test_fields_that_are_refused(self, wire: Wire) -> None:
        assert list(errors(wire.post(DRAFT, {}))) == ["draft_group_id", "message"]
        assert list(errors(wire.post(DRAFT, {"draft_group_id": 1, "message": "a" * 1401}))) == ["message"]
        assert list(errors(wire.post(f"{DRAFT}/group", {"title": "a" * 201}))) == ["title"]
        assert list(errors(wire.get(f"{DRAFT}/list", draft_group_id=""))) == ["draft_group_id"]
        assert list(errors(wire.post(f"{DRAFT}/delete", {"draft_ids": []}))) == ["draft_ids"]

    def test_what_does_not_exist(self, wire: Wire) -> None:
        assert code(wire.post(DRAFT, {"draft_group_id": 1, "message": "a"})) == (404, "404-1")
        assert code(wire.http.put(DRAFT, json={"draft_id": 1, "message": "a"})) == (404, "404-1")
        assert code(wire.http.put(f"{DRAFT}/group", json={"draft_group_id": 1, "title": "a"})) == (404, "404-1")
        assert code(wire.post(f"{DRAFT}/group/delete", {"draft_group_id": 1})) == (404, "404-1")
        assert code(wire.post(f"{DRAFT}/delete", {"draft_ids": [1]})) == (404, "404-1")


class TestTickets:
    def open(self, wire: Wire, file: tuple[str, bytes] | None = None, **fields: str) -> Any:
        form = {"subject": "a line", "category_id": "10", "description": "please", "sms_notification": "1"} | fields
        return wire.http.post("/api/ticket", data=form, files={"file": file} if file else None)

    def test_a_ticket_and_what_is_said_in_it(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        ticket_id = self.open(wire, ("a.zip", b"zip")).json()["data"]["ticket_id"]
        said = wire.http.post("/api/ticket/interaction", data={"ticket_id": ticket_id, "description": "hello?"}).json()[
            "data"
        ]
        assert said["ticket"]["id"] == ticket_id
        ippanel_sandbox.answer_ticket(ticket_id, "here we are")
        ticket = wire.get("/api/ticket/show", ticket_id=ticket_id).json()["data"]
        assert (ticket["state_id"], ticket["state"], ticket["category"], ticket["sms_notification"]) == (
            3,
            "replied",
            "Plugins, Domains, API",
            1,
        )
        assert ticket["attachment"].endswith("/a.zip")
        assert [(part["description"], part["agent_username"]) for part in ticket["interactions"]] == [
            ("hello?", None),
            ("here we are", "support"),
        ]
        ippanel_sandbox.close_ticket(ticket_id)
        (listed,) = wire.get("/api/ticket", state_id=4).json()["data"]
        assert (listed["desc"], listed["category"], listed["state"]) == (
            "please",
            {"id": 10, "name": "Plugins, Domains, API"},
            {"id": 4, "name": "closed"},
        )

    @pytest.mark.parametrize(
        ("file", "fits"),
        [(("a.JPG", b"a"), True), (("a.pdf", b"a"), False), (("a.png", b"a" * (10 * 1024 * 1024 + 1)), False)],
    )
    def test_files(self, wire: Wire, file: tuple[str, bytes], fits: bool) -> None:
        response = self.open(wire, file)
        assert response.status_code == 200 if fits else list(errors(response)) == ["file"]

    def test_filters_and_fields(self, demo: Wire) -> None:
        assert [row["ticket_id"] for row in demo.get("/api/ticket").json()["data"]] == [100002, 100001]
        for query in ({"category_id": 10}, {"sub_category_id": 20}, {"ticket_id": 100001}, {"state_id": 3}):
            assert [row["ticket_id"] for row in demo.get("/api/ticket", **query).json()["data"]] == [100001]
        assert demo.get("/api/ticket", username="nobody").json()["data"] == []
        assert list(errors(demo.get("/api/ticket", state_id=9))) == ["state_id"]
        assert list(errors(demo.get("/api/ticket", ticket_id=""))) == ["ticket_id"]
        assert list(errors(demo.get("/api/ticket/show"))) == ["ticket_id"]
        assert set(errors(demo.http.post("/api/ticket", data={"sms_notification": "2"}))) == {
            "subject",
            "category_id",
            "description",
            "sms_notification",
        }
        assert code(demo.get("/api/ticket/show", ticket_id=1)) == (404, "404-1")
        assert code(demo.http.post("/api/ticket/interaction", data={"ticket_id": 1, "description": "a"})) == (
            404,
            "404-1",
        )


class TestUsers:
    def names(self, wire: Wire, **filters: Any) -> list[str]:
        return sorted(row["uname"] for row in wire.get("/api/user/list", per_page=100, **filters).json()["data"])

    def test_each_filter_and_all_together(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        parent = ippanel_sandbox.add_user("above", is_reseller=True, expires=2_000_000_000, is_bought_panel=True)
        ippanel_sandbox.add_user(
            "below",
            parent_id=parent,
            name="سارا",
            add_status="webservice",
            national_id="1",
            tell="02100000000",
            mobile="+989120000000",
        )
        now = int(ippanel_sandbox.now())
        assert self.names(wire) == ["above", "below"]
        for filters in (
            {"username": "bel"},
            {"name": "سار"},
            {"add_status": "webservice"},
            {"national_id": "1"},
            {"tell": "02100000000"},
            {"mobile": "+989120000000"},
            {"is_reseller": "no"},
            {"is_bought_panel": "0"},
            {"sub_reseller": "1"},
            {
                "sub_reseller": 1,
                "login_status": 0,
                "document_block": "no",
                "created_from": now - 60,
                "created_to": now + 60,
            },
        ):
            assert self.names(wire, **filters) == ["below"], filters
        assert self.names(wire, expire_from=1_999_999_999, expire_to=2_000_000_001) == ["above"]
        assert self.names(wire, created_from=now + 60) == []
        assert self.names(wire, acl_role_id=123) == []

    @pytest.mark.parametrize(
        "query", [{"name": ""}, {"is_reseller": "1"}, {"login_status": 1}, {"created_from": "a"}, {"add_status": "x"}]
    )
    def test_filters_that_are_refused(self, wire: Wire, query: dict[str, Any]) -> None:
        assert list(errors(wire.get("/api/user/list", **query))) == list(query)

    def test_the_way_up_from_a_user(self, demo: Wire) -> None:
        data = demo.get("/api/user/parents_tree", user_id=123).json()["data"]
        assert data["selected_user"] == {"id": 123, "username": "testuser", "is_reseller": False}
        assert [(parent["id"], parent["is_reseller"]) for parent in data["tree"]][:2] == [(58745, "yes"), (464, "yes")]
        assert list(errors(demo.get("/api/user/parents_tree"))) == ["user_id"]
        assert code(demo.get("/api/user/parents_tree", user_id=5)) == (404, "404-1")

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/api/user/list"),
            ("GET", "/api/user/parents_tree?user_id=1"),
            ("GET", "/api/acl/package/list"),
            ("GET", "/api/ticket"),
        ]
        + [
            ("POST", path)
            for path in ("/api/numbers/assign", "/api/numbers/unassign", "/api/ticket", "/api/ticket/interaction")
        ],
    )
    def test_only_for_resellers(self, wire: Wire, ippanel_sandbox: RunningSandbox, method: str, path: str) -> None:
        ippanel_sandbox.account(is_reseller=False)
        assert wire.http.request(method, path).status_code == 403


class TestAssignedLines:
    def test_a_line_is_handed_over_once_and_taken_back_once(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        user_id = ippanel_sandbox.add_user("somebody")
        target = {"number": "+983000505", "target_user": "somebody"}
        assert wire.post("/api/numbers/assign", target | {"send": True, "gets": False}).json()["data"] is None
        again = wire.post("/api/numbers/assign", {"number_id": 10001, "target_user_id": user_id, "send": 1, "gets": 0})
        assert (code(again), again.json()["meta"]["message"]) == ((400, "400-1"), "number already assigned to user")
        assert ippanel_sandbox.users()[0]["lines"] == {"+983000505": {"send": True, "gets": False}}
        assert wire.post("/api/numbers/unassign", target).json()["data"] is None
        none = wire.post("/api/numbers/unassign", target)
        assert (code(none), none.json()["meta"]["message"]) == ((400, "400-1"), "number not assigned to user")

    def test_fields_that_are_refused(self, wire: Wire) -> None:
        response = wire.post("/api/numbers/assign", {})
        assert set(errors(response)) == {"number_id", "number", "target_user_id", "target_user", "send", "gets"}
        wrong = {"number": "+981", "target_user": "nobody", "send": "a", "gets": True}
        assert set(errors(wire.post("/api/numbers/assign", wrong))) == {"number", "target_user", "send"}
        assert set(errors(wire.post("/api/numbers/unassign", {"number_id": 1, "target_user_id": 1}))) == {
            "number_id",
            "target_user_id",
        }
