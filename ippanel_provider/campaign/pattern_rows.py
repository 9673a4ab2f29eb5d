"""Rows of a pattern: judged by what the pattern says of its variables, so that the service refuses none midway."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from ippanel_provider.campaign.audience import Row
from ippanel_provider.campaign.chunks import filled
from ippanel_provider.client import Pattern
from ippanel_provider.tables.values import NO_NULLS, BadValue, plain, written

_WHOLE = re.compile(r"-?\d+\Z")
_WRITABLE = (str, int, float, Decimal, date)


def judged(
    line: int, recipient: Any, variables: Mapping[str, Any], pattern: Pattern | None, nulls: Collection[str] = NO_NULLS
) -> Row:
    """Return the row with its values as the service takes them, or with why it takes them not; never with a value.

    :param pattern: what is known of the pattern; over the legacy REST API nothing is, and all values are texts
    :param nulls: texts that stand for nothing
    """
    known = {variable.name: (variable.type, variable.length or 0) for variable in pattern.variables} if pattern else {}
    if pattern and (problem := _other_names(variables, known)):
        return Row(line, recipient, "", problem)
    values: dict[str, str | int] = {}
    for name, given in variables.items():
        try:
            values[name] = _value(plain(given, nulls), *known.get(name, ("string", 0)))
        except BadValue as error:
            return Row(line, recipient, "", f"the value of {name} {error}")
    if pattern is None:
        return Row(line, recipient, repr(sorted(values.items())), variables=values)
    return Row(line, recipient, filled(pattern.message or "", values) or pattern.code, variables=values)


def _other_names(variables: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    if missing := sorted(known.keys() - variables.keys()):
        return f"the pattern needs a value for {', '.join(missing)}"
    if unknown := sorted(variables.keys() - known.keys()):
        return f"the pattern has no variable {', '.join(map(str, unknown))}"
    return ""


def _value(given: Any, kind: str, length: int) -> str | int:
    value: str | int = _typed(given, kind)
    if 0 < length < (count := len(str(value))):
        raise BadValue(f"has {count} characters; the pattern takes {length}")
    return value


def _typed(value: Any, kind: str) -> str | int:
    if value is None:
        raise BadValue("is empty")
    if isinstance(value, bool) or not isinstance(value, _WRITABLE):
        raise BadValue(f"is of the wrong type; the pattern takes {kind}")
    if kind != "integer":
        return written(value)
    if isinstance(value, int):
        return value
    if not (isinstance(value, str) and _WHOLE.match(value)):
        raise BadValue(f"is of the wrong type; the pattern takes {kind}")
    # Leading zeros may be part of a code; a sign is only part of a number.
    return int(value) if value.startswith("-") else value
