"""What rendering makes of fields: literals stay, data of other tasks stays data, and what fails is not printed."""

from __future__ import annotations

import warnings
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import XComArg, task

from ippanel_provider.operators.api import IPPanelApiOperator
from ippanel_provider.operators.hidden_fields import value_of
from ippanel_provider.operators.pattern import IPPanelSendPatternOperator
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.operators.suppress import InFile, InPhonebook
from ippanel_provider.operators.voice import IPPanelVoiceOtpOperator
from ippanel_provider.sandbox.runner import RunningSandbox

PEOPLE = ["09120000001", "09120000002"]
TEXT = "سلام به شما"


def got(sandbox: RunningSandbox) -> dict[str, str]:
    return {text["recipient"]: text["text"] for text in sandbox.messages()}


class TestNative:
    @pytest.fixture
    def native(self, new_dag: Any) -> Any:
        return new_dag(render_template_as_native_obj=True, params={"line": "+983000505", "who": PEOPLE})

    def test_a_line_a_code_and_a_text_of_digits_stay_texts(
        self, sandbox: RunningSandbox, native: Any, run_dag: Any
    ) -> None:
        with native as dag:
            IPPanelSendOperator(task_id="send", sender=sandbox.sender, message="1404", recipients=PEOPLE)
            IPPanelVoiceOtpOperator(task_id="call", code="0000", recipient=PEOPLE[0])
        run = run_dag(dag)
        assert run.state == "success"
        assert sorted(text["text"] for text in sandbox.messages()) == ["0000", "1404", "1404"]

    def test_literals_beside_templates_stay_as_well(self, sandbox: RunningSandbox, native: Any, run_dag: Any) -> None:
        with native as dag:
            IPPanelSendOperator(task_id="send", messages=[("09120000001", "0012"), ("{{ params.who[1] }}", "[1, 2]")])
        assert run_dag(dag).state == "success"
        assert got(sandbox) == {"+989120000001": "0012", "+989120000002": "[1, 2]"}

    def test_a_template_gives_the_object(self, sandbox: RunningSandbox, native: Any, run_dag: Any) -> None:
        with native as dag:
            IPPanelSendOperator(task_id="send", message=TEXT, recipients="{{ params.who }}")
        assert run_dag(dag).state == "success"
        assert len(got(sandbox)) == 2


class TestFailing:
    """Airflow prints the whole field where a template in it fails."""

    @pytest.mark.parametrize(
        "fields",
        [
            {"message": TEXT, "recipients": [*PEOPLE, "{{ nope.x }}"]},
            {"message": TEXT + "{{ nope.x }}", "recipients": PEOPLE},
            {"message": TEXT + "{{ nope", "recipients": PEOPLE},
            {"message": TEXT + "{{ 1 + 'x' }}", "recipients": PEOPLE},
            {"message": TEXT + "{{ 'متن پنهان' + 1 }}", "recipients": PEOPLE},
            {"messages": [(PEOPLE[0], TEXT), ("{{ nope.x }}", TEXT)]},
            {"message": TEXT, "recipients": PEOPLE, "suppress": [PEOPLE, InFile("{{ nope.x }}")]},
        ],
    )
    def test_nothing_of_the_field_is_logged(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, fields: Any
    ) -> None:
        with new_dag() as dag:
            IPPanelSendOperator(task_id="send", **fields)
        run = run_dag(dag)
        assert run.state == "failed"
        assert sandbox.messages() == []
        assert "its template cannot be rendered" in run.log
        assert "91200000" not in run.log
        assert TEXT not in run.log
        assert "پنهان" not in run.log

    def test_the_field_within_an_object_is_named(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
        with new_dag() as dag:
            IPPanelSendOperator(task_id="send", message=TEXT, recipients=PEOPLE, suppress=[InPhonebook("{{ nope.x }}")])
        assert (
            "connection 'ippanel_default', suppress.phonebook_id: its template cannot be rendered "
            "(UndefinedError: 'nope' is undefined)"
        ) in run_dag(dag).log

    def test_values_of_a_pattern_and_arguments_are_not_logged(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any
    ) -> None:
        with new_dag() as dag:
            IPPanelSendPatternOperator(
                task_id="send", code="x", recipients=PEOPLE, variables={"a": "48151", "b": "{{ nope.x }}"}
            )
            IPPanelApiOperator(
                task_id="call", operation="phonebook.create", arguments={"title": "48151", "x": "{{ nope.x }}"}
            )
        run = run_dag(dag)
        assert run.state == "failed"
        assert "48151" not in run.log


class TestUpstream:
    def test_a_code_of_another_task_keeps_its_upstream(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any
    ) -> None:
        with new_dag() as dag:

            @task(show_return_value_in_logs=False)
            def make() -> str:
                return "0481"

            call = IPPanelVoiceOtpOperator(task_id="call", code=make(), recipient=PEOPLE[0])
        assert call.upstream_task_ids == {"make"}
        assert run_dag(dag).state == "success"
        assert got(sandbox) == {"+989120000001": "0481"}

    def test_results_beside_literals_are_found_and_hidden(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any
    ) -> None:
        with new_dag() as dag:

            @task(show_return_value_in_logs=False)
            def one() -> str:
                return PEOPLE[0]

            send = IPPanelSendOperator(task_id="send", message=TEXT, recipients=[one(), PEOPLE[1]])
        assert send.upstream_task_ids == {"one"}
        assert isinstance(send.recipients.given[0], XComArg)
        assert "9120000002" not in str(send.recipients)
        run = run_dag(dag)
        assert run.state == "success"
        assert len(got(sandbox)) == 2
        assert run.rendered["send"]["recipients"] == "2 recipients"


class TestObjects:
    def test_a_result_of_another_task_inside_an_object_is_refused_by_name(self, new_dag: Any) -> None:
        with new_dag():

            @task
            def book() -> int:
                return 1

            with pytest.raises(ValueError, match=r"^suppress.phonebook_id: is what another task returns"):
                IPPanelSendOperator(
                    task_id="send",
                    message=TEXT,
                    recipients=PEOPLE,
                    suppress=[InPhonebook(book())],  # type: ignore[arg-type]
                )

    def test_objects_are_rendered_as_copies(self, new_dag: Any) -> None:
        """A retry in the same process, and other tasks with the same object, render what the author wrote."""
        shared = InPhonebook("{{ n }}")
        with new_dag():
            send = IPPanelSendOperator(task_id="send", message=TEXT, recipients=PEOPLE, suppress=[shared])
        for n in ("1", "2"):
            send.render_template_fields({"n": n})  # type: ignore[typeddict-unknown-key]
            assert value_of(send.suppress)[0].phonebook_id == n
        assert shared.phonebook_id == "{{ n }}"


class TestWarnings:
    """What is written into a mapped task stands plain in ``serialized_dag``."""

    @pytest.mark.parametrize(
        "make",
        [
            lambda kind: kind.partial(task_id="s", message=TEXT).expand(recipients=["{{ x }}"]),
            lambda kind: kind.partial(task_id="s", message="{{ x }}").expand(recipients=[PEOPLE]),
            lambda kind: kind.partial(task_id="s", message="{{ x }}").expand_kwargs([{"recipients": PEOPLE}]),
        ],
    )
    def test_people_and_texts_in_it_are_warned_of(self, new_dag: Any, make: Any) -> None:
        with new_dag(), pytest.warns(UserWarning, match="stands plain in Airflow's database") as told:
            make(IPPanelSendOperator)
        assert not any("91200000" in str(warning.message) for warning in told)

    def test_templates_and_results_of_other_tasks_are_not(self, new_dag: Any, recwarn: Any) -> None:
        with new_dag():

            @task
            def people() -> list[list[str]]:
                return [PEOPLE]

            IPPanelSendOperator.partial(task_id="a", message="{{ var.value.x }}").expand(recipients=people())
            IPPanelSendOperator.partial(task_id="b", message=TEXT, show_rendered=True).expand(recipients=[PEOPLE])
        assert [warning for warning in recwarn if "plain" in str(warning.message)] == []


class TestWhatARunIsTriggeredWith:
    @pytest.mark.parametrize(
        "template", ["{{ dag_run.conf.mobile }}", "{{ [dag_run.conf['a']] }}", "{{params.mobile}}"]
    )
    def test_is_warned_of_where_people_and_texts_are_expected(self, new_dag: Any, template: str) -> None:
        with new_dag(), pytest.warns(UserWarning, match="^recipients: what a run is triggered with .* trigger it with"):
            IPPanelSendOperator(task_id="send", message=TEXT, recipients=[template])

    def test_is_not_where_it_only_tells_who_or_may_be_shown(self, new_dag: Any, recwarn: Any) -> None:
        by_id = "{{ var.json.get('delivery_' ~ params.delivery).mobile }}"
        with new_dag():
            IPPanelSendOperator(task_id="a", message=TEXT, recipients=by_id, sender="{{ params.line }}")
            IPPanelSendOperator(task_id="b", message=TEXT, recipients="{{ params.mobile }}", show_rendered=True)
        assert [warning for warning in recwarn if "plain" in str(warning.message)] == []


class TestDeadlines:
    @staticmethod
    def told(kwargs: dict[str, Any]) -> list[str]:
        sdk = pytest.importorskip("airflow.sdk")
        if not hasattr(sdk, "DeadlineAlert"):
            pytest.skip("this Airflow has no deadlines")
        from ippanel_provider.airflow_policy import dag_policy

        alert = sdk.DeadlineAlert(
            reference=sdk.DeadlineReference.DAGRUN_QUEUED_AT,
            interval=timedelta(hours=1),
            callback=sdk.AsyncCallback("ippanel_provider.notifications.ippanel.IPPanelNotifier", kwargs=kwargs),
        )
        dag = sdk.DAG("late", schedule=None, deadline=alert)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            dag_policy(dag)
        return [str(warning.message) for warning in told]

    def test_what_is_written_into_them_is_warned_of(self) -> None:
        told = self.told({"message": TEXT, "recipients": PEOPLE, "ippanel_conn_id": "x"})
        assert [found.partition(": ")[0] for found in told] == [
            "DAG 'late', deadline, message",
            "DAG 'late', deadline, recipients",
        ]
        assert TEXT not in str(told)

    def test_templates_of_variables_are_not(self) -> None:
        assert self.told({"message": "{{ var.value.x }}", "recipients": ["{{ var.value.on_call }}"]}) == []


class TestMapped:
    SECRET = "{{ conn.ippanel_default.password }}"

    def test_what_another_task_hands_over_is_no_template(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any
    ) -> None:
        with new_dag(params={"line": sandbox.sender}) as dag:

            @task(show_return_value_in_logs=False)
            def rows() -> list[dict[str, Any]]:
                return [
                    {"messages": [[PEOPLE[0], self.SECRET]]},
                    {"message": self.SECRET, "recipients": [PEOPLE[1]]},
                ]

            IPPanelSendOperator.partial(task_id="send", sender="{{ params.line }}").expand_kwargs(rows())
        run = run_dag(dag)
        assert run.state == "success"
        assert got(sandbox) == {"+989120000001": self.SECRET, "+989120000002": self.SECRET}
        assert sandbox.api_key not in str(sandbox.messages())

    def test_what_the_author_wrote_is(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
        with new_dag(params={"name": "آرش"}, default_args={"sender": "{{ params.line }}"}) as dag:
            dag.params["line"] = sandbox.sender
            IPPanelSendOperator.partial(task_id="send", recipients=PEOPLE[:1]).expand_kwargs(
                [{"message": "سلام {{ params.name }}"}]
            )
        assert run_dag(dag).state == "success"
        assert got(sandbox) == {"+989120000001": "سلام آرش"}

    def test_expand_takes_it_as_data_too(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
        with new_dag() as dag:

            @task(show_return_value_in_logs=False)
            def texts() -> list[str]:
                return [self.SECRET]

            IPPanelSendOperator.partial(task_id="send", recipients=PEOPLE[:1]).expand(message=texts())
        assert run_dag(dag).state == "success"
        assert got(sandbox) == {"+989120000001": self.SECRET}
