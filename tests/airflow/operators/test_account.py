"""Credit, prices, and taking back what has not gone out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException

from ippanel_provider.client import edge
from ippanel_provider.exceptions import CancelFailed, CreditTooLow, InvalidArgument
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.operators.account import IPPanelCancelOperator, IPPanelCreditOperator, IPPanelPriceOperator
from ippanel_provider.sandbox.runner import RunningSandbox


def scheduled(sandbox: RunningSandbox, number: str = "09120000001", minutes: int = 60) -> int:
    # Its clock may have been moved ahead of ours.
    moment = datetime.fromtimestamp(sandbox.now(), UTC) + timedelta(minutes=minutes)
    call = edge.send.webservice("سلام", [number], sender=sandbox.sender, send_time=moment)
    return IPPanelHook().run(call).outbox_ids[0]


def cancel(**fields: Any) -> list[int]:
    return IPPanelCancelOperator(task_id="cancel", **fields).execute({})


@pytest.mark.parametrize("limit", [None, "", 0, 500_000, "500000"])
def test_enough_credit_is_returned(sandbox: RunningSandbox, limit: Any) -> None:
    sandbox.account(credit=500_000.0)
    assert IPPanelCreditOperator(task_id="credit", at_least=limit).execute({}) == 500_000


def test_too_little_credit_fails_or_skips(sandbox: RunningSandbox) -> None:
    sandbox.account(credit=499_999.0)
    with pytest.raises(CreditTooLow, match="the credit is 499,999 rial, below 500,000"):
        IPPanelCreditOperator(task_id="credit", at_least=500_000).execute({})
    with pytest.raises(AirflowSkipException, match="below 500,000"):
        IPPanelCreditOperator(task_id="credit", at_least=500_000, below="skip").execute({})


def test_what_to_do_below_is_one_of_two() -> None:
    with pytest.raises(ValueError, match="below: expected one of fail, skip"):
        IPPanelCreditOperator(task_id="credit", below="warn")


def test_a_price_is_that_of_all_recipients(sandbox: RunningSandbox) -> None:
    one = IPPanelPriceOperator(task_id="price", message="س" * 71).execute({})
    many = IPPanelPriceOperator(task_id="price", message="س" * 71, recipients="1000").execute({})
    assert one["parts"] == 2
    assert one["price"] == max(one["mci_price"], one["other_price"]) > 0
    assert many["price"] == pytest.approx(one["price"] * 1000)


def test_a_price_of_no_text_is_refused(sandbox: RunningSandbox) -> None:
    with pytest.raises(InvalidArgument, match="connection 'ippanel_default', message: the text is empty"):
        IPPanelPriceOperator(task_id="price", message="").execute({})


def test_scheduled_bulks_are_taken_back(sandbox: RunningSandbox) -> None:
    ids = [scheduled(sandbox), scheduled(sandbox, "09120000002")]
    assert cancel(outbox_ids={"outbox_ids": ids}) == ids
    sandbox.settle()
    assert {text["state_id"] for text in sandbox.messages()} == {7}


def test_a_second_try_is_content_with_what_the_first_one_did(sandbox: RunningSandbox) -> None:
    outbox_id = scheduled(sandbox)
    assert cancel(outbox_ids=outbox_id) == cancel(outbox_ids=outbox_id) == [outbox_id]


def test_for_some_it_is_too_late(sandbox: RunningSandbox) -> None:
    late = IPPanelHook().run(edge.send.webservice("سلام", ["09120000009"], sender=sandbox.sender)).outbox_ids[0]
    ids = [late, scheduled(sandbox), 1]
    with pytest.raises(CancelFailed, match=f"2 of 3 bulks were not cancelled, first {late}"):
        cancel(outbox_ids=ids)
    assert cancel(outbox_ids=ids, ignore_late=True) == [ids[1]]
