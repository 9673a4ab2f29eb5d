"""The service's several spellings of one thing, read as one type; and what a result shows of itself."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from ippanel_provider.client import models
from ippanel_provider.client.models import (
    Account,
    Bulk,
    Contact,
    Delivery,
    InboxMessage,
    LoginStep,
    Model,
    Phonebook,
    Receipt,
)
from ippanel_provider.service import BulkState, DeliveryStatus

NUMBER = "+989120001234"
TEXT = "سلام، کد شما ۴۸۲۱۳ است"

BULK = {
    "messages_outbox_id": "1123544244",
    "number": "+983000505",
    "message": TEXT,
    "time": "1653823140",
    "time_send": 1653823200,
    "state_id": "6",
    "rcpts_count": "2",
    "exit_count": 2,
    "part": "1",
    "cost": "420.5",
    "type": "webservice",
}


def read(model: type[Model], fields: dict[str, Any]) -> Any:
    return model.model_validate_json(json.dumps(fields))


class TestSpellings:
    def test_of_a_bulk(self) -> None:
        bulk = read(Bulk, BULK)
        assert (bulk.outbox_id, bulk.state, bulk.parts, bulk.recipients_count, bulk.exit_count) == (
            1123544244,
            BulkState.SENT,
            1,
            2,
            2,
        )
        assert bulk.created_at == datetime(2022, 5, 29, 11, 19, tzinfo=UTC)
        assert bulk.send_at == datetime(2022, 5, 29, 11, 20, tzinfo=UTC)
        assert (bulk.sender, bulk.message, bulk.cost) == ("+983000505", TEXT, 420.5)

    def test_of_a_bulk_that_says_little(self) -> None:
        bulk = read(Bulk, {"messages_outbox_id": 2**40, "state_id": 1})
        assert (bulk.outbox_id, bulk.state) == (2**40, BulkState.MONITORING)
        assert bulk.created_at is bulk.parts is bulk.cost is bulk.message is None

    @pytest.mark.parametrize("state", [11, "11"])
    def test_of_a_state_that_has_no_name_make_no_report_unreadable(self, state: Any) -> None:
        assert read(Bulk, {**BULK, "state_id": state}).state == 11
        assert not read(Bulk, {**BULK, "state_id": state}).state.is_final

    @pytest.mark.parametrize("options", [7, 1.5, True, "born", {"7": "born"}])
    def test_of_options_that_are_no_list_are_no_mistake_of_ours(self, options: Any) -> None:
        with pytest.raises(ValidationError):
            read(Phonebook, {"id": 5, "title": "b", "options": options})

    @pytest.mark.parametrize(
        ("status", "read_as"),
        [(2, DeliveryStatus.DELIVERED), ("2", DeliveryStatus.DELIVERED), (9, 9), ("9", 9), (None, None)],
    )
    def test_of_a_delivery_status(self, status: Any, read_as: Any) -> None:
        assert read(Delivery, {"recipient": NUMBER, "message_status": status, "msg_parts": ""}).status == read_as

    @pytest.mark.parametrize(
        ("said", "flag"),
        [
            *((yes, True) for yes in (True, 1, "1", "yes", "true")),
            *((no, False) for no in (False, 0, "0", "no", "false")),
            *((unsaid, None) for unsaid in ("", None)),
        ],
    )
    def test_of_yes_and_no(self, said: Any, flag: bool | None) -> None:
        account = read(Account, {"user_name": "x", "user_id": "7", "is_reseller": said})
        assert account.is_reseller is flag
        assert account.user_id == 7

    @pytest.mark.parametrize(
        ("said", "moment"),
        [
            (1653823140, datetime(2022, 5, 29, 11, 19, tzinfo=UTC)),
            ("1653823140", datetime(2022, 5, 29, 11, 19, tzinfo=UTC)),
            ("2022-05-29 11:19:00", datetime(2022, 5, 29, 11, 19, tzinfo=UTC)),
            ("2022-05-29T11:19:00.000000Z", datetime(2022, 5, 29, 11, 19, tzinfo=UTC)),
            ("2022-05-29T14:49:00+03:30", datetime(2022, 5, 29, 11, 19, tzinfo=UTC)),
            (0, None),
            ("0", None),
            ("", None),
            (None, None),
            ("۱۴۰۱/۰۳/۰۸", None),
            ({}, None),
        ],
    )
    def test_of_a_time_are_aware_or_none_and_never_an_error(self, said: Any, moment: datetime | None) -> None:
        received = read(
            InboxMessage, {"messages_inbox_id": 7, "from": NUMBER, "number": "3000505", "message": "", "time": said}
        ).received_at
        assert received == moment
        assert received is None or received.tzinfo is not None

    @pytest.mark.parametrize("ids", [[], None, "7", [None], ["x"], [1.5], {}])
    def test_of_a_receipt_without_ids_are_none(self, ids: Any) -> None:
        with pytest.raises(ValidationError):
            read(Receipt, {"message_outbox_ids": ids})

    @pytest.mark.parametrize("ids", [[2**40, 7], [str(2**40), "7"]])
    def test_of_the_ids_of_a_receipt(self, ids: Any) -> None:
        assert read(Receipt, {"message_outbox_ids": ids}).outbox_ids == (2**40, 7)


class TestResults:
    def test_keep_what_the_documents_do_not_name(self) -> None:
        assert read(Bulk, {**BULK, "remark": 12}).model_extra == {"remark": 12}

    def test_cannot_be_changed(self) -> None:
        with pytest.raises(ValidationError):
            read(Bulk, BULK).state = BulkState.SENT

    def test_may_be_made_by_their_own_names(self) -> None:
        assert Delivery(recipient=NUMBER, status=DeliveryStatus.DELIVERED).status is DeliveryStatus.DELIVERED
        assert Receipt(outbox_ids=(1, 2)).outbox_ids == (1, 2)

    def test_survive_being_carried_and_dumped(self) -> None:
        for model in (
            read(Bulk, {**BULK, "return": 12}),
            read(Delivery, {"recipient": NUMBER, "message": TEXT, "message_status": 9}),
        ):
            assert pickle.loads(pickle.dumps(model)) == model
            assert type(model).model_validate(model.model_dump()) == model
            assert type(model).model_validate_json(model.model_dump_json()) == model

    def test_give_the_whole_number_to_those_who_ask(self) -> None:
        recipient = read(Delivery, {"recipient": NUMBER}).recipient
        assert recipient == NUMBER
        assert f"{recipient}" == NUMBER
        assert json.dumps(recipient) == json.dumps(NUMBER)
        assert {NUMBER: 1}[recipient] == 1

    @pytest.mark.parametrize(
        "model",
        [
            read(Bulk, {**BULK, "unknown": NUMBER}),
            read(Delivery, {"recipient": NUMBER, "message": TEXT}),
            read(InboxMessage, {"messages_inbox_id": 7, "from": NUMBER, "number": "3000505", "message": TEXT}),
            read(
                Contact,
                {"id": 1, "number": NUMBER, "name": TEXT, "email": TEXT, "options": {"1": TEXT}, "tags": [TEXT]},
            ),
            read(LoginStep, {"method": "sms", "token": TEXT}),
        ],
        ids=lambda model: type(model).__name__,
    )
    def test_do_not_show_numbers_texts_and_credentials(self, model: Model) -> None:
        for shown in (repr(model), str(model), f"{model}", repr([model]), repr({"result": (model,)})):
            assert NUMBER not in shown
            assert TEXT not in shown
            assert type(model).__name__ in shown or shown == str(model)

    def test_are_all_of_one_kind(self) -> None:
        results = [
            kind
            for kind in vars(models).values()
            if isinstance(kind, type) and issubclass(kind, Model) and kind is not Model
        ]
        assert len(results) > 15
        for kind in results:
            assert kind.__doc__, kind
            assert kind.model_config["frozen"]
            assert kind.model_config["extra"] == "allow"

    def test_are_read_as_pages_at_once(self) -> None:
        rows = TypeAdapter(list[Delivery]).validate_json(
            json.dumps([{"recipient": NUMBER, "message_status": "2"}] * 1000)
        )
        assert len(rows) == 1000
        assert {row.status for row in rows} == {DeliveryStatus.DELIVERED}


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("pending", "pending"),
        ("in progress", "in progress"),
        (3, "3"),
        ("OWVi-canary-key==", "unknown"),
        ("09120001234", "unknown"),
        ("سلام علی", "unknown"),
        ("a" * 21, "unknown"),
        ("", "unknown"),
    ],
)
def test_a_state_is_a_word_and_nothing_else_that_a_service_may_have_put_there(said: object, read: str) -> None:
    assert models.Phonebook.model_validate({"id": 1, "title": "x", "import_status": said}).import_status == read


@pytest.mark.parametrize("said", ["/v1/api/patterns/normal key==", "a b", "", "x" * 65])
def test_a_code_of_a_pattern_is_no_echo(said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        models.Pattern.model_validate({"pattern_code": said, "pattern_status": "active"})
    assert [error["loc"] for error in caught.value.errors()] == [("pattern_code",)]
