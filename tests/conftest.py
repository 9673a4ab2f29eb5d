"""What all tests share: how hypothesis behaves, and where coverage is measured, which doubles what a test costs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.more import TIMES

# No deadline: the machines that run this are shared, and nothing here measures time.
settings.register_profile(
    "default",
    deadline=None,
    max_examples=60 * TIMES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("default")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure the first two cases of a test that asks the sandbox, and no drawn examples: the rest adds no line."""
    cases = Counter[str]()
    for item in items:
        test = item.nodeid.partition("[")[0]
        cases[test] += 1
        asks = "ippanel_sandbox" in getattr(item, "fixturenames", ())
        if (asks and cases[test] > 2) or item.get_closest_marker("hypothesis"):
            item.add_marker("no_cover")


@pytest.fixture(scope="session", autouse=True)
def processes_are_not_measured() -> dict[str, str]:
    """Nor is a process that a test starts, but for the sandboxes of the sandbox's own tests."""
    switches = ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")
    return {name: os.environ.pop(name) for name in switches if name in os.environ}


@pytest.fixture(scope="session")
def _hostile_server() -> Iterator[str]:
    from tests.leaks.hostile import hostile

    with hostile() as url:
        yield url


@pytest.fixture
def hostile_service(_hostile_server: str) -> Callable[[str], str]:
    """Return the base URL of a service that echoes, drips, unfolds or breaks off, by one of ``hostile.WAYS``."""
    return lambda way: f"{_hostile_server}/{way}/all/v1"
