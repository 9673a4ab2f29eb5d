"""Sending over the wire: every form, every limit, the guard, cancelling, prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire

PERSIAN = "سلام"


def errors(response: object) -> dict[str, list[str]]:
    assert response.status_code == 422, response.text  # type: ignore[attr-defined]
    meta = response.json()["meta"]  # type: ignore[attr-defined]
    assert meta["status"] is False
    assert meta["message_code"] == "400-2"
    found: dict[str, list[str]] = meta["errors"]
    return found


def test_one_text_to_many_is_one_bulk(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    response = wire.send(PERSIAN, "+989120000000", "+989190000000")
    assert len(wire.ids(response)) == 1
    assert response.json()["meta"] == {
        "status": True,
        "message": "انجام شد",
        "message_parameters": [],
        "message_code": "200-1",
    }
    assert [text["recipient"] for text in ippanel_sandbox.messages()] == ["+989120000000", "+989190000000"]


def test_ids_rise_from_where_live_ones_were_with_those_of_others_between(wire: Wire) -> None:
    first, second = wire.ids(wire.send("a"))[0], wire.ids(wire.send("b"))[0]
    assert 1_290_000_000 < first < second - 1
    several = [wire.ids(wire.send_each(*(f"{word}{n}" for n in "abcd"))) for word in ("one", "two", "three")]
    assert [ids == sorted(ids) for ids in several] == [True] * 3
    assert {ids[1] - ids[0] for ids in several} == {1, 2, 3}
    assert all(wire.bulk(each)["messages_outbox_id"] == str(each) for ids in several for each in ids)


def test_each_item_of_peer_to_peer_is_a_bulk_in_order(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    ids = wire.ids(wire.send_each("one", "two", "three"))
    assert [(text["outbox_id"], text["text"]) for text in ippanel_sandbox.messages()] == list(
        zip(ids, ("one", "two", "three"), strict=True)
    )


def test_normal_is_the_older_name_of_webservice(wire: Wire) -> None:
    (bulk_id,) = wire.ids(wire.send("a", sending_type="normal"))
    assert wire.bulk(bulk_id)["type"] == "normal"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"sending_type": None}, "sending_type"),
        ({"sending_type": "telegram"}, "sending_type"),
        ({"sending_type": ["webservice"]}, "sending_type"),
        ({"from_number": None}, "from_number"),
        ({"from_number": "+981234"}, "from_number"),
        ({"message": ""}, "message"),
        ({"message": 5}, "message"),
        ({"message": "a" * 1401}, "message"),
        ({"message": "😀" * 671}, "message"),
        ({"params": None}, "params.recipients"),
        ({"params": {"recipients": "+989120000000"}}, "params.recipients"),
        ({"params": {"recipients": ["+989120000000", "+98912"]}}, "params.recipients.1"),
        ({"params": {"recipients": ["+989120000000"] * 1001}}, "params.recipients"),
        ({"send_time": "tomorrow"}, "send_time"),
        ({"send_time": "2020-01-01 00:00:00"}, "send_time"),
        ({"send_time": "2999-01-01 00:00:00"}, "send_time"),
    ],
)
def test_limits_of_a_send(wire: Wire, ippanel_sandbox: RunningSandbox, fields: dict[str, object], field: str) -> None:
    assert list(errors(wire.send("a", **fields))) == [field]
    assert ippanel_sandbox.messages() == []


def test_the_longest_text_and_the_most_recipients(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    wire.ids(wire.send("a" * 1400, *(f"+98912{index:07d}" for index in range(1000))))
    assert len(ippanel_sandbox.messages()) == 1000


def test_several_mistakes_are_counted_in_the_message(wire: Wire) -> None:
    response = wire.send("", from_number=None)
    assert len(errors(response)) == 2
    assert response.json()["meta"]["message"].endswith("(و 1 خطای دیگر)")


def test_the_documents_own_words_for_a_missing_text(wire: Wire) -> None:
    assert errors(wire.send("")) == {"message": ["تکمیل گزینه پیام الزامی است"]}


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ([], "params"),
        ([{"recipients": ["+989120000000"], "message": "a"}] * 1001, "params"),
        ([{"recipients": ["+989120000000"]}], "params.0.message"),
        ([{"recipients": ["+989120000000"], "message": "a"}, {"message": "a"}], "params.1.recipients"),
        (["a"], "params.0"),
    ],
)
def test_limits_of_peer_to_peer(wire: Wire, ippanel_sandbox: RunningSandbox, params: list[object], field: str) -> None:
    assert list(errors(wire.send_each(params=params))) == [field]
    assert ippanel_sandbox.counts()["texts"] == 0


@pytest.mark.parametrize("recipient", ["09120000000", "989120000000", "9120000000", "00989120000000", "+989120000000"])
@pytest.mark.parametrize("line", ["3000505", "983000505", "+983000505"])
def test_numbers_and_lines_are_taken_as_clients_in_the_field_write_them(
    wire: Wire, ippanel_sandbox: RunningSandbox, recipient: str, line: str
) -> None:
    wire.ids(wire.send("a", recipient, from_number=line))
    (text,) = ippanel_sandbox.messages()
    assert (text["recipient"], text["sender"]) == ("+989120000000", "+983000505")


@pytest.mark.parametrize(
    ("recipient", "line", "field"),
    [("09120000000", "+983000505", "params.recipients.0"), ("+989120000000", "3000505", "from_number")],
)
def test_a_strict_panel_takes_one_spelling_only(
    wire: Wire, ippanel_sandbox: RunningSandbox, recipient: str, line: str, field: str
) -> None:
    ippanel_sandbox.account(local_numbers=False)
    assert list(errors(wire.send("a", recipient, from_number=line))) == [field]
    wire.ids(wire.send("a", "+989120000000"))


def test_the_guard_refuses_the_same_text_for_forty_seconds(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.speed(0)
    wire.ids(wire.send("a"))
    assert wire.send("a").status_code == 429
    wire.ids(wire.send("b"))
    wire.ids(wire.send("a", "+989190000000"))
    ippanel_sandbox.advance(39)
    assert wire.send("a").status_code == 429
    ippanel_sandbox.advance(1)
    wire.ids(wire.send("a"))


def test_the_guard_refuses_the_whole_request(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    wire.ids(wire.send_each("a", "b"))
    assert wire.send_each("new", "b").status_code == 429
    assert ippanel_sandbox.counts()["texts"] == 2


def test_the_guard_can_be_switched_off(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.account(duplicate_guard=0)
    wire.ids(wire.send("a"))
    wire.ids(wire.send("a"))
    counts = ippanel_sandbox.counts()
    assert (counts["texts"], counts["distinct"], counts["duplicates"], counts["repeats"]) == (2, 1, 1, 1)


class TestSchedule:
    @staticmethod
    def at(sandbox: RunningSandbox, seconds: float) -> str:
        from datetime import UTC, datetime

        return datetime.fromtimestamp(sandbox.now() + seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")

    def test_it_waits_and_then_goes_out(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        (bulk_id,) = wire.ids(wire.send("a", send_time=self.at(ippanel_sandbox, 3600)))
        ippanel_sandbox.settle()
        assert wire.bulk(bulk_id)["state_id"] == 5
        ippanel_sandbox.advance(3600)
        assert wire.bulk(bulk_id)["state_id"] == 6

    def test_time_send_echoes_it(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.speed(0)
        due = int(ippanel_sandbox.now()) + 3600
        (bulk_id,) = wire.ids(wire.send("a", send_time=self.at(ippanel_sandbox, 3600)))
        assert int(wire.bulk(bulk_id)["time_send"]) == due

    def test_cancel_gives_the_price_back(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        before = ippanel_sandbox.account()["credit"]
        (bulk_id,) = wire.ids(wire.send("a", send_time=self.at(ippanel_sandbox, 3600)))
        assert ippanel_sandbox.account()["credit"] < before
        response = wire.post("/api/send/cancel", {"message_outbox_id": str(bulk_id)})
        assert (response.status_code, response.json()["data"]) == (200, None)
        assert wire.bulk(bulk_id)["state_id"] == 7
        assert ippanel_sandbox.account()["credit"] == before

    def test_too_late_unknown_twice_and_unscheduled_are_404(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        (bulk_id,) = wire.ids(wire.send("a", send_time=self.at(ippanel_sandbox, 3600)))
        (at_once,) = wire.ids(wire.send("b"))
        ippanel_sandbox.advance(3600 - 299)
        for refused in (bulk_id, at_once, 7, "x"):
            response = wire.post("/api/send/cancel", {"message_outbox_id": refused})
            assert response.status_code == 404
            assert response.json()["meta"]["message_code"] == "400-1"

    def test_cancel_needs_an_id(self, wire: Wire) -> None:
        assert list(errors(wire.post("/api/send/cancel", {}))) == ["message_outbox_id"]

    @pytest.mark.parametrize(("ahead", "status"), [(290, 422), (310, 200), (89 * 86400, 200), (91 * 86400, 422)])
    def test_the_window(self, wire: Wire, ippanel_sandbox: RunningSandbox, ahead: int, status: int) -> None:
        assert wire.send("a", send_time=self.at(ippanel_sandbox, ahead)).status_code == status


class TestPattern:
    @pytest.fixture(autouse=True)
    def _code(self, demo: Wire) -> None:
        self.wire = demo

    def send(self, **fields: object) -> object:
        body = {
            "sending_type": "pattern",
            "from_number": "+983000505",
            "code": "xxxxxxxxxxxxxxx",
            "recipients": ["+989120000000"],
        }
        return self.wire.post("/api/send", body | {"params": {"code": "1234"}} | fields)

    def test_values_fill_the_text(self) -> None:
        self.wire.ids(self.send())
        assert self.wire.sandbox.messages()[0]["text"] == "کد شما: 1234"

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"code": None}, "code"),
            ({"recipients": ["+989120000000", "+989190000000"]}, "recipients"),
            ({"recipients": []}, "recipients"),
            ({"params": None}, "params"),
            ({"params": {}}, "params.code"),
            ({"params": []}, "params.code"),
            ({"params": {"code": 1234}}, "params.code"),
            ({"code": "zcxxc465465zxc"}, "code"),
        ],
    )
    def test_what_it_refuses(self, fields: dict[str, object], field: str) -> None:
        assert list(errors(self.send(**fields))) == [field]

    def test_an_unknown_code_is_404(self) -> None:
        response = self.send(code="nope")
        assert response.status_code == 404  # type: ignore[attr-defined]
        assert response.json()["meta"]["message_code"] == "404-1"  # type: ignore[attr-defined]

    def test_a_pending_pattern_waits_for_its_reviewer(self) -> None:
        values = {"code": "jhaskdab45s6f4sfw", "params": {"var": "a", "code": 5}}
        self.wire.sandbox.reject("jhaskdab45s6f4sfw", "too short")
        assert list(errors(self.send(**values))) == ["code"]
        self.wire.sandbox.approve("jhaskdab45s6f4sfw")
        self.wire.ids(self.send(**values))
        assert list(errors(self.send(**values | {"params": {"var": "a", "code": "five"}}))) == ["params.code"]


class TestUrl:
    BASE: dict[str, str] = {"from": "+983000505", "to": "+989120000000", "message": "متن پیام"}  # noqa: RUF012

    def get(self, wire: Wire, **query: str) -> object:
        return wire.http.get("/api/send/webservice", params=query, headers={"Authorization": ""})

    @pytest.mark.parametrize(
        "credential",
        [
            {"apikey": "sandbox-key"},
            {"access_key": "sandbox-key"},
            {"username": "ippanel", "password": "sandbox-password"},
        ],
    )
    def test_key_or_user_and_password(self, wire: Wire, credential: dict[str, str]) -> None:
        assert len(wire.ids(self.get(wire, **self.BASE, **credential))) == 1

    @pytest.mark.parametrize(
        "credential",
        [
            {},
            {"apikey": "wrong"},
            {"username": "ippanel", "password": "wrong"},
            {"apikey": "sandbox-key", "username": "ippanel", "password": "sandbox-password"},
        ],
    )
    def test_none_wrong_or_both_are_401(self, wire: Wire, credential: dict[str, str]) -> None:
        assert self.get(wire, **self.BASE, **credential).status_code == 401  # type: ignore[attr-defined]

    def test_an_unencoded_plus_as_the_documents_print_it(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        wire.ids(wire.http.get("/api/send/webservice?from=+983000505&to=+989120000000&message=a&apikey=sandbox-key"))
        assert ippanel_sandbox.messages()[0]["recipient"] == "+989120000000"

    def test_aliases_can_be_switched_off(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.account(alternates=False)
        query = {"sender": "+983000505", "dst": "+989120000000", "txt": "a", "apikey": "sandbox-key"}
        assert set(errors(self.get(wire, **query))) == {"from", "to", "message"}

    def test_post_works_too(self, wire: Wire) -> None:
        wire.ids(wire.post("/api/send/webservice", self.BASE | {"apikey": "sandbox-key"}))


def test_price_by_operator_and_parts_without_the_suffix(wire: Wire) -> None:
    one = wire.post(
        "/api/send/calculate-price", {"number": wire.sandbox.sender, "message": "ا" * 70 + "\nلغو11"}
    ).json()["data"]
    two = wire.post("/api/send/calculate-price", {"number": wire.sandbox.sender, "message": "ا" * 71}).json()["data"]
    assert (one["parts"], two["parts"]) == (1, 2)
    assert two["mci_price"] == 2 * one["mci_price"]
    assert set(errors(wire.post("/api/send/calculate-price", {}))) == {"number", "message"}


def test_credit_falls_by_what_calculate_price_says(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    price = wire.post("/api/send/calculate-price", {"number": wire.sandbox.sender, "message": PERSIAN}).json()["data"]
    before = wire.get("/api/payment/credit/mine").json()["data"]["credit"]
    (bulk_id,) = wire.ids(wire.send(PERSIAN, "+989120000000", "+989350000000"))
    after = wire.get("/api/payment/credit/mine").json()["data"]["credit"]
    assert round(before - after, 1) == round(price["mci_price"] + price["other_price"], 1) == wire.bulk(bulk_id)["cost"]


def test_without_credit_a_bulk_ends_in_state_8(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.account(credit=1500)
    first, second = wire.ids(wire.send_each(PERSIAN, "خداحافظ"))
    ippanel_sandbox.settle()
    assert (wire.bulk(first)["state_id"], wire.bulk(second)["state_id"]) == (6, 8)
    assert 0 < ippanel_sandbox.account()["credit"] < 1500


def test_without_credit_a_send_is_refused_where_that_is_set(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.account(credit=0, without_credit="refuse")
    response = wire.send(PERSIAN)
    assert (response.status_code, response.json()["meta"]["status"]) == (200, False)
    ippanel_sandbox.account(credit=10_000)
    wire.ids(wire.send(PERSIAN))


def test_a_blocked_account_sends_nothing(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.account(send_block=True)
    assert wire.send("a").json()["meta"]["status"] is False
    assert ippanel_sandbox.messages() == []
