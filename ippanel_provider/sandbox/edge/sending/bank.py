"""Sends to people chosen from the banks of numbers: postal_code, country, geolocation, job. API: send, bank."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ippanel_provider.sandbox.bank import OPERATOR_IDS, OPERATORS, Choice, place_key, trade_key
from ippanel_provider.sandbox.edge.envelope import Problems, as_int, unknown_choice, wrong
from ippanel_provider.sandbox.edge.fields import Whole
from ippanel_provider.sandbox.geography import CITIES, COUNTIES, PROVINCES, SUB_TRADES, TRADES, Entry
from ippanel_provider.sandbox.records import Item, Submission
from ippanel_provider.sandbox.wire import Call
from ippanel_provider.service import (
    MAX_BIRTH_YEAR,
    MAX_FILE_NUMBERS,
    MAX_RECIPIENTS_PER_REQUEST,
    MIN_BIRTH_YEAR,
)

from .checks import due_of, line_of, listed, recipients_of, text_of

Slices = dict[str, tuple[int, int]]
"""How many numbers of each operator, as (start, size)."""


class _Fields:
    """The fields of one item of ``params``, read one by one into problems."""

    def __init__(self, given: Mapping[str, object], at: str, problems: Problems) -> None:
        self.given, self.at, self.problems = given, at, problems

    def number(self, name: str, low: int, high: int, *, required: bool = True) -> int | None:
        field = Whole(name, required=required, low=low, high=high)
        number: int | None = field.read_from(self.given, self.problems, f"{self.at}.")
        return number

    def digits(self, name: str, low: int, high: int, *, required: bool = True) -> str:
        number = self.number(name, 10 ** (low - 1), 10**high - 1, required=required)
        return "" if number is None else str(number)

    def entry(self, name: str, known: Mapping[int, Entry], parent: Entry | None, *, required: bool) -> Entry | None:
        number = self.number(name, 0, 2**63, required=required)
        # 0 is how some write "all".
        if number is None or (number == 0 and not required):
            return None
        found = known.get(number)
        if found is None or (parent is not None and found.parent_id != parent.id):
            self.problems.add(f"{self.at}.{name}", unknown_choice(name))
        return found

    def slice(self, name: str, given: object) -> tuple[int, int]:
        part = _Fields(given if isinstance(given, Mapping) else {}, f"{self.at}.{name}", self.problems)
        start, size = (part.number(field, 0, MAX_FILE_NUMBERS) for field in ("start", "size"))
        return start or 0, size or 0

    def slices(self) -> Slices:
        return {operator: self.slice(operator, self.given.get(operator)) for operator in OPERATORS}

    def slices_by_id(self) -> Slices:
        given = self.given.get("operator")
        if not isinstance(given, list) or not given:
            self.problems.require(f"{self.at}.operator")
            return {}
        slices: Slices = {}
        for index, part in enumerate(given):
            number = as_int(part.get("id")) if isinstance(part, Mapping) else None
            operator = None if number is None else OPERATOR_IDS.get(number)
            if operator is None:
                self.problems.add(f"{self.at}.operator.{index}.id")
            else:
                slices[operator] = self.slice(f"operator.{index}", part)
        return slices

    def people(self, key: str, born_from: str, born_to: str, prefix: str = "") -> Choice:
        gender = self.number("gender", 0, 2)
        first, last = (self.number(name, MIN_BIRTH_YEAR, MAX_BIRTH_YEAR) for name in (born_from, born_to))
        return Choice(
            key, gender or 0, first or MIN_BIRTH_YEAR, last or MAX_BIRTH_YEAR, prefix, self.given.get("bank") == "white"
        )

    def bank(self) -> None:
        if self.given.get("bank") not in ("all", "white"):
            self.problems.add(f"{self.at}.bank") if self.given.get("bank") else self.problems.require(f"{self.at}.bank")

    def place(self) -> str:
        province = self.entry("province_id", PROVINCES, None, required=True)
        county = self.entry("county_id", COUNTIES, province, required=False)
        city = self.entry("city_id", CITIES, county, required=False)
        return place_key(province, county, city)


def postal_code(call: Call) -> Submission:
    """People by the first digits of their postal code: one bulk."""

    def read(fields: _Fields) -> tuple[Choice, Slices]:
        fields.bank()
        code = fields.digits("postal_code", 2, 5)
        return fields.people(f"postal code {code}", "age_from", "age_to"), fields.slices()

    return _to_bank(call, read)


def country(call: Call) -> Submission:
    """People by place and the first digits of their number: one bulk."""

    def read(fields: _Fields) -> tuple[Choice, Slices]:
        fields.bank()
        prefix = fields.digits("pre", 2, 6)
        return fields.people(fields.place(), "age_from", "age_to", prefix), fields.slices()

    return _to_bank(call, read)


def geolocation(call: Call) -> Submission:
    """People by place, with operators by id: one bulk."""

    def read(fields: _Fields) -> tuple[Choice, Slices]:
        prefix = fields.digits("pre", 2, 6, required=False)
        return fields.people(fields.place(), "from_age", "to_age", prefix), fields.slices_by_id()

    return _to_bank(call, read)


def job(call: Call) -> Submission:
    """People by trade: one bulk."""

    def read(fields: _Fields) -> tuple[Choice, Slices]:
        main = fields.entry("main_category_id", TRADES, None, required=True)
        sub = fields.entry("sub_category_id", SUB_TRADES, main, required=False)
        return Choice(trade_key(main, sub)), fields.slices_by_id()

    return _to_bank(call, read)


def _to_bank(call: Call, read: Callable[[_Fields], tuple[Choice, Slices]]) -> Submission:
    problems = Problems()
    line = line_of(call, problems)
    text = text_of(call, call.body.get("message"), line, problems)
    due = due_of(call, problems)
    params = call.body.get("params")
    if not isinstance(params, list) or not params:
        problems.require("params")
        params = []
    chosen = [
        read(_Fields(item if isinstance(item, Mapping) else {}, f"params.{index}", problems))
        for index, item in enumerate(params)
    ]
    given = listed(call.body.get("other_recipients"))
    others = recipients_of(call, given, problems, "other_recipients", MAX_RECIPIENTS_PER_REQUEST) if given else []
    if sum(size for _, slices in chosen for _, size in slices.values()) > MAX_FILE_NUMBERS:
        problems.add("params", f"تعداد گیرندگان نباید بیشتر از {MAX_FILE_NUMBERS} باشد")
    problems.check()
    recipients = list(dict.fromkeys([*_numbers(chosen), *others]))
    if not recipients:
        raise wrong("params", "هیچ شماره ای با این مشخصات یافت نشد")
    return Submission(str(call.body["sending_type"]), line, [Item(text, recipients)], due)


def _numbers(chosen: list[tuple[Choice, Slices]]) -> Iterator[str]:
    for choice, slices in chosen:
        for operator, (start, size) in slices.items():
            yield from choice.numbers(operator, start, size)
