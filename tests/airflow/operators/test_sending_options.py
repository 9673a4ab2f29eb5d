"""What every sending task can do besides: leave people out, write rejects down, look at the credit, try it dry."""

from __future__ import annotations

import csv
import json
import sqlite3
import stat
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import task

from ippanel_provider.client import edge
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.operators.suppress import InFile, InPhonebook, InTable, OptedOut
from ippanel_provider.options import Checks
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.transfers.sql_to_ippanel import SqlToIPPanelOperator
from ippanel_provider.values import InvalidValue

PASSWORD = "sandbox-password"
TEXT = "فروش ویژه از فردا"
PEOPLE = [f"0912000000{n}" for n in range(1, 8)]


def reached(sandbox: RunningSandbox) -> list[str]:
    return sorted(text["recipient"] for text in sandbox.messages())


def sending(**fields: Any) -> IPPanelSendOperator:
    return IPPanelSendOperator(**({"task_id": "send", "message": TEXT, "recipients": PEOPLE} | fields))


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with one person who wants no texts."""
    with closing(sqlite3.connect(tmp_path / "w.sqlite")) as database, database:
        database.execute("CREATE TABLE do_not_text (mobile TEXT)")
        database.execute("INSERT INTO do_not_text VALUES ('+98 912 000 0003')")
    monkeypatch.setenv(
        "AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "w.sqlite")})
    )
    return "warehouse"


class TestSuppression:
    def test_every_kind_of_list(
        self, sandbox: RunningSandbox, warehouse: str, new_dag: Any, run_dag: Any, tmp_path: Path
    ) -> None:
        hook = IPPanelHook()
        sandbox.inbox("+989120000001", "لغو ۱۱")
        book = hook.run(edge.phonebook.create("بدون پیامک"))
        hook.run(edge.phonebook.add_contacts([{"number": "09120000002", "phonebook_id": book.id}]))
        (tmp_path / "out.csv").write_text("name,mobile\nx,۰۹۱۲۰۰۰۰۰۰۴\n", encoding="utf-8")
        with new_dag(params={"book": book.id}) as dag:

            @task(show_return_value_in_logs=False)
            def complaints() -> list[int]:
                return [9120000005]

            sending(
                suppress=[
                    OptedOut(),
                    InPhonebook("{{ params.book }}"),
                    InTable("SELECT mobile FROM do_not_text", warehouse),
                    InFile(str(tmp_path / "out.csv"), column="mobile"),
                    complaints(),
                    "09120000006",
                ],
                rejects_path=str(tmp_path / "{{ dag.dag_id }}" / "rejects.csv"),
            )
        run = run_dag(dag)
        assert run.state == "success"
        assert reached(sandbox) == ["+989120000007"]
        assert (run.results["send"]["suppressed"], run.results["send"]["rejected"], run.results["send"]["rejects"]) == (
            6,
            0,
            [],
        )
        assert (tmp_path / dag.dag_id / "rejects.csv").read_text(encoding="utf-8").splitlines() == [
            "line,reason",
            "1,the recipient has opted out by a text to the line",
            f'2,"the recipient is in phonebook {book.id}, which gets no texts"',
            "3,the recipient is on the list in warehouse of who gets no texts",
            "4,the recipient is in the file of who gets no texts",
            "5,the recipient is on the task's list of who gets no texts",
            "6,the recipient is on the task's list of who gets no texts",
        ]
        assert "912000000" not in f"{run.log}{run.results['send']}{run.rendered['send']}"

    @pytest.mark.parametrize("how", [{}, {"login": "ippanel", "password": PASSWORD}, {"extra": {"api": "rest"}}])
    def test_the_next_run_reads_the_inbox_on_and_heeds_the_last_word(
        self, sandbox: RunningSandbox, connect: Any, new_dag: Any, run_dag: Any, how: dict[str, Any]
    ) -> None:
        connect(**how)
        sandbox.inbox("+989120000001", "لغو")
        sandbox.inbox("+989120000002", "Stop. Thank you")
        with new_dag() as dag:
            sending(recipients=PEOPLE[:3], suppress=[OptedOut()])
        assert run_dag(dag).results["send"]["suppressed"] == 2
        sandbox.inbox("+989120000001", "۱۲")
        sandbox.inbox("+989120000003", "11")
        with new_dag() as dag:
            sending(recipients=PEOPLE[:3], suppress=[OptedOut()])
        assert run_dag(dag).results["send"]["suppressed"] == 2
        assert reached(sandbox) == ["+989120000001", "+989120000003"]

    @pytest.mark.parametrize(
        ("suppress", "said"),
        [
            (
                [InPhonebook(4711)],
                "suppress, InPhonebook: it cannot be read, and nothing is sent without it. phonebook_id: there is no",
            ),
            (
                [InTable("SELECT mobile FROM nowhere", "warehouse")],
                "suppress, InTable: it cannot be read, and nothing is sent without it.",
            ),
            (
                [OptedOut(), InFile("nowhere.csv")],
                "suppress, InFile: it cannot be read, and nothing is sent without it.",
            ),
            ([3.5], "suppress: float is neither"),
        ],
    )
    def test_nothing_is_sent_without_a_list(
        self, sandbox: RunningSandbox, warehouse: str, new_dag: Any, run_dag: Any, suppress: Any, said: str
    ) -> None:
        with new_dag() as dag:
            sending(suppress=suppress)
        run = run_dag(dag)
        assert run.state == "failed"
        assert said in run.log
        assert sandbox.messages() == []

    def test_an_inbox_that_cannot_be_read_stops_it(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
        sandbox.fault("refused", path="messages-inbox")
        with new_dag() as dag:
            sending(suppress=[OptedOut()])
        run = run_dag(dag)
        assert run.state == "failed"
        assert "suppress, OptedOut: it cannot be read, and nothing is sent without it." in run.log
        assert sandbox.messages() == []

    def test_if_nobody_is_left_the_task_has_done_its_work(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any
    ) -> None:
        with new_dag() as dag:
            sending(suppress=PEOPLE)
        run = run_dag(dag)
        assert run.state == "success"
        assert (run.results["send"]["accepted"], run.results["send"]["suppressed"]) == (0, 7)


class TestRejects:
    def test_numbers_are_in_the_file_only_if_that_is_wanted(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path
    ) -> None:
        # Both tasks send the same text to the same people.
        sandbox.account(duplicate_guard=0)
        with new_dag() as dag:
            bad = ["0912", *PEOPLE, "02100000000"]
            sending(task_id="without", recipients=bad, rejects_path=str(tmp_path / "without.jsonl"))
            # Another text: the service holds off the same one to the same people.
            path = str(tmp_path / "with.jsonl")
            sending(task_id="with", message="سلام", recipients=bad, rejects_path=path, rejects_with_numbers=True)
        assert run_dag(dag).state == "success"
        without, given = (
            [json.loads(line) for line in (tmp_path / f"{name}.jsonl").read_text().splitlines()]
            for name in ("without", "with")
        )
        assert [sorted(entry) for entry in without] == [["line", "reason"]] * 2
        assert [(entry["line"], entry["recipient"]) for entry in given] == [(1, "0912"), (9, "02100000000")]

    def test_they_are_written_when_nobody_can_get_a_text(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path
    ) -> None:
        with new_dag() as dag:
            sending(recipients=["0912"], rejects_path=str(tmp_path / "rejects.csv"))
        assert run_dag(dag).state == "failed"
        assert (tmp_path / "rejects.csv").read_text().startswith("line,reason\n1,the number has too few digits")

    def test_what_fails_before_it_begins_leaves_the_file_of_an_earlier_try(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path
    ) -> None:
        (tmp_path / "rejects.csv").write_text("earlier")
        sandbox.account(credit=0)
        with new_dag() as dag:
            sending(recipients=["0912", *PEOPLE], rejects_path=str(tmp_path / "rejects.csv"))
        assert run_dag(dag).state == "failed"
        assert (tmp_path / "rejects.csv").read_text() == "earlier"


class TestCredit:
    def test_too_little_is_named_and_nothing_is_sent(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
        sandbox.account(credit=7000)
        with new_dag() as dag:
            sending()
        run = run_dag(dag)
        assert run.state == "failed"
        assert (
            "credit: the account has 7,000 rial, and what is to be sent (7 recipients, 7 parts) costs about 9,311"
            in run.log
        )
        assert sandbox.messages() == []

    def test_the_suffix_counts(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
        with new_dag() as dag:
            sending(message="ا" * 66, opt_out_suffix=True)
        assert run_dag(dag).results["send"]["parts"] == 14


class TestEmpty:
    def test_a_part_may_be_empty(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
        with new_dag() as dag:
            sending(recipients=[], allow_empty=True)
        run = run_dag(dag)
        assert run.state == "success"
        assert (run.results["send"]["rows"], run.results["send"]["outbox_ids"]) == (0, [])


class TestDryRun:
    def test_it_says_who_would_get_what_and_sends_nothing(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any
    ) -> None:
        sandbox.account(credit=9000)
        with new_dag(params={"dry": True}) as dag:
            sending(
                message=None,
                recipients=None,
                messages=[
                    ("09120000001", "ا" * 71),
                    ("09350000002", "hello"),
                    ("0912", "سلام"),
                    ("09120000003", "سلام"),
                ],
                suppress=["09120000003"],
                dry_run="{{ params.dry }}",
            )
        run = run_dag(dag)
        assert run.state == "success"
        assert sandbox.messages() == []
        assert sandbox.stats()["requests"].get("POST /api/send", 0) == 0
        result = run.results["send"]
        assert result["preview"] == [
            {
                "line": 1,
                "recipient": "+98912***0001",
                "characters": 71,
                "encoding": "UCS-2",
                "parts": 2,
                "cost": 2660.2,
            },
            {"line": 2, "recipient": "+98935***0002", "characters": 5, "encoding": "GSM-7", "parts": 1, "cost": 2350.8},
        ]
        counted = {
            name: result[name]
            for name in ("rows", "recipients", "suppressed", "rejected", "parts", "cost", "credit", "outbox_ids")
        }
        assert counted == {
            "rows": 4,
            "recipients": 2,
            "suppressed": 1,
            "rejected": 1,
            "parts": 3,
            "cost": 5011.0,
            "credit": 9000.0,
            "outbox_ids": [],
        }
        assert "Row 1: +98912***0001 would get a text of 71 characters, 2 parts (UCS-2), about 2,660 rial." in run.log
        assert "9120000001" not in f"{run.log}{run.results}{run.rendered}"

    def test_samples_go_into_a_file_for_its_owner_and_into_the_log_only_where_texts_may_be_seen(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path
    ) -> None:
        messages = [(f"0912{n:07d}", "سلام " * (1 + n % 7)) for n in range(40)]
        checks = Checks(samples=3, samples_path=str(tmp_path / "{{ dag.dag_id }}.csv"))
        for shown in (False, True):
            with new_dag() as dag:
                sending(
                    message=None, recipients=None, messages=messages, dry_run=True, checks=checks, show_rendered=shown
                )
            run = run_dag(dag)
            path = tmp_path / f"{dag.dag_id}.csv"
            with path.open(encoding="utf-8") as file:
                assert [row["kind"] for row in csv.DictReader(file)] == ["first", "longest", "at random"]
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert ("سلام سلام" in run.log) == shown
            assert "Row 10: " in run.log
            assert "30 more would get one." in run.log
            assert "سلام" not in str(run.results)

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"send_time": "2025-01-01T10:00+03:30"}, "send_time: it must be at least 5 minutes ahead"),
            ({"send_time": "2099-01-01T10:00+03:30"}, "send_time: it must be at most 90 days ahead"),
            ({"send_time": "2025-01-01T10:00+03:30", "delivery": "scheduled"}, "at least 15 minutes ahead"),
        ],
    )
    def test_it_refuses_a_time_that_the_send_would_be_refused_for(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, given: dict[str, Any], said: str
    ) -> None:
        with new_dag() as dag:
            sending(dry_run=True, **given)
        run = run_dag(dag)
        assert run.state == "failed"
        assert said in run.log

    def test_it_groups_rejects_by_reason(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
        with new_dag() as dag:
            sending(recipients=["0912"] * 30 + ["09120000001", ""], dry_run=True)
        run = run_dag(dag)
        assert list(run.results["send"]["reasons"].values()) == [30, 1]
        assert "1 rows get no text: the number is empty." in run.log

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"recipients": []}, "recipients: there are none; the source is empty"),
            ({"recipients": ["0912", "021"]}, "recipients: none of the 2 rows can get a text"),
            ({"checks": Checks(max_cost=100)}, "max_cost: what is to be sent"),
            ({"credit": 100}, "credit: the account has 100 rial, and what"),
            ({"credit": 100, "first_pass": False}, "credit: the account has 100 rial, and "),
            ({"api": "rest", "send_time": "2026-11-30T10:00+03:30"}, "send: the legacy REST API sends at once only"),
            ({"suppress": "None"}, "suppress: is a text that says nothing"),
            ({"checks": Checks(samples=1, samples_path="samples.txt")}, "samples_path: let it end in .csv, .jsonl"),
        ],
    )
    def test_it_fails_where_the_send_would(
        self, sandbox: RunningSandbox, connect: Any, new_dag: Any, run_dag: Any, fields: dict[str, Any], said: str
    ) -> None:
        sandbox.account(credit=fields.get("credit", 10**9))
        connect(extra={"api": fields.get("api", "edge")})
        given = {name: value for name, value in fields.items() if name not in {"credit", "api"}}
        for dry in (True, False) if "samples" not in said else (True,):
            with new_dag() as dag:
                sending(**given, dry_run=dry)
            run = run_dag(dag)
            assert run.state == "failed"
            assert said in run.log
            assert sandbox.messages() == []

    def test_an_empty_source_that_is_allowed_to_be_is_no_failure(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any
    ) -> None:
        with new_dag() as dag:
            sending(recipients=[], allow_empty=True, dry_run=True)
        assert run_dag(dag).state == "success"

    def test_a_template_that_says_no_sends(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
        with new_dag(params={"dry": False}) as dag:
            sending(dry_run="{{ params.dry }}")
        assert run_dag(dag).state == "success"
        assert len(reached(sandbox)) == 7

    def test_a_ledger_in_sql_says_who_has_got_it_before(
        self, sandbox: RunningSandbox, warehouse: str, new_dag: Any, run_dag: Any
    ) -> None:
        ledger = {"ledger_conn_id": warehouse, "campaign_id": "sale"}
        with new_dag() as dag:
            sent = sending(task_id="sent", recipients=PEOPLE[:5], **ledger)
            sent >> sending(dry_run=True, **ledger)
        result = run_dag(dag).results["send"]
        assert (result["known"], result["recipients"]) == (5, 2)


class TestChecks:
    def test_texts_with_errors_are_refused_row_by_row_where_that_is_asked_for(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any
    ) -> None:
        messages = [("09120000001", "سلام None"), ("09120000002", "سلام آرش")]
        with new_dag() as dag:
            sending(message=None, recipients=None, messages=messages, checks=Checks(lint="refuse"))
        run = run_dag(dag)
        assert reached(sandbox) == ["+989120000002"]
        (reject,) = run.results["send"]["rejects"]
        assert (reject["line"], "leftover" in reject["reason"]) == (1, True)
        with pytest.raises(InvalidValue, match=r"message: .*leftover"):
            sending(message="سلام None", checks=Checks(lint="refuse"))

    def test_otherwise_they_are_warned_of_by_rule(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
        with (
            pytest.warns(UserWarning, match="IPPanelSendOperator, message: error leftover: holds None") as told,
            new_dag() as dag,
        ):
            sending(message="سلام None")
        assert told[0].filename == __file__
        run = run_dag(dag)
        assert "lint: 1 of 1 texts: error leftover" in run.log
        assert len(reached(sandbox)) == len(PEOPLE)

    def test_texts_that_stand_in_the_dag_are_looked_at_when_it_is_parsed(self) -> None:
        transfer = {"task_id": "x", "sql": "SELECT 1", "sql_conn_id": "x"}
        with pytest.warns(UserWarning, match=r"SqlToIPPanelOperator, row_message: style no-fallback: \{\{ row.name"):
            SqlToIPPanelOperator(**transfer, row_message="{{ row.name }} عزیز")
        with pytest.warns(UserWarning, match="IPPanelSendOperator, message: error refused-word"):
            IPPanelSendOperator.partial(task_id="x", message="شما برنده شدید", show_rendered=True)
        with pytest.raises(InvalidValue, match=r"^message: says برنده"):
            IPPanelSendOperator.partial(task_id="x", message="شما برنده شدید", checks=Checks(lint="refuse"))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            sending(message="سلام None", checks=Checks(lint="off"))
            sending(message="{{ var.value.text }}")
            SqlToIPPanelOperator(**transfer, row_message="{{ row.name or 'مشتری' }} عزیز")

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"null_values": "NULL"}, "null_values: expected a list of words"),
            ({"samples": -1}, "samples: "), ({"lint": "strict"}, "lint: expected one of warn, refuse, off"),
            ({"max_cost": "free"}, "max_cost: "), ({"max_cost": float("nan")}, "max_cost: "),
        ],
    )  # fmt: skip
    def test_what_cannot_be_is_refused_by_name(self, fields: dict[str, Any], said: str) -> None:
        with pytest.raises(InvalidValue, match=f"^{said}"):
            Checks(**fields)


class TestConnection:
    """What the connection says by line holds where the task says nothing."""

    @pytest.mark.parametrize("given", ["true", True, "+983000505", "3000505, 3000506", ["+983000505"]])
    def test_the_suffix_of_a_line(
        self, connect: Any, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, given: Any
    ) -> None:
        connect(extra={"opt_out_suffix": given, "sender": "+983000505"})
        with new_dag() as dag:
            sending(message="ا" * 66)
            sending(task_id="own", message="ا" * 65 + "ب", opt_out_suffix=False)
        run = run_dag(dag)
        assert run.state == "success", run.log
        assert (run.results["send"]["parts"], run.results["own"]["parts"]) == (14, 7)

    @pytest.mark.parametrize("given", ["00:00-23:59", {"3000505": "00:00-23:59"}, '{"+983000505": "00:00-23:59"}'])
    def test_the_quiet_hours_of_a_line(
        self, connect: Any, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, given: Any
    ) -> None:
        connect(extra={"quiet_hours": given, "sender": "+983000505"})
        with new_dag() as dag:
            sending(recipients=PEOPLE[:1])
        run = run_dag(dag)
        assert run.state == "success", run.log
        [text] = sandbox.messages()
        assert text["send_time"] > text["time"]

    @pytest.mark.parametrize(
        ("field", "given"),
        [("quiet_hours", "at night"), ("quiet_hours", "{x"), ("opt_out_suffix", {"a": 1}), ("quiet_hours", {"a": 3})],
    )
    def test_nonsense_is_refused_by_its_field(
        self, connect: Any, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, field: str, given: Any
    ) -> None:
        connect(extra={field: given})
        with new_dag() as dag:
            sending()
        run = run_dag(dag)
        assert run.state == "failed"
        assert f"connection 'ippanel_default', {field}: " in run.log
        assert sandbox.stats()["requests"] == {}
