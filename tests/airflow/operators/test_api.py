"""Any call by its name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ippanel_provider.exceptions import InvalidArgument
from ippanel_provider.operators.api import IPPanelApiOperator
from ippanel_provider.sandbox.runner import RunningSandbox


def call(operation: str, **fields: Any) -> Any:
    return IPPanelApiOperator(task_id="call", operation=operation, **fields).execute({})


def test_the_result_is_json(sandbox: RunningSandbox) -> None:
    made = call("phonebook.create_option", arguments={"title": "شهر", "type": "string"})
    assert json.loads(json.dumps(made)) == made
    assert (made["title"], made["type"]) == ("شهر", "string")


def test_a_call_without_a_result_returns_none(sandbox: RunningSandbox) -> None:
    made = call("phonebook.create", arguments={"title": "مشتریان"})
    assert call("phonebook.delete", arguments={"phonebook_ids": [made["id"]]}) is None


def test_of_a_list_all_pages_come(sandbox: RunningSandbox) -> None:
    for number in range(5):
        call("phonebook.create", arguments={"title": f"دفتر {number}"})
    assert len(call("phonebook.list", arguments={"per_page": 2})) == 5
    assert len(call("phonebook.list", arguments={"per_page": 2}, max_items=3)) == 3


@pytest.mark.parametrize(
    ("operation", "arguments", "said"),
    [
        (
            "phonebook.burn",
            {},
            "operation: there is no call 'phonebook.burn'; there are phonebook.list, phonebook.create",
        ),
        ("burn", {}, "operation: there is no call 'burn'; it is chapter.call"),
        ("phonebook.create", {"name": "x"}, "arguments: create() "),
        ("phonebook.create", {}, "arguments: create() missing"),
        ("phonebook.create", {"title": ""}, "title: it is empty"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_sent(
    sandbox: RunningSandbox, operation: str, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        call(operation, arguments=arguments)
    assert str(refused.value).startswith(f"connection 'ippanel_default', {said}")
    assert sandbox.stats()["requests"] == {}


def test_arguments_are_templates_and_are_not_shown(sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
    with new_dag() as dag:
        IPPanelApiOperator(task_id="call", operation="phonebook.create", arguments={"title": "{{ dag.dag_id }}"})
    run = run_dag(dag)
    assert run.results["call"]["title"] == dag.dag_id
    assert run.rendered["call"]["arguments"] == "1 argument"


def test_the_result_of_a_send_is_what_the_documents_name_of_it(
    connect: Callable[..., str], hostile_service: Callable[[str], str]
) -> None:
    connect(host=hostile_service("accepted"))
    arguments = {"message": "سلام", "recipients": ["09120001234"], "sender": "+983000505"}
    assert call("send.webservice", arguments=arguments) == {"outbox_ids": [7]}
