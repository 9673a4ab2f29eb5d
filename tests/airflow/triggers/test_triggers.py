"""The triggers: what they ask the service, what their events hold, and that any triggerer can take them up."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from openpyxl import Workbook

from ippanel_provider.client import edge
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.inbox import InboxFilter, sender_hash
from ippanel_provider.operators.bulk_outcome import handed_over
from ippanel_provider.outbox_ids import OutboxIds, written
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.service import BulkState
from ippanel_provider.triggers.account import IPPanelCreditTrigger, IPPanelPatternTrigger
from ippanel_provider.triggers.bulk import IPPanelBulkTrigger
from ippanel_provider.triggers.inbox import IPPanelInboxTrigger
from ippanel_provider.triggers.phonebook import IPPanelImportTrigger

COMMON: dict[str, Any] = {"ippanel_conn_id": "ippanel_default", "poll_interval": 0.05, "deadline": 4_000_000_000.0}
ANA = "+989120000001"


async def event_of(trigger: Any) -> dict[str, Any]:
    events = [event.payload async for event in trigger.run()]
    assert len(events) == 1
    json.dumps(events[0])
    return events[0]


def events_of(*triggers: Any) -> list[dict[str, Any]]:
    async def together() -> list[dict[str, Any]]:
        return list(await asyncio.gather(*map(event_of, triggers)))

    return asyncio.run(asyncio.wait_for(together(), 30))


def send(sandbox: RunningSandbox, *recipients: str) -> int:
    sandbox.account(duplicate_guard=0)
    return IPPanelHook().run(edge.send.webservice("سلام", recipients or (ANA,), sender=sandbox.sender)).outbox_ids[0]


def send_each(sandbox: RunningSandbox, count: int) -> list[int]:
    return (
        IPPanelHook()
        .run(
            edge.send.peer_to_peer(
                [(f"0912{number:07d}", f"text {number}") for number in range(count)], sender=sandbox.sender
            )
        )
        .outbox_ids
    )


@pytest.mark.parametrize(
    "trigger",
    [
        IPPanelBulkTrigger([2**40], fail_on=[3], min_delivered=0.5, **COMMON),
        IPPanelInboxTrigger(
            after_id=None, since=1.5, wanted=InboxFilter(line="+983000505").serialize(), least=2, **COMMON
        ),
        IPPanelPatternTrigger("abc", **COMMON),
        IPPanelCreditTrigger(10.0, **COMMON),
        IPPanelImportTrigger(7, ["done", "failed"], **COMMON),
        IPPanelBulkTrigger([7], carried={"accepted": 2}, **COMMON),
    ],
)
def test_a_trigger_comes_back_from_what_is_stored_of_it(trigger: Any) -> None:
    path, kwargs = trigger.serialize()
    module, _, name = path.rpartition(".")
    again = getattr(import_module(module), name)(**json.loads(json.dumps(kwargs)))
    assert again.serialize() == (path, kwargs)
    assert set(vars(again)) == set(vars(trigger))


def test_one_stored_before_its_newer_arguments_came_is_taken_up() -> None:
    assert IPPanelBulkTrigger(outbox_ids=[1], **COMMON).serialize()[1]["fail_on"] is None


def test_it_ends_when_the_bulks_are_final(sandbox: RunningSandbox) -> None:
    first, second = send(sandbox), send(sandbox)
    sandbox.speed(50)
    (event,) = events_of(IPPanelBulkTrigger([first, second], **COMMON))
    sandbox.speed(1)
    assert event == {"status": "final", "states": {str(first): 6, str(second): 6}}


def test_a_thousand_waits_cost_a_handful_of_requests_a_round(sandbox: RunningSandbox) -> None:
    ids = send_each(sandbox, 1000)
    sandbox.settle()
    before = sum(sandbox.stats()["requests"].values())
    events = events_of(*(IPPanelBulkTrigger([outbox_id], **COMMON) for outbox_id in ids))
    assert all(event["status"] == "final" for event in events)
    assert sum(sandbox.stats()["requests"].values()) - before <= 20


def test_waits_scattered_over_an_old_outbox_keep_to_the_limit_and_all_end(sandbox: RunningSandbox) -> None:
    groups = []
    for _ in range(6):
        groups.append(send_each(sandbox, 300)[::100])
        sandbox.advance(60)
    ids = [outbox_id for group in groups[:5] for outbox_id in group]
    sandbox.settle()
    events = events_of(*(IPPanelBulkTrigger([outbox_id], **COMMON) for outbox_id in ids))
    assert all(event["status"] == "final" for event in events)


def test_a_list_that_lags_is_got_round(sandbox: RunningSandbox) -> None:
    ids = [send(sandbox) for _ in range(6)]
    sandbox.settle()
    sandbox.fault("outbox_lag", path="/api/report/new_list", seconds=3600)
    (event,) = events_of(IPPanelBulkTrigger(ids, **COMMON))
    assert event["status"] == "final"


def test_a_bulk_that_nobody_knows_is_waited_for_until_the_time_is_up(sandbox: RunningSandbox) -> None:
    (event,) = events_of(IPPanelBulkTrigger([999_999_999], **COMMON | {"deadline": time.time() + 0.3}))
    assert event == {"status": "timeout", "message": "the time is up and 1 of 1 bulks are not final."}


def test_a_bulk_that_fails_ends_it_at_once(sandbox: RunningSandbox) -> None:
    bad, open_still = send(sandbox), send(sandbox)
    sandbox.decide(bad, state_id=BulkState.CANCELLED)
    (event,) = events_of(IPPanelBulkTrigger([bad, open_still], **COMMON))
    assert event["states"][str(bad)] == 7


def test_deliveries_are_asked_for_once_all_is_sent(sandbox: RunningSandbox) -> None:
    outbox_id = send(sandbox, ANA, "09120000993", "+989000000100")
    sandbox.settle()
    (event,) = events_of(IPPanelBulkTrigger([outbox_id], min_delivered=0.3, **COMMON))
    assert event == {"status": "final", "states": {str(outbox_id): 6}, "delivery": [1, 1, 1]}


def test_an_outage_is_ridden_out(sandbox: RunningSandbox, connect: Callable[..., str]) -> None:
    connect(extra={"retries": 0})
    outbox_id = send(sandbox)
    sandbox.settle()
    sandbox.fault("status", path="/api/report", times=2, status=503)
    (event,) = events_of(IPPanelBulkTrigger([outbox_id], **COMMON))
    assert event["status"] == "final"


def test_a_key_that_is_refused_ends_it_with_the_reason(sandbox: RunningSandbox, connect: Callable[..., str]) -> None:
    connect(password="no-key-of-this-sandbox")
    (event,) = events_of(IPPanelBulkTrigger([1], **COMMON))
    assert event["status"] == "error"
    assert "credential" in event["message"]


def test_texts_that_came_in_are_told_by_id(sandbox: RunningSandbox) -> None:
    secret = IPPanelHook().account.ledger_secret
    sandbox.inbox("+989120000002", "no")
    meant = sandbox.inbox(ANA, "yes")
    wanted = InboxFilter(sender=sender_hash("0912 000 0001", secret)).serialize()
    early = sandbox.now() - 60
    events = events_of(
        IPPanelInboxTrigger(after_id=0, since=None, wanted=wanted, **COMMON),
        IPPanelInboxTrigger(after_id=None, since=early, wanted=wanted, **COMMON),
        IPPanelInboxTrigger(after_id=meant - 1, since=None, wanted={}, **COMMON),
    )
    assert events == [{"status": "received", "inbox_ids": [meant], "cursor": meant}] * 3


def test_a_text_from_before_the_time_is_not_taken_for_a_new_one(sandbox: RunningSandbox) -> None:
    sandbox.inbox(ANA, "old")
    sandbox.advance(1000)
    since = sandbox.now() - 500

    async def old_then_new() -> dict[str, Any]:
        waiting = asyncio.create_task(event_of(IPPanelInboxTrigger(after_id=None, since=since, wanted={}, **COMMON)))
        other = asyncio.create_task(
            event_of(IPPanelInboxTrigger(after_id=None, since=since - 1000, wanted={}, **COMMON))
        )
        await other
        new = await asyncio.to_thread(sandbox.inbox, ANA, "new")
        event = await waiting
        assert event["inbox_ids"] == [new]
        return event

    asyncio.run(asyncio.wait_for(old_then_new(), 20))


def test_credit_and_decisions_of_people(sandbox: RunningSandbox) -> None:
    sandbox.account(credit=500)
    assert (
        events_of(IPPanelCreditTrigger(500, **COMMON), IPPanelCreditTrigger(1, **COMMON))
        == [{"status": "enough", "credit": 500}] * 2
    )


def test_a_pattern_that_is_decided_about(sandbox: RunningSandbox) -> None:
    code = IPPanelHook().run(edge.pattern.create("%name%", description="greeting", variables={"name": "string"})).code
    sandbox.approve(code)
    assert events_of(IPPanelPatternTrigger(code, **COMMON)) == [{"status": "decided", "pattern_status": "active"}]


def test_what_the_task_wants_back_is_in_the_event_whatever_it_says(sandbox: RunningSandbox) -> None:
    outbox_id = send(sandbox)
    sandbox.settle()
    events = events_of(
        IPPanelBulkTrigger([outbox_id], carried={"accepted": 1}, **COMMON),
        IPPanelBulkTrigger([999_999_999], carried={"accepted": 2}, **COMMON | {"deadline": time.time() + 0.3}),
    )
    assert [(event["status"], event["carried"]) for event in events] == [
        ("final", {"accepted": 1}),
        ("timeout", {"accepted": 2}),
    ]


def test_imports_are_waited_for_together_until_each_has_ended(sandbox: RunningSandbox, tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.active.append(["number"])
    workbook.active.append([ANA])
    workbook.save(tmp_path / "contacts.xlsx")
    book = sandbox.add_phonebook("one")["id"]
    IPPanelHook().run(edge.phonebook.import_contacts(book, tmp_path / "contacts.xlsx"))
    sandbox.settle()
    events = events_of(
        IPPanelImportTrigger(book, ["done"], **COMMON),
        IPPanelImportTrigger(book, ["done", "failed"], **COMMON),
        IPPanelImportTrigger(book, ["ready"], **COMMON | {"deadline": time.time() + 0.3}),
        IPPanelImportTrigger(book + 1, ["done"], **COMMON),
    )
    assert events[0] == events[1] == {"status": "ended", "import_status": "done", "contacts": 1}
    assert events[2] == {"status": "timeout", "message": "the time is up and the import is done."}
    assert events[3] == {"status": "error", "message": f"phonebook_id: there is no phonebook {book + 1} any more"}


def while_waiting(sandbox: RunningSandbox, change: Callable[[], object]) -> dict[str, Any]:
    """Wait for a bulk that is not final yet, change something after the first look, then let the bulk go out."""

    async def waiting() -> dict[str, Any]:
        wait = asyncio.create_task(event_of(IPPanelBulkTrigger([outbox_id], **COMMON)))
        for _ in range(1000):
            if any("report" in route for route in sandbox.stats()["requests"]):
                break
            await asyncio.sleep(0.01)
        await asyncio.to_thread(change)
        await asyncio.to_thread(sandbox.settle)
        return await asyncio.wait_for(wait, 20)

    sandbox.speed(0.001)
    outbox_id = send(sandbox)
    return asyncio.run(waiting())


def test_a_key_that_was_changed_during_a_wait_is_taken_up(sandbox: RunningSandbox, connect: Callable[..., str]) -> None:
    def rotate() -> None:
        connect(extra={"read_timeout": 29})
        sandbox.fault("status", path="/api/report", status=401, times=1)

    assert while_waiting(sandbox, rotate)["status"] == "final"


def test_a_key_that_is_refused_and_was_not_changed_ends_the_wait(sandbox: RunningSandbox) -> None:
    event = while_waiting(sandbox, lambda: sandbox.fault("status", path="/api/report", status=401))
    assert event["status"] == "error"
    assert "HTTP 401" in event["message"]


def test_a_wait_for_many_tells_counts_and_the_first_that_were_not_sent(sandbox: RunningSandbox) -> None:
    sandbox.account(duplicate_guard=0)
    ids = [*send_each(sandbox, 1000), *send_each(sandbox, 500)]
    sandbox.decide(ids[7], state_id=BulkState.CANCELLED)
    sandbox.settle()
    [event] = events_of(IPPanelBulkTrigger(written(ids), fail_on=[BulkState.REJECTED], **COMMON))
    assert event == {"status": "final", "states": {str(ids[7]): 7}, "counts": {"6": 1499, "7": 1}}


@pytest.mark.parametrize("count", [1_000, 10_000, 100_000, 1_000_000])
def test_its_arguments_fit_where_mysql_keeps_them_however_many_it_waits_for(count: int) -> None:
    chance, ids = random.Random(7), [1_290_000_000]
    while len(ids) < count:
        ids.append(ids[-1] + chance.randint(1, 9))
    kept: dict[str, Any] = {}
    task_instance = SimpleNamespace(xcom_push=lambda key, value: kept.update({key: value}))
    trigger = IPPanelBulkTrigger(handed_over(OutboxIds(ids), {"ti": task_instance}), **COMMON)  # type: ignore[typeddict-item]
    # Encrypted, as Airflow stores them, they are a third longer.
    assert len(json.dumps(trigger.serialize()[1])) * 1.4 < 64 * 1024
    assert bool(kept) is (count > 50_000)
