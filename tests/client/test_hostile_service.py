"""Whatever a service tells back of what it was sent, nothing of it is in an error, in what is logged, or in a result
that is not asked for.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

import pytest

from ippanel_provider.client import Client, IPPanelClientError, Retry, Settings, edge
from tests.leaks.canaries import SECRETS, Canary, encodings
from tests.leaks.hostile import WAYS

KEY = next(canary for canary in SECRETS if canary.name == "API key")
NUMBER = next(canary for canary in SECRETS if canary.name == "phone number")
WORD = next(canary for canary in SECRETS if canary.name == "word of a text")
SEND = edge.send.webservice(f"سلام {WORD.value}", [f"0{NUMBER.value}"], sender="+983000505")


def found_in(shown: str) -> list[tuple[Canary, str]]:
    content = shown.encode("utf-8", "backslashreplace")
    return [
        (canary, way)
        for canary in (KEY, NUMBER, WORD)
        for way, written in encodings(canary).items()
        if written in content
    ]


@pytest.mark.parametrize("way", WAYS)
def test_nothing_of_it_is_shown(
    way: str, hostile_service: Callable[[str], str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = Settings(base_url=hostile_service(way), read_timeout=0.4, retry=Retry(attempts=1))
    with Client(KEY.value, settings) as client:
        for call in (SEND, edge.report.outbox(message=WORD.value), edge.pattern.get("code")):
            try:
                shown = repr(client.run(call))
            except IPPanelClientError as error:
                stack = traceback.TracebackException.from_exception(error, capture_locals=True)
                ours = [str(frame.locals) for frame in stack.stack if "/ippanel_provider/" in frame.filename]
                shown = f"{error}\n{error!r}\n{error.details!r}\n{ours}"
            assert found_in(shown) == []
    assert found_in(caplog.text) == []
