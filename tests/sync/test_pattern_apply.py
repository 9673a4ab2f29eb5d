"""Applying a plan of patterns to a sandbox over a socket: exactly the plan, once, from wherever it broke off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ippanel_provider.client import Client, InvalidInput, NoAnswer, Unauthorized, edge
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.sync.errors import PanelChanged
from ippanel_provider.sync.patterns.apply import PatternOutcome, apply, decided, read_panel
from ippanel_provider.sync.patterns.files import load
from ippanel_provider.sync.patterns.lock import LOCK_NAME, Lock
from ippanel_provider.sync.patterns.plan import PatternPlan, make_plan
from ippanel_provider.sync.patterns.pull import pull

from .conftest import Killed, Run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two patterns as files."""
    write(tmp_path, "otp", message="کد شما: %code%", variables={"code": "integer"})
    write(tmp_path, "hello", message="سلام %name%", website="https://example.com")
    return tmp_path


def write(folder: Path, name: str, **fields: object) -> None:
    (folder / f"{name}.yaml").write_text(json.dumps(fields, ensure_ascii=False))


def planned(run: Run, folder: Path, *, prune: bool = False) -> PatternPlan:
    return make_plan(load(folder), run(read_panel()), Lock.load(folder / LOCK_NAME), prune=prune)


def applied(run: Run, folder: Path, plan: PatternPlan, **faults: object) -> list[PatternOutcome]:
    lock = folder / LOCK_NAME
    return run(apply(plan, Lock.load(lock), lambda kept: kept.save(lock)), **faults)  # type: ignore[arg-type]


def titles(client: Client) -> list[str]:
    return sorted(pattern.title or "" for pattern in client.run(read_panel()))


def test_plan_apply_plan_again(run: Run, folder: Path, client: Client) -> None:
    rows = applied(run, folder, planned(run, folder))
    assert [(row.name, row.action, row.status) for row in rows] == [
        ("hello", "created", "pending"),
        ("otp", "created", "pending"),
    ]
    assert run.calls == ["pattern.list", "pattern.list", "pattern.create", "pattern.create"]
    again = planned(run, folder)
    assert not again.has_changes
    assert again.counts["unchanged"] == 2
    run.calls.clear()
    assert {row.action for row in applied(run, folder, again)} == {"unchanged"}
    assert run.writes == []


def test_a_changed_text_is_updated_under_its_code(run: Run, folder: Path, client: Client) -> None:
    applied(run, folder, planned(run, folder))
    codes = {name: entry.code for name, entry in Lock.load(folder / LOCK_NAME).entries.items()}
    write(folder, "hello", title="Greeting", message="درود %name%")
    rows = applied(run, folder, planned(run, folder))
    assert [(row.name, row.action, row.code) for row in rows] == [
        ("hello", "updated", codes["hello"]),
        ("otp", "unchanged", codes["otp"]),
    ]
    pattern = client.run(edge.pattern.get(codes["hello"]))
    assert (pattern.title, pattern.message, pattern.website) == ("Greeting", "درود %name%", None)
    assert not planned(run, folder).has_changes


def test_pruning_deletes_what_was_ours(run: Run, folder: Path, client: Client) -> None:
    client.run(edge.pattern.create("made by hand", title="by hand", description="x"))
    applied(run, folder, planned(run, folder))
    (folder / "otp.yaml").unlink()
    assert [change.action.value for change in planned(run, folder).changes if change.name == "otp"] == ["unmanaged"]
    rows = applied(run, folder, planned(run, folder, prune=True))
    assert ("otp", "deleted", "its file is gone") in [(row.name, row.action, row.reason) for row in rows]
    assert titles(client) == ["by hand", "hello"]
    assert list(Lock.load(folder / LOCK_NAME).entries) == ["hello"]


class TestThePanelHasChanged:
    """Then nothing at all is done."""

    def test_by_a_new_pattern(self, run: Run, folder: Path, client: Client) -> None:
        plan = planned(run, folder)
        client.run(edge.pattern.create("made meanwhile", title="x", description="x"))
        self.refused(run, folder, plan, "is new in the panel")

    def test_by_another_text(self, run: Run, folder: Path, client: Client) -> None:
        code = client.run(edge.pattern.create("one", title="x", description="x")).code
        plan = planned(run, folder)
        client.run(edge.pattern.update(code, "two", title="x", description="x"))
        self.refused(run, folder, plan, f"pattern {code} was changed in the panel")

    def test_by_a_deletion(self, run: Run, folder: Path, client: Client) -> None:
        code = client.run(edge.pattern.create("one", title="x", description="x")).code
        plan = planned(run, folder)
        client.run(edge.pattern.delete(code))
        self.refused(run, folder, plan, f"pattern {code} is no longer in the panel")

    def refused(self, run: Run, folder: Path, plan: PatternPlan, said: str) -> None:
        run.calls.clear()
        with pytest.raises(PanelChanged, match=said):
            applied(run, folder, plan)
        assert run.writes == []


def test_a_decision_of_the_reviewer_is_no_change(run: Run, folder: Path, ippanel_sandbox: RunningSandbox) -> None:
    rows = applied(run, folder, planned(run, folder))
    write(folder, "new", message="m")
    plan = planned(run, folder)
    ippanel_sandbox.approve(rows[0].code)
    assert [row.action for row in applied(run, folder, plan)] == ["unchanged", "created", "unchanged"]


def test_what_the_service_refuses_is_reported_and_the_rest_is_done(
    run: Run, folder: Path, ippanel_sandbox: RunningSandbox
) -> None:
    plan = planned(run, folder)
    ippanel_sandbox.fault(
        "refused", path="/api/patterns/normal", method="POST", times=1, message="عنوان پترن مناسب نیست"
    )
    rows = applied(run, folder, plan)
    assert [(row.name, row.action, row.reason) for row in rows] == [
        ("hello", "rejected", "عنوان پترن مناسب نیست"), ("otp", "created", ""),
    ]  # fmt: skip


def test_a_wrong_credential_ends_it(run: Run, folder: Path, ippanel_sandbox: RunningSandbox) -> None:
    plan = planned(run, folder)
    ippanel_sandbox.fault("unauthorized", path="/api/patterns/normal")
    with pytest.raises(Unauthorized):
        applied(run, folder, plan)


class TestUnanswered:
    """A create that left and was never answered is looked for before it is made again."""

    def test_it_was_made(self, run: Run, folder: Path, client: Client) -> None:
        plan = planned(run, folder)
        run.calls.clear()
        lost: list[str] = []
        rows = applied(
            run,
            folder,
            plan,
            lose=lambda step: step.operation == "pattern.create" and not lost and not lost.append("x"),
        )
        assert [row.action for row in rows] == ["created", "created"]
        assert titles(client) == ["hello", "otp"]
        assert run.calls == ["pattern.list", "pattern.create", "pattern.list", "pattern.create"]

    def test_it_was_not_made(self, run: Run, folder: Path, client: Client, ippanel_sandbox: RunningSandbox) -> None:
        plan = planned(run, folder)
        ippanel_sandbox.fault("drop_before", path="/api/patterns/normal", method="POST", times=1)
        assert [row.action for row in applied(run, folder, plan)] == ["created", "created"]
        assert titles(client) == ["hello", "otp"]

    def test_it_never_is(self, run: Run, folder: Path, client: Client, ippanel_sandbox: RunningSandbox) -> None:
        plan = planned(run, folder)
        ippanel_sandbox.fault("drop_before", path="/api/patterns/normal", method="POST")
        with pytest.raises(NoAnswer):
            applied(run, folder, plan)
        assert titles(client) == []


@pytest.mark.parametrize("sent", [True, False], ids=["sent", "not sent"])
@pytest.mark.parametrize("anew", [True, False], ids=["planned anew", "the same plan"])
def test_killed_at_any_call_it_can_be_done_again(
    run: Run, folder: Path, client: Client, sent: bool, anew: bool
) -> None:
    """Create, update, delete and adopt in one plan; every call is once the last of its process."""
    old = client.run(edge.pattern.create("قدیمی", title="old", description="x")).code
    adopted = client.run(edge.pattern.create("m", title="adopted", description="x")).code
    write(folder, "adopted", message="m changed")
    lock = Lock.load(folder / LOCK_NAME)
    lock.set("old", old, "x")
    lock.save(folder / LOCK_NAME)
    plan = planned(run, folder, prune=True)
    assert plan.counts == {"create": 2, "update": 1, "delete": 1, "unchanged": 0, "unmanaged": 0, "reject": 0}
    kills = 0
    while True:
        run.calls.clear()
        try:
            applied(run, folder, plan, kill_at=1 if sent else kills, sent=sent)
            break
        except Killed:
            kills += 1
        if anew:
            plan = planned(run, folder, prune=True)
    assert kills >= 4
    assert titles(client) == ["adopted", "hello", "otp"]
    assert {name: entry.code for name, entry in Lock.load(folder / LOCK_NAME).entries.items()}["adopted"] == adopted
    assert not planned(run, folder, prune=True).has_changes


def test_waiting_for_the_reviewer(run: Run, folder: Path, client: Client, ippanel_sandbox: RunningSandbox) -> None:
    hello, otp = (row.code for row in applied(run, folder, planned(run, folder)))
    ippanel_sandbox.approve(hello)
    run.calls.clear()
    found = run(decided([hello, otp], poll=10, timeout=20))
    assert {code: pattern.status for code, pattern in found.items()} == {hello: "active", otp: "pending"}
    # What is decided is not asked after again.
    assert len(run.calls) == 4
    ippanel_sandbox.reject(otp, "نام شرکت لازم است")
    assert run(decided([otp]))[otp].status == "inactive"
    assert planned(run, folder).changes[1].comment == "نام شرکت لازم است"


class TestPull:
    """A panel becomes a directory, and then nothing is left to do."""

    def test_every_pattern_becomes_a_file(self, run: Run, tmp_path: Path, client: Client) -> None:
        client.run(
            edge.pattern.create(
                "یک\nدو %a%",
                title="خوش آمد / ۱",
                description="d",
                variables={"a": "integer"},
                website="https://a.example",
            )
        )
        client.run(edge.pattern.create("سه", title="x", description="d", is_share=True))
        client.run(edge.pattern.create("چهار", title="x", description="d"))
        client.run(edge.pattern.create("پنج", description="d"))
        assert {row.action for row in self.pulled(run, tmp_path)} == {"created"}
        assert "message: |-\n  یک\n  دو %a%\n" in (tmp_path / "خوش-آمد-۱.yaml").read_text()
        plan = planned(run, tmp_path)
        assert not plan.has_changes
        assert plan.counts["unchanged"] == 4
        assert {row.action for row in self.pulled(run, tmp_path)} == {"unchanged"}

    def test_a_file_is_not_overwritten_unasked(self, run: Run, folder: Path, client: Client) -> None:
        applied(run, folder, planned(run, folder))
        write(folder, "hello", message="edited here")
        assert [(row.name, row.action) for row in self.pulled(run, folder)] == [
            ("hello", "different"),
            ("otp", "unchanged"),
        ]
        assert planned(run, folder).counts["update"] == 1
        assert [(row.name, row.action) for row in self.pulled(run, folder, overwrite=True)] == [
            ("hello", "updated"),
            ("otp", "unchanged"),
        ]
        assert not planned(run, folder).has_changes

    def pulled(self, run: Run, folder: Path, *, overwrite: bool = False) -> list[object]:
        lock = Lock.load(folder / LOCK_NAME)
        rows = pull(folder, load(folder), run(read_panel()), lock, overwrite=overwrite)
        lock.save(folder / LOCK_NAME)
        return rows


@pytest.mark.parametrize(
    "content", ["no json", "[]", '{"version": 2}', '{"version": 1, "patterns": {"a": {}}}', '{"version": 1}']
)
def test_a_broken_lock_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "lock.json").write_text(content)
    with pytest.raises(InvalidInput, match="lock file "):
        Lock.load(tmp_path / "lock.json")
