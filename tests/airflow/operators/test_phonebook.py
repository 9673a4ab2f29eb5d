"""Contacts into a phonebook and out of it; texts to them are specified with the sends of one request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred
from openpyxl import Workbook

from ippanel_provider.client import edge
from ippanel_provider.exceptions import InvalidArgument, RequestRefused
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.operators.phonebook import IPPanelExportPhonebookOperator, IPPanelImportPhonebookOperator
from ippanel_provider.sandbox.runner import RunningSandbox


@pytest.fixture
def book(sandbox: RunningSandbox) -> int:
    """A phonebook with an option and two contacts."""
    hook = IPPanelHook()
    option = hook.run(edge.phonebook.create_option("شهر", "string"))
    made = hook.run(edge.phonebook.create("مشتریان", [option.id]))
    hook.run(
        edge.phonebook.add_contacts(
            [
                {"number": "09120000001", "phonebook_id": made.id, "name": "آرش", "options": {option.id: "تبریز"}},
                {"number": "09120000002", "phonebook_id": made.id, "email": "bahar@example.com"},
            ]
        )
    )
    return made.id


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_contacts_are_written(sandbox: RunningSandbox, book: int, tmp_path: Path) -> None:
    path = tmp_path / "contacts.jsonl"
    assert IPPanelExportPhonebookOperator(task_id="export", phonebook_id=book, path=str(path)).execute({}) == {
        "path": str(path),
        "contacts": 2,
    }
    written = sorted(lines(path), key=lambda line: line["number"])
    assert [(line["number"], line["name"], line["email"]) for line in written] == [
        ("+989120000001", "آرش", written[0]["email"]),
        ("+989120000002", written[1]["name"], "bahar@example.com"),
    ]
    assert all(line["id"] and line["created_at"] for line in written)


def test_options_are_written_on_request(sandbox: RunningSandbox, book: int, tmp_path: Path) -> None:
    path = tmp_path / "contacts.jsonl"
    IPPanelExportPhonebookOperator(task_id="export", phonebook_id=book, path=str(path), options=True).execute({})
    assert "تبریز" in "".join(line["options"] for line in lines(path))


def test_an_imported_file_is_in_the_phonebook_when_the_service_has_read_it(
    sandbox: RunningSandbox, book: int, contacts: str
) -> None:
    done = IPPanelImportPhonebookOperator(task_id="import", phonebook_id=book, path=contacts).execute({})
    assert done == {"phonebook_id": book}
    sandbox.settle()
    numbers = {
        contact.number for contact in IPPanelHook().get_conn().walk(edge.phonebook.list_contacts(phonebook_id=book))
    }
    assert "+989120000003" in numbers


@pytest.fixture
def contacts(tmp_path: Path) -> str:
    """An xlsx file with a contact."""
    workbook = Workbook()
    for row in (("number", "pre", "name", "email"), ("+989120000003", "", "پویا", "")):
        workbook.active.append(row)
    workbook.save(tmp_path / "contacts.xlsx")
    return str(tmp_path / "contacts.xlsx")


class TestWaitingForAnImport:
    """The service's word for how it stands is in the list of phonebooks."""

    WAIT = {"task_id": "load", "wait_for_completion": True, "poke_interval": 0.05, "timeout": 20}  # noqa: RUF012 - never changed

    @pytest.mark.parametrize("deferrable", [False, True], ids=["on the worker", "deferred"])
    def test_it_ends_when_the_contacts_are_in_it(
        self, sandbox: RunningSandbox, book: int, contacts: str, new_dag: Any, run_dag: Any, deferrable: bool
    ) -> None:
        sandbox.speed(10)
        with new_dag() as dag:
            IPPanelImportPhonebookOperator(**self.WAIT, phonebook_id=book, path=contacts, deferrable=deferrable)
        run = run_dag(dag)
        sandbox.speed(1)
        assert run.state == "success", run.log
        assert run.results["load"] == {"phonebook_id": book, "import_status": "done", "contacts": 3}

    @pytest.mark.parametrize("deferrable", [False, True], ids=["on the worker", "deferred"])
    def test_the_time_runs_out(
        self, sandbox: RunningSandbox, book: int, contacts: str, new_dag: Any, run_dag: Any, deferrable: bool
    ) -> None:
        sandbox.speed(0)
        with new_dag() as dag:
            IPPanelImportPhonebookOperator(
                **(self.WAIT | {"timeout": 0.2}), phonebook_id=book, path=contacts, deferrable=deferrable
            )
        run = run_dag(dag)
        sandbox.speed(1)
        assert run.state == "failed"
        assert "the time is up and the import is pending" in run.log

    @pytest.mark.parametrize("deferrable", [False, True], ids=["on the worker", "deferred"])
    def test_a_word_that_says_it_failed_fails_the_task(
        self, sandbox: RunningSandbox, book: int, contacts: str, new_dag: Any, run_dag: Any, deferrable: bool
    ) -> None:
        with new_dag() as dag:
            IPPanelImportPhonebookOperator(
                **self.WAIT, phonebook_id=book, path=contacts, deferrable=deferrable, failed=["pending", "processing"]
            )
        run = run_dag(dag)
        assert run.state == "failed"
        assert f"phonebook_id {book}: the service says of the import: p" in run.log

    def test_the_trigger_is_given_the_words_that_end_it(
        self, sandbox: RunningSandbox, book: int, contacts: str
    ) -> None:
        task = IPPanelImportPhonebookOperator(
            **self.WAIT, phonebook_id=str(book), path=contacts, deferrable=True, done=["ready"], failed=["broken"]
        )
        with pytest.raises(TaskDeferred) as deferred:
            task.execute({})
        kwargs = deferred.value.trigger.serialize()[1]
        assert (kwargs["phonebook_id"], kwargs["ends"]) == (book, ["ready", "broken"])
        assert task.execute_complete({}, {"status": "ended", "import_status": "ready", "contacts": 3}) == {
            "phonebook_id": book,
            "import_status": "ready",
            "contacts": 3,
        }


@pytest.mark.parametrize("name", ["missing.xlsx", "contacts.csv"])
def test_a_wrong_file_is_named(sandbox: RunningSandbox, book: int, tmp_path: Path, name: str) -> None:
    (tmp_path / "contacts.csv").write_text("+989120000003")
    with pytest.raises(InvalidArgument, match=r"^connection 'ippanel_default', file: "):
        IPPanelImportPhonebookOperator(task_id="import", phonebook_id=book, path=str(tmp_path / name)).execute({})


def test_an_unknown_phonebook_is_named(sandbox: RunningSandbox, tmp_path: Path) -> None:
    Workbook().save(tmp_path / "contacts.xlsx")
    with pytest.raises(RequestRefused, match=r"phonebook\.import_contacts"):
        IPPanelImportPhonebookOperator(
            task_id="import", phonebook_id=999_999, path=str(tmp_path / "contacts.xlsx")
        ).execute({})
