"""Fields that are rendered like all others and not shown."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from ippanel_provider.operators.base import IPPanelOperator
from ippanel_provider.operators.hidden_fields import Hidden, Private, value_of


class Note(IPPanelOperator):
    """A task with one private field."""

    template_fields = ("words",)
    words = Private(of="word")

    def __init__(self, *, words: Any, show_rendered: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.show_rendered = show_rendered
        self.words = words

    def perform(self, context: Any) -> Any:
        return value_of(self.words)


def rendered(words: Any, context: dict[str, Any]) -> Note:
    note = Note(task_id="note", words=words)
    note.render_template_fields(context)
    return note


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("{{ name }}", "آرش"),
        ("سلام {{ name }}", "سلام آرش"),
        (["{{ name }}", 5], ["آرش", 5]),
        ({"to": "{{ name }}"}, {"to": "آرش"}),
        ([("{{ name }}", "x")], [("آرش", "x")]),
        (None, None),
        ([], []),
        ("{{ nothing }}", ""),
    ],
)
def test_a_private_field_is_rendered(given: Any, value: Any) -> None:
    assert value_of(rendered(given, {"name": "آرش", "nothing": ""}).words) == value


def test_a_second_rendering_begins_with_what_was_given() -> None:
    """A retry in the same process renders again, and what the first rendering made may hold braces."""
    note = rendered("{{ name }}", {"name": "{{ 6 * 7 }}"})
    note.render_template_fields({"name": "بهار"})
    assert value_of(note.words) == "بهار"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("سلام", "a text of 4 characters"),
        (["a", "b"], "2 words"),
        (("a",), "1 word"),
        ([], "0 words"),
        ({"to": "a"}, "1 word"),
        (9120000001, "1 word"),
        (None, "None"),
    ],
)
def test_what_is_shown_is_kind_and_size(value: Any, shown: str) -> None:
    field = Note(task_id="note", words=value).words
    assert (str(field), repr(field)) == (shown, shown)


def test_shown_on_request() -> None:
    assert str(Note(task_id="note", words="سلام", show_rendered=True).words) == "سلام"


def test_a_field_set_later_is_private_too() -> None:
    note = Note(task_id="note", words="a")
    note.words = "دیگر"
    assert isinstance(note.words, Hidden)
    assert value_of(note.words) == "دیگر"


def test_copies_keep_their_own_value() -> None:
    """Airflow copies a task before it runs it, and pickles it for some executors."""
    note = Note(task_id="note", words="{{ name }}")
    for copied in (copy.copy(note), copy.deepcopy(note), pickle.loads(pickle.dumps(note))):
        copied.render_template_fields({"name": "آرش"})
        assert value_of(copied.words) == "آرش"
