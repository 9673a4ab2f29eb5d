"""The Edge API, a module a chapter. Each chapter exports ``routes``; a new chapter is a new module and its name in
:data:`CHAPTERS`.
"""

from __future__ import annotations

from ippanel_provider.sandbox.wire import Api, Call, Reply

from . import auth, bank, draft, number, package, pattern, payment, phonebook, report, send, ticket, user
from .envelope import failed, in_message, unauthorized

CHAPTERS = (auth, send, bank, report, number, user, package, ticket, draft, payment, pattern, phonebook)


def _unknown(status: int) -> Reply:
    return (
        failed(404, "404-1", "آدرس مورد نظر یافت نشد")
        if status == 404
        else failed(405, "405-1", "متد درخواست مجاز نیست")
    )


def _unreadable() -> Reply:
    return failed(400, "400-1", "بدنه درخواست معتبر نیست")


def _refused(message: str | None, code: str | None) -> Reply:
    return failed(200, code or "400-1", message or "درخواست پذیرفته نشد")


def _shown(call: Call, reply: Reply) -> Reply:
    misplaced = reply.status == 422 and call.sandbox.profile.validation_in_message
    return in_message(reply) if misplaced else reply


EDGE = Api(
    name="edge",
    title="Edge",
    prefix="/v1/api/",
    routes=tuple(route for chapter in CHAPTERS for route in chapter.routes),
    authorize=auth.authorize,
    unknown=_unknown,
    unreadable=_unreadable,
    refused=_refused,
    unauthorized=unauthorized,
    repeated=send.repeated,
    shown=_shown,
)
