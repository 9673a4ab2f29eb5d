"""Calls as values."""

from __future__ import annotations

import dataclasses

import pytest

from ippanel_provider.client.requests import Answer, Page, PageRequest, Replay, Request, Upload
from ippanel_provider.client.retrying import NeedCredential, Transmit

SECRETS = ("+989120001234", "پیام محرمانه", "secret-key", "0912,hello")
REQUEST: Request[None] = Request(
    "send.send_url",
    "GET",
    "/api/send/webservice",
    lambda answer: None,
    query=(("to", SECRETS[0]), ("apikey", SECRETS[2])),
    body=SECRETS[1].encode(),
    form=(("message", SECRETS[1]),),
    files=(("files[]", Upload("numbers.csv", SECRETS[3].encode())),),
    alternates=(("POST", "/api/send/other"),),
)


def test_a_request_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        REQUEST.path = "/elsewhere"  # type: ignore[misc]


@pytest.mark.parametrize(
    "value",
    [
        REQUEST,
        REQUEST.files[0][1],
        Answer(200, {}, " ".join(SECRETS).encode(), REQUEST, hidden=SECRETS),
        Page(SECRETS, 1, 10),
        Transmit(REQUEST, SECRETS[2]),
        NeedCredential(SECRETS[2]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_repr_shows_numbers_texts_or_credentials(value: object) -> None:
    shown = repr(value)
    assert not [secret for secret in SECRETS if secret in shown or repr(secret.encode())[2:-1] in shown]


def test_an_alternate_is_the_same_request_elsewhere_and_has_no_further_ones() -> None:
    other = REQUEST.via("POST", "/api/send/other")
    assert (other.method, other.path, other.alternates) == ("POST", "/api/send/other", ())
    assert (other.operation, other.query, other.body, other.read) == (
        REQUEST.operation,
        REQUEST.query,
        REQUEST.body,
        REQUEST.read,
    )


def test_an_alternate_of_a_page_turns_to_the_same_pages() -> None:
    def turn(number: int) -> PageRequest[int]:
        return PageRequest("list", "GET", "/list", lambda answer: Page([number], number, 1), number=number, turn=turn)

    second = turn(1).via("POST", "/other").turn(2)
    assert (second.number, second.path) == (2, "/list")


def test_a_request_is_replayed_always_unless_it_says_otherwise() -> None:
    # Those that create or send say otherwise; their own tests hold them to it.
    assert REQUEST.replay is Replay.ALWAYS


class TestPage:
    @pytest.mark.parametrize(
        ("items", "number", "per_page", "last_page", "more"),
        [
            (10, 1, 10, 3, True),
            (10, 2, 10, 3, True),
            (10, 3, 10, 3, False),
            (4, 3, 10, 3, False),
            (4, 2, 10, 3, True),
            (0, 1, 10, 3, False),
            (0, 1, 10, None, False),
            (10, 1, 10, None, True),
            (9, 1, 10, None, False),
            (25, 1, 10, None, False),
            (10, 4, 10, 3, False),
        ],
    )
    def test_knows_whether_another_is_worth_asking_for(
        self, items: int, number: int, per_page: int, last_page: int | None, more: bool
    ) -> None:
        assert Page([0] * items, number, per_page, last_page).has_more is more
