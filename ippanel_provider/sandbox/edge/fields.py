"""Reading the fields of a request, from its body, its query or a part of them; what cannot be used is noted as a
problem.
"""

from __future__ import annotations

from collections.abc import Mapping

from .envelope import Problems, as_int, missing, wrong

_MOST = 2**63


def number_in(
    given: Mapping[str, object],
    field: str,
    problems: Problems,
    low: int = 0,
    high: int = _MOST,
    *,
    required: bool = False,
    at: str = "",
) -> int | None:
    """A whole number from ``low`` to ``high``, however it is written; None where there is none. ``at`` is what
    ``given`` is a part of.
    """
    value = given.get(field)
    if value is None or value == "":
        if required:
            problems.require(f"{at}{field}")
        return None
    number = as_int(value)
    if number is None or not low <= number <= high:
        problems.add(f"{at}{field}")
        return None
    return number


def text_in(
    given: Mapping[str, object], field: str, problems: Problems, most: int | None = None, *, required: bool = True
) -> str:
    """A text of at most ``most`` characters; empty where there is none."""
    value = given.get(field)
    if value is None or value == "":
        if required:
            problems.require(field)
        return ""
    if not isinstance(value, str):
        problems.add(field)
        return ""
    if most is not None and len(value) > most:
        problems.add(field, f"این گزینه نباید بیشتر از {most} کاراکتر باشد")
    return value


def ids_in(given: Mapping[str, object], field: str) -> list[int]:
    """A list of ids that is not empty.

    :raises Denied: it is none.
    """
    value = given.get(field)
    if value is None or value == []:
        raise missing(field)
    numbers = [as_int(each) for each in value] if isinstance(value, list) else [None]
    if None in numbers:
        raise wrong(field)
    return [number for number in numbers if number is not None]
