"""The plugin class: a URL understood, a notification sent, and what became of it said."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apprise import NotifyFormat
from apprise.locale import gettext_lazy as _
from apprise.plugins import NotifyBase

from ippanel_provider.apprise_plugin import addressing, discretion, options, plain
from ippanel_provider.apprise_plugin.attempts import Attempts, Settled
from ippanel_provider.apprise_plugin.compat import ALIGNS_FORMATS, ImproperlyConfigured
from ippanel_provider.apprise_plugin.parcels import Letter, Outcome, deliver
from ippanel_provider.apprise_url import SCHEME, assembled
from ippanel_provider.client import ApiKey, Client, InvalidInput, IPPanelError, Retry, Settings
from ippanel_provider.service import MAX_TEXT_PARTS, Api
from ippanel_provider.text.numbers import mask

discretion.keep()

MODES = ("sms", "pattern", "votp")
_APPRISE_WAITS = 57.0
"""Seconds. Apprise 2 gives a service 60 and then takes it for failed, whatever still happens."""
_NAMES = {"api_key": "key", "base_url": "url"}
"""What the client's settings are called in a URL."""
_PARTS = frozenset(
    {
        "schema",
        "url",
        "user",
        "password",
        "host",
        "port",
        "fullpath",
        "path",
        "query",
        "secure",
        "asset",
        "qsd",
        "qsd+",
        "qsd-",
        "qsd:",
    }
)
"""What Apprise makes of a URL besides its options."""
_AT_ONCE = 8
"""Requests under way together where the service takes one recipient in each."""


class NotifyIPPanel(NotifyBase):  # type: ignore[misc] # Apprise is read as untyped: its types differ with its version
    """Text messages in Iran, ``ippanel://KEY@FROM/TO1/TO2``."""

    service_name = "IPPanel"
    service_url = "https://ippanel.com"
    setup_url = service_url
    secure_protocol = SCHEME

    # The service names no limit of requests, and all recipients of a text go in one.
    request_rate_per_sec = 0
    # A request of a thousand recipients takes its time, and one that times out may have gone out.
    socket_read_timeout = 20.0
    # Parts are counted here, in the encoding the text has; Apprise counts characters.
    body_maxlen = 32768
    notify_format = (NotifyFormat.TEXT, NotifyFormat.MARKDOWN) if ALIGNS_FORMATS else NotifyFormat.TEXT

    templates = ("{schema}://{apikey}@{sender}/{targets}",)
    template_tokens: ClassVar[dict[str, Any]] = {
        **NotifyBase.template_tokens,
        "apikey": {"name": _("API Key"), "type": "string", "required": True, "private": True},
        "sender": {"name": _("Sender Line"), "type": "string", "required": True, "map_to": "sender"},
        "target_phone": {"name": _("Target Phone No"), "type": "string", "map_to": "targets"},
        "target_phonebook": {"name": _("Target Phonebook ID"), "type": "string", "prefix": "#", "map_to": "targets"},
        "targets": {"name": _("Targets"), "type": "list:string", "required": True},
    }
    template_args: ClassVar[dict[str, Any]] = {
        **NotifyBase.template_args,
        "key": {"alias_of": "apikey"},
        "from": {"alias_of": "sender"},
        "to": {"alias_of": "targets"},
        "mode": {"name": _("Mode"), "type": "choice:string", "values": MODES, "default": "sms"},
        "pattern": {"name": _("Pattern Code"), "type": "string"},
        "body_var": {"name": _("Pattern Variable for the Body"), "type": "string"},
        "title_var": {"name": _("Pattern Variable for the Title"), "type": "string"},
        "schedule": {"name": _("Send Time"), "type": "string"},
        "max_parts": {
            "name": _("Most Parts of a Text"),
            "type": "int",
            "min": 1,
            "max": MAX_TEXT_PARTS,
            "default": MAX_TEXT_PARTS,
        },
        "api": {"name": _("API"), "type": "choice:string", "values": tuple(map(str, Api)), "default": str(Api.EDGE)},
        "url": {"name": _("Base URL"), "type": "string", "map_to": "base_url"},
        "proxy": {"name": _("Proxy URL"), "type": "string", "private": True},
        "ca": {"name": _("CA Bundle"), "type": "string"},
    }
    template_kwargs: ClassVar[dict[str, Any]] = {"variables": {"name": _("Pattern Variables"), "prefix": ":"}}

    _may_be_stored = True

    def __init__(
        self,
        apikey: str | None = None,
        sender: str | None = None,
        targets: Sequence[str | int] | str | None = None,
        *,
        mode: str | None = None,
        pattern: str | None = None,
        variables: Mapping[str, str] | None = None,
        body_var: str | None = None,
        title_var: str | None = None,
        schedule: str | None = None,
        max_parts: str | int | None = None,
        api: str | None = None,
        base_url: str | None = None,
        proxy: str | None = None,
        ca: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pattern = (pattern or "").strip()
        self.variables = {name: str(value) for name, value in (variables or {}).items()}
        self.body_var, self.title_var = body_var or "", title_var or ""
        self.schedule = schedule
        try:
            options.refuse_unknown(kwargs.get("qsd") or {}, kwargs.keys() - _PARTS, self.template_args)
            self.mode = _choice("mode", mode or ("pattern" if self.pattern else "sms"), MODES)
            self.api = Api(_choice("api", api or Api.EDGE, tuple(Api)))
            self.max_parts = _parts(max_parts)
            self._when = addressing.schedule(schedule, _zone(kwargs.get("tz")))
            self.apikey = _key(apikey)
            self.sender = "" if self.mode == "votp" else addressing.line(sender or "")
            self.targets = addressing.targets(addressing.listed(targets))
            self.settings = Settings(
                api=self.api,
                base_url=base_url,
                connect_timeout=self.socket_connect_timeout,
                read_timeout=self.socket_read_timeout,
                proxy=proxy,
                verify=(ca or True) if self.verify_certificate else False,
                max_in_flight=_AT_ONCE,
                # No connection, no text: one more try is safe, and a third would use up the time of other targets.
                retry=Retry(attempts=2),
            )
            _ = self.settings.root
            self.settings.check_credential(self.apikey)
            self._refuse_what_cannot_be()
        except InvalidInput as error:
            field, colon, problem = str(error).partition(":")
            why = _NAMES.get(field, field) + colon + problem
            self.logger.error("IPPanel: %s", why)
            raise ImproperlyConfigured(why) from None
        self._attempts = Attempts(self)

    def _refuse_what_cannot_be(self) -> None:
        named = (*self.targets.numbers, *self.targets.phonebooks)
        if not named:
            unusable = f" ({'; '.join(self.targets.unusable)})" if self.targets.unusable else ""
            raise InvalidInput(
                f"targets: the URL names no one to send to{unusable}; add numbers: ippanel://KEY@FROM/09120000000"
            )
        if (self.mode == "pattern") != bool(self.pattern):
            raise InvalidInput("pattern: give the code of an approved pattern, and no other mode with it")
        if self.mode != "pattern" and (self.variables or self.body_var or self.title_var):
            raise InvalidInput("variables: only patterns have them; add ?pattern=CODE")
        if self.targets.phonebooks and (self.mode != "sms" or self.api is Api.REST):
            raise InvalidInput("targets: phonebooks take texts only, over the Edge API only")
        if self.api is Api.REST and (self.mode == "votp" or self.schedule):
            raise InvalidInput(
                "api: the legacy REST API has neither voice codes nor scheduled texts; leave out api=rest"
            )

    def send(self, body: str, title: str = "", notify_type: Any = None, body_format: Any = None, **kwargs: Any) -> bool:
        """Send one notification; True if every target was accepted."""
        body = plain.without_markdown(body) if self._is_markdown(body_format) else body
        went_out = True
        try:
            letters = [self._letter(text, title, body) for text in self._texts(title, body.replace("\r\n", "\n"))]
        except IPPanelError as error:
            self.logger.error("IPPanel: nothing was sent. %s", error)
            return False
        started = time.monotonic()
        with Client(self.apikey, self.settings) as client:
            for number, letter in enumerate(letters):
                went_out = self._send(client, letter, number, started) and went_out
        if self.targets.unusable:
            unusable = self.targets.unusable
            self.logger.error(
                "IPPanel: the URL names %s that cannot be sent to: %s",
                _counted(len(unusable), "target"),
                "; ".join(unusable),
            )
            return False
        if went_out:
            self._attempts.succeeded()
        return went_out

    def _is_markdown(self, body_format: Any) -> bool:
        own = self.notify_format
        if isinstance(own, tuple) or _value(own) == "text":
            return _value(body_format) == "markdown"
        return _value(own) == "markdown"

    def _texts(self, title: str, body: str) -> list[str]:
        if self.mode == "votp":
            return [addressing.digits(body)]
        if self.mode == "pattern":
            return [""]
        text = "\n".join(part for part in (title.strip(), body.strip()) if part)
        if plain.fits(text, self.max_parts):
            return [text]
        if _value(self.overflow_mode) == "split":
            return plain.pieces(text, self.max_parts)
        # No warning: tools take the word for a failure, and it goes out.
        self.logger.info(
            "IPPanel: the text of %d characters was cut to %s (max_parts)", len(text), _counted(self.max_parts, "part")
        )
        return [plain.cut(text, self.max_parts)]

    def _letter(self, text: str, title: str, body: str) -> Letter:
        given = {self.body_var: body.strip(), self.title_var: title.strip()}
        return Letter(
            sender=self.sender,
            text=text,
            pattern=self.pattern,
            variables={**self.variables, **{name: value for name, value in given.items() if name}},
            voice=self.mode == "votp",
            send_time=self._when.due(),
            api=self.api,
        )

    def _send(self, client: Client, letter: Letter, number: int, started: float) -> bool:
        what = repr((number, letter.text, sorted(letter.variables.items())))
        earlier = {target: self._attempts.settled(what, target) for target in self._named()}
        closed = sum(how is Settled.CLOSED for how in earlier.values())
        if closed:
            what_closed = _counted(closed, "target")
            self.logger.error("IPPanel: not tried again for %s: refused before, or it may have gone out.", what_closed)
        parcels = letter.parcels([target for target, how in earlier.items() if how is None])
        # The longest a request can take: two tries to connect, the wait between them, and the answer.
        longest = 2 * self.socket_connect_timeout + 0.5 + self.socket_read_timeout
        outcomes = deliver(
            client,
            parcels,
            at_once=_AT_ONCE if letter.is_personal else 1,
            last_start=started + _APPRISE_WAITS - longest,
            before=self.throttle,
        )
        failures: dict[str, int] = {}
        accepted: list[int] = []
        reached = 0
        for outcome in outcomes:
            self._remember(what, outcome)
            if outcome.error is None:
                accepted.extend(outcome.outbox_ids)
                reached += len(outcome.parcel.targets)
            else:
                failures[str(outcome.error)] = failures.get(str(outcome.error), 0) + len(outcome.parcel.targets)
        if accepted:
            self.logger.info(
                "IPPanel: accepted for %s; outbox ids %s", _counted(reached, "target"), ", ".join(map(str, accepted))
            )
        for why, count in failures.items():
            self.logger.error("IPPanel: not accepted for %d of %s. %s", count, _counted(len(earlier), "target"), why)
        return not failures and not closed

    def _remember(self, what: str, outcome: Outcome) -> None:
        if outcome.may_repeat:
            return
        how = Settled.ACCEPTED if outcome.error is None else Settled.CLOSED
        for target in outcome.parcel.targets:
            self._attempts.settle(what, target, how)

    def _named(self) -> list[str]:
        return [*self.targets.numbers, *(f"#{book}" for book in self.targets.phonebooks)]

    def __len__(self) -> int:
        """How many requests a notification makes."""
        letter = Letter(self.sender, pattern=self.pattern, voice=self.mode == "votp")
        return len(letter.parcels(self._named()))

    @property
    def url_identifier(self) -> tuple[str, ...] | Literal[False]:
        """What makes this the same service: everything but the targets."""
        return self._may_be_stored and (
            self.secure_protocol,
            self.apikey,
            self.sender,
            str(self.api),
            self.mode,
            self.pattern,
        )

    @url_identifier.setter
    def url_identifier(self, value: object) -> None:
        # Apprise takes it away where ?store=no is given.
        self._may_be_stored = bool(value)

    def url(self, privacy: bool = False, *args: Any, **kwargs: Any) -> str:
        """Return the URL; with ``privacy`` neither key nor number nor value can be read in it."""
        query: dict[str, str] = {**self.url_parameters(*args, privacy=privacy, **kwargs)}
        given = {
            "mode": self.mode,
            "pattern": self.pattern,
            "body_var": self.body_var,
            "title_var": self.title_var,
            "schedule": self._when.moment.isoformat() if self._when.moment else self.schedule,
            "url": self.settings.base_url,
            "proxy": self.settings.proxy and ("****" if privacy else self.settings.proxy),
            "ca": self.settings.verify if isinstance(self.settings.verify, str) else None,
        }
        query |= {"max_parts": str(self.max_parts), "api": str(self.api)} | {
            name: value for name, value in given.items() if value
        }
        query |= {f":{name}": "****" if privacy else value for name, value in self.variables.items()}
        targets = [mask(target) if privacy and not target.startswith("#") else target for target in self._named()]
        return assembled(
            self.pprint(self.apikey, privacy, safe="") if privacy else self.apikey, self.sender, targets, query
        )

    @staticmethod
    def parse_url(url: str, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Return what the URL says as arguments of the class; None if it is no URL."""
        # A raw # would end the URL there, and the phonebooks after it would be forgotten.
        results: dict[str, Any] | None = NotifyBase.parse_url(str(url).replace("#", "%23"), verify_host=False)
        if not results:
            return None
        # Values of the query come unquoted already; user, host and path do not.
        said = results["qsd"]
        unquote = NotifyBase.unquote
        host = unquote(results["host"] or "")
        key = ":".join(unquote(part) for part in (results["user"], results["password"]) if part)
        if not key and "key" not in said and "from" in said:
            key, host = host, ""
        results["apikey"] = said.get("key") or key
        results["sender"] = said.get("from") or ("" if host == "_" else host)
        results["targets"] = NotifyBase.split_path(results["fullpath"] or "") + addressing.listed(said.get("to"))
        results["variables"] = results["qsd:"]
        results["base_url"] = said.get("url")
        # The key must not be met again where Apprise keeps the user of a URL.
        results["user"] = results["password"] = None
        names = ("mode", "pattern", "body_var", "title_var", "schedule", "max_parts", "api", "proxy", "ca", "tz")
        results.update({name: said[name] for name in names if said.get(name)})
        return results


def _key(apikey: str | None) -> str:
    if not apikey:
        raise InvalidInput("key: the URL names no API key before the @ (write a / in it as %2F, or give it as ?key=)")
    ApiKey(apikey)
    return apikey.strip()


def _parts(max_parts: str | int | None) -> int:
    try:
        parts = MAX_TEXT_PARTS if max_parts is None else int(max_parts)
    except ValueError:
        parts = 0
    if not 1 <= parts <= MAX_TEXT_PARTS:
        raise InvalidInput(f"max_parts: it is a whole number from 1 to {MAX_TEXT_PARTS}")
    return parts


def _choice(field: str, given: str, known: Sequence[str]) -> str:
    value = given.strip().lower()
    if value not in known:
        raise InvalidInput(f"{field}: {given!r} is none of {', '.join(known)}")
    return value


def _zone(name: object) -> ZoneInfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidInput(f"tz: {name!r} is no time zone; give it as Asia/Tehran") from None


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _value(choice: Any) -> str:
    """The text of a choice, which became an enum in Apprise 1.9.4."""
    return str(getattr(choice, "value", choice))
