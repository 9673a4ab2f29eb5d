"""What a connection says by line: when it is quiet, and whether its texts end in the opt-out suffix."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ippanel_provider.text.hours import quiet_hours_of
from ippanel_provider.text.lines import line_key
from ippanel_provider.text.lists import split
from ippanel_provider.values import InvalidValue, flag

Hours = str | tuple[tuple[str, str], ...] | None
"""Quiet hours of all lines, or of each; a value that can be a key."""


def quiet_hours(given: Any) -> Hours:
    """Return the quiet hours of a connection: ``22:00-08:00``, or a mapping of lines to such, also as JSON.

    :raises InvalidValue: if it is none.
    """
    if isinstance(given, str) and given.strip().startswith("{"):
        try:
            given = json.loads(given)
        except ValueError:
            raise InvalidValue("quiet_hours", "it is no JSON object of lines to hours") from None
    if given is None or given == "":
        return None
    hours = (
        tuple(sorted((str(line), str(text)) for line, text in given.items())) if isinstance(given, Mapping) else None
    )
    try:
        for text in [given] if hours is None else [text for _, text in hours]:
            quiet_hours_of("", text)
    except (TypeError, ValueError) as error:
        raise InvalidValue("quiet_hours", str(error)) from None
    return str(given) if hours is None else hours


def of_lines(hours: Hours) -> str | dict[str, str] | None:
    """Return quiet hours as a task gives them."""
    return dict(hours) if isinstance(hours, tuple) else hours


def opt_out_lines(given: Any) -> bool | frozenset[str]:
    """Return the lines whose texts end in the suffix: all or none of them, or a set.

    :raises InvalidValue: if it is neither a flag nor lines.
    """
    if given is None or given == "":
        return False
    try:
        return flag(given, "opt_out_suffix")
    except InvalidValue:
        lines = split(given) if isinstance(given, str) else given
    if not isinstance(lines, list | tuple):
        raise InvalidValue("opt_out_suffix", "expected true, false, or lines as +983000505")
    return frozenset(line_key(line) for line in lines)
