"""The delivery report, over the sandbox."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.client import edge
from ippanel_provider.exceptions import InvalidArgument, RequestRefused
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.operators.report import IPPanelDeliveryReportOperator
from ippanel_provider.sandbox.runner import RunningSandbox


def send(sandbox: RunningSandbox, *recipients: str, text: str = "سلام") -> int:
    return IPPanelHook().run(edge.send.webservice(text, recipients, sender=sandbox.sender)).outbox_ids[0]


def report(path: Path, **fields: Any) -> dict[str, Any]:
    return IPPanelDeliveryReportOperator(task_id="report", path=str(path), **fields).execute({})


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_recipient_has_a_row_with_what_became_of_it(sandbox: RunningSandbox, tmp_path: Path) -> None:
    first = send(sandbox, "09120000001", "09120000993")
    second = send(sandbox, "09120000994", text="دوم")
    sandbox.settle()
    counts = report(tmp_path / "report.csv", outbox_ids=[first, second])
    assert rows(tmp_path / "report.csv") == [
        {"outbox_id": str(first), "recipient": "+989120000001", "status": "delivered", "parts": "1"},
        {"outbox_id": str(first), "recipient": "+989120000993", "status": "not_delivered", "parts": "1"},
        {"outbox_id": str(second), "recipient": "+989120000994", "status": "blacklisted", "parts": "1"},
    ]
    assert counts == {
        "path": str(tmp_path / "report.csv"),
        "recipients": 3,
        "delivered": 1,
        "not_delivered": 1,
        "blacklisted": 1,
    }


def test_it_waits_for_statuses_to_become_final_as_long_as_it_is_told(sandbox: RunningSandbox, tmp_path: Path) -> None:
    outbox_id = send(sandbox, "09120000001")
    assert "delivered" not in report(tmp_path / "now.csv", outbox_ids=outbox_id)
    sandbox.speed(1000)
    assert report(tmp_path / "later.csv", outbox_ids=outbox_id, settle=30)["delivered"] == 1
    sandbox.speed(1)


def test_a_result_of_a_sending_task_is_taken_as_it_is(sandbox: RunningSandbox, tmp_path: Path) -> None:
    outbox_id = send(sandbox, "09120000001")
    assert report(tmp_path / "report.csv", outbox_ids={"outbox_ids": [outbox_id], "rows": 1})["recipients"] == 1


def test_a_missing_folder_is_made(sandbox: RunningSandbox, tmp_path: Path) -> None:
    outbox_id = send(sandbox, "09120000001")
    report(tmp_path / "a" / "b" / "report.csv", outbox_ids=outbox_id)
    assert len(rows(tmp_path / "a" / "b" / "report.csv")) == 1


def test_without_ids_nothing_is_written(sandbox: RunningSandbox, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="outbox_ids: there is none"):
        report(tmp_path / "report.csv", outbox_ids=[])
    assert not (tmp_path / "report.csv").exists()


def test_an_unknown_bulk_fails_it_and_leaves_no_half_report(sandbox: RunningSandbox, tmp_path: Path) -> None:
    outbox_id = send(sandbox, "09120000001")
    with pytest.raises(RequestRefused, match=r"report\.recipients"):
        report(tmp_path / "report.csv", outbox_ids=[outbox_id, 1])
    assert not (tmp_path / "report.csv").exists()


@pytest.mark.parametrize(
    ("changes", "error"), [({"password": ""}, InvalidArgument), ({"password": "wrong-key-0123456789"}, RequestRefused)]
)
def test_a_wrong_connection_is_named(
    connect: Any, tmp_path: Path, changes: dict[str, Any], error: type[Exception]
) -> None:
    connect(**changes)
    with pytest.raises(error, match=r"^connection 'ippanel_default', password: "):
        report(tmp_path / "report.csv", outbox_ids=1)


def test_no_number_is_in_logs_results_or_rendered_fields(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path
) -> None:
    outbox_id = send(sandbox, "09120000001")
    with new_dag() as dag:
        IPPanelDeliveryReportOperator(
            task_id="report", outbox_ids=outbox_id, path=str(tmp_path / "{{ dag.dag_id }}.csv")
        )
    run = run_dag(dag)
    assert run.state == "success"
    assert "9120000001" not in f"{run.log}{run.results}{run.rendered}"
    assert rows(Path(run.results["report"]["path"]))[0]["recipient"] == "+989120000001"
