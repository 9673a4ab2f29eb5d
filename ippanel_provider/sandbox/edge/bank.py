"""Whom the sends to banks of numbers can reach. API: bank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ippanel_provider.sandbox.bank import OPERATOR_IDS, OPERATORS, Choice, place_key, trade_key
from ippanel_provider.sandbox.geography import CITIES, COUNTIES, GENDERS, PROVINCES, SUB_TRADES, TRADES, Entry
from ippanel_provider.sandbox.wire import Call, Reply, Route
from ippanel_provider.service import MAX_BIRTH_YEAR, MIN_BIRTH_YEAR

from .envelope import Problems, done, unknown_choice
from .fields import number_in


def provinces(call: Call) -> Reply:
    """All provinces."""
    return done(_rendered(PROVINCES.values()))


def counties(call: Call) -> Reply:
    """The counties of a province."""
    return _within(call, "province_id", PROVINCES, COUNTIES.values())


def cities(call: Call) -> Reply:
    """The cities of a county."""
    return _within(call, "county_id", COUNTIES, CITIES.values())


def genders(call: Call) -> Reply:
    """The genders that are told apart."""
    return done([{"id": gender_id, "name": name} for gender_id, name in GENDERS.items()])


def counts(call: Call) -> Reply:
    """How many numbers a choice holds, by operator."""
    problems = Problems()
    place_ids = {
        field: number_in(call.query, field, problems, required=True)
        for field in ("province_id", "county_id", "city_id")
    }
    first = number_in(call.query, "birth_year_from", problems, MIN_BIRTH_YEAR, MAX_BIRTH_YEAR)
    last = number_in(call.query, "birth_year_to", problems, MIN_BIRTH_YEAR, MAX_BIRTH_YEAR)
    gender = number_in(call.query, "gender_id", problems, 0, max(GENDERS))
    prefix = call.query.get("number_prefix", "")
    if prefix and not (prefix.isdecimal() and 2 <= len(prefix) <= 6):
        problems.add("number_prefix")
    problems.check()
    county, city = COUNTIES.get(place_ids["county_id"] or 0), CITIES.get(place_ids["city_id"] or 0)
    key = place_key(PROVINCES.get(place_ids["province_id"] or 0), county, city)
    known = (
        city is not None
        and county is not None
        and city.parent_id == county.id
        and county.parent_id == place_ids["province_id"]
    )
    choice = Choice(key, gender or 0, first or MIN_BIRTH_YEAR, last or MAX_BIRTH_YEAR, prefix)
    return done({f"{operator}_count": choice.count(operator) if known else 0 for operator in OPERATORS})


def job_categories(call: Call) -> Reply:
    """The main categories of trades."""
    return done(
        [
            {"id": trade.id, "name": trade.name, "main_id": trade.id, "main_name": trade.name}
            for trade in TRADES.values()
        ]
    )


def job_sub_categories(call: Call) -> Reply:
    """The trades of a main category; none of one that does not exist."""
    problems = Problems()
    main_id = number_in(call.query, "main_category_id", problems, required=True)
    problems.check()
    subs = [sub for sub in SUB_TRADES.values() if sub.parent_id == main_id]
    return done(
        [
            {"id": sub.id, "name": sub.name, "main_id": sub.parent_id, "main_name": TRADES[sub.parent_id].name}
            for sub in subs
        ]
    )


def job_counts(call: Call) -> Reply:
    """How many numbers a trade holds; no document shows the answer, so it has the shape of :func:`counts`."""
    problems = Problems()
    main_id = number_in(call.query, "main_category_id", problems, required=True)
    sub_id = number_in(call.query, "sub_category_id", problems)
    operator_id = number_in(call.query, "operator_id", problems)
    start, size = number_in(call.query, "start", problems), number_in(call.query, "size", problems)
    if operator_id is not None and operator_id not in OPERATOR_IDS:
        problems.add("operator_id")
    problems.check()
    wanted = OPERATORS if operator_id is None else (OPERATOR_IDS[operator_id],)
    choice = Choice(trade_key(TRADES.get(main_id or 0), SUB_TRADES.get(sub_id or 0)))
    found = {
        operator: choice.count(operator) if main_id in TRADES and operator in wanted else 0 for operator in OPERATORS
    }
    return done({f"{operator}_count": _part(count, start, size) for operator, count in found.items()})


def _part(count: int, start: int | None, size: int | None) -> int:
    left = max(count - (start or 0), 0)
    return left if size is None else min(left, size)


def _within(call: Call, field: str, parents: Mapping[int, Entry], entries: Iterable[Entry]) -> Reply:
    problems = Problems()
    parent_id = number_in(call.query, field, problems, required=True)
    # The documents print this refusal without saying for which input.
    if parent_id is not None and parent_id not in parents:
        problems.add(field, unknown_choice(field))
    problems.check()
    return done(_rendered(entry for entry in entries if entry.parent_id == parent_id))


def _rendered(entries: Iterable[Entry]) -> list[dict[str, object]]:
    return [{"id": entry.id, "name": entry.name} for entry in entries]


routes = (
    Route("GET", "/api/send/banks/provinces", provinces, "provinces"),
    Route("GET", "/api/send/banks/counties", counties, "counties"),
    Route("GET", "/api/send/banks/cities", cities, "cities"),
    Route("GET", "/api/send/banks/genders", genders, "genders"),
    Route("GET", "/api/send/banks/counts", counts, "counts"),
    Route("GET", "/api/send/jobs/categories", job_categories, "job_categories"),
    Route("GET", "/api/send/jobs/sub-categories", job_sub_categories, "job_sub_categories"),
    Route("GET", "/api/send/jobs/number-count", job_counts, "job_counts"),
)
