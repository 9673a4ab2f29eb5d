"""What counts as success, and which error everything else is."""

from __future__ import annotations

import base64
import json
import pickle
import quopri
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pydantic import BaseModel

from ippanel_provider.client.errors import (
    Invalid,
    IPPanelError,
    NotFound,
    NotSent,
    Refused,
    ServerFault,
    Throttled,
    Unauthorized,
    Unconfirmed,
    Unreadable,
)
from ippanel_provider.client.models import Receipt
from ippanel_provider.client.redaction import MAX_SHOWN
from ippanel_provider.client.requests import Answer, Replay, Request
from ippanel_provider.client.responses import judge, reading, reading_nothing, reading_page

KEY = "k3y-OF-the-panel-0123456789abcdef="
SEND: Request[Receipt] = Request(
    "send.webservice", "POST", "/api/send", reading(Receipt), body=b"{}", replay=Replay.IF_UNREACHED
)
READ: Request[Any] = Request("report.outbox", "POST", "/api/report/new_list", reading_nothing)
OK_META = {"status": True, "message": "عملیات موفق", "message_code": "200-1"}


def answer(status: int, body: Any, *, request: Request[Any] = SEND, headers: dict[str, str] | None = None) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, headers or {}, raw, request, hidden=(KEY,))


def error_of(
    status: int, body: Any, *, request: Request[Any] = SEND, headers: dict[str, str] | None = None
) -> IPPanelError:
    with pytest.raises(IPPanelError) as caught:
        request.read(answer(status, body, request=request, headers=headers))
    return caught.value


def everything(error: IPPanelError) -> str:
    """All that a log, a UI or a pickle can show of an error."""
    return f"{error}\n{error!r}\n{error.details!r}\n{error.args!r}\n{pickle.loads(pickle.dumps(error))!r}"


class TestSuccess:
    @pytest.mark.parametrize("status", [200, 201])
    def test_is_2xx_with_json_whose_status_is_true(self, status: int) -> None:
        receipt = SEND.read(answer(status, {"data": {"message_outbox_ids": [1123544244, 2**40]}, "meta": OK_META}))
        assert receipt.outbox_ids == (1123544244, 2**40)

    def test_needs_no_more_of_meta_than_the_status(self) -> None:
        assert SEND.read(answer(200, {"data": {"message_outbox_ids": [7]}, "meta": {"status": True}})).outbox_ids == (
            7,
        )

    def test_may_be_raw_or_escaped_utf8_with_unknown_fields(self) -> None:
        body = {
            "data": {"message_outbox_ids": [7], "جدید": "۱"},
            "meta": {**OK_META, "message": {"fa": "موفق"}},
            "extra": [],
        }
        assert SEND.read(answer(200, json.dumps(body, ensure_ascii=False).encode())).outbox_ids == (7,)
        assert SEND.read(answer(200, body)).outbox_ids == (7,)

    @pytest.mark.parametrize("data", [{"data": None}, {"data": True}, {"data": []}, {}])
    def test_of_a_call_that_says_nothing_needs_no_data(self, data: dict[str, Any]) -> None:
        assert reading_nothing(answer(200, {**data, "meta": OK_META})) is None

    @pytest.mark.parametrize("status", [1, 1.0, "true", "1", "yes", None, {}, [True], "OK"])
    def test_is_no_status_that_is_merely_like_true(self, status: Any) -> None:
        body = {"data": {"message_outbox_ids": [7]}, "meta": {**OK_META, "status": status}}
        assert type(error_of(200, body)) is Unreadable
        assert type(error_of(200, body, request=READ)) is Unreadable

    @pytest.mark.parametrize(
        "body",
        [
            {"data": {"message_outbox_ids": []}, "meta": OK_META},
            {"data": {"message_outbox_ids": None}, "meta": OK_META},
            {"data": {"message_outbox_ids": ["abc"]}, "meta": OK_META},
            {"data": {}, "meta": OK_META},
            {"data": None, "meta": OK_META},
            {"meta": OK_META},
            {"data": {"message_outbox_ids": [7]}},
            {"data": {"message_outbox_ids": [7]}, "meta": None},
            {"data": {"message_outbox_ids": [7]}, "meta": "ok"},
            {"data": {"message_outbox_ids": [7]}, "meta": []},
            [],
            None,
            "ok",
            b"",
            b"null",
            b"<!DOCTYPE html><html><title>One moment</title></html>",
            b'{"data": {"message_outbox_ids": [1123544244',
            b'{"data": {"message_outbox_ids": [7]}, "meta": {"status": true}}<br />Warning: PHP',
            b"\xff\xfe\x00garbage\x1f\x8b",
        ],
    )
    def test_is_nothing_else_and_then_a_send_is_unconfirmed(self, body: Any) -> None:
        error = error_of(200, body)
        assert type(error) is Unreadable
        assert isinstance(error, Unconfirmed)
        assert "outbox report" in str(error)
        assert error.details.http_status == 200
        assert error.details.operation == "send.webservice"

    def test_that_does_not_fit_says_where(self) -> None:
        error = error_of(200, {"data": {"message_outbox_ids": []}, "meta": OK_META})
        assert "data.message_outbox_ids (too_short)" in str(error)
        assert "the body (json_invalid)" in str(error_of(200, b"<html>"))


class TestVerdicts:
    @pytest.mark.parametrize(
        ("status", "body", "kind", "code"),
        [
            (
                200,
                {"data": None, "meta": {"status": False, "message": "خطا", "message_code": "400-1"}},
                Refused,
                "400-1",
            ),
            (200, {"data": {"message_outbox_ids": [7]}, "meta": {"status": False}}, Refused, None),
            (400, {"data": None, "meta": {"status": False, "message_code": "400-1", "errors": {}}}, Refused, "400-1"),
            (
                401,
                {"data": None, "meta": {"status": False, "message_code": "400-1", "errors": {}}},
                Unauthorized,
                "400-1",
            ),
            (401, {"data": {"data": None}, "meta": {"status": False, "message": "Invalid token"}}, Unauthorized, None),
            (404, {"data": None, "meta": {"status": False, "message_code": "404-1"}}, NotFound, "404-1"),
            (404, {"data": None, "meta": {"status": False, "message_code": "400-1"}}, NotFound, "400-1"),
            (409, {"data": None, "meta": {"status": False, "message_code": "400-1"}}, Refused, "400-1"),
            (
                422,
                {"data": None, "meta": {"status": False, "message_code": "400-2", "errors": {"x": ["بد"]}}},
                Invalid,
                "400-2",
            ),
            (
                422,
                {"data": None, "meta": {"status": False, "message": "invalid state", "message_code": "400-31"}},
                Invalid,
                "400-31",
            ),
            (
                422,
                {"meta": {"status": False, "message_code": "422-1"}, "errors": {"username": ["لازم"]}},
                Invalid,
                "422-1",
            ),
            (429, {"data": None, "meta": {"status": False}}, Throttled, None),
            (429, b"<html>slow down</html>", Throttled, None),
            (500, {"data": None, "meta": {"status": False, "message_code": "500-1"}}, ServerFault, "500-1"),
            (502, b"<html>Bad Gateway</html>", ServerFault, None),
            (503, b"", ServerFault, None),
            (504, {"data": {"message_outbox_ids": [7]}, "meta": OK_META}, ServerFault, "200-1"),
            (408, b"", Unconfirmed, None),
        ],
    )
    @pytest.mark.parametrize("request_", [SEND, READ], ids=["send", "read"])
    def test_follow_the_http_status_and_meta(
        self, request_: Request[Any], status: int, body: Any, kind: type, code: str | None
    ) -> None:
        error = error_of(status, body, request=request_)
        assert type(error) is kind
        assert error.details.http_status == status
        assert error.details.code == code
        assert str(error).startswith(f"{request_.operation}: ")
        assert f"HTTP {status}" in str(error)

    @pytest.mark.parametrize(
        ("status", "outcome", "advice"),
        [
            (200, Unconfirmed, "outbox report"),
            (502, Unconfirmed, "outbox report"),
            (408, Unconfirmed, "outbox report"),
            (403, Unconfirmed, "outbox report"),
            (429, NotSent, "40 seconds"),
            (401, Unconfirmed, "API key"),
            (302, Unconfirmed, "base URL"),
        ],
    )
    def test_of_a_send_say_what_to_do(self, status: int, outcome: type, advice: str) -> None:
        error = error_of(status, b"<html>x</html>")
        assert isinstance(error, outcome)
        assert advice in str(error)

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 400, 401, 403, 404, 405, 409, 422, 451, 499])
    @pytest.mark.parametrize("body", [b"<html>Arvan</html>", b"", {"error": "blocked"}, {"meta": {"status": True}}])
    def test_of_what_is_not_the_service_s_own_refusal_leave_a_send_in_doubt(self, status: int, body: Any) -> None:
        """Something before the service answered, and it may have passed the request on before it did."""
        assert type(error_of(status, body)) is Unreadable
        # What sends nothing is merely refused.
        assert isinstance(error_of(status, body, request=READ), Refused)
        assert type(error_of(status, body, request=replace(SEND, authenticated=False))) is Unreadable

    @pytest.mark.parametrize("status", [413, 414, 431])
    def test_of_size_are_refusals_whoever_says_so(self, status: int) -> None:
        error = error_of(status, b"<html>nginx</html>")
        assert isinstance(error, Refused)
        assert not error.depends_on_request

    @pytest.mark.parametrize(
        ("status", "meta", "depends"),
        [
            (401, {"message": "Invalid token"}, True),
            (404, {"message_code": "404-1"}, True),
            (422, {"errors": {"params.recipients.0": ["بد"], "from_number": ["بد"]}}, True),
            (422, {"errors": {"params[recipients]": ["خطای اعتبارسنجی"]}}, True),
            (422, {"message": {"message": ["بد"]}}, True),
            (200, {"errors": {"message": ["بد"]}}, True),
            (422, {"errors": {}}, False),
            (422, {"errors": {"params": ["بد"], "balance": ["کم"]}}, False),
            (422, {"errors": {"message": ["اعتبار کافی نیست"]}}, False),
            (422, {"errors": {"message": ["پیامک تکراری است"]}}, False),
            (200, {"message": "اعتبار کافی نیست"}, False),
            (400, {"message_code": "400-1"}, False),
            (403, {"message": "خط غیرفعال است"}, False),
        ],
    )
    def test_of_a_refusal_say_whether_the_request_alone_is_why(
        self, status: int, meta: dict[str, Any], depends: bool
    ) -> None:
        """Credit, a line, a repetition can refuse the second copy of what was accepted before."""
        body = json.dumps({"from_number": "+983000505", "message": "x", "params": {"recipients": []}}).encode()
        error = error_of(status, {"data": None, "meta": {"status": False, **meta}}, request=replace(SEND, body=body))
        assert isinstance(error, Refused)
        assert error.depends_on_request is depends
        assert pickle.loads(pickle.dumps(error)).depends_on_request is depends
        assert ("look in the outbox report" in str(error)) is (not depends)

    @pytest.mark.parametrize("meta_errors", [True, False], ids=["in meta", "beside meta"])
    def test_of_validation_hold_every_field_and_name_the_first(self, meta_errors: bool) -> None:
        errors = {f"params.recipients.{index}": ["شماره نامعتبر است", "x"] for index in range(1000)}
        body: dict[str, Any] = {
            "data": None,
            "meta": {"status": False, "message": "نامعتبر (و 999 خطای دیگر)", "message_code": "400-2"},
        }
        (body["meta"] if meta_errors else body)["errors"] = errors
        error = error_of(422, body)
        assert dict(error.details.field_errors) == {name: tuple(said) for name, said in errors.items()}
        assert "params.recipients.0, params.recipients.1, " in str(error)
        assert "params.recipients.4: شماره نامعتبر است, x; and 995 more]" in str(error)
        assert "995 more" in str(error)
        assert len(str(error)) < 1000

    def test_say_once_what_the_service_says_twice(self) -> None:
        why = "خط نامعتبر است"
        errors = {"from_number": [why], "sender": [why], "to": ["بد"]}
        error = error_of(
            422, {"data": None, "meta": {"status": False, "message": why, "message_code": "400-2", "errors": errors}}
        )
        assert "code 400-2): [from_number, sender: خط نامعتبر است; to: بد]. Nothing" in str(error)
        assert error.details.server_message == why

    @pytest.mark.parametrize("body", [b"Not Found", b"", b"<html>404</html>", {"message": "Not Found"}, []])
    @pytest.mark.parametrize("request_", [SEND, READ], ids=["send", "read"])
    def test_of_a_path_that_nobody_knows_lead_to_the_base_url(self, request_: Request[Any], body: Any) -> None:
        assert "check the base URL (that of the service ends in /v1)" in str(error_of(404, body, request=request_))

    def test_of_a_thing_that_the_service_does_not_know_do_not(self) -> None:
        assert "base URL" not in str(error_of(404, {"data": None, "meta": {"status": False, "message_code": "404-1"}}))

    @pytest.mark.parametrize(
        ("errors", "kept"),
        [
            ({}, {}),
            ([], {}),
            (None, {}),
            ({"message": "بد"}, {"message": ("بد",)}),
            (["یکی", "دو"], {"errors": ("یکی", "دو")}),
            ("بد", {"errors": ("بد",)}),
            ({"params": {"to": ["بد"]}}, {"params": ('{"to":["بد"]}',)}),
            ({"x": [None, 3]}, {"x": ("null", "3")}),
        ],
    )
    def test_take_errors_of_any_shape(self, errors: Any, kept: dict[str, Any]) -> None:
        error = error_of(422, {"meta": {"status": False, "errors": errors}})
        assert {name: tuple(said) for name, said in error.details.field_errors.items()} == kept

    @pytest.mark.parametrize(
        ("message", "shown"),
        [
            ("بد", "بد"),
            ({"fa": "بد"}, '{"fa":"بد"}'),
            (["بد", 1], '["بد","1"]'),
            (17, "17"),
            (None, None),
            (False, "false"),
        ],
    )
    def test_take_a_message_of_any_shape(self, message: Any, shown: str | None) -> None:
        assert error_of(400, {"meta": {"status": False, "message": message}}).details.server_message == shown

    @pytest.mark.parametrize("body", [{"message": "no Route matched"}, {"error": "no Route matched"}])
    def test_show_what_a_gateway_says_in_json_of_its_own(self, body: Any) -> None:
        assert error_of(404, body).details.server_message == "no Route matched"

    def test_show_the_words_of_a_page_and_no_more_than_fit(self) -> None:
        page = (
            b"<html><head><title>502 &amp; more</title><style>p{}</style></head><script>var "
            b"a=1</script><p>Bad\n Gateway" + b"<b>x</b>" * 5000
        )
        error = error_of(502, page)
        assert error.details.body.startswith("502 & more Bad Gateway x x")
        assert len(error.details.body) == MAX_SHOWN
        assert "<" not in error.details.body

    def test_of_an_answer_in_json_show_no_body(self) -> None:
        # A truncated inbox is other people's texts; a login answer without meta is a token.
        for body in (
            b'{"data":[{"message":"\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85',
            b' [{"token": "abc',
            b'{"data": {"token": "abc"}}',
            b'"abc',
        ):
            error = error_of(200, body, request=READ)
            assert error.details.body == ""
            assert "abc" not in everything(error)
            assert "سلام" not in everything(error)

    @given(
        st.integers(200, 599),
        st.one_of(
            st.binary(max_size=60),
            st.from_type(dict[str, str]),
            st.recursive(st.none() | st.booleans() | st.text(), st.lists),
        ),
    )
    def test_are_reached_for_whatever_comes(self, status: int, content: Any) -> None:
        for body in (
            content,
            {"meta": content},
            {"meta": {"status": False, "message": content, "errors": content, "message_code": content}},
        ):
            if isinstance(content, bytes) and body is not content:
                continue
            error = judge(answer(status, body))
            assert error.details.http_status == status
            assert isinstance(error, (NotSent, Refused, Unconfirmed))
            assert isinstance(error, Unconfirmed) or not status >= 500


class TestRetryAfter:
    @pytest.mark.parametrize(("value", "seconds"), [("0", 0.0), ("17", 17.0), (" 3 ", 3.0), ("1.5", 1.5)])
    def test_in_seconds(self, value: str, seconds: float) -> None:
        error = error_of(429, b"", headers={"retry-after": value})
        assert isinstance(error, Throttled)
        assert error.retry_after == seconds
        assert f"Wait {seconds:g} seconds" in str(error)

    def test_as_a_date(self) -> None:
        later = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
        asked = error_of(503, b"", headers={"retry-after": later}).details.retry_after
        assert asked is not None
        assert 60 < asked <= 120

    def test_in_the_past_is_now(self) -> None:
        assert error_of(429, b"", headers={"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}).details.retry_after == 0

    def test_left_out_is_none(self) -> None:
        assert error_of(429, b"").details.retry_after is None

    @given(st.text(max_size=30))
    @example("²")
    @example("-1")
    @example("Wed, 21 Oct 99999 07:28:00 GMT")
    @example("1e999")
    def test_of_any_other_form_is_none_or_some_seconds(self, value: str) -> None:
        asked = judge(answer(429, b"", headers={"retry-after": value})).details.retry_after
        assert asked is None or asked >= 0


class Row(BaseModel):
    id: int


class TestPages:
    read = staticmethod(reading_page(Row, 2, 25))

    def test_hold_items_and_figures(self) -> None:
        meta = {
            **OK_META,
            "current_page": 2,
            "last_page": 9,
            "per_page": 20,
            "total": 171,
            "from": 21,
            "to": 40,
            "path": "/x",
        }
        page = self.read(answer(200, {"data": [{"id": "1"}, {"id": 2}], "meta": meta}))
        assert [row.id for row in page.items] == [1, 2]
        assert (page.number, page.per_page, page.last_page, page.total) == (2, 20, 9, 171)

    @pytest.mark.parametrize(
        "figures", [{}, {"current_page": None, "last_page": None, "per_page": None, "total": None}]
    )
    def test_take_what_was_asked_for_where_the_service_is_silent(self, figures: dict[str, Any]) -> None:
        page = self.read(answer(200, {"data": [], "meta": {**OK_META, **figures}}))
        assert (page.number, page.per_page, page.last_page, page.total) == (2, 25, None, None)

    def test_of_a_service_that_always_answers_the_first_end_all_the_same(self) -> None:
        meta = {**OK_META, "current_page": 1, "last_page": 2, "per_page": 25}
        assert not self.read(answer(200, {"data": [{"id": 1}], "meta": meta})).has_more

    @pytest.mark.parametrize("data", [None, {}, [{"id": "x"}], [{}], "x"])
    def test_that_do_not_fit_are_unreadable_and_never_empty(self, data: Any) -> None:
        with pytest.raises(Unreadable):
            self.read(answer(200, {"data": data, "meta": OK_META}))


NUMBER = "+989120001234"
TEXT = 'کد ورود شما ۴۸۲۱۳ است؛ "لغو" <b>=</b> 11\nسلام علی 🎉'


def spellings(secret: str) -> list[str]:
    """The forms in which a service can echo something."""
    twice = json.dumps(json.dumps(secret))[2:-2]
    middle = len(secret) // 2
    return [
        secret,
        quote_plus(secret),
        secret.replace(" ", "<br>").replace("\n", "<br />\n"),
        f"{secret[:middle]}<b>{secret[middle:]}</b>",
        twice,
        json.dumps(twice)[1:-1],
        quote(quote(secret)),
        escape(escape(secret)),
        "".join(f"&#{ord(char)};" for char in secret),
        secret.swapcase(),
        secret.encode().decode("latin-1"),
        secret.encode().decode("cp1252", "ignore") if secret.isascii() else secret.encode().decode("cp1256", "ignore"),
        repr(secret.encode())[2:-1],
        " ".join(secret),
        secret[::-1],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        escape(secret),
        quote(secret),
        " ".join(secret.split()),
        secret.replace("ی", "ي").replace("ک", "ك"),
        secret[:-5],
        secret[3:],
    ]


def echoing(secret: str, *, cut: bool = True) -> list[tuple[int, Any]]:
    """Answers of every kind with ``secret`` wherever a service could put it."""
    answers: list[tuple[int, Any]] = []
    for said in spellings(secret)[: None if cut else -2]:
        answers += [
            (
                422,
                {
                    "meta": {
                        "status": False,
                        "message": f"متن «{said}» بد است",
                        "errors": {"a": [said], said: [f"x {said}"]},
                    }
                },
            ),
            (422, {"meta": {"status": False, "message_code": said}, "errors": {"params": {"recipients": [said]}}}),
            (200, {"meta": {"status": False, "message": {"text": [said]}, "message_parameters": [said]}}),
            (200, {"data": {said: said}, "meta": {"status": True, "message": said}}),
            (404, {"message": said}),
            (502, f"<html><p title='{said}'>upstream said {said}</p></html>".encode()),
            (500, f"PHP Fatal: {json.dumps({'message': said})}".encode()),
            (200, f"{said}".encode()),
            (429, ("<p>" + "y" * (MAX_SHOWN - 8) + said).encode()),
        ]
    return answers


def shown_of(secret: str, body: Any, *, query: tuple[tuple[str, str], ...] = (), cut: bool = True) -> list[str]:
    raw = json.dumps(body).encode()
    sends: Request[Any] = Request(
        "send.pattern", "POST", "/api/send", reading(Receipt), query=query, body=raw, replay=Replay.IF_UNREACHED
    )
    return [everything(error_of(status, content, request=sends)) for status, content in echoing(secret, cut=cut)]


def coded(secret: str) -> Iterator[str]:
    """The forms in which it can be read only by who knows how."""
    as_json = json.dumps({"said": secret, "padding": "y" * 60}).encode()
    for before in (b"", b"a:", b"user:"):
        for code in (base64.b64encode, base64.urlsafe_b64encode):
            yield code(before + secret.encode() + b"\n").decode()
    yield base64.b64encode(base64.b64encode(secret.encode())).decode()
    yield base64.encodebytes(as_json).decode().replace("\n", "\r\n")
    yield f"key_{base64.b64encode(secret.encode()).decode()}"
    for encoding in ("utf-8", "utf-16-be", "utf-16-le"):
        raw = secret.encode(encoding)
        yield base64.b64encode(raw).decode()
        yield from (raw.hex(), raw.hex().upper(), raw.hex(" "), raw.hex(":"), f"0x{raw.hex(',').replace(',', ',0x')}")
    yield quopri.encodestring(f"{secret:>5}".encode()).decode() if not secret.isascii() else secret.encode().hex()
    yield "".join(f"%u{ord(char):04x}" for char in secret)
    yield "".join(f"\\u{{{ord(char):x}}}" for char in secret)
    yield "".join(f"\\{byte:03o}" for byte in secret.encode())
    yield str(list(secret.encode()))


def shown_as(written: str, body: Any) -> list[str]:
    """What errors show of a request with this body, when an answer says this."""
    raw = json.dumps(body).encode()
    sends: Request[Any] = Request("send.pattern", "POST", "/api/send", reading(Receipt), body=raw)
    answers = [(422, {"meta": {"status": False, "message": written}}), (502, f"<p>at {written} it failed".encode())]
    return [everything(error_of(status, content, request=sends)) for status, content in answers]


class TestPrivacy:
    def test_no_error_shows_the_credential(self) -> None:
        for shown in shown_of(KEY, {}):
            assert KEY[:-5] not in shown
            assert KEY[3:-5] not in shown

    @pytest.mark.parametrize(
        "spelling",
        [
            NUMBER,
            "09120001234",
            "0912 000 1234",
            "0912-000-1234",
            "(0912) 000.1234",
            "۰۹۱۲۰۰۰۱۲۳۴",
            "\u202a0912\u200e0001234",
            "9,120,001,234",
            "0912_000_1234",
            "0912/000/1234",
            "0912،000،1234",
        ],
    )
    def test_no_error_shows_a_number_even_one_that_was_not_sent(self, spelling: str) -> None:
        for shown in shown_of(spelling, {}, cut=False):
            assert "912000" not in shown
            assert "0001234" not in shown
            assert not re.search(r"000[ ,_/،]1234", shown)
            assert "۱۲۳۴" not in shown

    def test_no_error_shows_a_text(self) -> None:
        for shown in shown_of(TEXT, {"message": TEXT, "params": {"recipients": [NUMBER]}}):
            for piece in ("ورود شما", "۴۸۲۱۳", "48213", "سلام علی", "سلام علي", "كد ورود", "\\u0633\\u0644"):
                assert piece not in shown

    @pytest.mark.parametrize(
        "secret",
        [
            "Secret%4bey%31%32%33",
            "%53%65%63%72%65%74%4b%65%79",
            "Secret\\u004bey123",
            "Secret&#75;ey&amp;123",
            "SecretKey%2531",
        ],
    )
    def test_no_error_shows_what_looked_escaped_when_it_was_sent(self, secret: str) -> None:
        for shown in shown_of(secret, {"params": {"pin": secret}}, cut=False):
            assert "secretkey" not in shown.casefold()

    @pytest.mark.parametrize("secret", [KEY, NUMBER, TEXT, "48213"], ids=["key", "number", "text", "code"])
    def test_no_error_shows_what_was_coded(self, secret: str) -> None:
        body = {"message": TEXT, "params": {"pin": "48213", "recipients": [NUMBER]}}
        for written in coded(secret):
            # What a character at each end shares with its neighbours may stay.
            within = written[2:-4].strip()
            for shown in shown_as(written, body):
                assert within not in shown, written

    def test_words_and_ids_that_look_coded_are_left_standing(self) -> None:
        said = "request 4bf92f3577b34da6a3ce929d0e0e4736: messages_outbox_ids/temporarily+unavailable, deadbeef, سامانه"
        body = {"message": TEXT, "params": {"pin": "48213", "recipients": [NUMBER]}}
        assert said in shown_as(said, body)[0]

    @pytest.mark.parametrize("name", ["code", "otp", "type", "name", "id"])
    @pytest.mark.parametrize("value", ["48213", 48213, "علی", "Sara", "پ۱۲ب۳۴۵", 1234567.5])
    def test_no_error_shows_the_value_of_a_variable_whatever_it_is_called(self, name: str, value: Any) -> None:
        for shown in shown_of(str(value), {"code": "pattern-code", "params": {name: value}}):
            assert f" {value} " not in shown.replace("'", " ").replace('"', " ").replace("«", " ").replace("»", " ")

    def test_no_error_shows_what_stood_in_the_query(self) -> None:
        for shown in shown_of("p4ss-word", {}, query=(("password", "p4ss-word"), ("username", "someone"))):
            assert "p4ss-word" not in shown

    def test_what_is_neither_personal_nor_secret_is_left_standing(self) -> None:
        body = {"sending_type": "pattern", "code": "abc123xyz", "from_number": "+98BANK", "params": {}}
        sends: Request[Any] = Request(
            "send.pattern", "POST", "/api/send", reading(Receipt), body=json.dumps(body).encode()
        )
        error = error_of(
            404, {"meta": {"status": False, "message": "الگوی abc123xyz برای +98BANK نیست"}}, request=sends
        )
        assert error.details.server_message == "الگوی abc123xyz برای +98BANK نیست"

    def test_the_variables_of_a_pattern_are_left_standing(self) -> None:
        error = error_of(404, {"meta": {"status": False, "message": "متغیر %date% و %face% و %code% لازم است"}})
        assert error.details.server_message == "متغیر %date% و %face% و %code% لازم است"

    @given(st.text(min_size=10, max_size=80), st.sampled_from(["params", "message"]))
    def test_no_error_shows_any_text_that_was_sent(self, text: str, field: str) -> None:
        assume(len(text.strip()) >= 10)
        body = json.dumps({field: {"x": text} if field == "params" else text}).encode()
        sends: Request[Any] = Request("send.pattern", "POST", "/api/send", reading(Receipt), body=body)
        for status, content in (
            (422, {"meta": {"status": False, "message": f"متن {text} بد", "errors": {"x": [text]}}}),
            (200, {"meta": {"status": False, "message": [text]}}),
        ):
            error = error_of(status, content, request=sends)
            assert text.strip() not in "\n".join(
                [str(error), error.details.server_message or "", *sum(error.details.field_errors.values(), ())]
            )

    def test_a_request_of_a_million_characters_is_judged_all_the_same(self) -> None:
        texts = [f"{index} " + "سلام " * 250 for index in range(1000)]
        body = json.dumps({"params": [{"message": text, "recipients": [NUMBER]} for text in texts]}).encode()
        sends: Request[Any] = Request("send.peer_to_peer", "POST", "/api/send", reading(Receipt), body=body)
        assert "سلام سلام" not in everything(error_of(502, f"<p>{texts[500]}</p>".encode(), request=sends))

    def test_a_reason_for_each_of_a_thousand_texts_is_told_and_hides_them_all(self) -> None:
        texts = [f"سفارش مشتری عزیز شماره {index}" for index in range(1000)]
        body = json.dumps({"params": [{"message": text, "recipients": [NUMBER]} for text in texts]}).encode()
        sends: Request[Any] = Request("send.peer_to_peer", "POST", "/api/send", reading(Receipt), body=body)
        errors = {f"params.{index}.message": [f"«{text}» بد است"] for index, text in enumerate(texts)}
        error = error_of(422, {"meta": {"status": False, "errors": errors}}, request=sends)
        assert len(error.details.field_errors) == 1000
        assert {text for said in error.details.field_errors.values() for text in said} == {"«[…]» بد است"}

    def test_what_is_cut_off_leaves_no_end_of_an_echo(self) -> None:
        body = json.dumps({"message": TEXT}).encode()
        sends: Request[Any] = Request("send.webservice", "POST", "/api/send", reading(Receipt), body=body)
        for left in range(2, 12):
            # The markup goes, and of the text as much is left as is read.
            tags, dots = divmod(16_384 - left, 3)
            error = error_of(502, ("." * dots + "<b>" * tags + TEXT).encode(), request=sends)
            assert TEXT[:left] not in error.details.body


@pytest.mark.parametrize("kind", ["fields", "texts of a field", "a message", "nested"])
def test_an_error_of_megabytes_is_judged_in_its_time(kind: str) -> None:
    many = [f"x{index}" for index in range(90_000)]
    meta: dict[str, Any] = {"status": False}
    if kind == "fields":
        meta["errors"] = {name: ["y"] for name in many}
    elif kind == "texts of a field":
        meta["errors"] = {"message": many}
    else:
        meta["message"] = many if kind == "a message" else [many[:300]] * 300
    error = error_of(422, {"meta": meta})
    assert isinstance(error, Invalid)
    assert len(error.details.field_errors) == {"fields": 2000, "texts of a field": 1}.get(kind, 0)
    assert all(len(texts) <= 20 for texts in error.details.field_errors.values())
    assert len(str(error)) < 4000
