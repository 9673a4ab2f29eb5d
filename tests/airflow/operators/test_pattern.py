"""Patterns: sending them, and handing them in for approval."""

from __future__ import annotations

import math
from typing import Any

import pyarrow
import pytest

from ippanel_provider.client import edge
from ippanel_provider.exceptions import InvalidArgument, RequestRefused
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.operators.pattern import (
    IPPanelCreatePatternOperator,
    IPPanelDeletePatternOperator,
    IPPanelSendPatternOperator,
    IPPanelUpdatePatternOperator,
)
from ippanel_provider.sandbox.runner import RunningSandbox

MESSAGE = "%name% عزیز، کد شما %code% است"


@pytest.fixture
def code(sandbox: RunningSandbox) -> str:
    """An approved pattern of a name and a number."""
    call = edge.pattern.create(MESSAGE, description="ورود", variables={"name": "string", "code": "integer"})
    made = IPPanelHook().run(call).code
    sandbox.approve(made)
    return made


def given(sandbox: RunningSandbox) -> list[tuple[str, str]]:
    return sorted((text["recipient"], text["text"]) for text in sandbox.messages())


def sends(sandbox: RunningSandbox) -> int:
    return int(sandbox.stats()["requests"].get("POST /api/send", 0))


@pytest.mark.parametrize("as_pairs", [True, False])
def test_each_gets_it_with_values_of_their_own(
    sandbox: RunningSandbox, code: str, new_dag: Any, run_dag: Any, as_pairs: bool
) -> None:
    pairs = [("09120000001", {"name": "آرش", "code": 11}), ("۰۹۱۲۰۰۰۰۰۰۲", {"name": "بهار", "code": 22})]
    messages = pairs if as_pairs else [{"recipient": number, "variables": variables} for number, variables in pairs]
    with new_dag() as dag:
        IPPanelSendPatternOperator(task_id="send", code=code, messages=messages)
    run = run_dag(dag)
    assert run.state == "success"
    assert given(sandbox) == [
        ("+989120000001", "آرش عزیز، کد شما 11 است"),
        ("+989120000002", "بهار عزیز، کد شما 22 است"),
    ]
    assert run.results["send"]["accepted"] == 2
    assert len(run.results["send"]["outbox_ids"]) == 2


def test_all_get_it_with_the_same_values(sandbox: RunningSandbox, code: str, new_dag: Any, run_dag: Any) -> None:
    with new_dag() as dag:
        IPPanelSendPatternOperator(
            task_id="send",
            code=code,
            recipients=["09120000001", "09120000002"],
            variables={"name": "{{ 'همه' }}", "code": 5},
        )
    run_dag(dag)
    assert {text for _, text in given(sandbox)} == {"همه عزیز، کد شما 5 است"}


def test_rows_that_cannot_be_sent_are_reported_and_the_others_go_out(
    sandbox: RunningSandbox, code: str, new_dag: Any, run_dag: Any
) -> None:
    messages = [
        ("09120000001", {"name": "آرش", "code": 1}),
        ("0912", {"name": "بهار", "code": 2}),
        ("09120000003", {"name": "پویا"}),
        ("09120000004", {"name": "ترانه", "code": "four"}),
        ("09120000005", {"name": "", "code": 5}),
        ("09120000006", {"name": "سارا", "code": 6, "town": "قم"}),
    ]
    with new_dag() as dag:
        IPPanelSendPatternOperator(task_id="send", code=code, messages=messages)
    run = run_dag(dag)
    assert run.state == "success"
    assert [number for number, _ in given(sandbox)] == ["+989120000001"]
    assert run.results["send"]["rejects"] == [
        {"line": 2, "reason": "the number has too few digits for a mobile number (11 as 09XXXXXXXXX)"},
        {"line": 3, "reason": "the pattern needs a value for code"},
        {"line": 4, "reason": "the value of code is of the wrong type; the pattern takes integer"},
        {"line": 5, "reason": "the value of name is empty"},
        {"line": 6, "reason": "the pattern has no variable town"},
    ]


def test_a_poisoned_row_in_each_chunk_stops_nobody_and_a_number_for_a_text_is_written_as_one(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any
) -> None:
    call = edge.pattern.create(
        "%name% عزیز، کد %code%", description="x", variables={"name": "string", "code": "integer"}
    )
    code = IPPanelHook().run(call).code
    sandbox.approve(code)
    poison = [48151, None, math.nan, "#REF!", ["x"], "x" * 1400]
    messages = [
        (f"0912{n:07d}", {"name": poison[n // 50] if n % 50 == 25 else f"نام {n}", "code": n}) for n in range(300)
    ]
    with new_dag() as dag:
        IPPanelSendPatternOperator(task_id="send", code=code, messages=messages, retries=0)
    run = run_dag(dag)
    assert run.state == "success"
    texts = dict(given(sandbox))
    assert len(texts) == 295
    assert texts["+989120000025"] == "48151 عزیز، کد 25"
    assert [reject["line"] for reject in run.results["send"]["rejects"]] == [76, 126, 176, 226, 276]
    assert all(texts[f"+98912{n:07d}"] == f"نام {n} عزیز، کد {n}" for n in range(300) if n % 50 != 25)


def test_the_rows_of_a_data_frame_have_a_column_a_variable(
    sandbox: RunningSandbox, code: str, new_dag: Any, run_dag: Any
) -> None:
    frame = pyarrow.table({"recipient": ["09120000001", "09120000002"], "name": ["آرش", None], "code": [11.0, 22.0]})
    with new_dag() as dag:
        IPPanelSendPatternOperator(task_id="send", code=code, messages=frame)
    run = run_dag(dag)
    assert given(sandbox) == [("+989120000001", "آرش عزیز، کد شما 11 است")]
    assert run.results["send"]["rejects"] == [{"line": 2, "reason": "the value of name is empty"}]


def test_no_number_and_no_value_is_shown(sandbox: RunningSandbox, code: str, new_dag: Any, run_dag: Any) -> None:
    with new_dag() as dag:
        IPPanelSendPatternOperator(
            task_id="send", code=code, recipients=["09120000001"], variables={"name": "محرمانه", "code": 48213}
        )
    run = run_dag(dag)
    assert run.state == "success"
    for secret in ("9120000001", "محرمانه", "48213"):
        assert secret not in f"{run.log}{run.results}{run.rendered}"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"code": "nosuchcode"}, "code: the account has no pattern 'nosuchcode'"),
        ({"recipients": None}, "recipients: give them (or messages)"),
        ({"messages": [("09120000001", {})]}, "messages: give either messages, or recipients and variables"),
        ({"recipients": []}, "recipients: there are none"),
        ({"variables": "name=x"}, "variables: give a mapping"),
        ({"recipients": None, "variables": None, "messages": ["09120000001"]}, "messages: item 1 is neither a pair"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_sent(
    sandbox: RunningSandbox, code: str, new_dag: Any, run_dag: Any, fields: dict[str, Any], said: str
) -> None:
    with new_dag() as dag:
        IPPanelSendPatternOperator(
            task_id="send",
            **({"code": code, "recipients": ["09120000001"], "variables": {"name": "x", "code": 1}} | fields),
        )
    run = run_dag(dag)
    assert run.state == "failed"
    assert said in run.log
    assert sends(sandbox) == 0


def test_a_pattern_that_waits_for_approval_is_not_sent(sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
    made = IPPanelHook().run(edge.pattern.create("سلام", description="سلام")).code
    with new_dag() as dag:
        IPPanelSendPatternOperator(task_id="send", code=made, recipients=["09120000001"])
    run = run_dag(dag)
    assert f"code: pattern '{made}' is pending" in run.log
    assert sends(sandbox) == 0


def test_a_pattern_is_created_updated_and_deleted(sandbox: RunningSandbox) -> None:
    fields = {"message": MESSAGE, "description": "ورود", "variables": {"name": "string", "code": "integer"}}
    code = IPPanelCreatePatternOperator(task_id="create", **fields).execute({})
    made = IPPanelHook().run(edge.pattern.get(code))
    assert (made.message, made.status) == (MESSAGE, "pending")
    sandbox.approve(code)
    changed = fields | {"message": "%name%", "variables": {"name": "string"}, "title": "نو"}
    assert IPPanelUpdatePatternOperator(task_id="update", code=code, **changed).execute({}) == code
    made = IPPanelHook().run(edge.pattern.get(code))
    assert (made.message, made.title, made.status) == ("%name%", "نو", "pending")
    assert IPPanelDeletePatternOperator(task_id="delete", code=code).execute({}) == code
    with pytest.raises(RequestRefused):
        IPPanelDeletePatternOperator(task_id="again", code=code).execute({})
    assert IPPanelDeletePatternOperator(task_id="content", code=code, ignore_missing=True).execute({}) == code


def test_a_variable_the_text_does_not_hold_is_named(sandbox: RunningSandbox) -> None:
    with pytest.raises(InvalidArgument, match=r"variables\[town\]"):
        IPPanelCreatePatternOperator(
            task_id="create", message="سلام", description="x", variables={"town": "string"}
        ).execute({})


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"nam": "آرش", "code": 1}, "2 of them: the pattern needs a value for name"),
        ({"name": "آرش", "code": 1, "city": "قم"}, "2 of them: the pattern has no variable city"),
        ({"name": "آرش", "code": "None"}, "2 of them: the value of code is empty"),
    ],
)
def test_variables_that_no_row_can_be_sent_with_are_named_in_the_error(
    sandbox: RunningSandbox, code: str, new_dag: Any, run_dag: Any, variables: dict[str, Any], said: str
) -> None:
    with new_dag() as dag:
        IPPanelSendPatternOperator(
            task_id="send", code=code, recipients=["09120000001", "09120000002"], variables=variables
        )
    run = run_dag(dag)
    assert (run.state, sends(sandbox)) == ("failed", 0)
    assert said in run.log
    assert "آرش" not in run.log
