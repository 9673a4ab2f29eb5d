"""A task that is tried again texts nobody twice, wherever its book is kept; a user's clear sends again only if asked
to.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseHook

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import Chunk, OwnTexts
from ippanel_provider.campaign.ledger.base import Claim, Forgotten, HomeChanged, Outcome
from ippanel_provider.campaign.ledger.decisions import open_chunks, overviews, parts
from ippanel_provider.campaign.ledger.sql import SqlLedger
from ippanel_provider.campaign.ledger.task_state import TaskLedger
from ippanel_provider.campaign.ledger.variables import VariableLedger
from ippanel_provider.campaign.order import OncePer
from ippanel_provider.hooks.ledgers import engine_of
from ippanel_provider.operators.ledgers import begin, ledger_for
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.sandbox.runner import RunningSandbox

MESSAGES = [(f"0912{n:07d}", f"سلام {n}") for n in range(25)]


@pytest.fixture
def ledger_conn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A SQL connection for the book."""
    monkeypatch.setenv(
        "AIRFLOW_CONN_LEDGER", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "ledger.sqlite")})
    )
    return "ledger"


class AirflowsVariables(dict[str, str]):
    """What Airflow's Variables are, in a process that has no Airflow to ask."""

    def set(self, key: str, value: str, description: str | None = None) -> None:
        """Store."""
        self[key] = value

    def delete(self, key: str) -> None:
        """Delete."""
        del self[key]


def given(sandbox: RunningSandbox) -> Counter[tuple[str, str]]:
    return Counter((text["recipient"], text["text"]) for text in sandbox.messages())


def everyone_once() -> Counter[tuple[str, str]]:
    return Counter((f"+98{number[1:]}", text) for number, text in MESSAGES)


@pytest.mark.parametrize("fault", ["refused", "drop_after"])
@pytest.mark.parametrize("home", ["the default", "sql"])
def test_a_retry_goes_on_where_the_try_before_ended(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, ledger_conn: str, home: str, fault: str
) -> None:
    sandbox.account(duplicate_guard=0)
    sandbox.fault(fault, path="^/v1/api/send$", times=1, after=1)
    if fault == "drop_after":
        # What the outbox does not show in time stays in doubt until the next try.
        sandbox.fault("outbox_lag", path="/api/report/new_list", seconds=3600, times=1)
    with new_dag() as dag:
        IPPanelSendOperator(
            task_id="send", messages=MESSAGES, chunk_size=10, concurrency=1, settle=0.3, retries=2,
            retry_delay=timedelta(0),
            ledger_conn_id=ledger_conn if home == "sql" else None,
        )  # fmt: skip
    run = run_dag(dag)
    assert run.state == "success"
    assert given(sandbox) == everyone_once()
    assert run.results["send"]["accepted"] == 25
    assert len(set(run.results["send"]["outbox_ids"])) == 25


def test_the_same_campaign_in_another_run_sends_to_nobody_it_has_reached(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, ledger_conn: str
) -> None:
    sandbox.account(duplicate_guard=0)
    with new_dag() as dag:
        IPPanelSendOperator(task_id="send", messages=MESSAGES, ledger_conn_id=ledger_conn, campaign_id="nowruz")
    assert run_dag(dag).state == "success"
    assert run_dag(dag).state == "success"
    assert given(sandbox) == everyone_once()


def test_who_lists_campaigns_sees_how_the_task_ended_and_no_number_or_text(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, ledger_conn: str
) -> None:
    rows = [*MESSAGES, ("no number", "سلام")]
    with new_dag() as dag:
        IPPanelSendOperator(task_id="send", messages=rows, ledger_conn_id=ledger_conn, campaign_id="nowruz")
    assert run_dag(dag).state == "success"
    engine = engine_of(ledger_conn)
    (campaign,) = overviews(engine, "nowruz")
    (part,) = parts(engine, campaign.id)
    assert campaign.recipients == {"confirmed": 25}
    assert (part.dag_id, part.task_id, part.state) == (dag.dag_id, "send", "done")
    assert (part.report["accepted"], part.report["rejected"], sum(part.report["rejected_why"].values())) == (25, 1, 1)
    assert "0912" not in json.dumps(part.report)
    assert list(open_chunks(engine, campaign.id)) == []


class Store(dict[str, Any]):
    """A task state store."""

    def set(self, key: str, value: Any, *, retention: object = None) -> None:
        """Store."""
        self[key] = value


def context_of(
    sandbox: RunningSandbox, *, try_number: int = 1, max_tries: int = 0, run_id: str = "r", **more: Any
) -> Any:
    ti = SimpleNamespace(
        dag_id="d", task_id="send", run_id=run_id, map_index=-1, try_number=try_number, max_tries=max_tries
    )
    return {"ti": ti, "dag_run": SimpleNamespace(start_date=datetime(2025, 1, 1, tzinfo=UTC)), **more}


@pytest.fixture
def book(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return the book that a task with these options keeps in a context."""
    monkeypatch.setattr("ippanel_provider.hooks.variables.Variable", AirflowsVariables())

    def open_book(context: Any, **options: Any) -> Any:
        task = IPPanelSendOperator(task_id="send", messages=[], **options)
        begin(task, context)
        return ledger_for(task, context, OncePer.MESSAGE)

    return open_book


def test_the_book_is_kept_where_the_task_says_else_in_the_state_store_else_in_variables(
    sandbox: RunningSandbox, book: Callable[..., Any], ledger_conn: str
) -> None:
    with_store = context_of(sandbox, task_state_store=Store())
    assert isinstance(book(with_store), TaskLedger)
    assert isinstance(book(with_store, ledger_conn_id=ledger_conn), SqlLedger)
    assert isinstance(book(context_of(sandbox)), VariableLedger)


def test_a_clear_keeps_the_book_and_begins_a_new_one_only_if_asked(
    sandbox: RunningSandbox, book: Callable[..., Any]
) -> None:
    for options, books in (({}, 1), ({"on_clear": "resend"}, 2)):
        store = Store()
        for try_number, max_tries in ((1, 1), (2, 1), (3, 3)):
            context = context_of(sandbox, try_number=try_number, max_tries=max_tries, task_state_store=store)
            book(context, retries=1, **options).history()
        assert sum("secret" in value for value in store.values()) == books


@pytest.mark.parametrize("home", ["state store", "variables"])
def test_a_clear_of_a_task_whose_book_is_gone_is_refused_unless_it_is_to_send_again(
    sandbox: RunningSandbox, book: Callable[..., Any], home: str
) -> None:
    more = {"task_state_store": Store()} if home == "state store" else {}
    cleared = context_of(sandbox, run_id="gone", try_number=2, max_tries=3, **more)
    with pytest.raises(Forgotten, match=r"was cleared, and .* nothing of it any more.*Nothing was sent"):
        book(cleared, retries=1).history()
    assert list(book(cleared, retries=1, on_clear="resend").history()) == []


@pytest.mark.parametrize("home", ["state store", "variables"])
def test_a_clear_of_a_task_that_failed_before_it_could_write_anything_is_no_loss(
    sandbox: RunningSandbox, book: Callable[..., Any], home: str
) -> None:
    more = {"task_state_store": Store()} if home == "state store" else {}
    options = {"run_id": f"failed at once {home}", "max_tries": 3, **more}
    begin(IPPanelSendOperator(task_id="send", messages=[]), context_of(sandbox, try_number=1, **options))
    assert list(book(context_of(sandbox, try_number=2, **options), retries=1).history()) == []


@pytest.mark.parametrize("home", ["state store", "variables"])
@pytest.mark.parametrize("before", [None, "ledger"])
def test_a_home_that_changes_between_two_tries_is_refused(
    sandbox: RunningSandbox, book: Callable[..., Any], ledger_conn: str, home: str, before: str | None
) -> None:
    more = {"task_state_store": Store()} if home == "state store" else {}
    options = {"run_id": f"changes {home} {before}", **more}
    book(context_of(sandbox, **options), ledger_conn_id=before)
    after = None if before else ledger_conn
    book(context_of(sandbox, try_number=2, **options), ledger_conn_id=before)
    with pytest.raises(HomeChanged, match=r"ledger_conn_id: earlier tries .*Nothing was sent"):
        book(context_of(sandbox, try_number=3, **options), ledger_conn_id=after)


def test_a_run_that_began_under_an_airflow_without_state_store_is_not_begun_anew(
    sandbox: RunningSandbox, book: Callable[..., Any]
) -> None:
    book(context_of(sandbox, run_id="upgraded"))
    with pytest.raises(HomeChanged, match="in Airflow's Variables"):
        book(context_of(sandbox, run_id="upgraded", try_number=2, task_state_store=Store()))


def test_airflows_variables_keep_a_book(sandbox: RunningSandbox, book: Callable[..., Any]) -> None:
    first = book(context_of(sandbox, run_id="kept"))
    assert list(first.history()) == []
    (claim,) = first.intend([Claim.of(Chunk((Message("+989120000001", "سلام"),), OwnTexts()), first.key)])
    first.settle(claim.intent, Outcome((7,)))
    assert list(book(context_of(sandbox, run_id="kept", try_number=2)).history()) == [(claim.intent, Outcome((7,)))]


def test_the_database_of_the_book_is_the_connections(
    sandbox: RunningSandbox, ledger_conn: str, book: Callable[..., Any]
) -> None:
    list(book(context_of(sandbox), ledger_conn_id=ledger_conn).history())
    path = BaseHook.get_connection(ledger_conn).host
    assert b"ippanel_ledger_chunk" in Path(path).read_bytes()
