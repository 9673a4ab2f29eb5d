"""The fate of every row by its key: what the table says is what the sandbox's own record says."""

from __future__ import annotations

from pathlib import Path

from ippanel_provider.campaign.audience import Row
from ippanel_provider.sandbox.runner import RunningSandbox
from tests.results.campaigns import Campaign, customers


def test_two_customers_with_one_phone_share_a_fate(ippanel_sandbox: RunningSandbox, tmp_path: Path) -> None:
    ippanel_sandbox.pace(0)
    campaign = Campaign.at(ippanel_sandbox, tmp_path)
    rows = [*customers(3), Row(4, "+98 912 000 0001", "سلام 1", key="other")]
    campaign.send(rows)
    assert campaign.asked("status", "merged_into", "fate")["other"] == ("merged", "1", "accepted")
    assert campaign.follow() == 0
    told = campaign.asked("status", "merged_into", "fate", "outbox_id")
    assert told["other"] == ("merged", "1", "delivered", told["1"][3])
