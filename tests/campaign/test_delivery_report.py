"""A report of deliveries says where the service's own list broke off."""

from __future__ import annotations

import json

from ippanel_provider.campaign.delivery_report import deliveries
from ippanel_provider.client import Client, Settings
from tests.client.raw_server import Arrived, Raw, http, listening

PEOPLE = [{"recipient": f"+98912000000{n}", "message_status": 2} for n in range(2)]


def test_a_list_that_shows_its_first_page_for_ever_is_reported_as_incomplete() -> None:
    def respond(arrived: Arrived) -> Raw:
        last = 3 if "bulk_id=7" in arrived.line else 1
        return http(200, json.dumps({"data": PEOPLE, "meta": {"status": True, "last_page": last}}).encode())

    with listening() as server:
        server.respond = respond
        with Client("k" * 40, Settings(base_url=server.url)) as client:
            broken, whole = deliveries(client, [7, 8])
    assert (broken.outbox_id, len(broken.recipients), broken.incomplete) == (7, 2, True)
    assert (whole.outbox_id, len(whole.recipients), whole.incomplete) == (8, 2, False)
