"""The page shows what was handed over and needs nothing from elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire


def page(sandbox: RunningSandbox) -> str:
    response = httpx.get(sandbox.url, trust_env=False)
    assert response.status_code == 200
    return response.text


def test_an_empty_page_says_how_to_begin(ippanel_sandbox: RunningSandbox) -> None:
    assert f"{ippanel_sandbox.base_url}/api/send" in page(ippanel_sandbox)


def test_texts_newest_first_in_their_own_direction(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    wire.ids(wire.send("سلام"))
    wire.ids(wire.send("<b>bold</b>"))
    html = page(ippanel_sandbox)
    assert re.findall(r'class="words" dir="auto">(.*?)</p>', html) == ["&lt;b&gt;bold&lt;/b&gt;", "سلام"]
    assert "+989120000000" in html


def test_nothing_comes_from_elsewhere(ippanel_sandbox: RunningSandbox) -> None:
    html = page(ippanel_sandbox)
    for link in re.findall(r'(?:src|href)="([^"]+)"', html):
        assert link.startswith(("/", "data:"))
        if link.startswith("/static/"):
            assert httpx.get(ippanel_sandbox.url + link, trust_env=False).status_code == 200
