"""What a campaign costs, and whether the credit is enough."""

from __future__ import annotations

import logging

import pytest

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.cost import Estimate, Tariff, TooLittleCredit, require_credit, tariff_of
from ippanel_provider.client import ApiKey, Client, Settings, Unauthorized
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.service import Api
from ippanel_provider.text.parts import Encoding

TARIFF = Tariff({Encoding.UCS2: (100.0, 150.0), Encoding.GSM7: (200.0, 250.0)})
MCI, OTHER = "+989120000001", "+989350000001"


@pytest.mark.parametrize(
    ("recipient", "text", "parts", "cost"),
    [
        (MCI, "سلام", 1, 100.0),
        (OTHER, "سلام", 1, 150.0),
        (MCI, "hello", 1, 200.0),
        (OTHER, "hello", 1, 250.0),
        (MCI, "ا" * 71, 2, 200.0),
        ("+989900000001", "ا" * 135, 3, 300.0),
    ],
)
def test_a_text_costs_by_its_parts_its_letters_and_the_operator(
    recipient: str, text: str, parts: int, cost: float
) -> None:
    estimate = Estimate.of(TARIFF, [Message(recipient, text)])
    assert (estimate.messages, estimate.parts, estimate.cost) == (1, parts, cost)


@pytest.mark.parametrize(
    ("text", "parts"),
    [("ا" * 64, 1), ("ا" * 65, 2), ("ا" * 65 + "لغو11", 1), ("x" * 64, 1), ("x" * 160, 3)],
)
def test_the_opt_out_suffix_is_billed_where_the_service_demands_it(text: str, parts: int) -> None:
    """It makes a Latin text of 160 characters, one part by itself, a Persian one of three."""
    assert Tariff(opt_out=True).size(text).parts == parts


def test_lines_with_shorter_parts() -> None:
    assert Tariff().size("ا" * 134).parts == 2
    assert Tariff(is_66_char=True).size("ا" * 134).parts == 3


def test_without_prices_parts_are_counted_and_the_cost_is_unknown() -> None:
    estimate = Estimate.of(Tariff(), [Message(MCI, "سلام"), Message(OTHER, "ا" * 71)])
    assert (estimate.parts, estimate.cost) == (3, None)
    assert "rial" not in estimate.sentence()


class TestTheService:
    def test_the_estimate_is_what_the_service_takes(self, ippanel_sandbox: RunningSandbox, client: Client) -> None:
        from ippanel_provider.client import edge

        messages = [Message(MCI, "سلام"), Message(OTHER, "ا" * 71), Message(MCI, "hello"), Message(OTHER, "x" * 161)]
        estimate = Estimate.of(tariff_of(client, ippanel_sandbox.sender), messages)
        before = client.run(edge.payment.credit()).credit
        for message in messages:
            client.run(edge.send.webservice(message.text, [message.recipient], sender=ippanel_sandbox.sender))
        assert before - client.run(edge.payment.credit()).credit == pytest.approx(estimate.rial, abs=0.5)

    def test_too_little_credit_is_named_with_what_is_needed(
        self, ippanel_sandbox: RunningSandbox, client: Client
    ) -> None:
        estimate = Estimate.of(tariff_of(client, ippanel_sandbox.sender), [Message(MCI, "سلام")] * 1000)
        ippanel_sandbox.account(credit=1_000_000)
        with pytest.raises(
            TooLittleCredit,
            match=r"has 1,000,000 rial, and the rest \(1,000 recipients, 1,000 parts\) costs about 1,330,100",
        ):
            require_credit(client, estimate, "the rest")
        ippanel_sandbox.account(credit=2_000_000)
        require_credit(client, estimate, "the rest")

    @pytest.mark.parametrize("path", ["calculate-price$", "/numbers$"])
    def test_prices_that_are_not_told_stop_nobody(
        self, ippanel_sandbox: RunningSandbox, client: Client, caplog: pytest.LogCaptureFixture, path: str
    ) -> None:
        ippanel_sandbox.fault("status", path=path, status=500)
        with caplog.at_level(logging.WARNING):
            tariff = tariff_of(client, ippanel_sandbox.sender, opt_out=True)
        assert tariff == Tariff(opt_out=True)
        assert "tells no prices" in caplog.text
        ippanel_sandbox.account(credit=0)
        require_credit(client, Estimate.of(tariff, [Message(MCI, "سلام")]), "the rest")

    def test_credit_that_is_not_told_stops_nobody(
        self, ippanel_sandbox: RunningSandbox, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        ippanel_sandbox.fault("status", path="credit", status=500)
        require_credit(client, Estimate.of(TARIFF, [Message(MCI, "سلام")]), "the rest")
        assert "does not tell the credit" in caplog.text

    def test_a_wrong_key_is_no_missing_price(self, ippanel_sandbox: RunningSandbox) -> None:
        with (
            Client(ApiKey("wrong-key-0123456789"), Settings(base_url=ippanel_sandbox.base_url)) as stranger,
            pytest.raises(Unauthorized),
        ):
            tariff_of(stranger, ippanel_sandbox.sender)

    def test_the_legacy_api_tells_no_prices(
        self, ippanel_sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings = Settings(api=Api.REST, base_url=ippanel_sandbox.base_url)
        with Client(ippanel_sandbox.api_key, settings) as client, caplog.at_level(logging.INFO):
            assert tariff_of(client, ippanel_sandbox.sender) == Tariff()
        assert "tells no prices" in caplog.text


@pytest.mark.parametrize("opt_out", [False, True])
def test_many_are_weighed_as_one_by_one(opt_out: bool) -> None:
    tariff = Tariff({Encoding.GSM7: (1.0, 3.0), Encoding.UCS2: (2.0, 5.0)}, opt_out=opt_out)
    texts = ["سلام", "hello", "😀" * 40, "s" * 161, "م" * 71, "€" * 100]
    messages = [Message(f"+989{n:02d}0000001", text, n) for n in range(10, 40) for text in texts]
    one_by_one, together = Estimate(tariff), Estimate.of(tariff, messages)
    for message in messages:
        one_by_one.add(message)
    assert (together.messages, together.parts) == (one_by_one.messages, one_by_one.parts)
    assert together.rial == one_by_one.rial
