"""A browser that follows no script: pages as text, forms as posts."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import httpx
import pytest

from ippanel_provider.sandbox.runner import RunningSandbox


class Browser:
    """Reads pages and posts forms as a browser on the same machine does."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx.Client(
            base_url=sandbox.url, trust_env=False, verify=False, timeout=20, headers={"Accept-Language": "en"}
        )

    def page(self, path: str, /, *, status: int = 200, **query: object) -> str:
        response = self.http.get(path, params={name: str(value) for name, value in query.items()} or None)
        assert response.status_code == status, response.text
        return response.text

    def post(self, path: str, /, *, status: int = 200, **fields: object) -> str:
        """Post a form and follow to the page that answers it."""
        data = {name.rstrip("_"): str(value) for name, value in fields.items()}
        response = self.http.post(path, data=data, headers={"Origin": self.sandbox.url}, follow_redirects=True)
        assert response.status_code == status, response.text
        return response.text

    def words(self, page: str) -> list[str]:
        """The texts of messages on a page, in their order."""
        return [
            html.unescape(found) for found in re.findall(r'<p class="words[^"]*" dir="auto">(.*?)</p>', page, re.DOTALL)
        ]


def plain(page: str) -> str:
    """What a page says, without its tags."""
    body = page[page.index("<main") :].replace("<wbr>", "")
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


@pytest.fixture
def browser(ippanel_sandbox: RunningSandbox) -> Iterator[Browser]:
    visitor = Browser(ippanel_sandbox)
    with visitor.http:
        yield visitor
