"""``ippanel doctor``: what the live service really does, and the service profile that comes of it.

:func:`examined` takes the credential and settings of whoever calls: the command line, or an Airflow connection.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ippanel_provider.cli.asking import ask, span
from ippanel_provider.cli.doctor_arguments import CHANGED, WRONG
from ippanel_provider.cli.result import NOT_SENT, UNCONFIRMED, Result
from ippanel_provider.cli.terminal import complain, finish, write
from ippanel_provider.client import ApiKey, InvalidInput, Settings
from ippanel_provider.client.auth import Auth
from ippanel_provider.doctor import (
    MOST_TEXTS,
    NEVER,
    PAID,
    Asking,
    Case,
    Finding,
    Journal,
    Verdict,
    examine,
    examine_with_texts,
    form,
    journal,
    place,
    profile_of,
    report,
)
from ippanel_provider.service import Api
from ippanel_provider.service_profile import ServiceProfile
from ippanel_provider.text import numbers


def examined(options: argparse.Namespace, auth: Auth | ApiKey, settings: Settings, *, line: str) -> Result:
    """Examine the service as ``options`` say (see :func:`.doctor_arguments.add_options`).

    :raises InvalidInput, InvalidValue: naming the option; nothing was asked.
    :raises OSError: a file cannot be read or written.
    """
    # All questions are of the Edge API; of the other it only asks whether that takes the key.
    settings = replace(settings, api=Api.EDGE)
    case = _case(options, line)
    if options.json and options.report is not None:
        raise InvalidInput("--report: it is shown before it is written; leave out --json")
    known = None if options.diff is None else ServiceProfile.read(options.diff)
    path = _place(options, settings)
    before = ServiceProfile.read(path) if known is None and path.exists() else None
    if not options.json:
        case.told = _Printer()
    texts = 0
    try:
        with Asking(auth, settings, case.observer) as asking:
            examine(case, asking, settings, options.only or ())
            if case.phone is not None and not case.is_blocked:
                texts = _with_texts(case, asking, settings, options)
    except KeyboardInterrupt:
        _keep(case, settings, path, before, options)
        raise
    return _result(case, settings, path, before, known, texts, options)


def _case(options: argparse.Namespace, line: str) -> Case:
    try:
        phone = None if options.to is None else numbers.normalize(options.to)
    except numbers.InvalidNumber as error:
        raise InvalidInput(f"--to: {error}") from None
    paid = set(options.only or ()) & PAID.keys()
    if phone is None and (options.reply or paid):
        named = "--reply" if options.reply else f"--only {sorted(paid)[0]}"
        raise InvalidInput(f"{named}: it needs --to, the number of your own phone")
    return Case(line, phone, reply=options.reply, wait=span(options.wait, "--wait"))


class _Printer:
    """Prints each line when it is known, with the name of its group above the first."""

    def __init__(self) -> None:
        self._group = ""

    def __call__(self, finding: Finding) -> None:
        if finding.group != self._group:
            self._group = finding.group
            write(finding.group)
        write(f"  {finding}")


def _with_texts(case: Case, asking: Asking, settings: Settings, options: argparse.Namespace) -> int:
    only = options.only or ()
    if only and not set(only) & PAID.keys():
        return 0
    with journal(place(_state("doctor"), settings.root, case.phone or "")) as kept:
        _agree(case, kept, options)
        try:
            examine_with_texts(case, asking, kept, only)
        except KeyboardInterrupt:
            options.left = " ".join(kept.outlook(case.now()))
            raise
        for line in () if options.json else kept.outlook(case.now()):
            write(line)
        in_doubt = any(
            step["state"] in ("intent", "doubt") and kept.texts_of(name) for name, step in kept.steps.items()
        )
        case.measures["texts"] = kept.texts
        return -1 if in_doubt else kept.texts


def _agree(case: Case, kept: Journal, options: argparse.Namespace) -> None:
    """Show the price and ask.

    :raises InvalidInput: the answer is no, or there is nobody to ask.
    """
    cost = f"about {max(case.prices):,.0f} rial each" if case.prices else "at a price that the service does not tell"
    lines = [
        f"Now texts may go out to {numbers.mask(case.phone or '')}: at most {MOST_TEXTS} in all, {cost}.",
        f"What is done is kept in {kept.path}.",
        *(f"Never tried: {what}, because {why}." for what, why in NEVER.items()),
    ]
    if kept.steps:
        lines.insert(0, f"An earlier run took these steps, so they are not taken again: {', '.join(kept.steps)}.")
    for line in () if options.json else lines:
        write(line)
    if not options.yes and ask("Type yes to send", otherwise="use --yes").lower() != "yes":
        raise InvalidInput("--to: it was not confirmed. Nothing was sent.")


def _keep(
    case: Case, settings: Settings, path: Path, before: ServiceProfile | None, options: argparse.Namespace
) -> ServiceProfile:
    """Write the profile, with what an earlier run settled of the same account."""
    learnt = profile_of(case, settings)
    if before is not None:
        for warning in before.warnings(host=learnt.host, account=learnt.account):
            complain(warning)
        same = before.host in ("", learnt.host) and (not learnt.account or before.account in ("", learnt.account))
        learnt = learnt.over(before) if same else learnt
    if options.diff is None and learnt.known:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        learnt.write(path)
    return learnt


def _result(
    case: Case,
    settings: Settings,
    path: Path,
    before: ServiceProfile | None,
    known: ServiceProfile | None,
    texts: int,
    options: argparse.Namespace,
) -> Result:
    profile = _keep(case, settings, path, before, options)
    content = report(case, profile)
    changes = {} if known is None else _changes(known, profile_of(case, settings))
    for warning in () if known is None else known.warnings(host=profile.host, account=profile.account):
        complain(warning)
    lines = list(_lines(case, profile, path, known, changes, options))
    if options.report is not None or options.issue:
        _tell(content, options)
    data: dict[str, Any] = {
        "findings": [each.as_data() for each in case.findings],
        "profile": json.loads(profile.to_json()),
        "changes": {name: list(pair) for name, pair in changes.items()},
        "texts": int(case.measures.get("texts", 0)),
    }
    if options.issue:
        data["issue"] = form(content)
        lines.append(f"A form that holds it: {data['issue']}")
    return Result(data, lines, _code(case, changes, texts), acted=texts != 0)


def _tell(content: dict[str, Any], options: argparse.Namespace) -> None:
    """Show what may be told to strangers, then write it: whoever gives it away has seen it."""
    told = json.dumps(content, ensure_ascii=False, indent=1)
    for line in () if options.json else ("This may be told to strangers; look at it first:", told):
        write(line)
    finish()
    if options.report is not None:
        options.report.write_text(f"{told}\n", encoding="utf-8")


def _lines(
    case: Case,
    profile: ServiceProfile,
    path: Path,
    known: ServiceProfile | None,
    changes: dict[str, tuple[Any, Any]],
    options: argparse.Namespace,
) -> Iterator[str]:
    if known is not None:
        for name, (was, now) in changes.items():
            yield f"{name}: the profile says {was}, the service {now}"
        if not changes:
            yield "The service is as the profile says, as far as this run can tell."
    elif profile.known:
        yield f"The service profile is in {path}: {profile}."
    if not (case.phone or case.is_blocked or options.only):
        yield "With --to NUMBER it would send at most two texts, and tell how they are listed."


def _changes(known: ServiceProfile, found: ServiceProfile) -> dict[str, tuple[Any, Any]]:
    """What both know and is not the same; an amount of seconds may be a little off each time."""
    both = known.known & found.known
    return {
        name: pair for name, pair in known.differences(found).items() if name in both and not _is_noise(name, *pair)
    }


def _is_noise(name: str, was: object, now: object) -> bool:
    # Lags are seen by looks that are ever further apart.
    if not (name.endswith("_lag") or name == "clock_offset"):
        return False
    first, second = float(was), float(now)  # type: ignore[arg-type]
    return abs(first - second) <= max(3.0, 0.5 * max(abs(first), abs(second)))


def _code(case: Case, changes: object, texts: int) -> int:
    if texts < 0:
        return UNCONFIRMED
    bad = {each.group for each in case.findings if each.verdict is Verdict.NO}
    if case.is_blocked:
        return NOT_SENT if "way" in bad else WRONG
    return CHANGED if changes else 0


def _place(options: argparse.Namespace, settings: Settings) -> Path:
    if options.profile is not None:
        return Path(options.profile)
    return _state("profiles") / f"{urlsplit(settings.root).hostname}.json"


def _state(name: str) -> Path:
    if not (directory := os.environ.get("IPPANEL_TOKEN_DIR")):
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        directory = str(Path(state) / "ippanel")
    return Path(directory) / name
