"""The tree of errors: one answer to "did it go out?", carried whole between processes."""

from __future__ import annotations

import copy
import pickle

import pytest

from ippanel_provider.client import errors
from ippanel_provider.client.errors import (
    Details,
    IPPanelError,
    NotSent,
    OtpRequired,
    Refused,
    Throttled,
    Unauthorized,
    Unconfirmed,
)

LEAVES = {
    "Unreachable": NotSent,
    "Throttled": NotSent,
    "OtpRequired": NotSent,
    "Unauthorized": Refused,
    "NotFound": Refused,
    "Invalid": Refused,
    "NoAnswer": Unconfirmed,
    "ServerFault": Unconfirmed,
    "Unreadable": Unconfirmed,
}
DETAILS = Details(
    operation="send.webservice",
    http_status=422,
    code="400-2",
    server_message="نامعتبر است",
    field_errors={"params.recipients.0": ("نامعتبر است",)},
    body="502 Bad Gateway",
    retry_after=7.5,
)
EVERY = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, IPPanelError)]


@pytest.mark.parametrize("name", LEAVES)
def test_each_error_is_one_of_the_outcomes_of_a_send(name: str) -> None:
    kind = getattr(errors, name)
    assert [outcome for outcome in (NotSent, Refused, Unconfirmed) if issubclass(kind, outcome)] == [LEAVES[name]]


def test_input_refused_here_is_a_value_error_and_no_outcome_of_a_send() -> None:
    assert issubclass(errors.InvalidInput, ValueError)
    assert not issubclass(errors.InvalidInput, (NotSent, Refused, Unconfirmed))


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize(
    "carry",
    [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy],
    ids=["pickle", "copy", "deepcopy"],
)
def test_details_survive_being_carried(kind: type[IPPanelError], carry: object) -> None:
    carried = carry(kind("send.webservice: no", DETAILS))  # type: ignore[operator]
    assert type(carried) is kind
    assert str(carried) == "send.webservice: no"
    assert carried.details == DETAILS


def test_the_step_of_a_login_survives_being_carried_and_does_not_show() -> None:
    carried = pickle.loads(pickle.dumps(OtpRequired("a code is needed", DETAILS, token="step-token", method="ga")))
    assert (carried.token, carried.method, carried.details) == ("step-token", "ga", DETAILS)
    assert "step-token" not in str(carried) + repr(carried)


def test_an_error_without_details_has_empty_ones() -> None:
    assert Unauthorized("no").details == Details()


def test_throttled_says_how_long() -> None:
    assert Throttled("later", DETAILS).retry_after == 7.5
    assert Throttled("later").retry_after is None
