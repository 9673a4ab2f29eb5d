"""Options: custom fields of contacts, of the whole account."""

from __future__ import annotations

from ippanel_provider.sandbox.edge.envelope import Problems, as_int, done, list_of, moment, not_found, wrong
from ippanel_provider.sandbox.edge.fields import ids_in, text_in
from ippanel_provider.sandbox.phonebook_records import OPTION_TYPES, Option
from ippanel_provider.sandbox.wire import Call, Reply, Route

_NO_OPTION = "گزینه مورد نظر یافت نشد"


def create_option(call: Call) -> Reply:
    """Make an option."""
    problems = Problems()
    title = text_in(call.body, "title", problems)
    kind = call.body.get("type")
    if kind is None or kind == "":
        problems.require("type")
    elif kind not in OPTION_TYPES:
        problems.add("type")
    problems.check()
    return done(render_option(call.sandbox.phonebooks.create_option(title, str(kind))))


def list_options(call: Call) -> Reply:
    """The options, newest first; ``title`` matches a part."""
    kind, title = call.query.get("type"), call.query.get("title")
    if kind and kind not in OPTION_TYPES:
        raise wrong("type")
    options = reversed(call.sandbox.phonebooks.options.values())
    found = [option for option in options if (not kind or option.type == kind) and (not title or title in option.title)]
    return list_of(call, found, render_option)


def update_option(call: Call) -> Reply:
    """Give an option another title; this one call answers ``true``."""
    option_id = as_int(call.params["id"]) or 0
    if option_id not in call.sandbox.phonebooks.options:
        raise not_found(_NO_OPTION)
    problems = Problems()
    title = text_in(call.body, "title", problems)
    problems.check()
    call.sandbox.phonebooks.rename_option(option_id, title)
    return done(True)


def delete_options(call: Call) -> Reply:
    """Delete options; contacts lose their values."""
    option_ids = ids_in(call.body, "listOptions")
    if not any(option_id in call.sandbox.phonebooks.options for option_id in option_ids):
        raise not_found(_NO_OPTION)
    call.sandbox.phonebooks.delete_options(option_ids)
    return done()


def render_option(option: Option) -> dict[str, object]:
    """An option as lists and phonebooks show it."""
    return {"id": option.id, "title": option.title, "type": option.type, "created_at": moment(option.created)}


routes = (
    Route("POST", "/api/phonebooks/options", create_option, "create_option"),
    Route("GET", "/api/phonebooks/options/list-new", list_options, "list_options"),
    Route("GET", "/api/phonebooks/options/listNew", list_options, "list_options", alternate=True),
    Route("POST", "/api/phonebooks/options/delete-list", delete_options, "delete_options"),
    Route("PUT", "/api/phonebooks/options/{id}", update_option, "update_option"),
)
