"""Whom a send to a bank of numbers is for: what the caller gives, and how each kind of send writes it (API: send,
bank).

Birth years are Jalali, 1300 to 1410 (the service calls them ages). Of each operator ``size`` numbers are taken, after
the first ``start``; an operator that is not named gives none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal, NotRequired, TypedDict

from ippanel_provider.client import validation as checks
from ippanel_provider.client._fields import given
from ippanel_provider.client.errors import InvalidInput
from ippanel_provider.client.validation import Id
from ippanel_provider.service import MAX_BIRTH_YEAR, MAX_FILE_NUMBERS, MIN_BIRTH_YEAR, BankOperator


class Slice(TypedDict):
    """Some numbers of one operator."""

    size: int
    start: NotRequired[int]


class Operators(TypedDict, total=False):
    """How many numbers of which operator; at least one."""

    mci: Slice
    irancell: Slice
    other: Slice


class People(Operators, total=False):
    """Which people: ``gender`` 0 all, 1 men, 2 women."""

    gender: Literal[0, 1, 2]
    birth_year_from: int
    birth_year_to: int


class PostalArea(People):
    """People whose postal code starts with 2 to 5 digits. ``bank`` ``white`` leaves out who blocks advertising."""

    postal_code: Id
    bank: NotRequired[Literal["all", "white"]]


class _Place(People):
    province_id: Id
    county_id: NotRequired[Id]
    city_id: NotRequired[Id]


class CountryArea(_Place):
    """People of a province, county or city whose numbers start with ``pre`` (2 to 6 digits, ``912``)."""

    pre: Id
    bank: NotRequired[Literal["all", "white"]]


class GeoArea(_Place):
    """People of a province, county or city; ``pre`` as in :class:`CountryArea`, but optional."""

    pre: NotRequired[Id]


class Trade(Operators):
    """People of a trade; the ids come from the bank of jobs."""

    main_category_id: Id
    sub_category_id: NotRequired[Id]


_OPERATORS = {"mci": BankOperator.MCI, "irancell": BankOperator.IRANCELL, "other": BankOperator.OTHER}


def postal_areas(areas: Iterable[PostalArea]) -> list[dict[str, Any]]:
    """Return the ``params`` of a send by postal code."""
    return _each(areas, "areas", PostalArea, ("postal_code",), _postal)


def country_areas(areas: Iterable[CountryArea]) -> list[dict[str, Any]]:
    """Return the ``params`` of a send by province, county or city."""
    return _each(areas, "areas", CountryArea, ("province_id", "pre"), _country)


def geo_areas(areas: Iterable[GeoArea]) -> list[dict[str, Any]]:
    """Return the ``params`` of a send by place."""
    return _each(areas, "areas", GeoArea, ("province_id",), _geo)


def trades(jobs: Iterable[Trade]) -> list[dict[str, Any]]:
    """Return the ``params`` of a send by trade."""
    return _each(jobs, "trades", Trade, ("main_category_id",), _trade)


def _each(
    choices: Iterable[Any], field: str, kind: type, required: Collection[str], write: Any
) -> list[dict[str, Any]]:
    params = []
    total = 0
    for index, choice in enumerate(checks.listed(choices, field)):
        at = f"{field}[{index}]"
        checks.keys(choice, kind.__annotations__, required, at)
        checks.filled(choice, at)
        slices = _slices(choice, at)
        total += sum(part["size"] for part in slices.values())
        params.append(write(choice, slices, at))
    if total > MAX_FILE_NUMBERS:
        raise InvalidInput(f"{field}: {total} numbers are too many for one send; at most {MAX_FILE_NUMBERS} are taken")
    return checks.bounded(params, most=MAX_FILE_NUMBERS, field=field)


def _slices(choice: Mapping[str, Any], at: str) -> dict[str, dict[str, int]]:
    slices = {}
    for name in _OPERATORS:
        part = choice.get(name) or {"size": 0}
        checks.keys(part, ("start", "size"), ("size",), f"{at}.{name}")
        checks.filled(part, f"{at}.{name}")
        slices[name] = {
            "start": checks.offset(part.get("start", 0), f"{at}.{name}.start"),
            "size": checks.offset(part["size"], f"{at}.{name}.size"),
        }
    if not any(part["size"] for part in slices.values()):
        raise InvalidInput(f"{at}: give a size above 0 for {', '.join(_OPERATORS)}, or one of them")
    return slices


def _postal(choice: Mapping[str, Any], slices: dict[str, Any], at: str) -> dict[str, Any]:
    code = int(checks.digits(choice["postal_code"], 2, 5, f"{at}.postal_code"))
    return {**_bank(choice, at), "postal_code": code, **_people(choice, at, "age_from", "age_to"), **slices}


def _country(choice: Mapping[str, Any], slices: dict[str, Any], at: str) -> dict[str, Any]:
    return {**_bank(choice, at), **_place(choice, at), **_people(choice, at, "age_from", "age_to"), **slices}


def _geo(choice: Mapping[str, Any], slices: dict[str, Any], at: str) -> dict[str, Any]:
    return {**_place(choice, at), **_people(choice, at, "from_age", "to_age"), "operator": _by_id(slices)}


def _trade(choice: Mapping[str, Any], slices: dict[str, Any], at: str) -> dict[str, Any]:
    return {**_ids(choice, at, "main_category_id", "sub_category_id"), "operator": _by_id(slices)}


def _bank(choice: Mapping[str, Any], at: str) -> dict[str, Any]:
    return {"bank": checks.one_of(choice.get("bank", "all"), ("all", "white"), f"{at}.bank")}


def _place(choice: Mapping[str, Any], at: str) -> dict[str, Any]:
    pre = choice.get("pre")
    prefix = None if pre is None else int(checks.digits(pre, 2, 6, f"{at}.pre"))
    return given({"pre": prefix, **_ids(choice, at, "province_id", "county_id", "city_id")})


def _people(choice: Mapping[str, Any], at: str, first: str, last: str) -> dict[str, int]:
    years = checks.birth_years(
        choice.get("birth_year_from", MIN_BIRTH_YEAR),
        choice.get("birth_year_to", MAX_BIRTH_YEAR),
        (f"{at}.birth_year_from", f"{at}.birth_year_to"),
    )
    return {
        "gender": checks.one_of(choice.get("gender", 0), (0, 1, 2), f"{at}.gender"),
        first: years[0],
        last: years[1],
    }


def _ids(choice: Mapping[str, Any], at: str, *names: str) -> dict[str, int]:
    return {name: checks.identifier(choice[name], f"{at}.{name}") for name in names if choice.get(name) is not None}


def _by_id(slices: dict[str, dict[str, int]]) -> list[dict[str, int]]:
    return [{"id": int(_OPERATORS[name]), **part} for name, part in slices.items() if part["size"]]
