"""The sandbox as other panels than the documents': each fact of a service profile, as a client meets it on the wire."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox, SandboxError, running_sandbox
from ippanel_provider.service_profile import DOCUMENTS, facts
from tests.sandbox.conftest import Wire

ONE, TWO = "+989120000001", "+989350000002"


def listed(wire: Wire, **filters: Any) -> list[int]:
    return [int(bulk["messages_outbox_id"]) for bulk in wire.outbox(**filters)["data"]]


def recipients(wire: Wire, bulk_id: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = wire.get("/api/report/recipients", bulk_id=bulk_id, per_page=100).json()["data"]
    return rows


@pytest.mark.parametrize(
    ("fact", "sent", "shown"),
    [
        ({}, "متن \u200cیک\n ", "متن \u200cیک\n "),
        ({"letters": "arabic"}, "کی", "كي"),
        ({"letters": "persian"}, "كي", "کی"),
        ({"half_spaces": "dropped"}, "می\u200cرسد", "میرسد"),
        ({"half_spaces": "space"}, "می\u200cرسد", "می رسد"),
        ({"trailing_space": "dropped"}, "سلام \n", "سلام"),
        ({"line_ends": "crlf"}, "a\nb\r\nc", "a\r\nb\r\nc"),
        ({"line_ends": "lf"}, "a\r\nb", "a\nb"),
        ({"suffix_appended": True}, "سلام", "سلام\nلغو11"),
        ({"suffix_appended": True}, "سلام\nلغو11", "سلام\nلغو11"),
        ({"suffix_appended": True, "line_ends": "crlf", "trailing_space": "dropped"}, "سلام \n", "سلام\r\nلغو11"),
        ({"text_listed": "other"}, "سلام", "@سلام"),
        ({"text_listed": "hidden"}, "سلام", None),
    ],
)
def test_texts_are_listed_in_the_panels_own_way_and_arrive_as_sent(
    wire: Wire, fact: dict[str, object], sent: str, shown: str | None
) -> None:
    wire.sandbox.profile(**fact)
    (bulk_id,) = wire.ids(wire.send(sent))
    assert wire.outbox()["data"][0]["message"] == shown
    assert wire.bulk(bulk_id)["message"] == shown
    assert recipients(wire, bulk_id)[0]["message"] == shown
    assert wire.sandbox.messages()[0]["text"] == sent


@pytest.mark.parametrize(("form", "shown"), [("+98", ONE), ("98", ONE[1:]), ("0", "0" + ONE[3:])])
def test_recipients_are_written_in_the_panels_own_way(wire: Wire, form: str, shown: str) -> None:
    wire.sandbox.profile(recipient_form=form, recipient_texts=False)
    (row,) = recipients(wire, wire.ids(wire.send("a", ONE))[0])
    assert (row["recipient"], row["message"]) == (shown, None)


def test_recipients_may_come_when_the_bulk_is_final_or_never(wire: Wire) -> None:
    wire.sandbox.profile(recipients_listed="when_final")
    (bulk_id,) = wire.ids(wire.send("a", ONE, TWO))
    assert recipients(wire, bulk_id) == []
    wire.sandbox.settle()
    assert len(recipients(wire, bulk_id)) == 2
    wire.sandbox.profile(recipients_listed="never")
    assert recipients(wire, bulk_id) == []


def test_some_people_are_left_out_but_never_the_only_one(wire: Wire) -> None:
    wire.sandbox.profile(recipients_lacking=1)
    many, single = wire.ids(wire.send("a", ONE, TWO))[0], wire.ids(wire.send("b", ONE))[0]
    assert [row["recipient"] for row in recipients(wire, many)] == [ONE]
    assert [row["recipient"] for row in recipients(wire, single)] == [ONE]


@pytest.mark.parametrize(("counts", "shown"), [("exact", "2"), ("zero", "0"), ("one_less", "1")])
def test_counts(wire: Wire, counts: str, shown: str) -> None:
    wire.sandbox.profile(counts=counts)
    (bulk_id,) = wire.ids(wire.send("a", ONE, TWO))
    assert (wire.bulk(bulk_id)["rcpts_count"], wire.outbox()["data"][0]["exit_count"]) == (shown, shown)


def scheduled(wire: Wire, ahead: int = 607) -> tuple[int, int]:
    """The id of a bulk that goes out ``ahead`` seconds from now, and when that is."""
    due = int(wire.sandbox.now()) // 60 * 60 + ahead
    send_time = datetime.fromtimestamp(due, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return wire.ids(wire.send(f"at {due}", ONE, send_time=send_time))[0], due


def test_send_times_are_echoed_in_the_panels_own_way(wire: Wire) -> None:
    bulk_id, due = scheduled(wire)
    shown = {}
    for times in ("second", "minute", "created"):
        wire.sandbox.profile(send_times=times)
        shown[times] = wire.bulk(bulk_id)["time_send"]
    assert shown == {"second": str(due), "minute": str(due // 60 * 60), "created": wire.bulk(bulk_id)["time"]}


def test_scheduled_bulks_may_be_hidden_until_they_go_out(wire: Wire) -> None:
    wire.sandbox.profile(scheduled_listed=False)
    bulk_id, _ = scheduled(wire)
    (now,) = wire.ids(wire.send("now"))
    assert listed(wire) == [now]
    assert wire.bulk(bulk_id)["state_id"] in (0, 1, 5)
    wire.sandbox.advance(700)
    assert listed(wire) == [now, bulk_id]


def test_cancelling_may_be_confirmed_and_not_done(wire: Wire) -> None:
    wire.sandbox.profile(cancel_works=False)
    bulk_id, _ = scheduled(wire)
    assert wire.post("/api/send/cancel", {"message_outbox_id": bulk_id}).json()["meta"]["status"] is True
    wire.sandbox.advance(700)
    assert wire.bulk(bulk_id)["state_id"] == 6


def test_ids_may_come_from_two_ranges_and_are_still_found(wire: Wire) -> None:
    wire.sandbox.profile(ids="blocks")
    ids = [wire.ids(wire.send(text))[0] for text in "abcd"]
    assert ids[0] < ids[2]
    assert ids[1] < ids[3] < ids[0]
    assert [wire.bulk(each)["message"] for each in ids] == list("abcd")
    assert listed(wire) == ids[::-1]


def test_ids_without_gaps(wire: Wire) -> None:
    wire.sandbox.profile(id_gaps=False)
    ids = [*wire.ids(wire.send_each("a", "b")), *wire.ids(wire.send("c"))]
    assert ids == list(range(ids[0], ids[0] + 3))


def test_filters_may_be_read_in_the_time_of_tehran(wire: Wire) -> None:
    (bulk_id,) = wire.ids(wire.send("a"))
    now = int(wire.sandbox.now())
    assert listed(wire, create_from_date=str(now - 60)) == [bulk_id]
    wire.sandbox.profile(filter_zone="tehran")
    assert listed(wire, create_from_date=str(now - 60), create_to_date=str(now + 60)) == []
    shifted = now + 12_600
    assert listed(wire, create_from_date=str(shifted - 60), create_to_date=str(shifted + 60)) == [bulk_id]


@pytest.mark.parametrize(("match", "found"), [("part", [1, 0]), ("exact", [0]), ("ignored", [2, 1, 0])])
def test_what_the_filter_of_texts_finds(wire: Wire, match: str, found: list[int]) -> None:
    wire.sandbox.profile(text_match=match)
    ids = [wire.ids(wire.send(text))[0] for text in ("سلام", "سلام دنیا", "خداحافظ")]
    assert listed(wire, message="سلام") == [ids[place] for place in found]


class TestPages:
    @pytest.fixture
    def ids(self, wire: Wire) -> list[int]:
        return [wire.ids(wire.send(text))[0] for text in "abcdef"]

    def page(self, wire: Wire, number: int, limit: int = 2) -> tuple[list[int], dict[str, Any]]:
        content = wire.post("/api/report/new_list", {"page": number, "limit": limit}).json()
        return [int(bulk["messages_outbox_id"]) for bulk in content["data"]], content["meta"]

    def test_capped(self, wire: Wire, ids: list[int]) -> None:
        wire.sandbox.profile(page_cap=2)
        found, meta = self.page(wire, 2, limit=100)
        assert found == [ids[3], ids[2]]
        assert (meta["per_page"], meta["last_page"]) == (2, 3)

    def test_without_figures(self, wire: Wire, ids: list[int]) -> None:
        wire.sandbox.profile(page_figures=False)
        found, meta = self.page(wire, 3)
        assert found == [ids[1], ids[0]]
        assert {"total", "last_page"}.isdisjoint(meta)

    def test_oldest_first(self, wire: Wire, ids: list[int]) -> None:
        wire.sandbox.profile(page_order="oldest")
        assert self.page(wire, 2)[0] == [ids[2], ids[3]]
        assert listed(wire, message="b") == [ids[1]]

    def test_shifting_while_they_are_read(self, wire: Wire, ids: list[int]) -> None:
        wire.sandbox.profile(pages_shift=1)
        assert [self.page(wire, number)[0] for number in (1, 2, 3)] == [
            [ids[5], ids[4]],
            [ids[4], ids[3]],
            [ids[3], ids[2]],
        ]

    def test_only_the_newest_are_listed_and_an_older_one_is_known_by_its_id(self, wire: Wire, ids: list[int]) -> None:
        wire.sandbox.profile(list_cap=2)
        assert listed(wire) == [ids[5], ids[4]]
        assert listed(wire, message="a") == []
        assert listed(wire, number="+983000505", message="f") == [ids[5]]
        assert wire.bulk(ids[0])["message"] == "a"
        several = wire.ids(wire.send_each("x", "y", "z"))
        assert listed(wire) == several[:0:-1]


def test_lists_that_lag(wire: Wire) -> None:
    wire.sandbox.speed(0)
    wire.sandbox.profile(outbox_lag=60, recipients_lag=30, bulk_lag=10)
    (bulk_id,) = wire.ids(wire.send("a"))
    seen = []
    for _ in range(4):
        known = wire.get("/api/report/by_bulk", messages_outbox_id=bulk_id).status_code == 200
        people = wire.get("/api/report/recipients", bulk_id=bulk_id).json()["data"]
        seen.append((bool(listed(wire)), known, bool(people)))
        wire.sandbox.advance(20)
    assert seen == [(False, False, False), (False, True, False), (False, True, True), (True, True, True)]


def test_a_clock_that_is_wrong(wire: Wire) -> None:
    before = wire.sandbox.now()
    wire.sandbox.profile(clock_offset=-120)
    (bulk_id,) = wire.ids(wire.send("a"))
    assert before - 121 < int(wire.bulk(bulk_id)["time"]) < before - 100
    wire.sandbox.profile(clock_offset=3600)
    assert wire.sandbox.now() > before + 3590
    wire.sandbox.reset()
    assert wire.sandbox.now() < before + 600


def test_a_panel_without_a_guard(wire: Wire) -> None:
    wire.sandbox.profile(guard_seconds=0)
    assert len({*wire.ids(wire.send("a")), *wire.ids(wire.send("a"))}) == 2
    wire.sandbox.profile(guard_seconds=5)
    assert [wire.send("b").status_code for _ in range(2)] == [200, 429]
    assert wire.sandbox.account()["duplicate_guard"] == 5


def test_a_gateway_that_repeats_each_post_answers_what_the_second_got(wire: Wire) -> None:
    wire.sandbox.profile(gateway_repeats=True)
    assert wire.send("a").status_code == 429
    assert len(wire.sandbox.messages()) == 1
    wire.sandbox.profile(guard_seconds=0)
    (bulk_id,) = wire.ids(wire.send("b"))
    assert listed(wire)[0] == bulk_id
    assert wire.sandbox.counts()["duplicates"] == 1


def test_what_is_wrong_may_stand_in_the_message(wire: Wire) -> None:
    usual = wire.send("").json()["meta"]["errors"]
    wire.sandbox.profile(validation_in_message=True)
    answer = wire.send("")
    assert (answer.status_code, answer.json()["meta"]["message"]) == (422, usual)
    assert "errors" not in answer.json()["meta"]


def test_sums_that_differ(wire: Wire) -> None:
    asked = {"number": "+983000505", "message": "سلام"}
    usual = wire.post("/api/send/calculate-price", asked).json()["data"]
    before = wire.sandbox.account()["credit"]
    wire.sandbox.profile(price_factor=2)
    assert wire.post("/api/send/calculate-price", asked).json()["data"] == {
        "mci_price": usual["mci_price"] * 2,
        "other_price": usual["other_price"] * 2,
        "parts": 1,
    }
    (bulk_id, *_) = [*wire.ids(wire.send("سلام", ONE)), *wire.ids(wire.send_each("سلام"))]
    assert wire.bulk(bulk_id)["cost"] == usual["mci_price"] * 2
    assert before - wire.sandbox.account()["credit"] == pytest.approx(usual["mci_price"] * 4)


def test_a_pair_on_a_boundary_may_be_cut(wire: Wire) -> None:
    asked = {"number": "+983000505", "message": "س" * 66 + "😀" + "س" * 66}
    assert wire.post("/api/send/calculate-price", asked).json()["data"]["parts"] == 3
    wire.sandbox.profile(pairs_cut=True)
    assert wire.post("/api/send/calculate-price", asked).json()["data"]["parts"] == 2


def test_the_suffix_may_be_priced(wire: Wire) -> None:
    asked = {"number": "+983000505", "message": "س" * 70 + "\nلغو11"}
    assert wire.post("/api/send/calculate-price", asked).json()["data"]["parts"] == 1
    wire.sandbox.profile(suffix_priced=True)
    assert wire.post("/api/send/calculate-price", asked).json()["data"]["parts"] == 2


def test_the_older_apis_are_the_same_panel(wire: Wire) -> None:
    wire.sandbox.profile(letters="arabic", recipient_form="0", counts="zero", bulk_lag=0)
    (bulk_id,) = wire.ids(wire.send("کی", ONE))
    headers = {"Authorization": f"AccessKey {wire.sandbox.api_key}", "apikey": wire.sandbox.api_key}
    message = wire.http.get(f"/messages/{bulk_id}", headers=headers).json()["data"]["message"]
    assert (message["message"], message["recipients_count"]) == ("كي", 0)
    (row,) = wire.http.get(f"/messages/{bulk_id}/recipients", headers=headers).json()["data"]["recipients"]
    assert row["recipient"] == "0" + ONE[3:]
    url = f"{wire.sandbox.url}/api/v1/sms/message"
    (other,) = wire.http.get(f"{url}/all?message_id={bulk_id}", headers=headers).json()["data"]
    assert (other["message"], other["recipient_count"]) == ("كي", 0)
    deliveries = wire.http.get(f"{url}/show-recipient/message-id/{bulk_id}", headers=headers).json()["data"]
    assert deliveries["deliveries"][0]["recipient"] == "0" + ONE[3:]


def test_the_older_apis_give_no_figures_where_the_panel_has_none(wire: Wire) -> None:
    ids = [wire.ids(wire.send(text))[0] for text in "abc"]
    wire.sandbox.profile(page_figures=False, page_order="oldest", page_cap=2)
    headers = {"Authorization": f"AccessKey {wire.sandbox.api_key}", "apikey": wire.sandbox.api_key}
    inbox = wire.http.get("/messages/inbox", headers=headers).json()
    assert (inbox["meta"]["limit"], {"total", "pages", "next"} & inbox["meta"].keys()) == (2, set())
    other = wire.http.get(f"{wire.sandbox.url}/api/v1/sms/message/all", headers=headers).json()
    assert [each["message_id"] for each in other["data"]] == ids[:2]
    assert "total" not in other["meta"]


class TestControl:
    def test_it_shows_every_fact_and_what_it_says(self, ippanel_sandbox: RunningSandbox) -> None:
        shown = ippanel_sandbox.control("GET", "profile")
        assert shown["facts"] == {name: getattr(DOCUMENTS, name) for name in facts()}
        assert shown["known"]["letters"]["choices"] == ["kept", "arabic", "persian"]

    def test_facts_are_set_by_name_or_as_a_file_and_the_others_stay(self, ippanel_sandbox: RunningSandbox) -> None:
        assert ippanel_sandbox.profile(letters="arabic")["letters"] == "arabic"
        told = DOCUMENTS.learn({"ids": "blocks", "outbox_lag": 8}).to_json()
        facts_now = ippanel_sandbox.control("POST", "profile", json.loads(told))["facts"]
        assert (facts_now["letters"], facts_now["ids"], facts_now["outbox_lag"]) == ("arabic", "blocks", 8)
        ippanel_sandbox.reset()
        assert ippanel_sandbox.profile() == {name: getattr(DOCUMENTS, name) for name in facts()}

    @pytest.mark.parametrize("wrong", [{"colour": "red"}, {"ids": "random"}, {"page_cap": -1}, {"page_figures": "no"}])
    def test_what_is_no_fact_is_named(self, ippanel_sandbox: RunningSandbox, wrong: dict[str, object]) -> None:
        with pytest.raises(SandboxError, match=next(iter(wrong))):
            ippanel_sandbox.profile(**wrong)


def test_a_profile_is_given_at_the_start_and_survives_a_reset(tmp_path: Path) -> None:
    DOCUMENTS.learn({"letters": "arabic", "clock_offset": 7200}).write(tmp_path / "panel.json")
    with running_sandbox("--profile", str(tmp_path / "panel.json")) as sandbox:
        start = sandbox.now()
        for _ in range(2):
            wire = Wire(sandbox)
            with wire.http:
                wire.ids(wire.send("کی"))
                assert wire.outbox()["data"][0]["message"] == "كي"
            sandbox.reset()
        assert start <= sandbox.now() < start + 600
        with running_sandbox() as plain:
            assert sandbox.now() - plain.now() > 7000


def test_a_profile_that_is_none_is_said_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "panel.json").write_text('{"version": 1, "facts": {"letters": "greek"}}')
    with pytest.raises(SandboxError), running_sandbox("--profile", str(tmp_path / "panel.json")):
        pass
    assert "--profile: letters: expected one of: kept, arabic, persian" in capfd.readouterr().err


def test_facts_that_were_set_survive_the_end_of_the_process(tmp_path: Path) -> None:
    state = ("--state", str(tmp_path / "state"))
    with running_sandbox(*state) as sandbox:
        sandbox.profile(ids="blocks", clock_offset=-300)
        first = Wire(sandbox)
        with first.http:
            ids = [*first.ids(first.send("a")), *first.ids(first.send("b"))]
    with running_sandbox(*state) as sandbox:
        assert sandbox.profile()["clock_offset"] == -300
        again = Wire(sandbox)
        with again.http:
            assert [again.bulk(each)["message"] for each in ids] == ["a", "b"]


def test_the_panel_it_was_started_as_stays_until_it_is_started_as_another(tmp_path: Path) -> None:
    state = ("--state", str(tmp_path / "state"))
    for name, facts_of_it in (("one", {"ids": "blocks"}), ("two", {"letters": "arabic"})):
        DOCUMENTS.learn(facts_of_it).write(tmp_path / name)
    ids: list[int] = []
    for options, expected in (
        (("--profile", str(tmp_path / "one")), ("blocks", "kept")),
        ((), ("blocks", "kept")),
        (("--profile", str(tmp_path / "two")), ("blocks", "arabic")),
    ):
        with running_sandbox(*state, *options) as sandbox:
            profile = sandbox.profile()
            assert (profile["ids"], profile["letters"]) == expected
            wire = Wire(sandbox)
            with wire.http:
                ids += wire.ids(wire.send(f"text {len(ids)}"))
                assert [wire.bulk(each)["message"] for each in ids] == [f"text {place}" for place in range(len(ids))]
    assert ids[1] < ids[0] < ids[2]
