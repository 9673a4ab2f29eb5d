"""What DAG authors pass to a task, in each form they pass it."""

from __future__ import annotations

from typing import Any

import pytest

from ippanel_provider.operators.fields import ids_of, listed, numbers_of, pair


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        (7, [7]),
        ("7", [7]),
        ([7, "8"], [7, 8]),
        ((7,), [7]),
        ({"outbox_ids": [7, 8], "rows": 2}, [7, 8]),
        (2**33, [2**33]),
    ],
)
def test_ids_come_in_many_forms(given: Any, ids: list[int]) -> None:
    assert ids_of(given) == ids


@pytest.mark.parametrize("given", [None, [], {}, {"outbox_ids": []}])
def test_no_ids_are_a_mistake(given: Any) -> None:
    with pytest.raises(ValueError, match="outbox_ids: there is none"):
        ids_of(given)


@pytest.mark.parametrize("given", ["seven", ["seven"], [None], object()])
def test_what_is_no_id_is_named(given: Any) -> None:
    with pytest.raises(ValueError, match="outbox_ids: give an id"):
        ids_of(given)


@pytest.mark.parametrize("given", ["[7, 8]", "{'outbox_ids': [7, 8]}", "(7, 8)"])
def test_ids_that_rendered_to_text_are_a_mistake_with_a_way_out(given: str) -> None:
    with pytest.raises(ValueError, match=r"outbox_ids: .*render_template_as_native_obj"):
        ids_of(given)


def test_one_number_alone_is_a_list_of_one() -> None:
    assert list(listed("09120000001", "recipients")) == ["09120000001"]
    assert list(listed(9120000001, "recipients")) == [9120000001]


@pytest.mark.parametrize("text", ["['09120000001']", "('09120000001',)", " [1]", "{'a': 1}"])
def test_a_list_that_rendered_to_text_is_a_mistake_with_a_way_out(text: str) -> None:
    with pytest.raises(ValueError, match="render_template_as_native_obj"):
        listed(text, "recipients")


@pytest.mark.parametrize("item", ["09120000001", ("a",), ("a", "b", "c"), 5, None])
def test_what_is_no_message_is_named_by_its_place(item: Any) -> None:
    with pytest.raises(ValueError, match="messages: item 3 is neither"):
        pair(item, 3)


@pytest.mark.parametrize(
    ("given", "numbers"),
    [
        ("09120000001,09350000002", ["09120000001", "09350000002"]),
        ("0912 000 0001\n0935 000 0002", ["0912 000 0001", "0935 000 0002"]),
        ("۰۹۱۲۰۰۰۰۰۰۱، ۰۹۳۵۰۰۰۰۰۰۲", ["۰۹۱۲۰۰۰۰۰۰۱", "۰۹۳۵۰۰۰۰۰۰۲"]),
        ("[0912] 000 0001", ["[0912] 000 0001"]),
        ("9,120,000,001", ["9,120,000,001"]),
        (9120000001, [9120000001]),
        (["09120000001", 9350000002], ["09120000001", 9350000002]),
    ],
)
def test_one_text_may_list_several_numbers(given: Any, numbers: list[Any]) -> None:
    assert list(numbers_of(given, "recipients")) == numbers


def test_a_rendered_list_is_still_a_mistake_to_name() -> None:
    with pytest.raises(ValueError, match="render_template_as_native_obj"):
        numbers_of("['09120000001', '09350000002']", "recipients")
