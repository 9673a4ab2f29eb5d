"""What a shell offers while the command is typed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder that holds the command, and a list of people."""
    command = tmp_path / "ippanel"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ippanel_provider.cli "$@"\n')
    command.chmod(0o755)
    (tmp_path / "people.txt").touch()
    return tmp_path


def ran(here: Path, *call: str) -> str:
    surroundings = os.environ | {"PATH": f"{here}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(call, cwd=here, env=surroundings, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout


def offered(here: Path, line: str) -> set[str]:
    """What bash offers at the end of a line, with what ``ippanel completion bash`` gave it."""
    script = f"""
        eval "$(ippanel completion bash)"
        COMP_LINE={line!r} COMP_POINT={len(line)} COMP_TYPE=9
        IFS=' ' read -ra COMP_WORDS <<< "$COMP_LINE"
        _python_argcomplete ippanel "${{COMP_WORDS[-1]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return {word.strip() for word in ran(here, "bash", "-c", script).splitlines()}


def test_commands_options_and_choices(here: Path) -> None:
    assert {"send", "sandbox"} <= offered(here, "ippanel s")
    assert "--recipients-file" in offered(here, "ippanel send --rec")
    assert offered(here, "ippanel completion z") == {"zsh"}


def test_files_where_a_file_is_meant_and_nowhere_else(here: Path) -> None:
    assert offered(here, "ippanel send --recipients-file peo") == {"people.txt"}
    assert offered(here, "ippanel send -m peo") == {""}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_of_its_own(here: Path, shell: str) -> None:
    script = ran(here, "ippanel", "completion", shell)
    assert {"bash": "complete -o", "zsh": "compdef", "fish": "complete --command ippanel"}[shell] in script
    assert "ippanel" in script
