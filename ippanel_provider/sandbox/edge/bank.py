"""Whom the sends to banks of numbers can reach. API: bank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ippanel_provider.sandbox.bank import OPERATOR_IDS, OPERATORS, Choice, place_key, trade_key
from ippanel_provider.sandbox.geography import CITIES, COUNTIES, GENDERS, PROVINCES, SUB_TRADES, TRADES, Entry
from ippanel_provider.sandbox.takes import Field
from ippanel_provider.sandbox.wire import Call, Reply, Route
from ippanel_provider.service import MAX_BIRTH_YEAR, MIN_BIRTH_YEAR

from .envelope import Problems, done, unknown_choice
from .fields import Whole, read, values


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
    given = read(call, problems)
    prefix = call.query.get("number_prefix", "")
    if prefix and not (prefix.isdecimal() and 2 <= len(prefix) <= 6):
        problems.add("number_prefix")
    problems.check()
    county, city = COUNTIES.get(given["county_id"]), CITIES.get(given["city_id"])
    key = place_key(PROVINCES.get(given["province_id"]), county, city)
    known = (
        city is not None
        and county is not None
        and city.parent_id == county.id
        and county.parent_id == given["province_id"]
    )
    first, last = given["birth_year_from"] or MIN_BIRTH_YEAR, given["birth_year_to"] or MAX_BIRTH_YEAR
    choice = Choice(key, given["gender_id"] or 0, first, last, prefix)
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
    main_id = values(call)["main_category_id"]
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
    given = read(call, problems)
    main_id, operator_id = given["main_category_id"], given["operator_id"]
    if operator_id is not None and operator_id not in OPERATOR_IDS:
        problems.add("operator_id")
    problems.check()
    wanted = OPERATORS if operator_id is None else (OPERATOR_IDS[operator_id],)
    choice = Choice(trade_key(TRADES.get(main_id or 0), SUB_TRADES.get(given["sub_category_id"] or 0)))
    found = {
        operator: choice.count(operator) if main_id in TRADES and operator in wanted else 0 for operator in OPERATORS
    }
    return done({f"{operator}_count": _part(count, given["start"], given["size"]) for operator, count in found.items()})


def _part(count: int, start: int | None, size: int | None) -> int:
    left = max(count - (start or 0), 0)
    return left if size is None else min(left, size)


def _within(call: Call, field: str, parents: Mapping[int, Entry], entries: Iterable[Entry]) -> Reply:
    problems = Problems()
    parent_id = read(call, problems)[field]
    # The documents print this refusal without saying for which input.
    if parent_id is not None and parent_id not in parents:
        problems.add(field, unknown_choice(field))
    problems.check()
    return done(_rendered(entry for entry in entries if entry.parent_id == parent_id))


def _rendered(entries: Iterable[Entry]) -> list[dict[str, object]]:
    return [{"id": entry.id, "name": entry.name} for entry in entries]


_PROVINCE, _COUNTY, _CITY = Whole("province_id"), Whole("county_id"), Whole("city_id")
_TRADE = Whole("main_category_id")

routes = (
    Route("GET", "/api/send/banks/provinces", provinces, "provinces"),
    Route("GET", "/api/send/banks/counties", counties, "counties", takes=(_PROVINCE,)),
    Route("GET", "/api/send/banks/cities", cities, "cities", takes=(_COUNTY,)),
    Route("GET", "/api/send/banks/genders", genders, "genders"),
    Route(
        "GET",
        "/api/send/banks/counts",
        counts,
        "counts",
        takes=(
            *(_PROVINCE, _COUNTY, _CITY),
            Whole("birth_year_from", required=False, low=MIN_BIRTH_YEAR, high=MAX_BIRTH_YEAR),
            Whole("birth_year_to", required=False, low=MIN_BIRTH_YEAR, high=MAX_BIRTH_YEAR),
            Whole("gender_id", required=False, high=max(GENDERS)),
            Field("number_prefix"),
        ),
    ),
    Route("GET", "/api/send/jobs/categories", job_categories, "job_categories"),
    Route("GET", "/api/send/jobs/sub-categories", job_sub_categories, "job_sub_categories", takes=(_TRADE,)),
    Route(
        "GET",
        "/api/send/jobs/number-count",
        job_counts,
        "job_counts",
        takes=(
            _TRADE,
            *(Whole(name, required=False) for name in ("sub_category_id", "operator_id", "start", "size")),
        ),
    ),
)
