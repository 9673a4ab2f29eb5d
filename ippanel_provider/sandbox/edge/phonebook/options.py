"""Options: custom fields of contacts, of the whole account."""

from __future__ import annotations

from ippanel_provider.sandbox.edge.envelope import as_int, done, list_of, moment, not_found
from ippanel_provider.sandbox.edge.fields import Ids, OneOf, Text, values
from ippanel_provider.sandbox.phonebook_records import OPTION_TYPES, Option
from ippanel_provider.sandbox.takes import PAGES, Field
from ippanel_provider.sandbox.wire import Call, Reply, Route

_NO_OPTION = "گزینه مورد نظر یافت نشد"


def create_option(call: Call) -> Reply:
    """Make an option."""
    given = values(call)
    return done(render_option(call.sandbox.phonebooks.create_option(given["title"], given["type"])))


def list_options(call: Call) -> Reply:
    """The options, newest first; ``title`` matches a part."""
    kind, title = values(call)["type"], call.query.get("title")
    options = reversed(call.sandbox.phonebooks.options.values())
    found = [option for option in options if (not kind or option.type == kind) and (not title or title in option.title)]
    return list_of(call, found, render_option)


def update_option(call: Call) -> Reply:
    """Give an option another title; this one call answers ``true``."""
    option_id = as_int(call.params["id"]) or 0
    if option_id not in call.sandbox.phonebooks.options:
        raise not_found(_NO_OPTION)
    call.sandbox.phonebooks.rename_option(option_id, values(call)["title"])
    return done(True)


def delete_options(call: Call) -> Reply:
    """Delete options; contacts lose their values."""
    option_ids = values(call)["listOptions"]
    if not any(option_id in call.sandbox.phonebooks.options for option_id in option_ids):
        raise not_found(_NO_OPTION)
    call.sandbox.phonebooks.delete_options(option_ids)
    return done()


def render_option(option: Option) -> dict[str, object]:
    """An option as lists and phonebooks show it."""
    return {"id": option.id, "title": option.title, "type": option.type, "created_at": moment(option.created)}


_TITLE = Text("title")
_FILTERS = (*PAGES, OneOf("type", required=False, among=tuple(OPTION_TYPES)), Field("title"))

routes = (
    Route(
        "POST",
        "/api/phonebooks/options",
        create_option,
        "create_option",
        takes=(OneOf("type", among=tuple(OPTION_TYPES)), _TITLE),
    ),
    Route("GET", "/api/phonebooks/options/list-new", list_options, "list_options", takes=_FILTERS),
    Route("GET", "/api/phonebooks/options/listNew", list_options, "list_options", alternate=True, takes=_FILTERS),
    Route("POST", "/api/phonebooks/options/delete-list", delete_options, "delete_options", takes=(Ids("listOptions"),)),
    Route("PUT", "/api/phonebooks/options/{id}", update_option, "update_option", takes=(_TITLE,)),
)
