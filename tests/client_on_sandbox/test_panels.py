"""The client reads any panel: each fact that may be other than in the documents, alone and with others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ippanel_provider.client import ApiKey, Client, Settings, edge
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.service_profile import Fact, facts
from ippanel_provider.text.numbers import normalize
from tests.more import TIMES

PEOPLE = ["+989120000001", "+989350000002", "+989190000003"]
# What changes the send itself; what only lists differently is left.
OF_SENDS = {"gateway_repeats", "clock_offset", "guard_seconds"}
LISTS = {name: fact for name, fact in facts().items() if name not in OF_SENDS}


def values(fact: Fact) -> list[Any]:
    """A few values of a fact, the documents' first."""
    if fact.choices:
        return [fact.default, *(choice for choice in fact.choices if choice != fact.default)]
    return [False, True] if isinstance(fact.default, bool) else [fact.default, type(fact.default)(2)]


@contextmanager
def client_of(sandbox: RunningSandbox) -> Iterator[Client]:
    with Client(ApiKey(sandbox.api_key), Settings(base_url=sandbox.base_url)) as client:
        yield client


def read_everything(client: Client, sandbox: RunningSandbox) -> None:
    """Send three bulks and read all that reports say, now and when all is over."""
    ids = [client.run(edge.send.webservice(text, PEOPLE, sender=sandbox.sender)).outbox_ids[0] for text in "abc"]
    client.run(edge.send.peer_to_peer([(person, f"to {n}") for n, person in enumerate(PEOPLE)], sender=sandbox.sender))
    for _ in range(2):
        sandbox.advance(60)
        page = client.run(edge.report.outbox(per_page=2))
        assert page.items
        assert all(bulk.outbox_id for bulk in page.items)
        bulk = client.run(edge.report.bulk(ids[0]))
        assert bulk.outbox_id == ids[0]
        assert bulk.state.is_final
        client.run(edge.report.bulk_stats(ids[0]))
        people = [normalize(row.recipient) for row in client.run(edge.report.recipients(ids[0])).items]
        assert people == PEOPLE[: len(people)]
        assert len(client.run(edge.number.list_numbers()).items) == 1
        list(client.walk(edge.report.outbox(per_page=2)))


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, fact in LISTS.items() for value in values(fact)[1:]]
)
def test_a_panel_that_differs_in_one_fact(ippanel_sandbox: RunningSandbox, name: str, value: object) -> None:
    ippanel_sandbox.profile(**{name: value})
    with client_of(ippanel_sandbox) as client:
        read_everything(client, ippanel_sandbox)


@settings(max_examples=15 * TIMES, suppress_health_check=list(HealthCheck))
@given(st.fixed_dictionaries({name: st.sampled_from(values(fact)) for name, fact in LISTS.items()}))
def test_a_panel_that_differs_in_many(ippanel_sandbox: RunningSandbox, drawn: dict[str, object]) -> None:
    ippanel_sandbox.reset()
    ippanel_sandbox.profile(**drawn)
    with client_of(ippanel_sandbox) as client:
        read_everything(client, ippanel_sandbox)
