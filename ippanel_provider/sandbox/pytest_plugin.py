"""The pytest fixture ``ippanel_sandbox``. Every pytest run loads this module, so it imports next to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .runner import RunningSandbox


@pytest.fixture(scope="session")
def ippanel_sandbox_process() -> Iterator[RunningSandbox]:
    """One sandbox for the whole run, started when the first test asks for it."""
    from .runner import running_sandbox

    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def ippanel_sandbox(ippanel_sandbox_process: RunningSandbox) -> RunningSandbox:
    """A stand-in for the IPPanel service, empty at the start of each test.

    Point the code under test at ``ippanel_sandbox.base_url`` with ``ippanel_sandbox.api_key`` and
    ``ippanel_sandbox.sender``, then ask ``ippanel_sandbox.messages()`` what was sent.
    """
    ippanel_sandbox_process.reset()
    return ippanel_sandbox_process
