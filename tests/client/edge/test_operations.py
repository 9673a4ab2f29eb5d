"""The calls as a whole: all of them are there, found by name, repeated only as far as is safe, and documented."""

from __future__ import annotations

import importlib.util
import inspect
import typing
from pathlib import Path
from types import ModuleType

import pytest

from ippanel_provider.client import PageRequest, Replay, Request, edge

# The service's own list, written down by hand.
DOCUMENTED = {
    "auth": "login send_otp confirm_otp forgot_password change_password logout check_token",
    "send": "webservice normal peer_to_peer peer_to_peer_file file keyword keyword_phonebook phonebook pattern "
    "votp postal_code country "
    "geolocation job send_url cancel calculate_price",
    "bank": "provinces counties cities genders counts job_categories job_sub_categories job_counts",
    "report": "outbox bulk bulk_stats recipients inbox",
    "number": "list_numbers assign_number unassign_number",
    "user": "parents_tree list_users",
    "package": "list_packages",
    "ticket": "create_ticket list_tickets get_ticket reply_ticket",
    "draft": "create_draft_group update_draft_group delete_draft_group list_draft_groups "
    "create_draft update_draft delete_drafts list_drafts",
    "payment": "credit",
    "pattern": "create list get update delete",
    "phonebook": "list create update delete add_contacts delete_contacts get_contact list_contacts "
    "update_contact export_contacts "
    "export_members import_contacts import_sample create_option list_options update_option delete_options",
}
NAMES = [f"{chapter}.{name}" for chapter, names in DOCUMENTED.items() for name in names.split()]

SENDS = {name for name in NAMES if name.startswith("send.")} - {"send.cancel", "send.calculate_price"}
CREATES = {
    *("auth.login", "auth.send_otp", "auth.confirm_otp", "auth.forgot_password", "auth.change_password"),
    *(
        "number.assign_number",
        "ticket.create_ticket",
        "ticket.reply_ticket",
        "draft.create_draft_group",
        "draft.create_draft",
    ),
    *("pattern.create", "phonebook.create", "phonebook.add_contacts", "phonebook.create_option"),
    *("phonebook.export_contacts", "phonebook.export_members", "phonebook.import_contacts"),
}
ALTERNATES = {
    "auth.check_token": ("GET", "/api/acl/auth/check_token"),
    "auth.logout": ("GET", "/api/acl/auth/logout"),
    "number.list_numbers": ("GET", "/api/numbers"),
    "report.bulk": ("POST", "/api/report/by_bulk/1"),
    "phonebook.list_options": ("GET", "/api/phonebooks/options/listNew"),
}
UNAUTHENTICATED = {
    "auth.login",
    "auth.send_otp",
    "auth.confirm_otp",
    "auth.forgot_password",
    "auth.change_password",
    "send.send_url",
}


def is_list(name: str) -> bool:
    return typing.get_origin(typing.get_type_hints(edge.operations()[name])["return"]) is PageRequest


@pytest.fixture(scope="module")
def table() -> ModuleType:
    path = Path(__file__).parents[3] / "docs" / "generate_api_table.py"
    spec = importlib.util.spec_from_file_location("generate_api_table", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_documented_call_and_nothing_else_is_found_by_name() -> None:
    assert sorted(edge.operations()) == sorted(NAMES)


def test_the_names_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        edge.operations()["send.webservice"] = edge.send.normal


@pytest.mark.parametrize("name", NAMES)
def test_a_call(name: str, table: ModuleType) -> None:
    call = edge.operations()[name]
    request = table.example(name, call)

    assert request.operation == name
    assert request.path.startswith("/api/")
    assert request.replay is (
        Replay.IF_UNREACHED if name in SENDS else Replay.IF_NOT_SENT if name in CREATES else Replay.ALWAYS
    )
    assert request.alternates == ((ALTERNATES[name],) if name in ALTERNATES else ())
    assert request.authenticated is (name not in UNAUTHENTICATED)
    assert isinstance(request, PageRequest) is is_list(name)
    assert inspect.getdoc(call)


@pytest.mark.parametrize("name", [name for name in NAMES if is_list(name)])
def test_the_next_page_is_the_same_request_but_for_its_number(name: str, table: ModuleType) -> None:
    first: PageRequest[object] = table.example(name, edge.operations()[name])

    second = first.turn(2)

    assert (first.number, second.number) == (1, 2)
    assert [pair for pair in first.query if pair[0] != "page"] == [pair for pair in second.query if pair[0] != "page"]
    assert (first.body or b"").replace(b'"page":1', b'"page":2') == (second.body or b"")
    assert second.turn(1).query == first.query


def test_a_request_shows_neither_its_query_nor_its_body() -> None:
    request: Request[object] = edge.send.send_url("salaam", "09120000000", sender="+983000505", api_key="secret-key")
    assert "secret-key" not in repr(request)
    assert "9120000000" not in repr(request)


def test_the_documented_table_is_the_one_the_calls_give(table: ModuleType) -> None:
    assert table.TARGET.read_text("utf-8") == table.render(), "run docs/generate_api_table.py"
