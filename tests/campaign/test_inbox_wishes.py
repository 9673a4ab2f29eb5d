"""Who has left which line is heard once: the next look reads on from where the last one ended."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from ippanel_provider.campaign.inbox_wishes import Standing, hear, short
from ippanel_provider.campaign.suppression import Suppression
from ippanel_provider.client import Client, Settings
from ippanel_provider.inbox import sender_hash
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.service import Api
from ippanel_provider.text.opt_out import BACK_WORDS, OUT_WORDS

ONE, TWO, THREE = (f"+98912000000{n}" for n in (1, 2, 3))

TWO_HOURS = timedelta(hours=2)


def hashed(number: str) -> str:
    return short(sender_hash(number, "a secret"))


class Listener:
    """Hears the inbox of a sandbox, and counts what it asks and how many texts it is shown."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._api = client.settings.api
        self.requests = self.texts = 0

    def __call__(self, standing: Standing, *, later: timedelta = timedelta(0)) -> tuple[Standing, Standing]:
        self.requests = self.texts = 0
        flow = hear(standing, hashed, OUT_WORDS, BACK_WORDS, api=self._api, now=datetime.now(UTC) + later)
        try:
            step = next(flow)
            while True:
                page = self._client.run(step)  # type: ignore[call-overload]
                self.requests += 1
                self.texts += len(page.items)
                step = flow.send(page)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


@pytest.fixture
def listen(client: Client) -> Listener:
    return Listener(client)


def test_what_was_heard_is_not_read_again(ippanel_sandbox: RunningSandbox, listen: Listener) -> None:
    for n in range(1200):
        ippanel_sandbox.inbox(f"+98912100{n:04d}", "سلام")
    ippanel_sandbox.inbox(ONE, "لغو ۱۱")
    first, kept = listen(Standing(), later=TWO_HOURS)
    assert kept == first
    assert listen.texts == 1201
    assert first.of(None) == {hashed(ONE)}
    ippanel_sandbox.inbox(ONE, "12")
    ippanel_sandbox.inbox(TWO, "لغو")
    second, kept = listen(kept)
    # The one at the cursor again, to see that the inbox is the same.
    assert (listen.requests, listen.texts) == (1, 3)
    assert second.of(None) == {hashed(TWO)}
    assert kept.of(None) == {hashed(ONE)}
    third, kept = listen(kept, later=TWO_HOURS)
    assert third == kept
    assert third.of(None) == {hashed(TWO)}


def test_the_legacy_api_is_read_on_by_when_texts_came_in(ippanel_sandbox: RunningSandbox) -> None:
    """Its texts have no ids."""
    settings = Settings(api=Api.REST, base_url=ippanel_sandbox.base_url)
    with Client(ippanel_sandbox.api_key, settings) as client:
        listen = Listener(client)
        for n in range(250):
            ippanel_sandbox.inbox(f"+98912100{n:04d}", "سلام")
        ippanel_sandbox.advance(60)
        ippanel_sandbox.inbox(ONE, "لغو ۱۱")
        ippanel_sandbox.inbox(TWO, "12")
        ippanel_sandbox.inbox(TWO, "11")
        first, kept = listen(Standing(salt="5a"), later=TWO_HOURS)
        assert (listen.texts, first.of(None), kept) == (253, {hashed(ONE), hashed(TWO)}, first)
        ippanel_sandbox.advance(60)
        for n in range(20):
            ippanel_sandbox.inbox(f"+98912200{n:04d}", "سلام")
        ippanel_sandbox.inbox(ONE, "12")
        second, kept = listen(Standing.read(kept.write()))
        assert (listen.requests, second.of(None), kept.of(None)) == (1, {hashed(TWO)}, {hashed(ONE), hashed(TWO)})
        assert listen(kept, later=TWO_HOURS)[1].out == second.out
        ippanel_sandbox.reset()
        ippanel_sandbox.inbox(THREE, "لغو")
        assert listen(kept)[0].of(None) == {hashed(THREE)}


def test_an_inbox_that_begins_anew_is_read_whole(ippanel_sandbox: RunningSandbox, listen: Listener) -> None:
    for n in range(5):
        ippanel_sandbox.inbox(f"+98912100{n:04d}", "لغو")
    _, standing = listen(Standing(), later=TWO_HOURS)
    ippanel_sandbox.reset()
    ippanel_sandbox.inbox(ONE, "لغو")
    assert listen(standing)[0].of(None) == {hashed(ONE)}
    for n in range(9):
        ippanel_sandbox.inbox(f"+98912200{n:04d}", "سلام")
    assert listen(standing)[0].of(None) == {hashed(ONE)}


def test_each_line_is_heard_for_itself(ippanel_sandbox: RunningSandbox, listen: Listener) -> None:
    line, other = ippanel_sandbox.sender, "+983000506"
    ippanel_sandbox.account(lines=[line, other])
    ippanel_sandbox.inbox(ONE, "11", number=line)
    ippanel_sandbox.inbox(ONE, "12", number=other)
    ippanel_sandbox.inbox(TWO, "11", number=other)
    standing, _ = listen(Standing())
    assert standing.of(line) == standing.of(line.removeprefix("+98")) == {hashed(ONE)}
    assert standing.of(other) == {hashed(TWO)}
    assert standing.of(None) == {hashed(ONE), hashed(TWO)}
    assert standing.of("+983000599") == set()


def test_what_came_in_lately_is_read_once_more(ippanel_sandbox: RunningSandbox, listen: Listener) -> None:
    """The list may show something older only a moment later."""
    ippanel_sandbox.inbox(ONE, "11")
    standing, kept = listen(Standing())
    assert standing.of(None) == {hashed(ONE)}
    assert kept == Standing()
    ippanel_sandbox.inbox(ONE, "12")
    standing, _ = listen(kept)
    assert listen.texts == 2
    assert standing.of(None) == set()


def test_it_comes_back_from_its_text_which_holds_no_number(ippanel_sandbox: RunningSandbox, listen: Listener) -> None:
    for number in (ONE, TWO, THREE):
        ippanel_sandbox.inbox(number, "لغو")
    _, standing = listen(Standing(), later=TWO_HOURS)
    written = standing.write()
    assert Standing.read(written) == standing
    assert "912000" not in written
    assert json.loads(written)["cursor"] > 0


@pytest.mark.parametrize(
    "text", [None, "", "null", "[]", "{}", '{"cursor": 1}', '{"cursor": "x", "mark": "", "out": {}}', "{"]
)
def test_what_cannot_be_read_has_the_whole_inbox_read(text: str | None) -> None:
    assert Standing.read(text) == Standing()


def test_hashed_people_get_no_text() -> None:
    suppression = Suppression()
    suppression.add([TWO], "on a list")
    suppression.add_hashed({hashed(ONE)}, hashed, "has left")
    assert [suppression.reason(number) for number in (ONE, TWO, THREE)] == ["has left", "on a list", None]
    assert len(suppression) == 2
