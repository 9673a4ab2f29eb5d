"""Which panel this is: every fact of the service profile, to see and to set."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ippanel_provider.service_profile import DOCUMENTS, Fact, InvalidProfile, ServiceProfile, facts

from .layout import Foreign, Mistake, done, form_of, sandbox_of, show

GROUPS = (
    ("How texts and people are listed", "text_listed"),
    ("Ids of bulks", "ids"),
    ("Pages and filters", "filter_zone"),
    ("Time", "outbox_lag"),
    ("What is refused, repeated, taken back", "guard_seconds"),
    ("Parts and prices", "suffix_priced"),
)
"""A heading, and the first fact that stands under it."""


def grouped() -> list[tuple[str, list[Fact]]]:
    """The facts under their headings."""
    heads = {first: title for title, first in GROUPS}
    groups: list[tuple[str, list[Fact]]] = []
    for name, fact in facts().items():
        if name in heads:
            groups.append((heads[name], []))
        groups[-1][1].append(fact)
    return groups


async def panel(request: Request) -> Response:
    """Every fact, and in which of them this panel differs from the documents'."""
    return _page(request)


def _page(request: Request, error: Mistake | None = None, form: dict[str, str] | None = None) -> Response:
    profile = sandbox_of(request).profile
    written = {name: _written(getattr(profile, name)) for name in facts()}
    return show(
        request,
        "panel.html",
        status=422 if error else 200,
        error=error,
        form=form or {},
        groups=grouped(),
        written=written,
        differs=profile.differences(DOCUMENTS),
        file=DOCUMENTS.learn({name: pair[0] for name, pair in profile.differences(DOCUMENTS).items()}).to_json(),
    )


def _written(value: object) -> str:
    """A value as a form holds it."""
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


async def save(request: Request) -> Response:
    """Set the facts that were changed; with ``documents`` all of them to the documents' word."""
    form: dict[str, str] = {}
    sandbox = sandbox_of(request)
    try:
        form = await form_of(request)
        if form.get("documents"):
            sandbox.change_profile({name: fact.default for name, fact in facts().items()})
        else:
            sandbox.change_profile(_changed(form, sandbox.profile))
    except Mistake as mistake:
        return _page(request, mistake, form)
    return done("/panel", "account")


def _changed(form: dict[str, str], profile: ServiceProfile) -> dict[str, object]:
    changed: dict[str, object] = {}
    for name, fact in facts().items():
        given = form.get(name)
        if given is None or given == _written(getattr(profile, name)):
            continue
        try:
            changed[name] = _read(fact, given)
            fact.check(changed[name])
        except InvalidProfile as error:
            raise Mistake("This fact cannot be set: {why}", why=Foreign(str(error))) from None
    return changed


def _read(fact: Fact, given: str) -> object:
    if fact.choices:
        return given
    if isinstance(fact.default, bool):
        return {"true": True, "false": False}.get(given, given)
    try:
        return type(fact.default)(given)
    except ValueError:
        return given
