"""Which request a fault strikes, and how often."""

import pytest

from ippanel_provider.sandbox.faults import Faults

SEND = ("POST", "/v1/api/send", "webservice")


def strikes(faults: Faults, times: int) -> list[int]:
    return [len(faults.strike(*SEND)) for _ in range(times)]


def test_times_and_after() -> None:
    faults = Faults()
    faults.add({"fault": "status", "after": 2, "times": 2})
    assert strikes(faults, 6) == [0, 0, 1, 1, 0, 0]
    assert faults.active == []


def test_chance_is_the_same_each_run() -> None:
    runs = []
    for _ in range(2):
        faults = Faults()
        faults.add({"fault": "status", "probability": 0.3})
        runs.append(strikes(faults, 1000))
    assert runs[0] == runs[1]
    assert 230 < sum(runs[0]) < 370


def test_of_two_that_decide_only_the_first_is_used_up() -> None:
    faults = Faults()
    faults.add({"fault": "status", "times": 1})
    faults.add({"fault": "html", "times": 1})
    assert [[fault.name for fault in faults.strike(*SEND)] for _ in range(3)] == [["status"], ["html"], []]


def test_a_part_is_taken_only_of_what_has_parts() -> None:
    faults = Faults()
    faults.add({"fault": "partial", "status": 500, "times": 1})
    assert faults.strike(*SEND) == faults.strike("GET", "/v1/api/payment/credit/mine", None) == []
    assert len(faults.strike("POST", "/v1/api/send", "peer_to_peer")) == 1


@pytest.mark.parametrize(
    ("path", "hit"),
    [
        ("/api/send", True),
        ("send$", True),
        ("^/v1/api/send$", True),
        ("^/api/send", False),
        ("/api/send/", False),
        ("^/v1", True),
    ],
)
def test_paths(path: str, hit: bool) -> None:
    faults = Faults()
    faults.add({"fault": "status", "match": {"path": path}})
    assert bool(faults.strike(*SEND)) is hit


@pytest.mark.parametrize(
    "request_body",
    [
        {},
        {"fault": "gremlins"},
        {"fault": "status", "times": 0},
        {"fault": "status", "after": -1},
        {"fault": "status", "probability": 2},
        {"fault": "status", "match": {"route": "x"}},
        {"fault": "status", "match": ["x"]},
        {"fault": "status", "status": "five hundred"},
        {"fault": "latency", "seconds": True},
        {"fault": "latency", "second": 5},
        {"fault": "outcome", "state_id": 2},
    ],
)
def test_faults_that_are_none(request_body: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must|takes"):
        Faults().add(request_body)
