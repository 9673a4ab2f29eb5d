"""API: bank. Whom the sends to banks of numbers can reach; the ids that they take come from here."""

from __future__ import annotations

from ippanel_provider.client import validation as checks
from ippanel_provider.client._fields import pairs
from ippanel_provider.client.models import BankCounts, BankEntry, JobCategory
from ippanel_provider.client.requests import Request
from ippanel_provider.client.responses import reading
from ippanel_provider.client.validation import Id
from ippanel_provider.service import MAX_BIRTH_YEAR, MIN_BIRTH_YEAR, BankOperator

_BANKS = "/api/send/banks"
_JOBS = "/api/send/jobs"


def provinces() -> Request[tuple[BankEntry, ...]]:
    """All provinces."""
    return Request("bank.provinces", "GET", f"{_BANKS}/provinces", reading(tuple[BankEntry, ...]))


def counties(province_id: Id) -> Request[tuple[BankEntry, ...]]:
    """The counties of a province."""
    query = pairs(province_id=checks.identifier(province_id, "province_id"))
    return Request("bank.counties", "GET", f"{_BANKS}/counties", reading(tuple[BankEntry, ...]), query=query)


def cities(county_id: Id) -> Request[tuple[BankEntry, ...]]:
    """The cities of a county."""
    query = pairs(county_id=checks.identifier(county_id, "county_id"))
    return Request("bank.cities", "GET", f"{_BANKS}/cities", reading(tuple[BankEntry, ...]), query=query)


def genders() -> Request[tuple[BankEntry, ...]]:
    """The genders a bank tells apart; organisations are one of them."""
    return Request("bank.genders", "GET", f"{_BANKS}/genders", reading(tuple[BankEntry, ...]))


def counts(
    province_id: Id,
    county_id: Id,
    city_id: Id,
    *,
    birth_year_from: int = MIN_BIRTH_YEAR,
    birth_year_to: int = MAX_BIRTH_YEAR,
    gender_id: Id | None = None,
    number_prefix: str | None = None,
) -> Request[BankCounts]:
    """How many numbers a choice holds, by operator.

    Birth years are Jalali, 1300 to 1410. ``number_prefix`` is 2 to 6 digits (``912``).

    :raises InvalidInput: naming the field; nothing was sent.
    """
    first, last = checks.birth_years(birth_year_from, birth_year_to, ("birth_year_from", "birth_year_to"))
    query = pairs(
        province_id=checks.identifier(province_id, "province_id"),
        county_id=checks.identifier(county_id, "county_id"),
        city_id=checks.identifier(city_id, "city_id"),
        birth_year_from=first,
        birth_year_to=last,
        gender_id=None if gender_id is None else checks.identifier(gender_id, "gender_id"),
        number_prefix=None if number_prefix is None else checks.digits(number_prefix, 2, 6, "number_prefix"),
    )
    return Request("bank.counts", "GET", f"{_BANKS}/counts", reading(BankCounts), query=query)


def job_categories() -> Request[tuple[JobCategory, ...]]:
    """The main categories of trades."""
    return Request("bank.job_categories", "GET", f"{_JOBS}/categories", reading(tuple[JobCategory, ...]))


def job_sub_categories(main_category_id: Id) -> Request[tuple[JobCategory, ...]]:
    """The sub-categories of a main category of trades."""
    query = pairs(main_category_id=checks.identifier(main_category_id, "main_category_id"))
    return Request(
        "bank.job_sub_categories", "GET", f"{_JOBS}/sub-categories", reading(tuple[JobCategory, ...]), query=query
    )


def job_counts(
    main_category_id: Id,
    *,
    sub_category_id: Id | None = None,
    operator_id: BankOperator | int | None = None,
    start: int | None = None,
    size: int | None = None,
) -> Request[object]:
    """How many numbers a trade holds. The documents show no answer, so it comes as the service writes it.

    :raises InvalidInput: naming the field; nothing was sent.
    """
    query = pairs(
        main_category_id=checks.identifier(main_category_id, "main_category_id"),
        sub_category_id=None if sub_category_id is None else checks.identifier(sub_category_id, "sub_category_id"),
        operator_id=checks.code(operator_id, BankOperator, "operator_id"),
        start=None if start is None else checks.offset(start, "start"),
        size=None if size is None else checks.offset(size, "size"),
    )
    return Request("bank.job_counts", "GET", f"{_JOBS}/number-count", reading(object), query=query)
