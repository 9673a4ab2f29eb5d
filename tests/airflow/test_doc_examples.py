"""The examples that the pages of the documentation include do what the pages say."""

from __future__ import annotations

import csv
import importlib.util
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from ippanel_provider.client import edge
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.sandbox.runner import RunningSandbox

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
KINDS = {"name": "string", "order": "integer"}
ARASH, BAHAR, DARA = "+989120000001", "+989120000002", "+989120000003"


def example(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"docs_example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.dag


@pytest.fixture
def service(sandbox: RunningSandbox) -> RunningSandbox:
    """Bulks are final at once, so that no example waits."""
    sandbox.pace(0)
    return sandbox


def approved_pattern(sandbox: RunningSandbox) -> str:
    code = (
        IPPanelHook()
        .run(edge.pattern.create("%name% عزیز، سفارش %order% ثبت شد", description="x", variables=KINDS))
        .code
    )
    sandbox.approve(code)
    return code


def test_the_first_dag(service: RunningSandbox, run_dag: Any) -> None:
    run = run_dag(example("hello"))
    assert run.state == "success", run.log
    assert {text["recipient"] for text in service.messages()} == {ARASH, BAHAR}


def test_every_way_to_send(service: RunningSandbox, run_dag: Any, tmp_path: Path) -> None:
    service.account(lines=[service.sender, "+98BANK"])
    (tmp_path / "numbers.csv").write_text(f"{ARASH}\n{DARA}\n")
    run = run_dag(
        example("sending"),
        pattern=approved_pattern(service),
        book=service.add_phonebook("Members", [{"number": BAHAR}])["id"],
        numbers_csv=str(tmp_path / "numbers.csv"),
        report_csv=str(tmp_path / "report.csv"),
    )
    assert run.states == dict.fromkeys(run.states, "success"), run.log
    texts = {(text["recipient"], text["text"]) for text in service.messages()}
    assert {(number, "انبار فردا بسته است") for number in (ARASH, BAHAR, DARA)} <= texts
    assert (ARASH, "آرش عزیز، نوبت شما فردا ساعت ۱۰ است") in texts
    assert (BAHAR, "بهار عزیز، سفارش 1043 ثبت شد") in texts
    assert (BAHAR, "جلسه فردا ساعت ده برگزار می‌شود") in texts
    assert (DARA, "فروشگاه ما جابه‌جا شد") in texts
    assert (ARASH, "48151") in texts
    assert sum("رستوران" in text for _, text in texts) == 20
    # What was scheduled for tomorrow was taken back.
    assert run.results["take_back"] == run.results["tomorrow"]["outbox_ids"]
    assert run.results["enough"] > 100_000
    assert run.results["price"]["parts"] == 1
    with (tmp_path / "report.csv").open() as file:
        assert {row["recipient"] for row in csv.DictReader(file)} == {ARASH, BAHAR, DARA}


def test_the_panel(service: RunningSandbox, run_dag: Any, tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["number", "name"])
    book.active.append([BAHAR, "بهار"])
    book.save(tmp_path / "contacts.xlsx")
    service.inbox(ARASH, "بله، می‌آیم")
    reviewer = threading.Thread(target=approve_what_comes, args=(service,))
    reviewer.start()
    run = run_dag(
        example("panel"),
        book=service.add_phonebook("Members", [{"number": ARASH, "name": "آرش"}])["id"],
        contacts_xlsx=str(tmp_path / "contacts.xlsx"),
        contacts_csv=str(tmp_path / "contacts.csv"),
        inbox_jsonl=str(tmp_path / "inbox.jsonl"),
        old_pattern="no-such-pattern",
    )
    reviewer.join()
    assert run.states == dict.fromkeys(run.states, "success"), run.log
    assert ARASH in (tmp_path / "contacts.csv").read_text()
    assert json.loads((tmp_path / "inbox.jsonl").read_text())["message"] == "بله، می‌آیم"
    assert [found["title"] for found in run.results["titles"]] == ["Members"]
    assert len(run.results["provinces"]) > 1
    assert len(run.results["answer"]["inbox_ids"]) == 1
    pattern = IPPanelHook().run(edge.pattern.get(run.results["create"]))
    assert (pattern.status, "شماره" in pattern.message) == ("pending", True)


def approve_what_comes(sandbox: RunningSandbox) -> None:
    """The reviewer approves the first pattern that is handed in."""
    client = IPPanelHook().get_conn()
    for _ in range(600):
        for pattern in client.run(edge.pattern.list()).items:
            sandbox.approve(pattern.code)
            return
        threading.Event().wait(0.1)


def test_a_campaign_from_a_file(service: RunningSandbox, run_dag: Any, tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(
        f"name,mobile,points\nآرش,{ARASH},10\nبهار,0912 000 0002,20\nدارا,{DARA},30\nنادر,12345,5\n"
    )
    (tmp_path / "never.csv").write_text(f"mobile\n{DARA}\n")
    run = run_dag(
        example("campaign"),
        customers=str(tmp_path / "customers.csv"),
        never=str(tmp_path / "never.csv"),
        book=service.add_phonebook("Never", [{"number": BAHAR}])["id"],
        rejects=str(tmp_path / "rejects.csv"),
    )
    assert run.states == dict.fromkeys(run.states, "success"), run.log
    assert run.results["preview"]["outbox_ids"] == []
    assert (run.results["send"]["accepted"], run.results["send"]["rejected"]) == (3, 1)
    assert (run.results["careful"]["accepted"], run.results["careful"]["suppressed"]) == (1, 2)
    with (tmp_path / "rejects.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 3
    assert (BAHAR, "بهار عزیز، بستهٔ شما در راه است. فروشگاه آبان") in {
        (text["recipient"], text["text"]) for text in service.messages()
    }
