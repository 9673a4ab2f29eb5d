"""Tests of code that sends texts, as they would stand in a project of its own."""

# --8<-- [start:send]
import pytest

from ippanel_provider.client import Client, NoAnswer, Settings, edge


def remind(client, orders):
    """Text everybody whose order is late; return how many."""
    texts = [(order["mobile"], f"{order['name']} عزیز، سفارش شما در راه است") for order in orders]
    client.run(edge.send.peer_to_peer(texts, sender="+983000505"))
    return len(texts)


def test_everybody_late_is_told(ippanel_sandbox):
    settings = Settings(base_url=ippanel_sandbox.base_url)
    with Client(ippanel_sandbox.api_key, settings) as client:
        assert remind(client, [{"name": "آرش", "mobile": "09120000001"}]) == 1

    (text,) = ippanel_sandbox.messages(recipient="0912 000 0001")
    assert text["text"] == "آرش عزیز، سفارش شما در راه است"
    # --8<-- [end:send]


# --8<-- [start:fault]
def test_an_answer_that_never_came(ippanel_sandbox):
    ippanel_sandbox.fault("drop_after", path="/api/send", times=1)
    settings = Settings(base_url=ippanel_sandbox.base_url)
    with Client(ippanel_sandbox.api_key, settings) as client, pytest.raises(NoAnswer, match="may have gone out"):
        remind(client, [{"name": "آرش", "mobile": "09120000001"}])
    # And it did.
    assert len(ippanel_sandbox.messages()) == 1
    # --8<-- [end:fault]


# --8<-- [start:clock]
def test_a_text_is_delivered_in_no_time(ippanel_sandbox):
    settings = Settings(base_url=ippanel_sandbox.base_url)
    with Client(ippanel_sandbox.api_key, settings) as client:
        remind(client, [{"name": "آرش", "mobile": "09120000001"}])
    ippanel_sandbox.settle()
    (text,) = ippanel_sandbox.messages()
    assert text["message_status"] == 2
    # --8<-- [end:clock]
