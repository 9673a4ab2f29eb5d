"""What the pages show works: Python runs, commands run or are there, included parts exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from docs import generate_code
from ippanel_provider.cli import main
from ippanel_provider.sandbox.runner import RunningSandbox
from tests.docs import pages

SHOWN = "http://127.0.0.1:8089"
"""Where pages say that the sandbox is."""
RUN_ELSEWHERE = {
    "apprise/airflow.md": "a failing task with this notifier is run in tests/airflow/test_apprise.py",
    "apprise/logging.md": "such a handler is run in tests/apprise/test_failures.py and by make test-hosts",
    "apprise/prefect.md": "needs Prefect; make test-hosts runs the block",
    "memory.md": "a campaign in doubt is decided by its commands in tests/campaign/test_decisions.py",
    "cluster.md": "its commands are run by make test-cluster",
}
"""Pages of which other tests run the code."""
PYTHON = [fence for page in pages.names() for fence in pages.fences(page, "python", "py") if not fence.included]
RUN = sorted({fence.page for fence in PYTHON} - RUN_ELSEWHERE.keys())
COMMANDS = [
    (page, command)
    for page in pages.names()
    for fence in pages.fences(page, "console", "sh", "bash")
    for command in pages.commands(fence.code)
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", RUN)
def test_python_runs_from_the_top_of_a_page_to_its_end(page: str, ippanel_sandbox: RunningSandbox, here: Path) -> None:
    names: dict[str, Any] = {"__name__": page}
    ippanel_sandbox.pace(0)
    for fence in PYTHON:
        if fence.page == page:
            code = "\n" * fence.line + fence.code.replace(SHOWN, ippanel_sandbox.url)
            exec(compile(code, page, "exec"), names)  # noqa: S102 - our own pages


@pytest.mark.parametrize("page", pages.names())
def test_what_a_page_shows_of_a_file_is_what_stands_there(page: str) -> None:
    """If not: ``python -m docs.generate_code``."""
    text = (pages.DOCS / page).read_text(encoding="utf-8")
    assert text == generate_code.written(text)
    assert "--8<--" not in text, "only who builds the pages would see that code"


def test_code_is_found_by_its_mark_or_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate_code, "ROOT", tmp_path)
    (tmp_path / "a.py").write_text(
        "x = 1\nif x:\n    # --8<-- [start:one]\n    y = 2\n\n    z = 3\n    # --8<-- [end:one]\n"
    )
    page = "1. so\n   <!-- code: a.py:one, a.py -->\n   ```python\n   old\n   ```\n\n```python\nkept\n```\n"
    once = generate_code.written(page)
    assert once == generate_code.written(once)
    shown = "   y = 2\n\n   z = 3\n\n   x = 1\n   if x:\n       y = 2\n\n       z = 3\n"
    assert once == page.replace("   old\n", shown)
    with pytest.raises(ValueError, match=r"a\.py has no mark two"):
        generate_code.code("a.py:two")


MARKED = [
    path
    for folder in ("example_dags", "tests", "docs", "ippanel_provider")
    for path in sorted((pages.ROOT / folder).rglob("*.py"))
    if path not in (Path(__file__), Path(generate_code.__file__)) and "--8<-- [" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("path", MARKED, ids=lambda path: path.name)
def test_a_part_is_marked_once(path: Path) -> None:
    """Of a mark that is there twice a page shows the first part only, without a word."""
    marks = re.findall(r"--8<-- \[(start|end):(\w+)\]", path.read_text(encoding="utf-8"))
    assert len(marks) == len(set(marks))
    assert {name for kind, name in marks if kind == "start"} == {name for kind, name in marks if kind == "end"}


def test_what_is_shown_of_dags_is_run_by_a_test() -> None:
    """Pages show example DAGs and the examples of these tests, and no other file."""
    shown = {file for page in pages.names() for fence in pages.fences(page, "python") for file, _ in fence.included}
    tests = "\n".join(
        path.read_text(encoding="utf-8") for path in (pages.ROOT / "tests" / "airflow").rglob("test_*.py")
    )
    for file in shown:
        path = Path(file)
        if path.name.startswith("test_"):
            assert path.parts[0] == "tests"
        elif path.parts[0] == "example_dags":
            assert re.search(rf'"{path.stem.removeprefix("example_ippanel_")}"|{path.stem}', tests), (
                f"no test runs {file}"
            )
        else:
            assert f'example("{path.stem}")' in tests, f"no test runs {file}"


RUNNABLE = re.compile(r"export IPPANEL_|ippanel (?!sandbox|login|apprise)")


@pytest.mark.parametrize(
    "page", sorted({page for page, command in COMMANDS if RUNNABLE.match(command)} - RUN_ELSEWHERE.keys())
)
def test_commands_of_ippanel_run(
    page: str,
    ippanel_sandbox: RunningSandbox,
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """From the top of a page to its end, with what it exports before."""
    for name, value in (
        ("API_KEY", ippanel_sandbox.api_key),
        ("BASE_URL", ippanel_sandbox.base_url),
        ("SENDER", ippanel_sandbox.sender),
    ):
        monkeypatch.setenv(f"IPPANEL_{name}", value)
    for command in (command for shown, command in COMMANDS if shown == page and RUNNABLE.match(command)):
        program, *arguments = shlex.split(command.replace(SHOWN, ippanel_sandbox.url), comments=True)
        if program == "export":
            for assignment in arguments:
                monkeypatch.setenv(*assignment.split("=", 1))
            continue
        try:
            code = main(arguments)
        except SystemExit as left:
            code = int(left.code or 0)
        assert code == 0, f"{command}: {capsys.readouterr().err}"


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_commands_name_what_is_there(page: str, command: str) -> None:
    """Targets of the Makefile, extras of the package, commands and options of ``ippanel``."""
    makefile = (pages.ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make ([\w.-]+)", command, re.MULTILINE):
        assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE), f"{page}: make {target}"
    extras = tomllib.loads((pages.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    for named in re.findall(r"airflow-provider-ippanel\[([\w,-]+)\]", command):
        assert set(named.split(",")) <= extras.keys(), f"{page}: {named}"
    for argument in re.findall(r"^ippanel ([a-z]+)", command, re.MULTILINE):
        assert re.search(rf"^ +{argument}\b", help_of_ippanel(), re.MULTILINE), f"{page}: ippanel {argument}"


@cache
def help_of_ippanel() -> str:
    return subprocess.run(
        [sys.executable, "-m", "ippanel_provider.cli", "--help"], capture_output=True, text=True, check=True
    ).stdout
