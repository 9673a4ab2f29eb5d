"""The workflows do what ``.ci/run`` does, by targets that exist, and hold no secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

TOP = Path(__file__).parents[2]
WORKFLOWS = sorted((TOP / ".github" / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (TOP / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
TARGETS = set(re.findall(r"^([a-zA-Z0-9._-]+):", (TOP / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

AIRFLOWS = (TOP / ".ci" / "airflow-versions").read_text(encoding="utf-8").split()
"""The one list of Airflow's minor versions, oldest first."""


def loaded(path: Path) -> dict[Any, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def commands(workflow: Path) -> Iterator[str]:
    """Each command of a workflow, once for each entry of its job's matrix."""
    for job in loaded(workflow)["jobs"].values():
        matrix = job.get("strategy", {}).get("matrix", {})
        for step in job["steps"]:
            if "run" in step:
                yield from filled(step["run"], matrix)


def filled(command: str, matrix: dict[str, list[str] | str]) -> list[str]:
    found = [command]
    for name, given in matrix.items():
        # A list that an earlier job reads is that of Airflow's versions.
        values = AIRFLOWS if isinstance(given, str) else given
        found = [each.replace(f"${{{{ matrix.{name} }}}}", value) for each in found for value in values]
    return list(dict.fromkeys(found))


def named(workflow: str) -> Path:
    return TOP / ".github" / "workflows" / workflow


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_calls_make_with_targets_that_exist(workflow: Path) -> None:
    made = {
        target for command in commands(workflow) for target in re.findall(r"^make ([\w.-]+)", command, re.MULTILINE)
    }
    assert made
    assert made - TARGETS == set()


def test_all_that_a_change_has_to_pass_is_a_job() -> None:
    passed = set(re.findall(r"^make .+$", (TOP / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE))
    assert len(passed) > 3
    assert passed - set(commands(named("checks.yml"))) == set()


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_holds_no_secret_and_may_no_more_than_read(workflow: Path) -> None:
    assert "secrets." not in workflow.read_text(encoding="utf-8")
    told = loaded(workflow)
    assert told["permissions"] == {"contents": "read"}
    rights = {name: job["permissions"] for name, job in told["jobs"].items() if "permissions" in job}
    # Only the one that publishes proves to the index who it is.
    assert rights == ({"publish": {"id-token": "write"}} if workflow.name == "release.yml" else {})
    assert all(job["timeout-minutes"] for job in told["jobs"].values())


def test_a_release_is_tried_before_it_is_published() -> None:
    jobs = loaded(named("release.yml"))["jobs"]
    assert jobs["publish"]["needs"] == "archives"
    assert "make smoke ARGS=--newest" in [step.get("run") for step in jobs["archives"]["steps"]]
    # `make smoke` builds, and looks at what it built, by itself.
    assert re.search(r"^smoke: build\b", (TOP / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.name)
def test_a_form_asks_for_something_and_every_question_has_a_name(form: Path) -> None:
    told = loaded(form)
    assert {"name", "description", "body"} <= told.keys()
    questions = [item for item in told["body"] if item["type"] != "markdown"]
    names = [question["id"] for question in questions]
    assert len(names) == len(set(names)) > 2
    assert all(
        question["type"] in {"input", "textarea", "dropdown"} and question["attributes"]["label"]
        for question in questions
    )
    assert any(question.get("validations", {}).get("required") for question in questions)


def test_every_airflow_is_tried_at_night_and_offered_in_the_bug_form() -> None:
    assert {f"make test-airflow VERSION={version}" for version in AIRFLOWS} <= set(commands(named("nightly.yml")))
    form = loaded(TOP / ".github" / "ISSUE_TEMPLATE" / "bug.yml")
    offered = next(item for item in form["body"] if item.get("id") == "airflow")["attributes"]["options"]
    assert [option for option in offered if not option.startswith("none")] == AIRFLOWS


def test_the_docs_and_the_package_promise_the_oldest_airflow_that_is_tried() -> None:
    oldest, newest = AIRFLOWS[0], AIRFLOWS[-1]
    assert f'"apache-airflow>={oldest}' in (TOP / "pyproject.toml").read_text(encoding="utf-8")
    assert f"Airflow {oldest} to {newest}" in (TOP / "README.md").read_text(encoding="utf-8")
