"""The fate of every row by its key: what the table says is what the sandbox's own record says."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ippanel_provider.campaign.audience import Row
from ippanel_provider.campaign.keys import Keys, key_of, told_key
from ippanel_provider.campaign.ledger.base import Intent, Outcome
from ippanel_provider.client import NotSent
from ippanel_provider.options import STATUSES
from ippanel_provider.results.fates import Stage, Status, fates, revision
from ippanel_provider.results.only import wanted
from ippanel_provider.results.schema import Unwritable, prepare, tables_of
from ippanel_provider.results.writing import ResultRow, upsert
from ippanel_provider.sandbox.runner import RunningSandbox
from tests.results.campaigns import Campaign, customers
from tests.results.kills import Blow, Tally, campaign_with

SEND = {"path": "^/v1/api/send$"}


class OptedOut:
    """One person has."""

    def reason(self, recipient: str) -> str | None:
        """Say so."""
        return "has opted out" if recipient == "+989120000003" else None


@pytest.fixture
def campaign(ippanel_sandbox: RunningSandbox, tmp_path: Path) -> Campaign:
    """A campaign on a sandbox whose bulks are final at once."""
    ippanel_sandbox.pace(0)
    return Campaign.at(ippanel_sandbox, tmp_path)


def everything(campaign: Campaign) -> str:
    """All that is in the files of a campaign."""
    files = [Path(url.removeprefix("sqlite:///")) for url in (campaign.url, campaign.ledger_url)]
    return "".join(file.read_bytes().decode("latin-1") for file in files)


def test_two_customers_with_one_phone_share_a_fate(campaign: Campaign) -> None:
    campaign.send([*customers(3), Row(4, "+98 912 000 0001", "سلام 1", key="other")])
    assert campaign.asked("status", "merged_into", "fate")["other"] == ("merged", "1", "accepted")
    assert campaign.follow() == 0
    told = campaign.asked("status", "merged_into", "fate", "outbox_id")
    assert told["other"] == ("merged", "1", "delivered", told["1"][3])


def test_every_status_is_in_one_table_and_no_number_and_no_text_is(campaign: Campaign) -> None:
    sandbox = campaign.sandbox
    numbers = {
        "delivered": "09120000001",
        "not_delivered": "09120000993",
        "blacklisted": "09120000994",
        "no_report": "09000000101",
        "cancelled": "09120000002",
        "rejected": "0912",
        "suppressed": "09120000003",
        "accepted": "09120000004",
        "merged": "09120000001",
        "in_doubt": "09120000005",
    }
    order = ("delivered", "not_delivered", "blacklisted", "no_report", "cancelled", "merged", "rejected", "suppressed")
    rows = [Row(line, numbers[key], "آزمایش", key=key) for line, key in enumerate(order, start=1)]
    campaign.send(rows, suppressing=OptedOut(), chunk_size=1)
    sandbox.decide(campaign.asked("outbox_id")["cancelled"], state_id=7)
    assert campaign.follow(patience=0.2) == 1
    # What comes after is not followed.
    campaign.send([Row(9, numbers["accepted"], "آزمایش", key="accepted")], try_number=2)
    later = sandbox.now() + 3600
    at = datetime.fromtimestamp(later, UTC)
    campaign.send([Row(10, "09120000006", "آزمایش", key="scheduled")], send_time=at, try_number=3)
    sandbox.fault("drop_before", **SEND)
    sandbox.fault("outbox_lag", seconds=3600)
    campaign.send([Row(11, numbers["in_doubt"], "آزمایش", key="in_doubt")], on_unconfirmed="skip", try_number=4)
    told = campaign.statuses()
    assert {key: status for key, status in told.items() if key != status} == {}
    assert set(told) == STATUSES == set(Status)
    kept = everything(campaign)
    for secret in ("912000000", "912000099", "900000010", "آزمایش".encode().decode("latin-1")):
        assert secret not in kept


def test_a_text_that_many_share_is_followed_with_a_request_a_bulk(campaign: Campaign) -> None:
    rows = [row._replace(text="سلام") for row in customers(1200)]
    campaign.send(rows, text="سلام", chunk_size=1000)
    before = campaign.sandbox.stats()["requests"]
    assert campaign.follow() == 0
    # Numbers that end in 993 and 994 have a fate of their own.
    assert Counter(campaign.statuses().values()) == {"delivered": 1198, "not_delivered": 1, "blacklisted": 1}
    asked = campaign.sandbox.stats()["requests"]
    assert sum(asked.values()) - sum(before.values()) <= 2 + 2 + 1


def test_without_delivery_a_bulk_that_went_out_is_the_end(campaign: Campaign) -> None:
    campaign.send(customers(3))
    assert campaign.follow(delivery=False) == 0
    assert set(campaign.asked("status", "bulk_state").values()) == {("accepted", "sent")}


class TestWriting:
    def test_a_table_that_goes_away_midway_is_written_by_a_retry_that_sends_nothing(self, campaign: Campaign) -> None:
        rows = [*customers(25), Row(26, "0912", "سلام", key="short")]
        with pytest.raises(Unwritable, match="results: the table sms_results cannot be written or read"):
            campaign.send(rows, begun=lambda: drop(campaign, "sms_results"))
        assert len(campaign.sandbox.messages()) == 25
        campaign.send(rows, try_number=2)
        assert len(campaign.sandbox.messages()) == 25
        assert campaign.follow() == 0
        assert campaign.statuses() == {**{str(n): "delivered" for n in range(25)}, "short": "rejected"}

    def test_it_is_so_though_the_source_names_nobody_any_more(self, campaign: Campaign) -> None:
        kept = tables_of("elsewhere")
        with pytest.raises(Unwritable):
            campaign.send(
                customers(3), begun=lambda: setattr(campaign, "tables", kept) or drop(campaign, "sms_results")
            )
        campaign.tables = tables_of("sms_results")
        campaign.send([], try_number=2)
        assert campaign.statuses() == dict.fromkeys("012", "accepted")

    def test_a_table_that_is_somebody_else_s_is_refused(self, tmp_path: Path) -> None:
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'x.sqlite'}")
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE sms_results (row_key TEXT)")
        with pytest.raises(Unwritable, match="sms_results"):
            prepare(engine, tables_of("sms_results"))

    @pytest.mark.parametrize(
        ("first", "then", "stays"),
        [
            (("delivered", Stage.FINAL, 1), ("accepted", Stage.TAKEN, 1), "delivered"),
            (("delivered", Stage.FINAL, 1), ("rejected", Stage.LEFT_OUT, 0), "delivered"),
            (("accepted", Stage.TAKEN, 1), ("merged", Stage.MERGED, 0), "accepted"),
            (("in_doubt", Stage.IN_DOUBT, 1), ("rejected", Stage.NOT_TAKEN, 1), "rejected"),
            (("rejected", Stage.NOT_TAKEN, 1), ("accepted", Stage.TAKEN, 2), "accepted"),
            (("cancelled", Stage.FINAL, 1), ("accepted", Stage.TAKEN, 2), "accepted"),
            (("suppressed", Stage.LEFT_OUT, 0), ("rejected", Stage.LEFT_OUT, 0), "rejected"),
        ],
    )
    @pytest.mark.parametrize("at_once", [False, True])
    def test_nothing_goes_backwards(
        self, tmp_path: Path, first: tuple[Any, ...], then: tuple[Any, ...], stays: str, at_once: bool
    ) -> None:
        engine, tables = sa.create_engine(f"sqlite:///{tmp_path / 'x.sqlite'}"), tables_of("sms_results")
        prepare(engine, tables)
        rows = [
            ResultRow("dues", "1", "run", status, revision=revision(stage, at)) for status, stage, at in (first, then)
        ]
        for batch in [rows] if at_once else [[row] for row in rows]:
            with engine.begin() as connection:
                upsert(connection, tables, batch)
        with engine.connect() as connection:
            assert connection.execute(sa.select(tables.results.c.status)).scalars().all() == [stays]


def drop(campaign: Campaign, name: str) -> None:
    with closing(sqlite3.connect(campaign.url.removeprefix("sqlite:///"))) as database, database:
        database.execute(f"DROP TABLE {name}")


class TestParts:
    def test_a_campaign_from_two_parts_has_one_row_a_key(self, campaign: Campaign) -> None:
        """Both name ten of the same people, by other keys; whoever is faster sends to them."""
        shared = [row._replace(key=f"other {row.key}") for row in customers(30)[20:]]
        gate = threading.Barrier(2)
        parts = [customers(30), [*shared, *customers(50, first=30)]]

        def work(part: int) -> None:
            gate.wait()
            campaign.send(parts[part], part=str(part))

        threads = [threading.Thread(target=work, args=(part,)) for part in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert campaign.follow() == 0
        told = campaign.asked("status", "merged_into", "fate")
        assert len(campaign.sandbox.messages()) == 80
        assert len(told) == 90
        for n in range(20, 30):
            pair = {told[str(n)], told[f"other {n}"]}
            assert pair in (
                {("delivered", None, None), ("merged", str(n), "delivered")},
                {("delivered", None, None), ("merged", f"other {n}", "delivered")},
            )


class TestKeys:
    @pytest.mark.parametrize(("given", "kept"), [(7, "7"), (7.0, "7"), (" ab ", "ab"), ("0012", "0012")])
    def test_a_key_is_kept_as_people_write_it(self, given: Any, kept: str) -> None:
        assert key_of(given) == kept

    @pytest.mark.parametrize(
        "given", [None, "", " ", float("nan"), "nan", True, [1], "a\tb", "x" * 201, "\x00", "a\nb"]
    )
    def test_what_cannot_be_one_is_refused_and_not_repeated(self, given: Any) -> None:
        with pytest.raises(ValueError, match=r"^its key ") as refused:
            key_of(given)
        assert len(str(given)) < 4 or str(given) not in str(refused.value)

    def test_each_stands_for_one_text_to_one_number(self) -> None:
        keys = Keys()
        assert keys.take("1", "+989120000001", 5) == ""
        assert keys.take("1", "+989120000001", 5) == "the same"
        for recipient, content in (("+989120000002", 5), ("+989120000001", 6), ("+989120000002", 5)):
            assert "the same key with another number or text" in keys.take("1", recipient, content)
        assert "is its number" in keys.take("0912 000 0003", "+989120000003", 5)

    @pytest.mark.parametrize(
        ("given", "told"),
        [(7, "7"), (None, ""), ("09120000001", ""), ("۰۹۱۲۰۰۰۰۰۰۱", ""), ("0912000000", "0912000000")],
    )
    def test_a_file_of_rejects_names_it_unless_it_is_a_number(self, given: Any, told: str) -> None:
        assert told_key(given, with_numbers=False) == told
        assert told_key(given, with_numbers=True) == ("" if given is None else str(given))

    def test_rows_without_one_or_with_one_of_two_numbers_get_no_text(self, campaign: Campaign) -> None:
        rows = [*customers(2), Row(3, "09120000003", "x", key=None), Row(4, "09120000004", "x", key=1)]
        summary = campaign.send([*rows, rows[1]])
        assert [rejected.line for rejected in summary.rejects] == [3, 4]
        assert summary.merged == 1
        assert campaign.statuses() == {"0": "accepted", "1": "accepted"}


class TestOnly:
    def test_the_last_campaign_that_knows_a_key_says_its_status(self, campaign: Campaign) -> None:
        sandbox = campaign.sandbox
        rows = [*customers(2), Row(3, "09120000993", "سلام", key="lost"), Row(4, "09120000993", "سلام", key="lost too")]
        campaign.send(rows)
        campaign.follow()
        engine = sa.create_engine(campaign.url)

        def keys(name: str | None, *statuses: str, but: str | None = "next") -> set[str]:
            found = wanted(engine, campaign.tables, statuses, campaign=name, but=but)
            return {str(row.key) for row in found.among([*rows, Row(5, "", "", key=None)])}

        assert keys(None, "not_delivered") == {"lost", "lost too"}
        assert keys("dues", "delivered", "blacklisted") == {"0", "1"}
        assert keys(None, "not_delivered", but="dues") == set()
        campaign.name = "next"
        campaign.send([Row(1, "09120000007", "سلام", key="lost")])
        sandbox.settle()
        campaign.follow()
        assert keys(None, "not_delivered", but=None) == {"lost too"}


def intent(size: int, *, sizes: tuple[int, ...] = (), bulks: int | None = None, again: int = 0) -> Intent:
    count = bulks or len(sizes) or size
    return Intent(1, 100.0, (1, size), b"m" * 8 * size, b"t" * 4 * count, again=again, sizes=sizes)


@pytest.mark.parametrize(
    ("given", "outcome", "told"),
    [
        (intent(2), Outcome((7, 8)), [("accepted", 7), ("accepted", 8)]),
        (intent(3, bulks=1), Outcome((7,)), [("accepted", 7)] * 3),
        (intent(3, sizes=(2, 1)), Outcome((7, 8)), [("accepted", 7), ("accepted", 7), ("accepted", 8)]),
        (intent(2), Outcome((), frozenset({0, 1})), [("rejected", None)] * 2),
        (intent(2), Outcome((8,), frozenset({0})), [("rejected", None), ("accepted", 8)]),
        (intent(2), Outcome((7, 8), frozenset({0})), [("rejected", None), ("accepted", 8)]),
        (intent(2), None, [("in_doubt", None)] * 2),
        (intent(2), Outcome((), is_given_up=True), [("in_doubt", None)] * 2),
        (intent(2), Outcome((7,), is_given_up=True), [("in_doubt", None)] * 2),
        (intent(2, again=1), None, [None, None]),
        (intent(2, again=1), Outcome(), [None, None]),
        (intent(2, again=1), Outcome((7, 8)), [("accepted", 7), ("accepted", 8)]),
    ],
)
def test_what_the_ledger_says_of_a_chunk_is_said_of_each_row(
    given: Intent, outcome: Outcome | None, told: list[tuple[str, int | None] | None]
) -> None:
    assert [fate and (fate.status, fate.outbox_id) for fate in fates(given, outcome)] == told


def test_a_source_without_the_column_of_keys_sends_nothing(campaign: Campaign) -> None:
    from ippanel_provider.campaign.rows import rendered
    from ippanel_provider.tables.records import numbered

    rows = rendered(numbered([{"mobile": "09120000001"}]), "x", "mobile", key_column="customer_id")
    with pytest.raises(Exception, match=r"results.key_column: the rows have no column 'customer_id'"):
        list(rows)
    with pytest.raises(NotSent):
        campaign.send([])


@pytest.mark.slow
def test_who_sends_and_who_follows_may_be_killed_at_a_write(ippanel_sandbox: RunningSandbox, tmp_path: Path) -> None:
    """Some of the writes; ``python -m tests.results.kills`` strikes at each, and at random."""
    urls = {name: f"sqlite:///{tmp_path / name}.sqlite" for name in ("results", "ledger")}
    options = {"url": ippanel_sandbox.url, **urls, "people": 20, "behind": False, "text": None}
    tally = Tally()
    blows = [("send", Blow(commit=9)), ("send", Blow(commit=6)), ("follow", Blow(commit=2))]
    campaign_with(ippanel_sandbox, options, blows, tally)
    assert (tally.kills, tally.bad, tally.keys) == (3, 0, 20)
