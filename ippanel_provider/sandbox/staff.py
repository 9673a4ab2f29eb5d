"""Controls of what people do around the service: read a texted code, fetch an exported file, answer a ticket, add a
user.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from ippanel_provider.text.numbers import InvalidNumber, normalize

from .contact_sheets import fits, header, rows_of
from .control_calls import ControlRoute, Mistake, body_of, unknown
from .people import NameTaken, People, User
from .phonebook_records import OPTION_TYPES, Entry, Option
from .sheets import write_xlsx
from .state import Sandbox
from .takes import FLAG, RECIPIENT, TEXT, VALUES, Field, fields, many

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CONTACT_FIELDS = {"number", "pre", "name", "email", "options"}
_KINDS: Mapping[str, type | tuple[type, ...]] = {"str": str, "int": int, "bool": bool, "float": (int, float)}
_USER_FIELDS = {
    field.name: str(field.type)
    for field in dataclasses.fields(User)
    if field.name not in ("id", "created", "last_login")
}


async def codes(sandbox: Sandbox, request: Request) -> object:
    """One-time codes as they were texted to the account's owner, newest first: ``purpose``, ``mobile``, ``otp``,
    ``time``.
    """
    return {"codes": [dataclasses.asdict(code) for code in reversed(sandbox.logins.texted)]}


async def add_phonebook(sandbox: Sandbox, request: Request) -> object:
    """Make a phonebook as it stands: ``title``, ``options`` {title: type}, ``contacts`` with options by title."""
    body = await body_of(request)
    title, kinds, given = body.get("title"), body.get("options", {}), body.get("contacts", [])
    if not isinstance(title, str) or not title:
        raise Mistake("title must be a text")
    if not isinstance(kinds, dict) or not all(kind in OPTION_TYPES for kind in kinds.values()):
        raise Mistake("options takes titles with the types int, string or date")
    if not isinstance(given, list):
        raise Mistake("contacts is a list")
    books = sandbox.phonebooks
    # Everything is looked at before anything is made.
    for index, raw in enumerate(given):
        _checked(raw, kinds, f"contacts[{index}]")
    known = {option.title: option for option in books.options.values()}
    options = {name: known[name] if name in known else books.create_option(name, kind) for name, kind in kinds.items()}
    book = books.create_book(title, [option.id for option in options.values()])
    added = books.add_contacts([_entry(raw, book.id, options) for raw in given])
    return {"id": book.id, "options": {name: option.id for name, option in options.items()}, **added._asdict()}


def _checked(raw: object, kinds: Mapping[str, str], at: str) -> None:
    if not isinstance(raw, dict) or raw.keys() - _CONTACT_FIELDS:
        raise Mistake(f"{at} takes {', '.join(sorted(_CONTACT_FIELDS))}")
    try:
        normalize(raw.get("number", ""))
    except InvalidNumber as error:
        raise Mistake(f"{at}.number: {error}") from None
    for field in ("pre", "name", "email"):
        if not isinstance(raw.get(field), str | None):
            raise Mistake(f"{at}.{field} must be a text")
    if not isinstance(raw.get("options", {}), dict):
        raise Mistake(f"{at}.options takes values by the title of their option")
    for name, value in raw.get("options", {}).items():
        if name not in kinds or not fits(str(value), kinds[name]):
            raise Mistake(f"{at}.options: {name} is no option of the book, or the value is not of its type")


def _entry(raw: Mapping[str, Any], book_id: int, options: Mapping[str, Option]) -> Entry:
    values = {options[name].id: str(value) for name, value in raw.get("options", {}).items()}
    return Entry(book_id, normalize(raw["number"]), raw.get("pre"), raw.get("name"), raw.get("email"), values)


async def sample(sandbox: Sandbox, request: Request) -> object:
    """The sample of an import file for a phonebook, as xlsx."""
    book = sandbox.phonebooks.books.get(request.path_params["id"])
    if book is None:
        return unknown("phonebook")
    return _file(f"phonebook-{book.id}-sample.xlsx", write_xlsx([header(_options(sandbox, book.option_ids))]))


async def exports(sandbox: Sandbox, request: Request) -> object:
    """The exports that were asked for: ``id``, ``status``, and how many ``contacts`` each holds."""
    now = sandbox.now()
    return {
        "exports": [
            {"id": export.id, "status": export.status_at(now), "contacts": len(export.contacts)}
            for export in sandbox.phonebooks.exports
        ]
    }


async def exported_file(sandbox: Sandbox, request: Request) -> object:
    """The file of an export that is done, as xlsx; 404 before."""
    export = next((export for export in sandbox.phonebooks.exports if export.id == request.path_params["id"]), None)
    if export is None or export.status_at(sandbox.now()) != "done":
        return unknown("file")
    options = _options(sandbox, export.option_ids)
    # A hundred thousand contacts take seconds to write, and never change: the service goes on meanwhile.
    content = await asyncio.to_thread(write_xlsx, list(rows_of(export.contacts, options)))
    return _file(f"export-{export.id}.xlsx", content)


def _options(sandbox: Sandbox, option_ids: Sequence[int]) -> list[Option]:
    return [
        sandbox.phonebooks.options[option_id] for option_id in option_ids if option_id in sandbox.phonebooks.options
    ]


def _file(name: str, content: bytes) -> Response:
    return Response(content, media_type=_XLSX, headers={"content-disposition": f'attachment; filename="{name}"'})


async def blacklist(sandbox: Sandbox, request: Request) -> object:
    """Put a ``number`` on the account's blacklists, or take it off: ``send``, ``receive``."""
    body = await body_of(request)
    flags: dict[str, Any] = {name: body[name] for name in ("send", "receive") if name in body}
    if not flags or not all(isinstance(flag, bool) for flag in flags.values()):
        raise Mistake("give send, receive or both, as true or false")
    try:
        number = normalize(body.get("number", ""))
    except InvalidNumber as error:
        raise Mistake(f"number: {error}") from None
    sandbox.phonebooks.blacklist(number, **flags)
    return {"number": number, **flags}


async def users(sandbox: Sandbox, request: Request) -> object:
    """Everybody under the account, with the lines handed to them."""
    people = sandbox.people
    return {"users": [_user(people, user) for user in people.under(sandbox.account.user_id)]}


async def add_user(sandbox: Sandbox, request: Request) -> object:
    """Make a user: ``username``, and any other field of theirs; right under the account unless ``parent_id`` is
    given."""
    body: dict[str, Any] = {"parent_id": sandbox.account.user_id, **await body_of(request)}
    if not isinstance(body.get("username"), str) or not body["username"] or body.keys() - _USER_FIELDS.keys():
        raise Mistake(
            f"username must be a text; there are also {', '.join(name for name in _USER_FIELDS if name != 'username')}"
        )
    for name, value in body.items():
        wanted = _USER_FIELDS[name]
        if not isinstance(value, _KINDS[wanted]) or (isinstance(value, bool) and wanted != "bool"):
            raise Mistake(f"{name} must be of type {wanted}")
    try:
        return _user(sandbox.people, sandbox.people.add_user(User(0, created=0, **body)))
    except NameTaken:
        return Response(to_json({"error": "a user of this name exists"}), 409, media_type="application/json")
    except KeyError:
        raise Mistake("parent_id is no user") from None


def _user(people: People, user: User) -> dict[str, Any]:
    lines = {line: grant._asdict() for (user_id, line), grant in people.grants.items() if user_id == user.id}
    return dataclasses.asdict(user) | {"lines": lines}


async def answer_ticket(sandbox: Sandbox, request: Request) -> object:
    """Support answers a ticket: ``description``."""
    description = (await body_of(request)).get("description")
    if not isinstance(description, str) or not description:
        raise Mistake("description must be a text")
    ticket_id = request.path_params["id"]
    if sandbox.tickets.get(ticket_id) is None:
        return unknown("ticket")
    return {"interaction_id": sandbox.tickets.reply(ticket_id, description, by_support=True).id}


async def close_ticket(sandbox: Sandbox, request: Request) -> object:
    """Support closes a ticket."""
    ticket_id = request.path_params["id"]
    if sandbox.tickets.get(ticket_id) is None:
        return unknown("ticket")
    sandbox.tickets.close(ticket_id)
    return {"ticket_id": ticket_id}


_BOOK = (Field("title"), Field("options", VALUES), Field("contacts", many(number=RECIPIENT, name=TEXT, options=VALUES)))
CALLS = (
    ControlRoute("GET", "/codes", codes),
    ControlRoute("POST", "/phonebooks", add_phonebook, _BOOK),
    ControlRoute("GET", "/phonebooks/{id:int}/sample", sample),
    ControlRoute("GET", "/exports", exports),
    ControlRoute("GET", "/exports/{id:int}", exported_file),
    ControlRoute("POST", "/blacklist", blacklist, (Field("number", RECIPIENT), *fields("send receive", FLAG))),
    ControlRoute("GET", "/users", users),
    ControlRoute("POST", "/users", add_user, fields("username name")),
    ControlRoute("POST", "/tickets/{id:int}/answer", answer_ticket, fields("description")),
    ControlRoute("POST", "/tickets/{id:int}/close", close_ticket),
)
