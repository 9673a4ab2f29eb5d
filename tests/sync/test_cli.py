"""``ippanel patterns`` and ``ippanel phonebook``: what a person sees, what a script reads, and the exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ippanel_provider.cli import main
from ippanel_provider.client import Client, Settings, edge
from ippanel_provider.sandbox.runner import RunningSandbox

SPEC = """\
book: Customers
source: customers.csv
number: mobile
fields: {name: name}
options:
  Points: {column: points, type: int}
"""


class Outcome(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Ippanel = Callable[..., Outcome]


@pytest.fixture
def ippanel(
    ippanel_sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Ippanel:
    """Run a command line in an empty folder, against an empty sandbox, where nobody is at the terminal."""
    for name in [name for name in os.environ if name.startswith("IPPANEL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("IPPANEL_API_KEY", ippanel_sandbox.api_key)
    monkeypatch.setenv("IPPANEL_BASE_URL", ippanel_sandbox.base_url)
    monkeypatch.setenv("IPPANEL_TOKEN_DIR", str(tmp_path / "tokens"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
        try:
            code = main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        return Outcome(code, *capsys.readouterr())

    return run


def customers(folder: Path, numbers: list[int], points: int = 0) -> None:
    rows = [f"0912{n:07d},نام {n},{n + points}" for n in numbers]
    (folder / "customers.csv").write_text("\n".join(["mobile,name,points", *rows]))


class TestPatterns:
    """A directory of files."""

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path) -> None:
        (tmp_path / "patterns").mkdir()
        (tmp_path / "patterns" / "otp.yaml").write_text("message: 'کد شما: %code%'\nvariables: {code: integer}\n")

    def test_plan_apply_plan_again(self, ippanel: Ippanel, tmp_path: Path) -> None:
        planned = ippanel("patterns", "plan", "--out", "plan.json")
        assert planned.code == 2
        assert "Plan: 1 to create, 0 to update, 0 to delete; 0 unchanged, 0 not managed." in planned.out
        applied = ippanel("patterns", "apply", "--plan", "plan.json", "--report", "report.csv")
        assert applied.code == 0
        assert applied.out.endswith("Applied: 1 created.\n")
        assert [row["action"] for row in csv.DictReader((tmp_path / "report.csv").open())] == ["created"]
        again = ippanel("patterns", "plan")
        assert again.code == 0
        assert "1 unchanged" in again.out

    def test_a_script_reads_json(self, ippanel: Ippanel) -> None:
        planned = ippanel("patterns", "plan", "--json")
        assert (planned.code, planned.json["counts"]["create"]) == (2, 1)
        applied = ippanel("patterns", "apply", "--yes", "--json")
        assert [(row["name"], row["action"]) for row in applied.json["patterns"]] == [("otp", "created")]

    def test_nothing_is_applied_unasked(self, ippanel: Ippanel, ippanel_sandbox: RunningSandbox) -> None:
        asked = ippanel("patterns", "apply")
        assert asked.code == 1
        assert "use --yes" in asked.err
        assert "POST /api/patterns/normal" not in ippanel_sandbox.stats()["requests"]

    @pytest.mark.parametrize(
        "arguments",
        [
            ("plan", "nowhere"),
            ("plan", "--no-such-option"),
            ("plan", "one", "two"),
            ("apply", "--plan", "nowhere"),
            ("plan", "--lock", "."),
        ],
    )
    def test_a_mistake_never_looks_like_changes(self, ippanel: Ippanel, arguments: tuple[str, ...]) -> None:
        assert ippanel("patterns", *arguments).code == 1

    def test_what_is_rejected_makes_apply_fail(self, ippanel: Ippanel, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.fault("refused", path="/api/patterns/normal", message="مناسب نیست")
        applied = ippanel("patterns", "apply", "--yes")
        assert applied.code == 1
        assert "rejected  otp  (): مناسب نیست" in applied.out

    def test_waiting_tells_that_nobody_has_decided(self, ippanel: Ippanel, ippanel_sandbox: RunningSandbox) -> None:
        assert ippanel("patterns", "apply", "--yes", "--wait", "0.01").code == 1
        ippanel_sandbox.approve(ippanel("patterns", "plan", "--json").json["changes"][0]["code"])
        waited = ippanel("patterns", "apply", "--yes", "--wait", "0.01")
        assert waited.code == 0

    def test_nobody_is_waited_for_about_what_no_file_describes(
        self, ippanel: Ippanel, ippanel_sandbox: RunningSandbox, tmp_path: Path
    ) -> None:
        ippanel("patterns", "apply", "--yes")
        with Client(ippanel_sandbox.api_key, Settings(base_url=ippanel_sandbox.base_url)) as client:
            client.run(edge.pattern.create("made in the panel", description="by hand"))
        for file in (tmp_path / "patterns").glob("*.yaml"):
            file.unlink()
        applied = ippanel("patterns", "apply", "--prune", "--yes", "--wait", "30", "--json")
        assert applied.code == 0
        assert sorted((row["action"], row["status"]) for row in applied.json["patterns"]) == [
            ("deleted", ""),
            ("unmanaged", "pending"),
        ]
        assert "GET /api/patterns/{code}" not in ippanel_sandbox.stats()["requests"]

    def test_a_mistake_leaves_the_output_to_scripts(self, ippanel: Ippanel) -> None:
        wrong = ippanel("patterns", "plan", "--json", "--nothing")
        assert (wrong.code, wrong.out) == (1, "")
        assert "usage: ippanel patterns plan" in wrong.err

    def test_pull_makes_a_panel_a_directory(self, ippanel: Ippanel, tmp_path: Path) -> None:
        ippanel("patterns", "apply", "--yes")
        pulled = ippanel("patterns", "pull", "copy")
        assert pulled.code == 0
        assert pulled.out.startswith("created    otp  (")
        assert ippanel("patterns", "plan", "copy").code == 0
        assert ippanel("patterns", "pull", "copy", "--json").json["patterns"][0]["action"] == "unchanged"


class TestPhonebook:
    """Rows of a file."""

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path) -> None:
        (tmp_path / "customers.yaml").write_text(SPEC)
        customers(tmp_path, list(range(1, 11)))

    def test_plan_apply_plan_again(self, ippanel: Ippanel, tmp_path: Path) -> None:
        planned = ippanel("phonebook", "plan", "customers.yaml", "--out", "plan.jsonl")
        assert planned.code == 2
        assert planned.out.splitlines()[:3] == [
            "+ create option 'Points'",
            "+ create phonebook 'Customers'",
            "+ +98912***0001  (row 2)",
        ]
        assert "+ … and 5 more to create" in planned.out
        assert "Customers: 0 contacts now, 10 then" in planned.out
        applied = ippanel("phonebook", "apply", "customers.yaml", "--plan", "plan.jsonl", "--report", "report.jsonl")
        assert (applied.code, applied.out) == (0, "Applied: 10 created.\n")
        report = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
        assert report[0] == {
            "line": 2,
            "number": "+989120000001",
            "action": "created",
            "reason": "",
            "phonebook": "Customers",
        }
        again = ippanel("phonebook", "plan", "customers.yaml")
        assert again.code == 0
        assert "10 unchanged" in again.out

    def test_a_change_shows_its_fields_and_no_value(self, ippanel: Ippanel, tmp_path: Path) -> None:
        ippanel("phonebook", "apply", "customers.yaml", "--yes")
        customers(tmp_path, [1], points=700)
        planned = ippanel("phonebook", "plan", "customers.yaml")
        assert planned.out.splitlines()[0] == "~ +98912***0001  (row 2): name, Points"
        assert "701" not in planned.out
        assert "نام" not in planned.out

    def test_max_delete_stops_a_mirror(self, ippanel: Ippanel, tmp_path: Path, ippanel_sandbox: RunningSandbox) -> None:
        ippanel("phonebook", "apply", "customers.yaml", "--yes")
        customers(tmp_path, [1, 2, 3])
        for step in (("plan",), ("apply", "--yes")):
            stopped = ippanel("phonebook", step[0], "customers.yaml", "--mode", "mirror", *step[1:])
            assert stopped.code == 1
            assert "max_delete: 7 of 10 contacts would be deleted, at most 1 may be: +98912***0004" in stopped.err
        assert "POST /api/phonebooks/numbers/delete-list" not in ippanel_sandbox.stats()["requests"]
        allowed = ippanel(
            "phonebook", "apply", "customers.yaml", "--mode", "mirror", "--max-delete", "70%", "--yes", "--json"
        )
        assert (allowed.code, allowed.json["outcome"]["deleted"]) == (0, 7)

    def test_rejected_rows_are_told_and_make_apply_fail(self, ippanel: Ippanel, tmp_path: Path) -> None:
        (tmp_path / "customers.csv").write_text("mobile,name,points\n09120000001,a,1\n0912,b,2\n")
        applied = ippanel("phonebook", "apply", "customers.yaml", "--yes", "--report", "report.csv")
        assert applied.code == 1
        assert applied.out == "Applied: 1 created, 1 rejected.\n1 were rejected. report.csv says why.\n"
        rows = list(csv.DictReader((tmp_path / "report.csv").open()))
        assert [(row["line"], row["action"], row["number"]) for row in rows] == [
            ("3", "rejected", ""),
            ("2", "created", "+989120000001"),
        ]

    @pytest.mark.parametrize(
        ("spec", "said"),
        [
            ("book: x", "source: name the file of the rows"),
            ("book: x\nsource: nowhere.csv", "No such file or directory"),
            ("book: x\nsource: rows.doc", "format: the path does not tell"),
            ("source: customers.csv", "book is missing"),
            ("book: x\nsource: customers.csv\nmodes: y", "there is no modes"),
            ("book: x\nsource: customers.csv\nmode: y", "mode: 'y' is none of insert, update, upsert, mirror"),
            (
                "book: x\nsource: customers.csv\nmode: mirror\non_missing: keep",
                "a mirror deletes what the source does not have",
            ),
            ("book: x\nsource: customers.csv\nmode: insert\non_missing: delete", "mode insert only adds"),
            ("book: x\nsource: customers.csv\nmax_delete: 1.5", "max_delete: give a share"),
            ("book: x\nsource: customers.csv\nfields: {points: points}", "fields: a contact has no points"),
            (
                "book: x\nsource: customers.csv\noptions: {P: {type: float}}",
                "options.P.type: 'float' is none of string, int, date",
            ),
            ("book: x\nsource: customers.csv", "source: it has no column number; it has mobile, name, points"),
            ("book: [", "customers.yaml: line 1"),
        ],
    )
    def test_what_is_wrong_is_named(self, ippanel: Ippanel, tmp_path: Path, spec: str, said: str) -> None:
        (tmp_path / "customers.yaml").write_text(spec)
        planned = ippanel("phonebook", "plan", "customers.yaml")
        assert planned.code == 1
        assert said in planned.err

    @pytest.mark.parametrize("with_options", [True, False])
    def test_export(self, ippanel: Ippanel, tmp_path: Path, with_options: bool) -> None:
        customers(tmp_path, [1, 2])
        ippanel("phonebook", "apply", "customers.yaml", "--yes")
        exported = ippanel(
            "phonebook", "export", "Customers", "--out", "out.csv", *(["--with-options"] if with_options else [])
        )
        assert (exported.code, exported.out) == (0, "Wrote 2 contacts to out.csv.\n")
        rows = list(csv.DictReader((tmp_path / "out.csv").open()))
        options = '{"Points": "2"}' if with_options else ""
        assert rows[1] == {"number": "+989120000002", "name": "نام 2", "email": "", "pre": "", "options": options}
        assert (
            "there is no phonebook titled 'Custom'" in ippanel("phonebook", "export", "Custom", "--out", "out.csv").err
        )

    def test_an_export_that_fails_leaves_the_file_that_was_there(self, ippanel: Ippanel, tmp_path: Path) -> None:
        (tmp_path / "keep.csv").write_text("last week's")
        assert ippanel("phonebook", "export", "no such title", "--out", "keep.csv").code != 0
        assert (tmp_path / "keep.csv").read_text() == "last week's"
        refused = ippanel("phonebook", "export", "Customers", "--out", "out.json")
        assert "out: let it end in .csv, .jsonl, .parquet or .xlsx" in refused.err
        assert not (tmp_path / "out.json").exists()

    def test_sources_of_other_kinds(self, ippanel: Ippanel, tmp_path: Path) -> None:
        rows = [
            {"mobile": "09120000001", "name": "a", "points": 5},
            {"mobile": 9120000002, "name": None, "points": None},
        ]
        (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
        assert ippanel("phonebook", "apply", "customers.yaml", "--source", "rows.jsonl", "--yes").code == 0
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        parquet.write_table(
            pyarrow.Table.from_pylist([row | {"mobile": str(row["mobile"])} for row in rows]), tmp_path / "rows.parquet"
        )
        assert ippanel("phonebook", "plan", "customers.yaml", "--source", "rows.parquet").code == 0

    def test_a_key_from_a_file_remembers_as_well(
        self, ippanel: Ippanel, ippanel_sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        customers(tmp_path, [1])
        monkeypatch.delenv("IPPANEL_API_KEY")
        monkeypatch.setenv("IPPANEL_API_KEY_FILE", str(tmp_path / "key"))
        (tmp_path / "key").write_text(ippanel_sandbox.api_key)
        assert ippanel("phonebook", "apply", "customers.yaml", "--yes").code == 0
        assert (tmp_path / "customers.state").exists()

    def test_what_is_remembered_has_a_key_of_its_own_or_the_api_keys(
        self, ippanel: Ippanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: Client
    ) -> None:
        monkeypatch.setenv("IPPANEL_STATE_KEY", "a secret")
        ippanel("phonebook", "apply", "customers.yaml", "--yes", "--chunk-size", "4")
        assert (tmp_path / "customers.state").exists()
        assert len(client.run(edge.phonebook.list_contacts()).items) == 10
        none = ippanel("phonebook", "apply", "customers.yaml", "--chunk-size", "0")
        assert none.code == 1
        assert "argument --chunk-size: give a number from 1" in none.err
