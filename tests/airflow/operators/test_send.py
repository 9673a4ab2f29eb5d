"""Sending texts from a DAG: who gets what, who does not and why, and what is refused before anything leaves."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any

import pyarrow
import pytest
from airflow.providers.common.compat.sdk import task

from ippanel_provider.operators.fields import tell_of_frames
from ippanel_provider.operators.hidden_fields import Hidden
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.sandbox.runner import RunningSandbox

TEXT = "کد تخفیف شما برای خرید امروز"


def given(sandbox: RunningSandbox) -> list[tuple[str, str]]:
    return sorted((text["recipient"], text["text"]) for text in sandbox.messages())


def sends(sandbox: RunningSandbox) -> int:
    """Requests that could have sent something."""
    return int(sandbox.stats()["requests"].get("POST /api/send", 0))


def test_one_text_reaches_every_spelling_of_a_number_once(sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
    with new_dag() as dag:
        IPPanelSendOperator(
            task_id="send", message=TEXT, recipients=["09120000001", "۰۹۱۲۰۰۰۰۰۰۲", "+989120000001", 9120000003]
        )
    run = run_dag(dag)
    assert run.state == "success"
    assert given(sandbox) == [("+989120000001", TEXT), ("+989120000002", TEXT), ("+989120000003", TEXT)]
    result = run.results["send"]
    assert {name: result[name] for name in ("rows", "accepted", "merged", "rejected", "rejects")} == {
        "rows": 4, "accepted": 3, "merged": 1, "rejected": 0, "rejects": [],
    }  # fmt: skip
    assert result["outbox_ids"] == [sandbox.messages()[0]["outbox_id"]]


@pytest.mark.parametrize(
    "messages",
    [
        [("09120000001", "سلام آرش"), ("09120000002", "سلام بهار")],
        [{"recipient": "09120000001", "message": "سلام آرش"}, {"recipient": "09120000002", "message": "سلام بهار"}],
    ],
)
def test_each_gets_a_text_of_their_own(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, messages: list[Any]
) -> None:
    with new_dag() as dag:
        IPPanelSendOperator(task_id="send", messages=messages)
    run = run_dag(dag)
    assert given(sandbox) == [("+989120000001", "سلام آرش"), ("+989120000002", "سلام بهار")]
    assert len(run.results["send"]["outbox_ids"]) == 2


PAIRS = [("09120000001", "سلام آرش"), ("09120000002", "سلام بهار")]


@pytest.mark.parametrize("first_pass", [True, False])
@pytest.mark.parametrize(
    "messages",
    [
        lambda: zip(*zip(*PAIRS, strict=True), strict=True), lambda: (pair for pair in PAIRS),
        lambda: map(list, PAIRS), lambda: iter(PAIRS),
        lambda: pyarrow.table(dict(zip(("recipient", "message"), zip(*PAIRS, strict=True), strict=True))),
        lambda: pyarrow.table(dict(zip(("recipient", "message"), zip(*PAIRS, strict=True), strict=True))).to_reader(),
    ],
    ids=["zip", "generator", "map", "iterator", "data frame", "frame read once"],
)  # fmt: skip
def test_rows_that_can_be_read_only_once_and_data_frames_are_rows(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, messages: Callable[[], Any], first_pass: bool
) -> None:
    with new_dag() as dag:
        IPPanelSendOperator(task_id="send", messages=messages(), first_pass=first_pass, allow_empty=True)
    run = run_dag(dag)
    assert given(sandbox) == [("+989120000001", "سلام آرش"), ("+989120000002", "سلام بهار")]
    assert run.results["send"]["rows"] == 2
    assert "9120000001" not in f"{run.log}{run.rendered}"


@pytest.mark.parametrize(
    "recipients",
    [
        lambda: pyarrow.table({"recipient": ["09120000001", None], "name": ["a", "b"]}),
        lambda: pyarrow.array(["09120000001", None]),
        lambda: pyarrow.table({"mobile": [9120000001.0, None]}), lambda: map(str, ["09120000001", ""]),
    ],
)  # fmt: skip
def test_recipients_from_a_frame_or_a_column(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, recipients: Callable[[], Any]
) -> None:
    with new_dag() as dag:
        IPPanelSendOperator(task_id="send", message=TEXT, recipients=recipients())
    run = run_dag(dag)
    assert given(sandbox) == [("+989120000001", TEXT)]
    assert run.results["send"]["rejects"] == [{"line": 2, "reason": "the number is empty"}]


def test_one_message_that_is_none_stops_nobody_but_the_first_is_a_mistake_of_the_author(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any
) -> None:
    with new_dag() as dag:
        IPPanelSendOperator(
            task_id="send", messages=[PAIRS[0], ["x"], {"recipient": "0912"}, None, ("09120000003", math.nan), PAIRS[1]]
        )
    run = run_dag(dag)
    assert [number for number, _ in given(sandbox)] == ["+989120000001", "+989120000002"]
    assert [reject["line"] for reject in run.results["send"]["rejects"]] == [2, 3, 4, 5]
    with new_dag() as dag:
        IPPanelSendOperator(task_id="send", messages=[None, PAIRS[0]])
    run = run_dag(dag)
    assert run.state == "failed"
    assert "item 1 is neither a pair (recipient, text) nor a mapping" in run.log


def test_a_data_frame_that_came_by_xcom_is_told_of(new_dag: Any, caplog: pytest.LogCaptureFixture) -> None:
    with new_dag():
        frame = task(lambda: None, task_id="frame")()
    field = Hidden(frame).rendered(lambda _: pyarrow.table({"recipient": ["09120000001"]}))
    tell_of_frames(logging.getLogger("task"), messages=field, recipients=Hidden(["0912"]))
    assert "messages: a data frame came by XCom" in caplog.text
    assert "912000000" not in caplog.text


def test_a_bad_number_is_reported_row_by_row_and_the_others_go_out(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any
) -> None:
    with new_dag() as dag:
        IPPanelSendOperator(
            task_id="send", message=TEXT, recipients=["09120000001", "0912", None, "02112345678", "09120000002"]
        )
    run = run_dag(dag)
    assert run.state == "success"
    assert [number for number, _ in given(sandbox)] == ["+989120000001", "+989120000002"]
    assert run.results["send"]["rejects"] == [
        {"line": 2, "reason": "the number has too few digits for a mobile number (11 as 09XXXXXXXXX)"},
        {"line": 3, "reason": "the number is empty"},
        {"line": 4, "reason": "the number is a landline; only mobile numbers (09…) receive texts"},
    ]
    assert "Row 2 gets no text: the number has too few digits" in run.log


def test_a_text_that_is_too_long_is_reported_and_the_others_go_out(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any
) -> None:
    with new_dag() as dag:
        IPPanelSendOperator(task_id="send", messages=[("09120000001", "x" * 1401), ("09120000002", TEXT)])
    run = run_dag(dag)
    assert given(sandbox) == [("+989120000002", TEXT)]
    assert run.results["send"]["rejects"][0]["line"] == 1


def test_texts_come_from_templates_and_numbers_from_other_tasks(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any
) -> None:
    with new_dag() as dag:

        @task
        def audience() -> list[str]:
            return ["09120000001", "09120000002"]

        send = IPPanelSendOperator(task_id="send", message="{{ dag.dag_id }} اجرا شد", recipients=audience())
    assert send.upstream_task_ids == {"audience"}
    run_dag(dag)
    assert given(sandbox) == [("+989120000001", f"{dag.dag_id} اجرا شد"), ("+989120000002", f"{dag.dag_id} اجرا شد")]


def test_a_mapped_task_sends_each_of_its_texts_as_it_is(sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
    """A text that another task made is data: braces in it are no template."""
    with new_dag() as dag:

        @task
        def texts() -> list[str]:
            return ["یک {{ dag.dag_id }}", "دو"]

        IPPanelSendOperator.partial(task_id="send", recipients=["09120000001"]).expand(message=texts())
    run = run_dag(dag)
    assert run.state == "success"
    assert given(sandbox) == [("+989120000001", "دو"), ("+989120000001", "یک {{ dag.dag_id }}")]
    assert [result["accepted"] for result in run.results["send"]] == [1, 1]


def test_the_connection_can_come_from_default_args(
    connect: Callable[..., str], ippanel_sandbox: RunningSandbox, new_dag: Any, run_dag: Any
) -> None:
    with new_dag(default_args={"ippanel_conn_id": connect("shop"), "sender": ippanel_sandbox.sender}) as dag:
        IPPanelSendOperator(task_id="send", message=TEXT, recipients=["09120000001"])
    assert run_dag(dag).state == "success"
    assert len(given(ippanel_sandbox)) == 1


class TestNothingIsSent:
    """What is wrong with all of it fails the task, says which field, and sends to nobody."""

    GOOD = {"message": TEXT, "recipients": ["09120000001"]}  # noqa: RUF012 - never changed

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"recipients": []}, "recipients: there are none"),
            ({"recipients": ["0912", ""]}, "recipients: none of the 2 rows can get a text"),
            ({"message": "x" * 1401}, "message: the text has 1401 characters; at most 1400 are taken"),
            ({"message": "  "}, "message: the text is empty"),
            ({"message": "{{ '' }}"}, "message: the text is empty"),
            ({"message": None, "recipients": None, "messages": []}, "recipients: there are none"),
            ({"messages": [("09120000002", TEXT)]}, "messages: give either messages, or message and recipients"),
            ({"recipients": None}, "message, recipients: give both"),
            ({"recipients": "{{ ['09120000001'] }}"}, "recipients: the template rendered to text"),
            (
                {"message": None, "recipients": None, "messages": [("09120000002",)]},
                "messages: item 1 is neither a pair",
            ),
            (
                {"message": None, "recipients": None, "messages": [{"recipient": "09120000002"}]},
                "messages: item 1 has no message",
            ),
            ({"sender": "no line"}, "sender: "),
            ({"ippanel_conn_id": "nowhere"}, "nowhere"),
        ],
    )
    def test_what_is_wrong_is_named(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, fields: dict[str, Any], said: str
    ) -> None:
        with new_dag() as dag:
            IPPanelSendOperator(task_id="send", **(self.GOOD | fields))
        run = run_dag(dag)
        assert run.state == "failed"
        assert said in run.log
        assert sandbox.messages() == []
        assert sends(sandbox) == 0

    def test_an_upstream_task_that_found_nobody_is_told(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any
    ) -> None:
        with new_dag() as dag:

            @task
            def audience() -> list[str]:
                return []

            IPPanelSendOperator(task_id="send", message=TEXT, recipients=audience())
        run = run_dag(dag)
        assert run.states["send"] == "failed"
        assert "recipients: there are none" in run.log

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"password": "wrong-key-0123456789"}, "Check the API key"),
            ({"password": ""}, "connection 'ippanel_default', password: it is empty"),
            ({"host": "http://127.0.0.1:9/v1"}, "no connection to 127.0.0.1"),
            ({"extra": {"sender": ""}}, "sender: the task names none"),
            ({"extra": {"sender": "+98999999"}}, ""),
        ],
        ids=["wrong key", "no key", "service down", "no sender", "a line of someone else"],
    )
    def test_a_wrong_connection_is_named(
        self,
        connect: Callable[..., str],
        ippanel_sandbox: RunningSandbox,
        new_dag: Any,
        run_dag: Any,
        changes: dict[str, Any],
        said: str,
    ) -> None:
        connect(**changes)
        with new_dag() as dag:
            IPPanelSendOperator(task_id="send", **self.GOOD)
        run = run_dag(dag)
        assert run.state == "failed"
        assert said in run.log
        assert ippanel_sandbox.messages() == []
        assert "wrong-key" not in run.log


class TestPrivacy:
    """Numbers and texts are in no log, no XCom and no rendered field."""

    SECRETS = ("09120000001", "+989120000001", "9120000001", "0912000", TEXT)

    @pytest.mark.parametrize(
        "fields",
        [
            {"message": TEXT, "recipients": ["09120000001", "0912000"]},
            {"messages": [("09120000001", TEXT), ("0912000", TEXT)]},
            {"messages": [{"recipient": "09120000001", "message": TEXT}]},
            {"message": "{{ params.text }}", "recipients": "{{ params.number }}"},
        ],
    )
    def test_a_send_that_succeeds(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, fields: dict[str, Any]
    ) -> None:
        with new_dag(params={"text": TEXT, "number": "09120000001"}) as dag:
            IPPanelSendOperator(task_id="send", **fields)
        run = run_dag(dag)
        assert run.state == "success"
        assert given(sandbox)[0] == ("+989120000001", TEXT)
        self.assert_private(run)

    @pytest.mark.parametrize("fault", ["refused", "drop_before", "html"])
    def test_a_send_that_fails(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, fault: str) -> None:
        sandbox.fault(fault, path="/api/send")
        with new_dag() as dag:
            IPPanelSendOperator(task_id="send", message=TEXT, recipients=["09120000001"], settle=0)
        run = run_dag(dag)
        assert run.state == "failed"
        self.assert_private(run)

    def test_a_mapped_send(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
        with new_dag() as dag:
            IPPanelSendOperator.partial(task_id="send", message=TEXT).expand(
                recipients=[["09120000001"], ["09120000002"]]
            )
        run = run_dag(dag)
        assert len(given(sandbox)) == 2
        self.assert_private(run)

    def test_the_page_shows_how_many_and_how_long(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
        with new_dag() as dag:
            IPPanelSendOperator(task_id="send", message=TEXT, recipients=["09120000001", "09120000002"])
        rendered = run_dag(dag).rendered["send"]
        assert rendered["message"] == f"a text of {len(TEXT)} characters"
        assert rendered["recipients"] == "2 recipients"

    def test_an_author_may_show_them(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
        with new_dag() as dag:
            IPPanelSendOperator(task_id="send", message="{{ 'سلام' }}", recipients=["09120000001"], show_rendered=True)
        rendered = run_dag(dag).rendered["send"]
        assert rendered["message"] == "سلام"
        assert rendered["recipients"] == "['09120000001']"

    def assert_private(self, run: Any) -> None:
        for secret in self.SECRETS:
            assert secret not in run.log
            assert secret not in str(run.results)
            assert secret not in str(run.rendered)
