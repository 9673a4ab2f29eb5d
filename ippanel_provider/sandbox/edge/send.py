"""Sending, cancelling, prices. API: send."""

from __future__ import annotations

import hmac
from dataclasses import replace

from ippanel_provider.sandbox.prices import text_price
from ippanel_provider.sandbox.records import Item, Submission
from ippanel_provider.sandbox.sending import affected
from ippanel_provider.sandbox.state import Duplicate, NoCredit
from ippanel_provider.sandbox.takes import (
    FILE,
    LINE,
    MOMENT,
    NUMBER,
    NUMBERS,
    RECIPIENT,
    RECIPIENTS,
    TEXT,
    VALUES,
    Field,
    choice,
    fields,
    many,
    shape,
)
from ippanel_provider.sandbox.wire import Call, Reply, Route, with_plus
from ippanel_provider.service import OPT_OUT_SUFFIX

from .envelope import Problems, as_int, done, failed, missing, not_found, unauthorized, wrong
from .fields import Checked, values
from .sending import FORMS
from .sending.checks import recipients_of, text_of, wire_line

_URL_ALIASES = {
    "apikey": "apikey api_key apiKey x-api-key ApiKey api-key key access_key accessKey auth_key authorization "
    "token secret api_token",
    "from": "from From sender src source from_number sender_number origin originator caller caller_id sms_from fromNum",
    "message": "message Message msg text txt body content sms message_body messageText",
    "to": "to To recipient dst destination to_number recipient_number target receiver",
    # The documents repeat some names of "to" here; those cannot mean both.
    "username": "username UserName uname user login user_name userid userName",
    "password": "password Password pass passwd pwd user_password passcode login_password auth_pass user_pass "
    "access_password",
}


def send(call: Call) -> Reply:
    """``POST /api/send``: read the form its ``sending_type`` names, then hand it over."""
    kind = call.body.get("sending_type")
    if kind is None or kind == "":
        raise missing("sending_type")
    form = FORMS.get(kind) if isinstance(kind, str) else None
    if form is None:
        raise wrong("sending_type")
    return submit(call, form(call))


def submit(call: Call, submission: Submission) -> Reply:
    """Hand a submission over and answer its ids, or the service's refusal."""
    if call.sandbox.account.send_block:
        return failed(200, "400-1", "ارسال پیام برای این حساب مسدود است")
    effects = call.effects
    if effects.accept_only is not None and submission.kind == "peer_to_peer":
        submission = replace(submission, items=submission.items[: effects.accept_only])
    try:
        ids = call.sandbox.submit(affected(call, submission))
    except Duplicate:
        return repeated("guard")
    except NoCredit:
        return repeated("credit")
    if submission.filing is not None:
        call.sandbox.phonebooks.add_contacts([submission.filing])
    return done({"message_outbox_ids": ids[: effects.answer_only]})


def repeated(why: str) -> Reply:
    """The refusal of what the guard met a moment ago (``guard``), or of what nobody can pay (``credit``)."""
    if why == "guard":
        return failed(429, None, "ارسال پیام تکراری به این گیرنده در این بازه زمانی مجاز نیست")
    return failed(200, "400-1", "اعتبار حساب کافی نیست")


def send_url(call: Call) -> Reply:
    """One text to one recipient, everything in the URL, the credential too: an API key or user name and password, not
    both.
    """
    given = {**call.query, **{key: str(value) for key, value in call.body.items() if isinstance(value, str | int)}}
    found = {field: _aliased(call, field, given) for field in _URL_ALIASES}
    if not _is_known(call, found):
        return unauthorized(call.sandbox.account.unauthorized_body)
    problems = Problems()
    # The documents print their examples with the plus as it is.
    sender, recipient = with_plus(found["from"]), with_plus(found["to"])
    line = wire_line(call, sender) or ""
    if not line:
        problems.add("from") if sender else problems.require("from")
    text = text_of(call, found["message"], line, problems)
    recipients = recipients_of(call, [recipient] if recipient else None, problems, "to", 1)
    problems.check()
    return submit(call, Submission("webservice", line, [Item(text, recipients)]))


def _aliased(call: Call, field: str, given: dict[str, str]) -> str:
    if given.get(field):
        return given[field]
    names = (name for name in _URL_ALIASES[field].split() if given.get(name))
    return next((given[name] for name in names if call.sandbox.takes_alternate(f"{field} as {name}")), "")


def _is_known(call: Call, values: dict[str, str]) -> bool:
    account = call.sandbox.account
    by_name = bool(values["username"] and values["password"])
    if by_name == bool(values["apikey"]):
        return False
    if by_name:
        name_fits = hmac.compare_digest(values["username"].encode(), account.user_name.encode())
        return name_fits and hmac.compare_digest(values["password"].encode(), account.password.encode())
    return call.sandbox.credential(values["apikey"]) is not None


def cancel(call: Call) -> Reply:
    """Cancel a scheduled text, until five minutes before it is due."""
    bulk_id = as_int(values(call)["message_outbox_id"])
    if bulk_id is None or not call.sandbox.cancel(bulk_id):
        raise not_found("پیام یافت نشد یا قابل لغو نیست", "400-1")
    return done()


def calculate_price(call: Call) -> Reply:
    """What a text costs a recipient, in rial, by operator; the mandatory opt-out suffix is not counted."""
    problems = Problems()
    given, profile = call.body.get("number"), call.sandbox.profile
    line = wire_line(call, given) or ""
    if not line:
        problems.add("number") if given else problems.require("number")
    text = text_of(call, call.body.get("message"), line, problems)
    problems.check()
    priced = text
    if text.endswith(OPT_OUT_SUFFIX) and not profile.suffix_priced:
        priced = text.removesuffix(OPT_OUT_SUFFIX).rstrip()
    size = call.sandbox.size(priced, line)
    mci, other = (
        round(text_price(size.encoding, size.parts, at_mci) * profile.price_factor, 1) for at_mci in (True, False)
    )
    return done({"mci_price": mci, "other_price": other, "parts": size.parts})


_RANGE = shape(start=NUMBER, size=NUMBER)
_OPERATORS = many(id=NUMBER, start=NUMBER, size=NUMBER)
_PARAMS = {
    "anyOf": [
        shape(recipients=RECIPIENTS),
        many(recipients=RECIPIENTS, message=TEXT),
        many(
            type=choice("all", "detail"),
            phonebook_id=NUMBER,
            phonebook_ids=NUMBERS,
            number_ids=NUMBERS,
            start=NUMBER,
            size=NUMBER,
        ),
        many(
            bank=choice("all", "white"),
            postal_code=TEXT,
            gender=NUMBER,
            age_from=NUMBER,
            age_to=NUMBER,
            mci=_RANGE,
            irancell=_RANGE,
            other=_RANGE,
        ),
        many(province_id=NUMBER, county_id=NUMBER, city_id=NUMBER, pre=TEXT, operator=_OPERATORS),
        many(main_category_id=NUMBER, sub_category_id=NUMBER, operator=_OPERATORS),
        VALUES,
    ]
}
_FORM = (
    Field("sending_type", {"type": "string", "enum": list(FORMS)}, required=True),
    Field("from_number", LINE),
    Field("message"),
    Field("params", _PARAMS),
    Field("send_time", MOMENT),
    Field("code"),
    Field("recipients", RECIPIENTS),
    Field("files", {"type": "array", "items": FILE}),
    Field("other_recipients", RECIPIENTS),
    Field("phonebook", shape(id=NUMBER, name=TEXT, pre=TEXT, email=TEXT, options=VALUES)),
)
_URL = (
    Field("from", LINE, required=True),
    Field("to", RECIPIENT, required=True),
    Field("message", required=True),
    *fields("apikey username password"),
)

routes = (
    Route("POST", "/api/send", send, "send", takes=_FORM),
    Route("GET", "/api/send/webservice", send_url, "send_url", auth="none", takes=_URL),
    Route("POST", "/api/send/webservice", send_url, "send_url", auth="none", alternate=True, takes=_URL),
    Route("POST", "/api/send/cancel", cancel, "cancel", takes=(Checked("message_outbox_id", NUMBER),)),
    Route(
        "POST",
        "/api/send/calculate-price",
        calculate_price,
        "calculate_price",
        takes=(Field("number", LINE, required=True), Field("message", required=True)),
    ),
)
