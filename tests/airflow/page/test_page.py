"""Browse › Texts, from a browser's side: what it is told, to whom, and what it may change."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ippanel_provider.campaign.ledger.decisions import note_delivery, open_chunks
from tests.airflow.page.ledgers import made
from tests.campaign.conftest import people

pytest.importorskip("airflow.api_fastapi.core_api.security", reason="Airflow 2 has no place for a page")

from airflow.api_fastapi import app as airflow_app
from airflow.api_fastapi.core_api.security import get_user
from fastapi.testclient import TestClient

from ippanel_provider.page import app as page_app

FROM_THE_PAGE = {"X-Requested-With": "ippanel", "Sec-Fetch-Site": "same-origin"}


class User:
    def __init__(self, reads: set[str], decides: set[str]) -> None:
        self.reads, self.decides = reads, decides

    def get_name(self) -> str:
        return "Mina"


class AuthManager:
    """Asked as Airflow's own are; who may what stands at the user."""

    def is_authorized_dag(self, *, method: str, access_entity: Any, details: Any, user: User) -> bool:
        return details.id in (user.reads if method == "GET" else user.decides)


EVERY = {"billing", "nowruz", "loyalty", "hidden"}
Browser = Callable[..., TestClient]


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    return made(tmp_path / "ledger.sqlite")


@pytest.fixture
def browser(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """A browser in which somebody with these rights is signed in."""
    monkeypatch.setenv("AIRFLOW__IPPANEL__LEDGER_CONN_ID", "books")
    monkeypatch.setenv("AIRFLOW_CONN_BOOKS", f"sqlite:///{engine.url.database}")
    monkeypatch.setattr(airflow_app, "get_auth_manager", AuthManager)
    page_app._engine.cache_clear()

    def sign_in(reads: set[str] = EVERY - {"hidden"}, decides: set[str] = EVERY) -> TestClient:
        app = page_app.build()
        app.dependency_overrides[get_user] = lambda: User(reads, decides)
        return TestClient(app, raise_server_exceptions=False)

    yield sign_in
    page_app._engine.cache_clear()


def found(client: TestClient, name: str) -> dict[str, Any]:
    (one,) = [one for one in client.get("/api/campaigns").json()["campaigns"] if one["name"] == name]
    return dict(one)


def test_the_list_tells_how_each_campaign_is(browser: Browser) -> None:
    told = browser().get("/api/campaigns").json()
    assert [(one["name"], one["state"]) for one in told["campaigns"]] == [
        ("loyalty", "sending"),
        ("nowruz-1406", "in doubt"),
        ("invoices", "done"),
    ]
    loyalty, nowruz, invoices = told["campaigns"]
    assert (nowruz["confirmed"], nowruz["open"], nowruz["rejected"]) == (20, 10, 12)
    assert nowruz["rejected_why"] == {"the number has too few digits": 9, "name is empty": 3}
    assert (loyalty["planned"], loyalty["seconds_left"] is not None) == (40, True)
    assert told["tiles"] == {"in_doubt": 10, "sending": 1, "accepted": 30, "cost": 9000}
    (doubt,) = told["doubts"]
    assert (doubt["name"], doubt["size"], doubt["may_decide"]) == ("nowruz-1406", 10, True)
    assert doubt["task"]["dag_id"] == "nowruz"
    assert invoices["tasks"][0]["task_id"] == "remind"


def test_what_became_of_people_is_told_where_somebody_follows_them(browser: Browser, engine: sa.Engine) -> None:
    note_delivery(engine, "nowruz-1406", {"delivered": 15, "not_delivered": 2, "blacklisted": 1, "accepted": 2})
    note_delivery(engine, "nowruz-1406", {"delivered": 16, "not_delivered": 2, "blacklisted": 1, "accepted": 1})
    told = browser().get("/api/campaigns").json()
    assert told["tiles"]["delivered"] == 16
    shares = {one["name"]: (one.get("delivered"), one.get("lost")) for one in told["campaigns"]}
    assert shares == {"loyalty": (None, None), "nowruz-1406": (16, 3), "invoices": (None, None)}


def test_one_campaign_is_told_with_its_tasks_and_doubts(browser: Browser) -> None:
    client = browser()
    one = client.get(f"/api/campaigns/{found(client, 'nowruz-1406')['id']}").json()
    assert [task["run_id"] for task in one["tasks"]] == ["manual__2026-11-28T01:15:15+00:00"]
    assert [doubt["chunk"] for doubt in one["doubts"]] == [3]


@pytest.mark.parametrize("run", ["manual__2026-11-28T01:15:15+00:00", "manual__2026-11-28T01:15:15 00:00"])
def test_a_link_from_a_task_finds_its_campaign(browser: Browser, run: str) -> None:
    client = browser()
    asked = {"dag": "nowruz", "task": "send", "run": run, "map_index": "{MAP_INDEX}"}
    assert client.get("/api/campaigns", params=asked).json()["found"] == found(client, "nowruz-1406")["id"]
    assert client.get("/api/campaigns", params=asked | {"task": "other"}).json()["found"] is None


def test_nobody_is_told_of_a_campaign_whose_dag_they_may_not_read(browser: Browser) -> None:
    everything = browser(reads=EVERY)
    secret = found(everything, "secret")["id"]
    client = browser()
    assert "secret" not in client.get("/api/campaigns").text
    assert client.get(f"/api/campaigns/{secret}").status_code == 404
    decided = client.post(f"/api/campaigns/{secret}/chunks/1", json={"decision": "look"}, headers=FROM_THE_PAGE)
    assert decided.status_code == 404
    nothing = browser(reads=set()).get("/api/campaigns").json()
    assert (nothing["campaigns"], nothing["doubts"], nothing["tiles"]["in_doubt"]) == ([], [], 0)


def test_what_belongs_to_no_dag_is_shown_to_nobody(browser: Browser, engine: sa.Engine) -> None:
    client = browser(reads=EVERY)
    one = found(client, "nowruz-1406")["id"]
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE ippanel_ledger_run SET dag_id = NULL WHERE campaign = :one"), {"one": one})
    assert "nowruz-1406" not in client.get("/api/campaigns").text
    assert client.get(f"/api/campaigns/{one}").status_code == 404
    answer = client.post(f"/api/campaigns/{one}/chunks/3", json={"decision": "send-again"}, headers=FROM_THE_PAGE)
    assert answer.status_code == 404
    assert [chunk.decision for chunk in open_chunks(engine, one)] == [None]


def test_a_decision_is_written_down_with_who_made_it(browser: Browser, engine: sa.Engine) -> None:
    client = browser()
    one = found(client, "nowruz-1406")["id"]
    answer = client.post(f"/api/campaigns/{one}/chunks/3", json={"decision": "send-again"}, headers=FROM_THE_PAGE)
    assert (answer.status_code, answer.json()) == (200, {"decision": "send-again", "by": "Mina"})
    (chunk,) = open_chunks(engine, one)
    assert (chunk.decision, chunk.decided_by) == ("send-again", "Mina")


def test_who_may_only_read_is_told_which_right_is_missing(browser: Browser, engine: sa.Engine) -> None:
    client = browser(decides=set())
    assert client.get("/api/campaigns").json()["doubts"][0]["may_decide"] is False
    one = found(client, "nowruz-1406")["id"]
    answer = client.post(f"/api/campaigns/{one}/chunks/3", json={"decision": "look"}, headers=FROM_THE_PAGE)
    assert answer.status_code == 403
    assert "right to edit task instances" in answer.json()["detail"]
    assert [chunk.decision for chunk in open_chunks(engine, one)] == [None]


@pytest.mark.parametrize(("chunk", "status"), [(1, 409), (99, 409)])
def test_what_is_settled_or_not_there_is_not_decided(browser: Browser, chunk: int, status: int) -> None:
    client = browser()
    one = found(client, "nowruz-1406")["id"]
    answer = client.post(f"/api/campaigns/{one}/chunks/{chunk}", json={"decision": "look"}, headers=FROM_THE_PAGE)
    assert answer.status_code == status


def test_nothing_is_decided_while_the_task_may_be_at_work(browser: Browser, engine: sa.Engine) -> None:
    client = browser()
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE ippanel_ledger_run SET state = 'sending', seen_at = seen_at + 3600"))
    one = found(client, "nowruz-1406")["id"]
    answer = client.post(f"/api/campaigns/{one}/chunks/3", json={"decision": "send-again"}, headers=FROM_THE_PAGE)
    assert answer.status_code == 409
    assert "may still be at work" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, {"json": {"decision": "look"}}),
        ({"X-Requested-With": "ippanel", "Sec-Fetch-Site": "cross-site"}, {"json": {"decision": "look"}}),
        ({"X-Requested-With": "ippanel", "Sec-Fetch-Site": "same-site"}, {"json": {"decision": "look"}}),
        (FROM_THE_PAGE | {"Content-Type": "text/plain"}, {"content": b'{"decision": "look"}'}),
        (FROM_THE_PAGE, {"content": b'{"decision": "look"}'}),
        (FROM_THE_PAGE, {"data": {"decision": "look"}}),
    ],
    ids=["no header", "another site", "a neighbouring site", "plain text", "no type", "a form"],
)
def test_another_page_in_the_same_browser_decides_nothing(
    browser: Browser, engine: sa.Engine, headers: dict[str, str], body: dict[str, Any]
) -> None:
    client = browser()
    one = found(client, "nowruz-1406")["id"]
    assert client.post(f"/api/campaigns/{one}/chunks/3", headers=headers, **body).status_code == 403
    assert [chunk.decision for chunk in open_chunks(engine, one)] == [None]


def test_no_answer_holds_a_number_a_text_or_a_hash_of_one(browser: Browser, engine: sa.Engine) -> None:
    client = browser(reads=EVERY)
    said = client.get("/api/campaigns").text
    for one in client.get("/api/campaigns").json()["campaigns"]:
        said += client.get(f"/api/campaigns/{one['id']}").text
    for person in people(30):
        assert person.recipient[-9:] not in said
    with engine.connect() as connection:
        hashes = [bytes(row[0]) for row in connection.execute(sa.text("SELECT members FROM ippanel_ledger_chunk"))]
    assert not [one for one in hashes if one.hex()[:16] in said]


PATHS = ["/campaigns/", "/static/page.js", "/api/campaigns", "/api/campaigns/1"]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_told_without_signing_in(browser: Browser, path: str) -> None:
    client = browser()
    client.app.dependency_overrides.clear()  # type: ignore[attr-defined]
    assert client.get(path).status_code == 401


@pytest.mark.parametrize("path", ["/campaigns/", "/static/page.js", "/static/page.css", "/static/icon.svg"])
def test_the_page_and_its_parts_are_served_with_a_strict_policy(browser: Browser, path: str) -> None:
    answer = browser().get(path)
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"https?://(?!www\.w3\.org)|style=", answer.text)


@pytest.mark.parametrize("name", ["../app.py", "..%2fapp.py", "nothing.js"])
def test_nothing_else_is_served(browser: Browser, name: str) -> None:
    assert browser().get(f"/static/{name}").status_code == 404


def test_without_a_ledger_it_says_what_to_set(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__IPPANEL__LEDGER_CONN_ID", "")
    answer = browser().get("/api/campaigns")
    assert (answer.status_code, answer.headers["X-Reason"]) == (503, "no-ledger")
    assert "[ippanel] ledger_conn_id" in answer.json()["detail"]


def test_a_database_that_cannot_be_read_is_named_by_its_connection_only(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_BOOKS", "sqlite:////no/such/folder/secret-place.sqlite")
    answer = browser().get("/api/campaigns")
    assert answer.status_code == 503
    assert "'books'" in answer.json()["detail"]
    assert "secret-place" not in answer.text


def test_an_airflow_without_its_access_control_gets_a_sentence(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("airflow.api_fastapi.core_api.security")
    monkeypatch.setitem(sys.modules, "airflow.api_fastapi.core_api.security", None)
    answer = TestClient(page_app.build()).get("/api/campaigns")
    assert answer.status_code == 503
    assert "ippanel campaign" in answer.json()["detail"]
