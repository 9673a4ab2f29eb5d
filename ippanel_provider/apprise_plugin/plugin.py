"""The plugin class: a URL understood, a notification sent, and what became of it said."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from apprise import NotifyFormat
from apprise.plugins import NotifyBase

from ippanel_provider.apprise_plugin import addressing, discretion, options, plain
from ippanel_provider.apprise_plugin.attempts import Attempts, Reached, Settled
from ippanel_provider.apprise_plugin.compat import ALIGNS_FORMATS, ImproperlyConfigured
from ippanel_provider.apprise_plugin.parcels import Delivery, Letter, Outcome
from ippanel_provider.apprise_plugin.templates import ARGUMENTS, MODES, TOKENS, VARIABLES
from ippanel_provider.apprise_url import SCHEME, assembled
from ippanel_provider.client import Client, InvalidInput, IPPanelError, Retry, Settings
from ippanel_provider.service import MAX_TEXT_PARTS, Api
from ippanel_provider.text.numbers import mask
from ippanel_provider.values import InvalidValue, seconds, whole

discretion.keep()

_APPRISE_WAITS = 57.0
"""Seconds. Apprise 2 gives a service 60 and then takes it for failed, whatever still happens."""
_NAMES = {"api_key": "key", "base_url": "url", "verify": "ca"}
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
_LONGEST_CONNECT = 15.0
"""Seconds. Two tries of it leave time for an answer."""
_said: set[str] = set()
"""Options of hosts that were named in the log of this process."""


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
    template_tokens: ClassVar[dict[str, Any]] = TOKENS
    template_args: ClassVar[dict[str, Any]] = ARGUMENTS
    template_kwargs: ClassVar[dict[str, Any]] = VARIABLES

    _may_be_stored = True

    def __init__(
        self,
        apikey: str | None = None,
        sender: str | None = None,
        targets: Sequence[str | int] | str | None = None,
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
        # Apprise reads the signature for its templates, so that no parameter is for keywords only.
        try:
            zone = options.zone(kwargs.get("tz"))
            # Apprise takes its own default for what is no time, with a warning at most.
            for name in kwargs.keys() & {"cto", "rto"}:
                seconds(kwargs[name], name, low=0.1)
            super().__init__(**kwargs)
            self.pattern = (pattern or "").strip()
            self.variables = {name: str(value) for name, value in (variables or {}).items()}
            self.body_var, self.title_var = body_var or "", title_var or ""
            self.schedule = schedule
            options.refuse_unclear(kwargs.get("qsd", {}).get("verify", "yes"))
            self._ignore(options.unread(kwargs.get("qsd", {}), kwargs.keys() - _PARTS, self.template_args))
            self.mode = options.choice("mode", mode or ("pattern" if self.pattern else "sms"), MODES)
            self.api = Api(options.choice("api", api or Api.EDGE, tuple(Api)))
            self.max_parts = (
                MAX_TEXT_PARTS if max_parts is None else whole(max_parts, "max_parts", low=1, high=MAX_TEXT_PARTS)
            )
            self._when = addressing.schedule(schedule, zone)
            self.apikey = options.key(apikey)
            self.sender = "" if self.mode == "votp" else addressing.line(sender or "")
            self.targets = addressing.targets(addressing.listed(targets))
            connect = min(self.socket_connect_timeout, _LONGEST_CONNECT)
            # The longest a request can take: two tries to connect, the wait between them, and the answer.
            answer = min(self.socket_read_timeout, _APPRISE_WAITS - 2 * connect - 0.5)
            self._longest = 2 * connect + 0.5 + answer
            self.settings = Settings(
                api=self.api,
                base_url=base_url,
                connect_timeout=connect,
                read_timeout=answer,
                proxy=proxy,
                verify=(ca or True) if self.verify_certificate else False,
                max_in_flight=_AT_ONCE,
                # No connection, no text: one more try is safe, and a third would use up the time of other targets.
                retry=Retry(attempts=2),
            )
            _ = self.settings.root
            self.settings.check_credential(self.apikey)
            self._refuse_what_cannot_be()
        except (InvalidInput, InvalidValue) as error:
            why = _in_terms_of_the_url(error)
            self._tell(logging.ERROR, why)
            raise ImproperlyConfigured(why) from None
        self._attempts = Attempts(self)
        self._reached = Reached.of(self.asset)

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

    def _ignore(self, others: list[str]) -> None:
        for name in set(others) - _said:
            _said.add(name)
            # No warning: tools take the word for a failure, and what they append themselves costs nothing.
            self._tell(logging.INFO, f"the URL's option {options.shown(name)} is none of this service, and is ignored")

    def _tell(self, level: int, sentence: str) -> None:
        discretion.tell(self.logger, level, sentence)

    def _build_send_calls(
        self, body: Any = None, title: Any = None, attach: Any = None, **kwargs: Any
    ) -> Iterator[Any]:
        if attach and not body:
            # Apprise only warns of it, and some tools look for the word ERROR.
            self._tell(logging.ERROR, "nothing was sent. A text carries no files, and there is nothing else to send.")
        yield from super()._build_send_calls(body=body, title=title, attach=attach, **kwargs)

    def send(self, body: str, title: str = "", notify_type: Any = None, body_format: Any = None, **kwargs: Any) -> bool:
        """Send one notification; True if every target was accepted."""
        if discretion.is_own_log(f"{title}\n{body}"):
            return False
        with discretion.sending():
            try:
                return self._sent(body, title, body_format, bool(kwargs.get("attach")))
            except (IPPanelError, InvalidValue) as error:
                self._tell(logging.ERROR, f"nothing was sent. {_in_terms_of_the_url(error)}")
                return False

    def _sent(self, body: str, title: str, body_format: Any, has_files: bool) -> bool:
        body = plain.without_markdown(body) if self._is_markdown(body_format) else body
        letters = [self._letter(text, title, body) for text in self._texts(title, body.replace("\r\n", "\n"))]
        started = time.monotonic()
        went_out = True
        with Client(self.apikey, self.settings) as client:
            for number, letter in enumerate(letters):
                went_out = self._send(client, letter, number, started) and went_out
        if has_files:
            self._tell(logging.INFO, "the attachments were left out: a text carries no files.")
        if self.targets.unusable:
            unusable = self.targets.unusable
            named = _counted(len(unusable), "target")
            self._tell(logging.ERROR, f"the URL names {named} that cannot be sent to: {'; '.join(unusable)}")
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
        most = _counted(self.max_parts, "part")
        self._tell(logging.INFO, f"the text of {len(text)} characters was cut to {most} (max_parts)")
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
            why = "refused before, or it may have gone out."
            self._tell(logging.ERROR, f"not tried again for {_counted(closed, 'target')}: {why}")
        key = repr((self.settings.root, self.apikey, letter.sender, letter.pattern, letter.voice, what))
        delivery = Delivery(
            client,
            at_once=_AT_ONCE if letter.is_personal else 1,
            last_start=started + _APPRISE_WAITS - self._longest,
            before=self.throttle,
            sharing=self._reached.through(self.url(), key),
        )
        outcomes = []
        for outcome in delivery.outcomes(letter.parcels([target for target, how in earlier.items() if how is None])):
            self._remember(what, outcome)
            outcomes.append(outcome)
        return self._told(outcomes, len(earlier)) and not closed

    def _told(self, outcomes: Sequence[Outcome], named: int) -> bool:
        """Log what became of a letter; return whether everyone has it."""
        failures: dict[str, int] = {}
        accepted = [outbox_id for outcome in outcomes for outbox_id in outcome.outbox_ids]
        reached = sum(len(outcome.parcel.targets) for outcome in outcomes if outcome.outbox_ids)
        having = sum(len(outcome.parcel.targets) for outcome in outcomes if not (outcome.outbox_ids or outcome.error))
        for outcome in outcomes:
            if outcome.error is not None:
                failures[str(outcome.error)] = failures.get(str(outcome.error), 0) + len(outcome.parcel.targets)
        if accepted:
            ids = ", ".join(map(str, accepted))
            self._tell(logging.INFO, f"accepted for {_counted(reached, 'target')}; outbox ids {ids}")
        if having:
            why = "got this text through another URL a moment ago, and the service does not repeat it"
            self._tell(logging.INFO, f"{_counted(having, 'target')} {why}")
        for why, count in failures.items():
            self._tell(logging.ERROR, f"not accepted for {count} of {_counted(named, 'target')}. {why}")
        return not failures

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
    def parse_url(url: Any, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Return what the URL says as arguments of the class; None if it is no URL."""
        written = addressing.with_phonebooks(url) if isinstance(url, str) else None
        results: dict[str, Any] | None = NotifyBase.parse_url(written, verify_host=False)
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


def _in_terms_of_the_url(error: Exception) -> str:
    field, colon, problem = str(error).partition(":")
    return _NAMES.get(field, field) + colon + problem


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _value(choice: Any) -> str:
    """The text of a choice, which became an enum in Apprise 1.9.4."""
    return str(getattr(choice, "value", choice))
