"""Rows into a phonebook of the sandbox, over a socket: what is created, changed, left alone, deleted and rejected."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.client import Client, InvalidInput, NoAnswer, edge
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.sync.errors import Ambiguous, BookFull, PanelChanged, TooManyDeletions
from ippanel_provider.sync.phonebooks.memory import Memory, key_of
from ippanel_provider.sync.phonebooks.plan import PhonebookPlan
from ippanel_provider.sync.phonebooks.planning import make_plan
from ippanel_provider.sync.phonebooks.source import numbered

from .books import KEY, Syncing, a_spec, row
from .conftest import Killed, Run


@pytest.fixture
def syncing(run: Run, client: Client, tmp_path: Path) -> Syncing:
    return Syncing(run, client, tmp_path)


def test_book_and_options_are_made_and_every_row_is_there(syncing: Syncing) -> None:
    plan = syncing.plan([row(1), row(2, name=None, points=None, since="1404/02/03")])
    assert plan.head.setup == ["create option 'Points'", "create option 'Since'", "create phonebook 'Customers'"]
    assert plan.head.summary()["counts"]["create"] == 2
    syncing.apply(plan)
    assert syncing.contacts() == {
        "+989120000001": ("نام 1", {"Points": "1", "Since": "2025-05-20"}),
        "+989120000002": (None, {"Since": "1404-02-03"}),
    }
    assert [(told.line, told.action, told.phonebook) for told in syncing.told] == [
        (1, "created", "Customers"),
        (2, "created", "Customers"),
    ]


def test_a_second_run_with_nothing_changed_writes_nothing_and_reads_only_the_lists(syncing: Syncing) -> None:
    rows = [row(n) for n in range(5)]
    syncing.sync(rows)
    for _ in range(2):
        syncing.run.calls.clear()
        assert syncing.sync(rows) == {"unchanged": 5}
        assert syncing.run.calls == ["phonebook.list_options", "phonebook.list", "phonebook.list_contacts"]


def test_what_changed_is_updated_and_nothing_else(syncing: Syncing) -> None:
    syncing.sync([row(n) for n in range(4)])
    syncing.run.calls.clear()
    changed = [row(0), row(1, name="نام تازه"), row(2, points=200), row(3, since=None)]
    assert syncing.sync(changed) == {"updated": 3, "unchanged": 1}
    assert syncing.run.writes == ["phonebook.update_contact"] * 3
    found = syncing.contacts()
    assert found["+989120000001"] == ("نام تازه", {"Points": "1", "Since": "2025-05-20"})
    assert found["+989120000002"] == ("نام 2", {"Points": "200", "Since": "2025-05-20"})
    assert found["+989120000003"] == ("نام 3", {"Points": "3"})
    assert syncing.sync(changed) == {"unchanged": 4}


class TestModes:
    """Who may be added, changed and deleted."""

    @pytest.fixture(autouse=True)
    def _filled(self, syncing: Syncing) -> None:
        syncing.sync([row(n) for n in range(10)])

    ROWS = (row(1, points=100), *[row(n) for n in range(2, 11)])

    @pytest.mark.parametrize(
        ("mode", "outcome"),
        [
            ("insert", {"created": 1, "unchanged": 9, "unmanaged": 1}),
            ("update", {"updated": 1, "unchanged": 8, "rejected": 1, "unmanaged": 1}),
            ("upsert", {"created": 1, "updated": 1, "unchanged": 8, "unmanaged": 1}),
            ("mirror", {"created": 1, "updated": 1, "unchanged": 8, "deleted": 1}),
        ],
    )
    def test_each_does_its_part(self, syncing: Syncing, mode: str, outcome: dict[str, int]) -> None:
        assert syncing.sync(self.ROWS, mode=mode) == outcome
        found = syncing.contacts()
        assert ("+989120000010" in found) == (mode != "update")
        assert ("+989120000000" in found) == (mode != "mirror")
        assert (found["+989120000001"][1]["Points"] == "100") == (mode != "insert")
        assert syncing.rejected() == (
            {10: "it is not in the phonebook, and mode update adds nobody"} if mode == "update" else {}
        )

    def test_update_can_delete_too(self, syncing: Syncing) -> None:
        assert syncing.sync(self.ROWS, mode="update", on_missing="delete") == {
            "updated": 1,
            "unchanged": 8,
            "deleted": 1,
            "rejected": 1,
        }

    def test_too_many_deletions_stop_it_before_the_first_call(self, syncing: Syncing) -> None:
        plan = syncing.plan([row(n) for n in range(8)], mode="mirror")
        syncing.run.calls.clear()
        with pytest.raises(TooManyDeletions) as stopped:
            syncing.apply(plan)
        assert syncing.run.calls == []
        assert str(stopped.value).startswith(
            "max_delete: 2 of 10 contacts would be deleted, at most 1 may be: +98912***0008, +98912***0009. "
            "Nothing was changed."
        )
        assert len(syncing.contacts()) == 10

    @pytest.mark.parametrize("allowed", ["20%", 2, 0.2, "100%"])
    def test_as_many_as_allowed_are_deleted(self, syncing: Syncing, allowed: Any) -> None:
        assert syncing.sync([row(n) for n in range(8)], mode="mirror", max_delete=allowed) == {
            "unchanged": 8,
            "deleted": 2,
        }

    def test_an_empty_source_deletes_nobody_unasked(self, syncing: Syncing) -> None:
        with pytest.raises(TooManyDeletions, match="10 of 10"):
            syncing.sync([], mode="mirror")

    def test_nobody_is_deleted_for_a_bad_value(self, syncing: Syncing) -> None:
        rows = [row(0, points="many"), *[row(n) for n in range(1, 10)]]
        assert syncing.sync(rows, mode="mirror") == {"unchanged": 9, "rejected": 1}


def test_rows_that_cannot_be_used_are_told_one_by_one(syncing: Syncing) -> None:
    rows = [
        row(1),
        row(2, mobile="02112345678"),
        row(3, mobile=None),
        row(4, points="1.5"),
        row(5, since="yesterday"),
        row(6, name=["a", "b"]),
        row(1, mobile="+98 912 000 0001", name="دیگر"),
        row(7, mobile="09120000007", points="۷"),
    ]
    assert syncing.sync(rows) == {"created": 2, "rejected": 6}
    assert syncing.rejected() == {
        2: "the number is a landline; only mobile numbers (09…) receive texts",
        3: "the number is empty",
        4: "option Points (column points): it is no whole number",
        5: "option Since (column since): it is no date (as 2025-05-20 or 1404/02/30)",
        6: "name (column name): it is of type list, not a text",
        7: "row 1 has the same number",
    }
    assert syncing.contacts()["+989120000007"][1]["Points"] == "7"


class TestOptionsNobodyShows:
    """The list shows no option values; what was applied is remembered, and read again where nobody remembers."""

    ROWS = tuple(row(n) for n in range(3))

    def test_without_a_memory_they_are_read_one_by_one(self, syncing: Syncing) -> None:
        syncing.sync(self.ROWS)
        syncing.state.unlink()
        syncing.run.calls.clear()
        assert syncing.sync([row(0), row(1), row(2, points=5)]) == {"unchanged": 2, "updated": 1}
        assert syncing.run.calls.count("phonebook.get_contact") == 3

    def test_what_somebody_changed_in_the_panel_is_read_again_and_put_right(
        self, syncing: Syncing, client: Client, ippanel_sandbox: RunningSandbox
    ) -> None:
        syncing.sync(self.ROWS)
        ippanel_sandbox.advance(3600)
        page = client.run(edge.phonebook.list_contacts(phonebook_id=syncing.book_id(), number="09120000001"))
        option = client.run(edge.phonebook.list_options(title="Points")).items[0].id
        client.run(
            edge.phonebook.update_contact(
                page.items[0].id, number="09120000001", phonebook_id=syncing.book_id(), options={option: "99"}
            )
        )
        syncing.run.calls.clear()
        assert syncing.sync(self.ROWS) == {"unchanged": 2, "updated": 1}
        assert syncing.run.calls.count("phonebook.get_contact") == 1
        assert syncing.contacts()["+989120000001"][1] == {"Points": "1", "Since": "2025-05-20"}

    def test_a_change_at_the_hands_of_others_is_seen_also_later(
        self, syncing: Syncing, client: Client, ippanel_sandbox: RunningSandbox
    ) -> None:
        syncing.sync(self.ROWS)
        syncing.sync((*self.ROWS, row(9)))
        ippanel_sandbox.advance(10)
        contact = client.run(edge.phonebook.list_contacts(phonebook_id=syncing.book_id(), number="09120000001")).items[
            0
        ]
        option = client.run(edge.phonebook.list_options(title="Points")).items[0].id
        client.run(
            edge.phonebook.update_contact(
                contact.id, number="09120000001", phonebook_id=syncing.book_id(), options={option: "9"}
            )
        )
        assert syncing.sync(self.ROWS) == {"unchanged": 2, "updated": 1, "unmanaged": 1}

    def test_another_key_finds_nothing(self, syncing: Syncing, caplog: pytest.LogCaptureFixture) -> None:
        syncing.sync(self.ROWS)
        assert len(Memory.load(syncing.state, KEY)) == 3
        assert len(Memory.load(syncing.state, key_of("another"))) == 0
        assert "was written under another key" in caplog.text

    def test_no_number_and_no_value_can_be_read_out_of_it(self, syncing: Syncing) -> None:
        syncing.sync([row(1, points=123456)])
        stored = syncing.state.read_bytes()
        assert b"9120000001" not in stored
        assert b"123456" not in stored

    def test_what_is_no_memory_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "state").write_text("something else")
        with pytest.raises(InvalidInput, match="it is not what was remembered here"):
            Memory.load(tmp_path / "state", KEY)

    def test_values_of_options_that_are_none_of_ours_stay(self, syncing: Syncing, client: Client) -> None:
        syncing.sync(self.ROWS)
        vip = client.run(edge.phonebook.create_option("VIP", "string")).id
        ids = [option.id for option in client.run(edge.phonebook.list_options()).items]
        client.run(edge.phonebook.update(syncing.book_id(), options=ids))
        contact = client.run(edge.phonebook.list_contacts(phonebook_id=syncing.book_id(), number="09120000001")).items[
            0
        ]
        values = client.run(edge.phonebook.get_contact(contact.id)).options
        client.run(
            edge.phonebook.update_contact(
                contact.id, number="09120000001", phonebook_id=syncing.book_id(), options={**values, vip: "gold"}
            )
        )
        syncing.sync([row(0), row(1, points=77), row(2)])
        assert syncing.contacts()["+989120000001"][1] == {"Points": "77", "Since": "2025-05-20", "VIP": "gold"}


def test_fields_the_source_has_no_say_in_stay(syncing: Syncing, client: Client) -> None:
    syncing.sync([row(1)])
    contact = client.run(edge.phonebook.list_contacts(phonebook_id=syncing.book_id())).items[0]
    client.run(
        edge.phonebook.update_contact(
            contact.id, number="09120000001", phonebook_id=syncing.book_id(), email="a@example.com", pre="خانم"
        )
    )
    syncing.sync([row(1, name="دیگر")])
    again = client.run(edge.phonebook.get_contact(contact.id))
    assert (again.name, again.email, again.pre) == ("دیگر", "a@example.com", "خانم")


class TestFullBooks:
    """A book takes so many and no more: refuse, or go on in another."""

    def plan(self, syncing: Syncing, rows: list[dict[str, Any]], **changes: Any) -> PhonebookPlan:
        from dataclasses import replace

        spec = replace(a_spec(**changes), capacity=3)
        return syncing.run(make_plan(spec, numbered(rows), Memory.load(syncing.state, KEY)))

    def test_what_does_not_fit_is_refused_before_the_first_write(self, syncing: Syncing) -> None:
        with pytest.raises(BookFull, match="'Customers' would hold 4 contacts; it takes 3"):
            self.plan(syncing, [row(n) for n in range(4)])
        assert syncing.run.writes == []

    def test_or_goes_into_further_books_where_everybody_stays(self, syncing: Syncing) -> None:
        rows = [row(n) for n in range(7)]
        plan = self.plan(syncing, rows, over_full="split")
        assert [(book["title"], book["create"]) for book in plan.head.summary()["books"]] == [
            ("Customers", 3), ("Customers 2", 3), ("Customers 3", 1),
        ]  # fmt: skip
        syncing.apply(plan)
        again = self.plan(syncing, list(reversed(rows)), over_full="split")
        assert not again.head.has_changes
        mirrored = self.plan(syncing, rows[1:], over_full="split", mode="mirror", max_delete="50%")
        syncing.apply(mirrored)
        assert [len(syncing.contacts(title)) for title in ("Customers", "Customers 2", "Customers 3")] == [2, 3, 1]

    def test_room_that_a_mirror_makes_can_be_used(self, syncing: Syncing) -> None:
        syncing.apply(self.plan(syncing, [row(n) for n in range(3)]))
        counts = syncing.apply(self.plan(syncing, [row(n) for n in range(1, 4)], mode="mirror", max_delete=1))
        assert (counts["created"], counts["deleted"]) == (1, 1)
        assert sorted(syncing.contacts()) == [f"+98912000000{n}" for n in (1, 2, 3)]


class TestTheServiceHasItsWay:
    """Refusals, counts that tell nothing, and answers that never come."""

    def test_what_it_did_not_take_is_found_by_reading(self, syncing: Syncing, client: Client) -> None:
        syncing.sync([row(0)])
        plan = syncing.plan([row(n) for n in range(4)])
        book = syncing.book_id()
        # Somebody is faster, once with the same and once with another name.
        client.run(edge.phonebook.add_contacts([{"number": "09120000002", "phonebook_id": book, "name": "دیگری"}]))
        counts = syncing.apply(plan)
        assert (counts["created"], counts["rejected"]) == (2, 1)
        assert syncing.rejected() == {3: "somebody else has added it meanwhile; run again to update it"}
        assert syncing.sync([row(n) for n in range(4)]) == {"unchanged": 3, "updated": 1}

    def test_a_chunk_that_is_too_large_is_halved(self, syncing: Syncing, ippanel_sandbox: RunningSandbox) -> None:
        plan = syncing.plan([row(n) for n in range(8)])
        ippanel_sandbox.fault("status", path="add-list-new", status=422, times=3)
        assert syncing.apply(plan)["created"] == 8
        assert len(syncing.contacts()) == 8

    def test_a_contact_it_refuses_is_told_with_its_reason(
        self, syncing: Syncing, ippanel_sandbox: RunningSandbox
    ) -> None:
        plan = syncing.plan([row(1)])
        ippanel_sandbox.fault("refused", path="add-list-new", message="شماره در لیست سیاه است", times=1)
        syncing.apply(plan)
        assert syncing.rejected() == {1: "شماره در لیست سیاه است"}

    def test_an_update_it_refuses_is_told_and_tried_again_by_the_next_run(
        self, syncing: Syncing, ippanel_sandbox: RunningSandbox
    ) -> None:
        syncing.sync([row(1), row(2)])
        ippanel_sandbox.fault("refused", path="update-new", message="نامعتبر", times=1)
        rows = [row(1, points=7), row(2, points=8)]
        assert syncing.sync(rows) == {"updated": 1, "rejected": 1}
        assert syncing.rejected() == {1: "نامعتبر"}
        assert syncing.sync(rows) == {"updated": 1, "unchanged": 1}

    @pytest.mark.parametrize("fault", ["drop_after", "drop_before", "malformed", "status"])
    def test_an_unanswered_addition_is_looked_for_before_it_is_repeated(
        self, syncing: Syncing, ippanel_sandbox: RunningSandbox, fault: str
    ) -> None:
        plan = syncing.plan([row(n) for n in range(20)])
        ippanel_sandbox.fault(fault, path="add-list-new", times=1)
        assert syncing.apply(plan)["created"] == 20
        assert len(syncing.contacts()) == 20

    def test_books_and_options_are_not_made_twice(
        self, syncing: Syncing, ippanel_sandbox: RunningSandbox, client: Client
    ) -> None:
        plan = syncing.plan([row(1)])
        ippanel_sandbox.fault("drop_after", path="/api/phonebooks/options", method="POST", times=1)
        ippanel_sandbox.fault("drop_after", path="/api/phonebooks$", method="POST", times=1)
        syncing.apply(plan)
        assert len(client.run(edge.phonebook.list()).items) == 1
        assert sorted(option.title or "" for option in client.run(edge.phonebook.list_options()).items) == [
            "Points",
            "Since",
        ]
        assert syncing.contacts() == {"+989120000001": ("نام 1", {"Points": "1", "Since": "2025-05-20"})}

    def test_a_service_that_never_answers_ends_it(self, syncing: Syncing, ippanel_sandbox: RunningSandbox) -> None:
        plan = syncing.plan([row(1)])
        ippanel_sandbox.fault("drop_before", path="add-list-new")
        with pytest.raises(NoAnswer):
            syncing.apply(plan)

    def test_contacts_that_are_gone_when_they_are_deleted_are_no_trouble(
        self, syncing: Syncing, client: Client
    ) -> None:
        syncing.sync([row(n) for n in range(10)])
        plan = syncing.plan([row(n) for n in range(8)], mode="mirror", max_delete=2)
        gone = client.run(edge.phonebook.list_contacts(phonebook_id=syncing.book_id())).items[8:]
        client.run(edge.phonebook.delete_contacts([contact.id for contact in gone]))
        assert syncing.apply(plan)["deleted"] == 2
        assert {told.reason for told in syncing.told if told.action == "deleted"} == {"it was gone already"}


class TestWrittenDown:
    """A plan in a file: applied exactly, by another process, and not to another panel."""

    def written(self, syncing: Syncing, tmp_path: Path, rows: list[dict[str, Any]], **changes: Any) -> PhonebookPlan:
        with_file = syncing.plan(rows, **changes)
        with_file.save(tmp_path / "plan.jsonl")
        with_file.close()
        return PhonebookPlan.load(tmp_path / "plan.jsonl")

    def test_it_is_applied_as_it_was_made(self, syncing: Syncing, tmp_path: Path) -> None:
        syncing.sync([row(n) for n in range(10)])
        plan = self.written(syncing, tmp_path, [row(n, points=n + (n == 5)) for n in range(1, 12)], mode="mirror")
        counts = syncing.apply(plan, check_panel=True)
        assert {word: count for word, count in counts.items() if count} == {
            "created": 2,
            "updated": 1,
            "unchanged": 8,
            "deleted": 1,
        }
        assert sorted(syncing.contacts()) == [f"+98912{n:07d}" for n in range(1, 12)]

    def test_a_panel_that_has_changed_is_not_touched(self, syncing: Syncing, client: Client, tmp_path: Path) -> None:
        syncing.sync([row(n) for n in range(10)])
        book = syncing.book_id()
        contacts = {
            str(contact.number): contact.id
            for contact in client.run(edge.phonebook.list_contacts(phonebook_id=book)).items
        }
        meanwhile = {
            "added": edge.phonebook.add_contacts([{"number": "09120000099", "phonebook_id": book}]),
            "created otherwise": edge.phonebook.add_contacts(
                [{"number": "09120000010", "phonebook_id": book, "name": "x"}]
            ),
            "changed": edge.phonebook.update_contact(
                contacts["+989120000003"], number="09120000003", phonebook_id=book, name="x"
            ),
            "changed, to be updated": edge.phonebook.update_contact(
                contacts["+989120000005"], number="09120000005", phonebook_id=book, name="x"
            ),
            "changed, to be deleted": edge.phonebook.update_contact(
                contacts["+989120000000"], number="09120000000", phonebook_id=book, name="x"
            ),
            "deleted": edge.phonebook.delete_contacts([contacts["+989120000004"]]),
            "deleted, to be updated": edge.phonebook.delete_contacts([contacts["+989120000005"]]),
            "book deleted": edge.phonebook.delete([book]),
        }
        rows = [row(n, points=n + (n == 5)) for n in range(1, 11)]
        for call in meanwhile.values():
            plan = self.written(syncing, tmp_path, rows, mode="mirror", max_delete="100%")
            client.run(call)
            syncing.run.calls.clear()
            with pytest.raises(PanelChanged):
                syncing.apply(plan, check_panel=True)
            assert syncing.run.writes == []
            if call is not meanwhile["book deleted"]:
                self.restored(syncing)

    def restored(self, syncing: Syncing) -> None:
        syncing.sync([row(n) for n in range(10)], mode="mirror", max_delete="100%")

    def test_one_changed_by_hand_is_refused(self, syncing: Syncing, tmp_path: Path) -> None:
        self.written(syncing, tmp_path, [row(1), row(2)]).close()
        path = tmp_path / "plan.jsonl"
        content = path.read_text()
        for changed in (
            content.replace("989120000002", "989120000003"),
            content.replace('"max_delete": 0.1', '"max_delete": 0.9'),
            "{}",
            "x",
        ):
            path.write_text(changed)
            with pytest.raises(InvalidInput, match=re.escape(f"plan {path}: ")):
                PhonebookPlan.load(path)

    def test_too_many_deletions_are_refused_there_too(self, syncing: Syncing, tmp_path: Path) -> None:
        syncing.sync([row(n) for n in range(10)])
        plan = self.written(syncing, tmp_path, [row(1)], mode="mirror")
        syncing.run.calls.clear()
        with pytest.raises(TooManyDeletions, match="9 of 10"):
            syncing.apply(plan, check_panel=True)
        assert syncing.run.calls == []

    def test_no_number_is_in_what_is_told_of_it(self, syncing: Syncing, tmp_path: Path) -> None:
        plan = self.written(syncing, tmp_path, [row(1), row(2, mobile="0912")])
        assert "912000" not in str(plan.head.summary())


@pytest.mark.parametrize("sent", [True, False], ids=["sent", "not sent"])
@pytest.mark.parametrize("anew", [True, False], ids=["planned anew", "the same plan"])
def test_killed_at_any_call_it_can_be_done_again(syncing: Syncing, tmp_path: Path, sent: bool, anew: bool) -> None:
    """Every call of a mirror with all kinds of changes is once the last of its process."""
    spec: dict[str, Any] = {"mode": "mirror", "max_delete": "50%"}
    syncing.sync([row(n) for n in range(8)], options={"Points": "points:int"})
    rows = [row(n, points=n * 2) for n in range(3, 20)]
    syncing.plan(rows, **spec).save(tmp_path / "plan.jsonl")
    kills = 0
    while True:
        plan = syncing.plan(rows, **spec) if anew else PhonebookPlan.load(tmp_path / "plan.jsonl")
        syncing.run.calls.clear()
        try:
            counts = syncing.apply(plan, check_panel=True, chunk_size=4, kill_at=kills, sent=sent)
            break
        except Killed:
            kills += 1
    assert kills > 6
    assert counts["rejected"] == 0
    assert syncing.contacts() == {
        f"+98912{n:07d}": (f"نام {n}", {"Points": str(n * 2), "Since": "2025-05-20"}) for n in range(3, 20)
    }
    assert syncing.sync(rows, **spec) == {"unchanged": 17}
    assert syncing.told == []


def test_two_books_of_one_title_are_not_guessed_between(syncing: Syncing, client: Client) -> None:
    for _ in range(2):
        client.run(edge.phonebook.create("Customers"))
    client.run(edge.phonebook.create("Customers of last year"))
    with pytest.raises(Ambiguous, match="several phonebooks are titled 'Customers'"):
        syncing.plan([row(1)])


def test_an_option_of_another_type_is_named(syncing: Syncing, client: Client) -> None:
    client.run(edge.phonebook.create_option("Points", "string"))
    with pytest.raises(InvalidInput, match=r"options.Points: in the panel it is of type string, not int"):
        syncing.plan([row(1)])


def test_a_source_without_a_column_is_named(syncing: Syncing) -> None:
    with pytest.raises(InvalidInput, match="source: it has no column points, since; it has mobile, name"):
        syncing.plan([{"mobile": "09120000001", "name": "x"}])


def test_many_pages_are_read_once_each(syncing: Syncing) -> None:
    rows = [row(n) for n in range(2500)]
    syncing.run.calls.clear()
    syncing.sync(rows, chunk_size=1000)
    assert syncing.run.calls.count("phonebook.add_contacts") == 3
    syncing.run.calls.clear()
    assert syncing.sync(rows) == {"unchanged": 2500}
    assert syncing.run.calls.count("phonebook.list_contacts") == 3
