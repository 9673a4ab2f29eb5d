"""The plan of patterns: what would change, told without asking anybody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ippanel_provider.client import InvalidInput, Pattern
from ippanel_provider.sync.errors import Ambiguous
from ippanel_provider.sync.paint import Paint
from ippanel_provider.sync.patterns import diff as pattern_diff
from ippanel_provider.sync.patterns.files import PatternFile, parse
from ippanel_provider.sync.patterns.lock import Entry, Lock
from ippanel_provider.sync.patterns.plan import PatternPlan, content_of, make_plan
from ippanel_provider.sync.plan import digest


def a_file(name: str, message: str, **fields: Any) -> PatternFile:
    return parse(json.dumps({"title": name, "message": message} | fields, ensure_ascii=False), name)


def a_pattern(code: str, title: str, message: str, **fields: Any) -> Pattern:
    shown = {
        "pattern_code": code,
        "title": title,
        "pattern_message": message,
        "pattern_status": "active",
        "pattern_is_share": False,
    }
    return Pattern.model_validate(shown | fields)


def actions(plan: PatternPlan) -> dict[str, str]:
    return {change.label: change.action.value for change in plan.changes}


def test_every_pattern_and_every_file_is_in_the_plan() -> None:
    panel = [
        a_pattern("c1", "same", "m1"),
        a_pattern("c2", "other text", "before"),
        a_pattern("c3", "by hand", "m3"),
    ]
    plan = make_plan([a_file("same", "m1"), a_file("other text", "after"), a_file("new", "m4")], panel, Lock())
    assert actions(plan) == {"same": "unchanged", "other text": "update", "new": "create", "by hand": "unmanaged"}
    assert plan.counts == {"create": 1, "update": 1, "delete": 0, "unchanged": 1, "unmanaged": 1, "reject": 0}
    assert plan.has_changes


@pytest.mark.parametrize(
    ("file", "shown", "fields"),
    [
        ({}, {}, []),
        ({"description": "d"}, {"pattern_description": "e"}, ["description"]),
        ({}, {"pattern_description": "e"}, []),
        ({"website": "https://a.example"}, {"website": None}, ["website"]),
        ({}, {"website": "https://a.example"}, ["website"]),
        ({"shared": True}, {}, ["shared"]),
        ({}, {"pattern_is_share": None}, []),
        ({"variables": {"v": "integer"}}, {}, ["variables"]),
        ({"variables": {"v": "integer"}}, {"variable": [{"name": "v", "type": "number"}]}, []),
        ({}, {"pattern_message": "m %v%\r\n"}, []),
    ],
)
def test_a_difference_is_what_both_sides_say(file: dict[str, Any], shown: dict[str, Any], fields: list[str]) -> None:
    variable = {"variable": [{"name": "v", "type": "string", "len": 40}]}
    plan = make_plan([a_file("t", "m %v%", **file)], [a_pattern("c", "t", "m %v%", **(variable | shown))], Lock())
    assert plan.changes[0].fields == fields
    assert plan.has_changes == bool(fields)


class TestWhichPatternIsMeant:
    """A pattern has no id of the file's choosing."""

    def test_the_lock_file_lets_title_and_message_change_both(self) -> None:
        plan = make_plan(
            [a_file("f", "new", title="new")], [a_pattern("c", "old", "old")], Lock({"f": Entry("c", "x")})
        )
        assert [(change.code, change.fields) for change in plan.changes] == [("c", ["title", "message"])]

    def test_a_lock_file_of_another_panel_is_no_harm(self) -> None:
        plan = make_plan([a_file("f", "m")], [a_pattern("c", "f", "m")], Lock({"f": Entry("elsewhere", "x")}))
        assert [(change.code, change.action.value) for change in plan.changes] == [("c", "unchanged")]

    def test_one_of_title_and_message_is_enough_where_only_one_has_it(self) -> None:
        panel = [a_pattern("c1", "t1", "before"), a_pattern("c2", "before", "m2")]
        plan = make_plan([a_file("t1", "after"), a_file("t2", "m2")], panel, Lock())
        assert {change.label: (change.code, change.fields) for change in plan.changes} == {
            "t1": ("c1", ["message"]), "t2": ("c2", ["title"]),
        }  # fmt: skip

    def test_a_title_that_several_have_tells_nothing(self) -> None:
        panel = [a_pattern("c1", "t", "m1"), a_pattern("c2", "t", "m2")]
        plan = make_plan([a_file("t", "m3")], panel, Lock())
        assert [change.action.value for change in plan.changes] == ["create", "unmanaged", "unmanaged"]

    def test_two_of_a_kind_are_not_guessed_between(self) -> None:
        panel = [a_pattern("c1", "t", "m"), a_pattern("c2", "t", "m")]
        with pytest.raises(Ambiguous, match=r"t: 2 patterns have this title and message \(c1, c2\)"):
            make_plan([a_file("t", "m")], panel, Lock())
        plan = make_plan([a_file("t", "m", code="c2")], panel, Lock())
        assert [(change.code, change.action.value) for change in plan.changes] == [
            ("c2", "unchanged"),
            ("c1", "unmanaged"),
        ]

    def test_a_code_the_panel_does_not_have_is_named(self) -> None:
        with pytest.raises(InvalidInput, match="t: code: the panel has no pattern c9"):
            make_plan([a_file("t", "m", code="c9")], [], Lock())

    def test_two_files_for_one_pattern_are_refused(self) -> None:
        lock = Lock({"a": Entry("c", "x")})
        with pytest.raises(InvalidInput, match="two files insist on the same pattern"):
            make_plan([a_file("a", "m"), a_file("b", "n", code="c")], [a_pattern("c", "t", "o")], lock)

    def test_a_file_that_was_renamed_keeps_its_pattern(self) -> None:
        plan = make_plan(
            [a_file("new name", "m", title="t")], [a_pattern("c", "t", "m")], Lock({"old name": Entry("c", "x")})
        )
        assert [(change.name, change.code, change.action.value) for change in plan.changes] == [
            ("new name", "c", "unchanged")
        ]

    def test_patterns_of_the_service_are_nobodys(self) -> None:
        assert make_plan([], [a_pattern("c", "t", "m", pattern_type="systemic")], Lock()).changes == ()


class TestPrune:
    """Deleting is asked for, and never touches what people made in the panel."""

    PANEL = (a_pattern("ours", "t", "m"), a_pattern("theirs", "u", "n"))
    LOCK = Lock({"gone": Entry("ours", "x")})

    def test_a_file_that_is_gone_is_only_told(self) -> None:
        plan = make_plan([], self.PANEL, self.LOCK)
        assert [(change.code, change.action.value, change.note) for change in plan.changes] == [
            ("ours", "unmanaged", "its file is gone"), ("theirs", "unmanaged", None),
        ]  # fmt: skip

    def test_with_prune_its_pattern_is_deleted(self) -> None:
        plan = make_plan([], self.PANEL, self.LOCK, prune=True)
        assert [(change.code, change.action.value) for change in plan.changes] == [
            ("ours", "delete"),
            ("theirs", "unmanaged"),
        ]


def test_what_somebody_changed_in_the_panel_is_told() -> None:
    applied = a_pattern("c", "t", "as applied")
    lock = Lock({"t": Entry("c", digest(content_of(applied).as_json()))})
    edited = make_plan([a_file("t", "as applied")], [a_pattern("c", "t", "by hand")], lock)
    assert (edited.changes[0].action.value, edited.changes[0].drifted) == ("update", True)
    ours = make_plan([a_file("t", "new text")], [applied], lock)
    assert (ours.changes[0].action.value, ours.changes[0].drifted) == ("update", False)


class TestWrittenDown:
    """A plan is data."""

    def plan(self) -> PatternPlan:
        panel = [
            a_pattern("c1", "t", "m", pattern_status="inactive", reject_text="نام فروشگاه را بنویسید"),
            a_pattern("c2", "u", "n"),
        ]
        return make_plan([a_file("t", "m2"), a_file("v", "o")], panel, Lock())

    def test_it_comes_back_as_it_was(self) -> None:
        plan = self.plan()
        assert PatternPlan.from_json(json.loads(json.dumps(plan.as_json()))) == plan

    def test_one_changed_by_hand_is_refused(self) -> None:
        data = self.plan().as_json()
        data["changes"][0]["after"]["message"] = "something else"
        with pytest.raises(InvalidInput, match="changed after it was made"):
            PatternPlan.from_json(data)

    @pytest.mark.parametrize(
        "data", [{}, {"kind": "phonebook"}, {"kind": "patterns", "changes": [{}], "panel": {}, "plan_id": ""}]
    )
    def test_what_is_no_plan_is_refused(self, data: dict[str, Any]) -> None:
        with pytest.raises(InvalidInput, match="plan: "):
            PatternPlan.from_json(data)

    def test_a_decision_of_the_reviewer_makes_no_other_plan(self) -> None:
        files = [a_file("t", "m2")]
        before = make_plan(files, [a_pattern("c", "t", "m", pattern_status="pending")], Lock())
        after = make_plan(files, [a_pattern("c", "t", "m", pattern_status="active")], Lock())
        other = make_plan(files, [a_pattern("c", "t", "k")], Lock())
        assert before.plan_id == after.plan_id != other.plan_id

    def test_people_see_what_changes_and_the_reviewers_word(self) -> None:
        shown = list(pattern_diff.lines(self.plan(), Paint()))
        assert shown == [
            "+ v  (new)",
            "      title:",
            "        + v",
            "      message:",
            "        + o",
            "~ t  (c1, inactive)",
            "      reviewer: نام فروشگاه را بنویسید",
            "      message:",
            "        - m",
            "        + m2",
            "? u  (c2, active, not managed)",
            "",
            "Plan: 1 to create, 1 to update, 0 to delete; 0 unchanged, 1 not managed.",
            f"plan {self.plan().plan_id}",
        ]

    def test_a_terminal_shows_colours(self) -> None:
        shown = "\n".join(pattern_diff.lines(self.plan(), Paint(coloured=True)))
        assert "\x1b[32m+ v  (new)\x1b[0m" in shown
        assert "\x1b[31m        - m\x1b[0m" in shown
