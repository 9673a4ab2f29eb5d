"""Sends of one request: what all of them share, over the send to a phonebook; then what each has of its own."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from ippanel_provider.client import InvalidInput, edge
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.operators.bank import IPPanelSendBankOperator
from ippanel_provider.operators.file_send import IPPanelSendFileOperator
from ippanel_provider.operators.phonebook import IPPanelSendPhonebookOperator
from ippanel_provider.operators.voice import IPPanelVoiceOtpOperator
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.text.hours import TEHRAN

TEXT = "جلسه فردا ساعت ده برگزار می‌شود"
NUMBERS = ["+989120000001", "+989120000002"]


@pytest.fixture
def book(sandbox: RunningSandbox) -> int:
    """A phonebook with two contacts."""
    hook = IPPanelHook()
    made = hook.run(edge.phonebook.create("مشتریان"))
    hook.run(
        edge.phonebook.add_contacts({"number": number, "phonebook_id": made.id, "name": "آرش"} for number in NUMBERS)
    )
    return made.id


@pytest.fixture
def run_task(new_dag: Any, run_dag: Any) -> Any:
    """Run one task in a DAG of its own."""

    def run(operator: type, **fields: Any) -> Any:
        with new_dag() as dag:
            operator(task_id="send", **fields)
        return run_dag(dag)

    return run


def given(sandbox: RunningSandbox) -> list[str]:
    return sorted(text["recipient"] for text in sandbox.messages())


def sends(sandbox: RunningSandbox) -> int:
    return int(sandbox.stats()["requests"].get("POST /api/send", 0))


def test_it_sends_and_returns_the_id(sandbox: RunningSandbox, book: int, run_task: Any) -> None:
    run = run_task(IPPanelSendPhonebookOperator, message=TEXT, books=book)
    assert run.state == "success", run.log
    assert given(sandbox) == NUMBERS
    assert run.results["send"] == {"outbox_ids": [sandbox.messages()[0]["outbox_id"]]}


@pytest.mark.parametrize(
    "message", ["None", " nan", float("nan"), "#REF!", " \n", "\u200c\ufeff", "سلام\x00", True, ["سلام"], None]
)
def test_a_text_that_nobody_means_is_refused_before_anything_is_asked(
    sandbox: RunningSandbox, run_task: Any, message: Any
) -> None:
    task = IPPanelSendPhonebookOperator(task_id="x", message="{{ params.text }}", books=1)
    task.message = message
    with pytest.raises(InvalidInput, match="message"):
        task.request("+983000505", None)
    task.message = 1404.0
    assert task.body() == "1404"


@pytest.mark.parametrize("deferrable", [False, True])
def test_it_waits_until_it_is_sent(sandbox: RunningSandbox, book: int, run_task: Any, deferrable: bool) -> None:
    sandbox.speed(10)
    run = run_task(
        IPPanelSendPhonebookOperator,
        message=TEXT, books=[book], wait_for_completion=True, deferrable=deferrable, poke_interval=0.05, timeout=20,
    )  # fmt: skip
    sandbox.speed(1)
    assert run.state == "success", run.log
    assert run.results["send"] == {"outbox_ids": [sandbox.messages()[0]["outbox_id"]]}
    assert {text["state_id"] for text in sandbox.messages()} == {6}


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_bulk_that_ends_badly_fails_it(sandbox: RunningSandbox, book: int, run_task: Any, deferrable: bool) -> None:
    sandbox.account(credit=0.0)
    sandbox.speed(10)
    run = run_task(
        IPPanelSendPhonebookOperator,
        message=TEXT, books=[book], wait_for_completion=True, deferrable=deferrable, poke_interval=0.05, timeout=20,
    )  # fmt: skip
    sandbox.speed(1)
    assert run.state == "failed"
    assert "insufficient credit" in run.log


def test_an_answer_that_never_came_is_found_in_the_outbox(sandbox: RunningSandbox, book: int, run_task: Any) -> None:
    sandbox.fault("drop_after", path="/api/send", times=1)
    run = run_task(IPPanelSendPhonebookOperator, message=TEXT, books=book, settle=2)
    assert run.state == "success", run.log
    assert run.results["send"] == {"outbox_ids": [sandbox.messages()[0]["outbox_id"]]}
    assert given(sandbox) == NUMBERS
    assert sends(sandbox) == 1


def test_the_same_text_sent_a_minute_before_is_not_taken_for_the_one_in_doubt(
    sandbox: RunningSandbox, book: int, run_task: Any
) -> None:
    IPPanelHook().run(edge.send.webservice(TEXT, ["09120000009"], sender=sandbox.sender))
    sandbox.fault("status", path="/api/send", status=504, times=1)
    run = run_task(IPPanelSendPhonebookOperator, message=TEXT, books=book, settle=0.3)
    assert run.state == "success"
    assert given(sandbox) == [*NUMBERS, "+989120000009"]


def test_a_send_in_doubt_reaches_nobody_until_the_list_moves_on(
    sandbox: RunningSandbox, book: int, run_task: Any
) -> None:
    sandbox.fault("status", path="^/v1/api/send$", status=504, times=1)
    sandbox.fault("outbox_lag", path="/api/report/new_list", seconds=3600)
    run = run_task(
        IPPanelSendPhonebookOperator, message=TEXT, books=book, settle=0.3, retries=1, retry_delay=timedelta(0)
    )
    assert run.state == "failed"
    assert "left unanswered and nothing tells whether they were accepted" in run.log
    sandbox.advance(3600)
    sandbox.settle()
    assert {text["state_id"] for text in sandbox.messages()} == {7}


def test_a_send_in_doubt_can_be_skipped(sandbox: RunningSandbox, book: int, run_task: Any) -> None:
    sandbox.fault("status", path="/api/send", status=504, times=1)
    run = run_task(IPPanelSendPhonebookOperator, message=TEXT, books=book, settle=0, on_unconfirmed="skip")
    assert run.results["send"] == {"outbox_ids": []}


def test_a_retry_sends_what_did_not_leave(sandbox: RunningSandbox, book: int, run_task: Any) -> None:
    sandbox.fault("refused", path="/api/send", times=1)
    run = run_task(
        IPPanelSendPhonebookOperator, message=TEXT, books=book, settle=0.3, retries=1, retry_delay=timedelta(0)
    )
    assert run.state == "success", run.log
    assert given(sandbox) == NUMBERS


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_retry_after_a_failed_wait_waits_on_and_does_not_send_again(
    sandbox: RunningSandbox, book: int, run_task: Any, deferrable: bool
) -> None:
    sandbox.account(duplicate_guard=0)
    sandbox.speed(0)
    run = run_task(
        IPPanelSendPhonebookOperator,
        message=TEXT, books=book, settle=1, wait_for_completion=True, deferrable=deferrable, poke_interval=0.05,
        timeout=0.2,
        retries=8, retry_delay=timedelta(0), on_retry_callback=lambda _: sandbox.speed(50),
    )  # fmt: skip
    sandbox.speed(1)
    assert run.state == "success", run.log
    assert "the time is up and 1 of 1 bulks are not final" in run.log
    assert sends(sandbox) == 1
    assert sandbox.counts()["duplicates"] == 0
    assert run.results["send"] == {"outbox_ids": [sandbox.messages()[0]["outbox_id"]]}


def test_a_retry_after_its_send_time_does_not_mind_that(sandbox: RunningSandbox, book: int, run_task: Any) -> None:
    """The first try has scheduled it; until the second, its time has come."""
    moment = datetime.fromtimestamp(sandbox.now(), UTC) + timedelta(minutes=6)
    times = iter([moment, moment - timedelta(hours=1)])

    class Scheduled(IPPanelSendPhonebookOperator):
        def moment(self) -> datetime:
            return next(times)

    sandbox.speed(0)
    run = run_task(
        Scheduled,
        message=TEXT, books=book, settle=1, wait_for_completion=True, poke_interval=0.05, timeout=0.2,
        retries=1, retry_delay=timedelta(0), on_retry_callback=lambda _: sandbox.advance(600),
    )  # fmt: skip
    sandbox.speed(1)
    assert run.state == "success", run.log
    assert sends(sandbox) == 1


def rehearsed(run_task: Any, operator: type, **fields: Any) -> dict[str, Any]:
    """What a dry run returns; it has sent nothing, and shown no number."""
    run = run_task(operator, **fields, dry_run=True)
    assert run.state == "success", run.log
    assert (run.results["send"]["dry_run"], run.results["send"]["outbox_ids"]) == (True, [])
    assert "912000000" not in f"{run.log}{run.results}{run.rendered}"
    return dict(run.results["send"])


class TestDryRun:
    """What would be sent, what it costs, and where that is known who would get it."""

    @pytest.fixture(autouse=True)
    def nothing_is_sent(self, sandbox: RunningSandbox) -> Iterator[None]:
        yield
        assert sends(sandbox) == 0
        assert sandbox.messages() == []

    def test_contacts_of_a_phonebook(self, sandbox: RunningSandbox, book: int, run_task: Any) -> None:
        sandbox.account(credit=5000)
        told = rehearsed(run_task, IPPanelSendPhonebookOperator, message=TEXT, books=[book])
        assert [(row["recipient"], row["characters"], row["parts"]) for row in told["preview"]] == [
            ("+98912***0001", len(TEXT), 1),
            ("+98912***0002", len(TEXT), 1),
        ]
        assert (told["recipients"], told["parts"], told["credit"]) == (2, 2, 5000)
        assert told["cost"] == sum(row["cost"] for row in told["preview"]) > 0

    def test_parts_of_a_phonebook_are_as_many_as_are_asked_for(
        self, sandbox: RunningSandbox, book: int, run_task: Any
    ) -> None:
        whom = [{"phonebook_id": book, "start": 0, "size": 1}, {"phonebook_id": book, "number_ids": [1, 2]}]
        told = rehearsed(run_task, IPPanelSendPhonebookOperator, message=TEXT, books=whom)
        assert (told["recipients"], told["parts"], told["parts_each"]) == (3, 3, 1)
        assert told["cost"] == 3 * told["cost_each"] > 0

    def test_texts_made_of_options_are_counted_by_the_phonebook(
        self, sandbox: RunningSandbox, book: int, run_task: Any
    ) -> None:
        told = rehearsed(run_task, IPPanelSendPhonebookOperator, message="سلام {ex_1}", books=book, keywords=True)
        assert told["recipients"] == 2
        assert "preview" not in told

    @pytest.mark.parametrize(
        ("kind", "name", "rows", "message", "lengths"),
        [
            ("numbers", "n.csv", [[NUMBERS[0]], ["0912"], [NUMBERS[1]]], TEXT, (len(TEXT), len(TEXT))),
            (
                "messages",
                "m.csv",
                [["recipient", "message"], [NUMBERS[0], "یک"], ["0912", "x"], [NUMBERS[1], "سه تا"]],
                "",
                (2, 5),
            ),
            ("keyword", "k.xlsx", [[NUMBERS[0], "آرش"], ["0912", "x"], [NUMBERS[1], 10]], "{ex_B} عزیز", (8, 7)),
        ],
    )
    def test_people_in_a_file(
        self,
        sandbox: RunningSandbox,
        run_task: Any,
        tmp_path: Path,
        kind: str,
        name: str,
        rows: Any,
        message: str,
        lengths: Any,
    ) -> None:
        path = tmp_path / name
        if name.endswith("csv"):
            with path.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(rows)
        else:
            workbook = Workbook()
            for row in rows:
                workbook.active.append(row)
            workbook.save(path)
        told = rehearsed(run_task, IPPanelSendFileOperator, message=message, path=str(path), kind=kind)
        assert [(row["recipient"], row["characters"]) for row in told["preview"]] == [
            ("+98912***0001", lengths[0]),
            ("+98912***0002", lengths[1]),
        ]
        assert [reject["reason"][:28] for reject in told["rejects"]] == ["the number has too few digit"]
        assert told["cost"] > 0

    def test_people_beside_those_in_a_file(self, sandbox: RunningSandbox, run_task: Any, tmp_path: Path) -> None:
        (tmp_path / "n.csv").write_text(f"{NUMBERS[0]}\n")
        others = ["09120000002", NUMBERS[0]]
        told = rehearsed(
            run_task, IPPanelSendFileOperator, message=TEXT, path=str(tmp_path / "n.csv"), other_recipients=others
        )
        assert told["recipients"] == 2

    def test_one_who_is_called(self, sandbox: RunningSandbox, run_task: Any) -> None:
        told = rehearsed(run_task, IPPanelVoiceOtpOperator, code="48213", recipient="09120000001")
        assert [(row["recipient"], row["characters"]) for row in told["preview"]] == [("+98912***0001", 5)]
        assert (told["recipients"], told["cost"]) == (1, None)

    def test_people_only_the_service_knows_are_as_many_as_are_asked_for(
        self, sandbox: RunningSandbox, run_task: Any
    ) -> None:
        choices = [{"postal_code": "19", "mci": {"size": 2}, "irancell": {"size": 3}}]
        fields = {"kind": "postal_code", "choices": choices, "other_recipients": ["09120000001"]}
        sandbox.account(lines=["+98BANK"])
        told = rehearsed(run_task, IPPanelSendBankOperator, message=TEXT, **fields)
        assert (told["recipients"], told["parts"]) == (6, 6)

    def test_what_is_wrong_is_named_as_for_a_send(self, sandbox: RunningSandbox, run_task: Any) -> None:
        run = run_task(IPPanelVoiceOtpOperator, code="12345678901234567", recipient="09120000001", dry_run=True)
        assert run.state == "failed"
        assert "digits" in run.log


@pytest.mark.parametrize("as_text", [False, True])
def test_it_can_be_scheduled(sandbox: RunningSandbox, book: int, run_task: Any, as_text: bool) -> None:
    moment = datetime.fromtimestamp(int(sandbox.now()) + 3600, UTC)
    run = run_task(
        IPPanelSendPhonebookOperator, message=TEXT, books=book, send_time=moment.isoformat() if as_text else moment
    )
    assert run.state == "success", run.log
    assert sandbox.messages()[0]["send_time"] == moment.timestamp()


def test_in_quiet_hours_it_is_scheduled_for_their_end(sandbox: RunningSandbox, book: int, run_task: Any) -> None:
    now = datetime.now(TEHRAN)
    end = (now + timedelta(hours=22)).replace(second=0, microsecond=0)
    hours = f"{now - timedelta(hours=1):%H:%M}-{end:%H:%M}"
    run = run_task(IPPanelSendPhonebookOperator, message=TEXT, books=book, quiet_hours={sandbox.sender: hours})
    assert run.state == "success", run.log
    assert sandbox.messages()[0]["send_time"] == end.timestamp()


def test_out_of_quiet_hours_it_goes_out_at_once(sandbox: RunningSandbox, book: int, run_task: Any) -> None:
    now = datetime.now(TEHRAN)
    hours = f"{now + timedelta(hours=2):%H:%M}-{now + timedelta(hours=3):%H:%M}"
    run_task(IPPanelSendPhonebookOperator, message=TEXT, books=book, quiet_hours=hours)
    assert sandbox.messages()[0]["send_time"] == sandbox.messages()[0]["time"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"message": ""}, "message: the text is empty"),
        ({"message": "x" * 1401}, "message: the text has 1401 characters"),
        ({"books": []}, "books: it is empty"),
        ({"books": "seven"}, "books[0]"),
        ({"books": "{{ [1] }}"}, "books: the template rendered to text"),
        ({"send_time": "{{ 'tomorrow' }}"}, "send_time: is no time"),
        ({"send_time": "{{ '2030-01-01' }}T00:00:00"}, "send_time: has no time zone"),
        ({"send_time": "2020-01-01T00:00:00+00:00"}, "send_time: it must be at least 5 minutes ahead"),
        ({"quiet_hours": "{{ 'night' }}"}, "quiet_hours: give it as 22:00-08:00"),
        ({"sender": "no line"}, "sender: "),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_sent(
    sandbox: RunningSandbox, run_task: Any, fields: dict[str, Any], said: str
) -> None:
    run = run_task(IPPanelSendPhonebookOperator, **({"message": TEXT, "books": 7} | fields))
    assert run.state == "failed"
    assert said in run.log
    assert sends(sandbox) == 0


def test_no_number_and_no_text_is_shown(sandbox: RunningSandbox, run_task: Any) -> None:
    run = run_task(IPPanelVoiceOtpOperator, code="48213", recipient="09120000001")
    assert run.state == "success", run.log
    for secret in ("48213", "9120000001"):
        assert secret not in f"{run.log}{run.results}{run.rendered}"


def test_a_part_of_a_phonebook(sandbox: RunningSandbox, book: int, run_task: Any) -> None:
    run_task(IPPanelSendPhonebookOperator, message=TEXT, books={"phonebook_id": book, "start": 0, "size": 1})
    assert len(given(sandbox)) == 1


def test_a_text_of_their_own_from_the_options_of_contacts(sandbox: RunningSandbox, run_task: Any) -> None:
    hook = IPPanelHook()
    option = hook.run(edge.phonebook.create_option("شهر", "string"))
    made = hook.run(edge.phonebook.create("مشتریان", [option.id]))
    hook.run(
        edge.phonebook.add_contacts([{"number": NUMBERS[0], "phonebook_id": made.id, "options": {option.id: "تبریز"}}])
    )
    run = run_task(IPPanelSendPhonebookOperator, message=f"سلام از {{ex_{option.id}}}", books=made.id, keywords=True)
    assert run.state == "success", run.log
    assert [text["text"] for text in sandbox.messages()] == ["سلام از تبریز"]


def test_a_file_of_numbers(sandbox: RunningSandbox, run_task: Any, tmp_path: Path) -> None:
    with (tmp_path / "numbers.csv").open("w", newline="") as file:
        csv.writer(file).writerows([[number] for number in NUMBERS])
    run = run_task(
        IPPanelSendFileOperator, message=TEXT, path=str(tmp_path / "numbers.csv"), other_recipients=["09120000003"]
    )
    assert run.state == "success", run.log
    assert given(sandbox) == [*NUMBERS, "+989120000003"]


def test_a_file_of_texts(sandbox: RunningSandbox, run_task: Any, tmp_path: Path) -> None:
    with (tmp_path / "texts.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("recipient", "message"), (NUMBERS[0], "یک"), (NUMBERS[1], "دو")])
    run = run_task(IPPanelSendFileOperator, path=str(tmp_path / "texts.csv"), kind="messages")
    assert len(run.results["send"]["outbox_ids"]) == 2
    assert sorted((text["recipient"], text["text"]) for text in sandbox.messages()) == [
        (NUMBERS[0], "یک"),
        (NUMBERS[1], "دو"),
    ]


def test_a_file_of_keywords(sandbox: RunningSandbox, run_task: Any, tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.active.append([NUMBERS[0], "آرش", 10])
    workbook.active.append([NUMBERS[1], "بهار", 20])
    workbook.save(tmp_path / "keywords.xlsx")
    run = run_task(
        IPPanelSendFileOperator,
        message="{ex_B} عزیز، {ex_C} امتیاز",
        path=str(tmp_path / "keywords.xlsx"),
        kind="keyword",
    )
    assert run.state == "success", run.log
    assert sorted(text["text"] for text in sandbox.messages()) == ["آرش عزیز، 10 امتیاز", "بهار عزیز، 20 امتیاز"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"path": "no-such.csv"}, "file"),
        ({"path": "numbers.txt"}, "its name ends in .csv or .xlsx"),
        ({"kind": "messages"}, "message: the texts are in the file"),
        (
            {"kind": "keyword", "other_recipients": ["09120000001"]},
            "other_recipients: only the kind 'numbers' takes them",
        ),
    ],
)
def test_a_wrong_file_is_named_and_nothing_is_sent(
    sandbox: RunningSandbox,
    run_task: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, Any],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("numbers.csv", "numbers.txt"):
        (tmp_path / name).write_text("+989120000001\n")
    given = {"message": TEXT, "path": "numbers.csv"} | fields
    run = run_task(IPPanelSendFileOperator, **(given | {"path": str(tmp_path / given["path"])}))
    assert run.state == "failed"
    assert said in run.log
    assert sends(sandbox) == 0


@pytest.mark.parametrize(
    ("kind", "choice", "line"),
    [
        ("postal_code", {"postal_code": "19", "mci": {"size": 2}}, "+98BANK"),
        ("country", {"province_id": "first", "pre": "912", "mci": {"size": 1}}, "+98BANK"),
        ("geolocation", {"province_id": "first", "mci": {"size": 1}}, "+983000505"),
        ("job", {"main_category_id": "first", "mci": {"size": 1}}, "+98PRO"),
    ],
)
def test_people_the_service_knows(
    sandbox: RunningSandbox, run_task: Any, kind: str, choice: dict[str, Any], line: str
) -> None:
    sandbox.account(lines=["+98BANK", "+98PRO"])
    for field, call in (("province_id", edge.bank.provinces), ("main_category_id", edge.bank.job_categories)):
        if field in choice:
            choice = choice | {field: IPPanelHook().run(call())[0].id}
    run = run_task(IPPanelSendBankOperator, message=TEXT, kind=kind, choices=choice)
    assert run.state == "success", run.log
    assert {text["sender"] for text in sandbox.messages()} == {line}


def test_a_code_is_read_out(sandbox: RunningSandbox, run_task: Any) -> None:
    run = run_task(IPPanelVoiceOtpOperator, code="{{ 48000 + 213 }}", recipient="۰۹۱۲۰۰۰۰۰۰۱")
    assert run.state == "success", run.log
    assert [(text["recipient"], text["text"], text["type"]) for text in sandbox.messages()] == [
        ("+989120000001", "48213", "sendvoice")
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda: IPPanelSendFileOperator(task_id="send", path="x", kind="numbrs"),
        lambda: IPPanelSendBankOperator(task_id="send", message="x", kind="town", choices=[]),
        lambda: IPPanelSendPhonebookOperator(task_id="send", message="x", books=1, on_unconfirmed="retry"),
        lambda: IPPanelSendPhonebookOperator(task_id="send", message="x", books=1, on_clear="forget"),
    ],
)
def test_what_can_be_known_when_the_dag_is_read_is_refused_then(make: Any) -> None:
    with pytest.raises(ValueError, match="expected one of"):
        make()
