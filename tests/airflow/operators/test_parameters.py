"""What authors can give: every parameter by each way Airflow has, read where it is a constant, templated where it can
be.
"""

from __future__ import annotations

import importlib
import inspect
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ippanel_provider.operators.account import IPPanelCreditOperator
from ippanel_provider.operators.campaign import CampaignOperator
from ippanel_provider.operators.fields import check_fields, fields_of
from ippanel_provider.operators.hidden_fields import value_of
from ippanel_provider.operators.phonebook import IPPanelSendPhonebookOperator
from ippanel_provider.operators.report import IPPanelDeliveryReportOperator
from ippanel_provider.operators.results import IPPanelResultsOperator
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.operators.sync import IPPanelPatternSyncOperator, IPPanelPhonebookSyncOperator
from ippanel_provider.operators.voice import IPPanelVoiceOtpOperator
from ippanel_provider.options import Checks, IfStatus, Memory, Results
from ippanel_provider.provider_info import get_provider_info
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.sensors.account import IPPanelCreditSensor
from ippanel_provider.sensors.bulk import IPPanelBulkSensor
from ippanel_provider.sensors.inbox import IPPanelInboxSensor
from ippanel_provider.transfers.file_to_ippanel import FileToIPPanelOperator
from ippanel_provider.transfers.sql_to_ippanel import SqlToIPPanelOperator
from ippanel_provider.values import InvalidValue

PEOPLE = ["09120000001", "09120000002"]


def kinds() -> list[type]:
    info = get_provider_info()
    modules = [
        *(module for room in ("operators", "sensors") for entry in info[room] for module in entry["python-modules"]),
        *(entry["python-module"] for entry in info["transfers"]),
    ]
    return [
        kind
        for name in modules
        for kind in vars(importlib.import_module(name)).values()
        if isinstance(kind, type) and kind.__module__ == name and hasattr(kind, "execute") and kind.__name__[0] != "_"
    ]


KINDS = kinds()


def ours(kind: type) -> list[type]:
    return [base for base in kind.__mro__ if base.__module__.startswith("ippanel_provider.")]


def parameters(kind: type) -> dict[str, inspect.Parameter]:
    return {
        name: parameter
        for base in reversed(ours(kind))
        if "__init__" in vars(base)
        for name, parameter in inspect.signature(vars(base)["__init__"]).parameters.items()
        if name not in {"self", "kwargs"}
    }


WORDS = {
    "encoding": "cp1256",
    "in_quiet_hours": "hold", "on_unconfirmed": "skip", "on_clear": "resend", "delivery": "scheduled",
    "quiet_hours": "22:00-08:00", "send_time": datetime(2030, 1, 1, tzinfo=UTC), "fail_on": (7,), "min_delivered": 0.5,
    "below": "skip", "on_reject": "report", "mode": "insert", "on_missing": "keep", "over_full": "split",
    "memory": Memory(once_per="person"), "checks": Checks(samples=3),
    "results": Results("x.y", key_column="k"), "only": IfStatus(Results("x.y"), "no_report"),
    "at_least": 5.0, "asset": "x://y", "settle": 7.0, "poke_interval": 7.0,
    "timeout": 70.0, "rate": 2.0, "outbox_ids": [1], "recipients": 3, "choices": [{"postal_code": "19"}],
    "variables": {"a": "string"}, "arguments": {"id": 1}, "fields": {"name": "n"}, "options": {"P": "p"},
    "parameters": {"a": 1}, "books": [1], "max_delete": 3, "done": ("a",), "failed": ("b",), "row_message": "x",
    "keywords": True, "after_id": 3, "least": 2, "rows": [{"number": 1}],
}  # fmt: skip
NUMBERS = {"concurrency", "chunk_size", "max_items"}
ATTRIBUTES = {"dry_run": "is_dry_run", "code": "message"}


def sample(kind: type, name: str) -> Any:
    if name == "kind":
        return "numbers" if "File" in kind.__name__ else "country"
    if name == "keywords" and kind is IPPanelInboxSensor:
        return ["stop"]
    if name == "recipients" and issubclass(kind, CampaignOperator):
        return list(PEOPLE)
    if name == "options" and "Export" in kind.__name__:
        return True
    if name == "delivery" and kind is IPPanelResultsOperator:
        return False
    if name in NUMBERS:
        return 3
    if name in WORDS:
        return WORDS[name]
    # The rest are flags, by the text of their annotation, or texts.
    return True if "bool" in str(parameters(kind)[name].annotation) else "a-text"


def required(kind: type) -> dict[str, Any]:
    given = {
        name: sample(kind, name)
        for name, parameter in parameters(kind).items()
        if parameter.default is inspect.Parameter.empty
    }
    # Results need a ledger.
    more = {"row_message": "x", "ledger_conn_id": "y"}
    return given | {name: value for name, value in more.items() if name in parameters(kind)}


def got(task: Any, kind: type, name: str) -> Any:
    attribute = ATTRIBUTES.get(name, name)
    if name == "code" and not hasattr(task, "recipient"):
        attribute = "code"
    return value_of(getattr(task, attribute))


HIDDEN = {
    # What they pass on to their base, under the name of theirs.
    (kind, "message")
    for kind in KINDS
    if "row_message" in parameters(kind) or kind is IPPanelVoiceOtpOperator
}


def names(kind: type) -> list[str]:
    return [name for name in parameters(kind) if (kind, name) not in HIDDEN]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_task_has_at_most_four_classes_of_ours_in_its_line(kind: type) -> None:
    assert len(ours(kind)) <= 4


@pytest.mark.parametrize("kind", KINDS)
def test_no_attribute_shadows_the_method_that_renders_without_running(kind: type, new_dag: Any) -> None:
    with new_dag():
        assert callable(kind(task_id="x", **required(kind)).dry_run)


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_is_reached_by_default_args(kind: type, new_dag: Any) -> None:
    for name in names(kind):
        value = sample(kind, name)
        with new_dag(default_args={name: value}):
            task = kind(task_id="x", **{key: given for key, given in required(kind).items() if key != name})
        found = got(task, kind, name)
        # Airflow 2 copies what stands there, and some objects are equal to themselves only.
        assert found == value or repr(found) == repr(value), name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore:.*what is written into a mapped task stands plain:UserWarning")
def test_every_parameter_is_reached_by_partial(kind: type, new_dag: Any) -> None:
    for name in names(kind):
        value = sample(kind, name)
        with new_dag():
            mapped = kind.partial(task_id="x", **(required(kind) | {name: value})).expand_kwargs([{}])  # type: ignore[attr-defined]
        assert got(mapped.unmap({}), kind, name) == value, name


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_whose_result_is_given_for_any_field_comes_before(kind: type, new_dag: Any) -> None:
    """Also where the field is read, hidden, or passed on under another name."""
    from airflow.providers.common.compat.sdk import task

    @task
    def make() -> int:
        return 1

    for name in names(kind):
        if ATTRIBUTES.get(name, name) not in kind.template_fields and name != "code":  # type: ignore[attr-defined]
            continue
        with new_dag():
            taker = kind(task_id="x", **(required(kind) | {name: make()}))
        assert taker.upstream_task_ids == {"make"}, name


@pytest.mark.parametrize("kind", KINDS)
def test_every_templated_field_is_there_before_it_is_rendered(kind: type, new_dag: Any) -> None:
    with new_dag():
        task = kind(task_id="x", **required(kind))
    assert len(set(task.template_fields)) == len(task.template_fields)
    assert [name for name in task.template_fields if not hasattr(task, name)] == []


SEND = {"message": "سلام", "recipients": PEOPLE}
SYNC = {"book": "x", "rows": []}
WRONG: list[tuple[type, dict[str, Any], dict[str, Any]]] = [
    *((IPPanelSendOperator, SEND, wrong) for wrong in (
        {"poke_interval": 0}, {"poke_interval": -1}, {"poke_interval": "soon"}, {"timeout": -1}, {"concurrency": 0},
        {"concurrency": 1.5}, {"rate": 0}, {"rate": "fast"}, {"rate": float("nan")}, {"settle": -5},
        {"settle": timedelta(seconds=-1)}, {"chunk_size": 0}, {"min_delivered": 0}, {"min_delivered": 1.5},
        {"dry_run": "perhaps"}, {"allow_empty": 2}, {"first_pass": "on"}, {"deferrable": "maybe"},
        {"wait_for_completion": []}, {"delivery": "later"}, {"on_unconfirmed": "retry"}, {"on_clear": "x"},
        {"in_quiet_hours": "drop"}, {"quiet_hours": "at night"}, {"quiet_hours": {"+983000505": "x"}},
        {"send_time": "tomorrow"}, {"send_time": datetime.fromisoformat("2030-01-01")},
        {"send_time": "1405-01-01T09:00:00+03:30"},
        {"fail_on": ["sent"]}, {"fail_on": "gone"},
    )),
    (IPPanelSendPhonebookOperator, {"message": "x", "books": 1}, {"keywords": "some"}),
    (IPPanelPatternSyncOperator, {"folder": "x"}, {"prune": "perhaps"}),
    (IPPanelPatternSyncOperator, {"folder": "x"}, {"poke_interval": 0}),
    (IPPanelPhonebookSyncOperator, SYNC, {"mode": "merge"}),
    (IPPanelPhonebookSyncOperator, SYNC, {"chunk_size": 0}),
    (IPPanelDeliveryReportOperator, {"outbox_ids": 1, "path": "x.csv"}, {"concurrency": 0}),
    (IPPanelCreditOperator, {}, {"at_least": -1}),
    (IPPanelCreditSensor, {"at_least": 1}, {"poke_interval": 0}),
    (IPPanelBulkSensor, {"outbox_ids": 1}, {"min_delivered": "half"}),
    (IPPanelInboxSensor, {}, {"least": 0}),
    (FileToIPPanelOperator, {"path": "x.csv", "message": "x"}, {"encoding": "windows-9"}),
]  # fmt: skip
WRONG_IDS = [f"{kind.__name__}-{wrong}" for kind, _, wrong in WRONG]


class TestConstants:
    @pytest.mark.parametrize(("kind", "given", "wrong"), WRONG, ids=WRONG_IDS)
    def test_what_cannot_be_right_is_refused_when_the_dag_is_read(
        self, kind: type, given: dict[str, Any], wrong: dict[str, Any]
    ) -> None:
        [name] = wrong
        with pytest.raises(ValueError, match=f"^{name}: "):
            kind(task_id="x", **(given | wrong))

    @pytest.mark.parametrize(("kind", "given", "wrong"), WRONG, ids=WRONG_IDS)
    def test_so_it_is_where_tasks_are_mapped(
        self, kind: type, given: dict[str, Any], wrong: dict[str, Any], new_dag: Any
    ) -> None:
        [name] = wrong
        with new_dag(), pytest.raises(ValueError, match=f"^{name}: "):
            kind.partial(task_id="x", **wrong)  # type: ignore[attr-defined]

    @pytest.mark.parametrize("name", ["memory", "checks"])
    def test_a_value_object_of_another_kind_is_refused(self, name: str) -> None:
        with pytest.raises(ValueError, match=rf"^{name}: expected "):
            IPPanelSendOperator(task_id="x", **SEND, **{name: {"samples": 3}})

    def test_a_message_never_repeats_the_value(self) -> None:
        with pytest.raises(ValueError, match=r"^rate: ") as refused:
            IPPanelSendOperator(task_id="x", **SEND, rate="09120000001x")  # type: ignore[arg-type]
        assert "0912" not in str(refused.value)

    @pytest.mark.parametrize(
        ("name", "given", "read"),
        [
            ("settle", timedelta(minutes=2), 120.0),
            ("settle", "0:02:00", 120.0),
            ("poke_interval", timedelta(seconds=5), 5.0),
            ("concurrency", "8", 8),
            ("fail_on", ["cancelled"], (7,)),
            ("dry_run", "False", False),
            ("allow_empty", 1, True),
        ],
    )
    def test_it_is_read_in_each_form(self, name: str, given: Any, read: Any) -> None:
        task = IPPanelSendOperator(task_id="x", **SEND, **{name: given})
        assert getattr(task, ATTRIBUTES.get(name, name)) == read


class TestTemplates:
    @pytest.mark.parametrize("native", [False, True])
    def test_flags_and_numbers_are_what_they_render_to(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, native: bool
    ) -> None:
        params = {"no": False, "yes": True, "many": 2, "none": None, "span": 1.5, "hours": "01:00-01:01"}
        with new_dag(params=params, render_template_as_native_obj=native) as dag:
            IPPanelSendOperator(
                task_id="send", **SEND, dry_run="{{ params.no }}", wait_for_completion="{{ params.no }}",
                concurrency="{{ params.many }}", rate="{{ params.none }}", settle="{{ params.span }}",
                allow_empty="{{ params.yes }}", quiet_hours="{{ params.hours }}", in_quiet_hours="{{ 'hold' }}",
                on_unconfirmed="{{ 'skip' }}", min_delivered="{{ params.none }}", delivery="{{ 'direct' }}",
            )  # fmt: skip
        run = run_dag(dag)
        assert run.state == "success", run.log
        assert len(sandbox.messages()) == len(PEOPLE)

    def test_a_dry_run_that_renders_to_yes_sends_nothing(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any
    ) -> None:
        book = sandbox.add_phonebook("all", [{"number": "+989120000001"}])["id"]
        with new_dag(params={"dry": True}) as dag:
            IPPanelSendPhonebookOperator(task_id="one", message="x", books=book, dry_run="{{ params.dry }}")
            IPPanelSendOperator(task_id="many", **SEND, dry_run="{{ params.dry }}")
        run = run_dag(dag)
        assert run.state == "success", run.log
        assert [run.results[kind]["dry_run"] for kind in ("one", "many")] == [True, True]
        assert sandbox.messages() == []

    def test_what_renders_to_nonsense_is_refused_before_anything_is_sent(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any
    ) -> None:
        nonsense = {
            "rate": "{{ 0 }}",
            "settle": "{{ -1 }}",
            "dry_run": "{{ 'perhaps' }}",
            "on_unconfirmed": "{{ 'x' }}",
        }
        nonsense["min_delivered"], nonsense["quiet_hours"] = "{{ 7 }}", "{{ 'at night' }}"
        ended = []
        with new_dag() as dag:
            for name, template in nonsense.items():
                IPPanelSendOperator(
                    task_id=name, **SEND, **{name: template}, retries=2, retry_delay=timedelta(0),
                    on_failure_callback=ended.append,
                )  # fmt: skip
        run_dag(dag)
        said = {context["ti"].task_id: (context["ti"].try_number, str(context["exception"])) for context in ended}
        assert said.keys() == nonsense.keys()
        for name, (tries, sentence) in said.items():
            assert (tries, sentence.partition(": ")[0]) == (1, f"connection 'ippanel_default', {name}")
        assert sandbox.stats()["requests"] == {}

    @pytest.mark.parametrize("said", ["None", "", " ", "nan", "null", "NaT", "undefined"])
    @pytest.mark.parametrize(
        "name", ["send_time", "quiet_hours", "dry_run", "allow_empty", "campaign_id", "ledger_conn_id"]
    )
    def test_what_says_nothing_does_not_take_back_what_an_author_asked_for(self, name: str, said: str) -> None:
        """A text of nothing would send now, at night, for good, or to whom another run has reached."""
        task = IPPanelSendOperator(task_id="x", **SEND, **{name: "{{ params.it }}"})
        setattr(task, ATTRIBUTES.get(name, name), None)
        check_fields(task)
        setattr(task, ATTRIBUTES.get(name, name), "{{ params.it }}")
        vars(task)[ATTRIBUTES.get(name, name)] = said
        with pytest.raises(InvalidValue, match=f"^{name}: is a text that says nothing"):
            check_fields(task)
        with pytest.raises(InvalidValue, match=f"^{name}: "):
            IPPanelSendOperator(task_id="x", **SEND, **{name: said})

    def test_fields_that_are_read_can_be_templated_where_authors_would(self) -> None:
        """What only says how to wait, or is read when the DAG is, cannot."""
        kept = {
            *("deferrable", "poke_interval", "timeout", "fail_on", "first_pass", "opt_out_suffix"),
            *("memory", "checks", "results", "only", "cancel_on_kill"),
        }
        for kind in (IPPanelSendOperator, IPPanelSendPhonebookOperator, SqlToIPPanelOperator):
            templated = {ATTRIBUTES.get(name, name) for name, _ in fields_of(kind)} - set(kind.template_fields)
            assert templated == kept & {name for name, _ in fields_of(kind)} | (templated & {"ledger_conn_id"})


class TestDeployment:
    """``[ippanel]`` of Airflow's configuration."""

    def test_it_holds_where_the_task_says_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for option, value in (
            ("SETTLE", "7"),
            ("CONCURRENCY", "3"),
            ("ON_UNCONFIRMED", "skip"),
            ("LEDGER_CONN_ID", "l"),
        ):
            monkeypatch.setenv(f"AIRFLOW__IPPANEL__{option}", value)
        task = IPPanelSendOperator(task_id="x", **SEND)
        assert (task.settle, task.concurrency, task.on_unconfirmed, task.ledger_conn_id) == (7.0, 3, "skip", "l")
        own = IPPanelSendOperator(task_id="y", **SEND, settle=1, concurrency=1, on_unconfirmed="fail")
        assert (own.settle, own.concurrency, own.on_unconfirmed) == (1.0, 1, "fail")

    def test_nonsense_there_is_refused_by_its_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AIRFLOW__IPPANEL__SETTLE", "-5")
        with pytest.raises(ValueError, match=r"^settle: "):
            IPPanelSendOperator(task_id="x", **SEND)
