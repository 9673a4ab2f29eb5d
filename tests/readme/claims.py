"""What the README says can be done, done as it says. Every check takes the text, so that a changed one can be tried
too.

One thing is not as written: the sandbox of a test listens elsewhere than at the address that the README names.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

from demo.customers import customers
from demo.run import judge
from ippanel_provider.sandbox.runner import RunningSandbox

ROOT = Path(__file__).parents[2]
SHOWN = "http://127.0.0.1:8089"
LARGEST_PICTURE = 200_000
_NOT_DELIVERED = ("993", "994")
"""How the numbers end that the sandbox hands over to no phone."""


class Place(NamedTuple):
    """Where commands run: a home with an Airflow in it, and a sandbox."""

    home: Path
    sandbox: RunningSandbox

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of whoever runs the tests, beside where programs are."""
        inherited = {
            name: os.environ[name]
            for name in ("LANG", "LC_ALL", "TMPDIR", "COVERAGE_PROCESS_CONFIG")
            if name in os.environ
        }
        return inherited | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            "AIRFLOW_HOME": str(self.home / "airflow"),
            # The configuration that Airflow writes once names the first home.
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.home / "airflow" / "dags"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home / 'airflow' / 'airflow.db'}",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "NO_COLOR": "1",
            "PYTHONUTF8": "1",
        }

    def run(self, *command: str) -> str:
        """Run a command to its end and return what it printed.

        :raises AssertionError: with all of that, if it failed.
        """
        ended = subprocess.run(
            command,
            env=self.environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr


def fences(text: str, language: str) -> list[str]:
    """The blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def the_fence(text: str, language: str, holding: str) -> str:
    """The one block that holds some words."""
    (found,) = [block for block in fences(text, language) if holding in block]
    return found


def commands(block: str) -> list[str]:
    """The commands of a console block, each with the lines that continue it."""
    return re.findall(r"^\$ ((?:.*\\\n)*.*)$", block, re.MULTILINE)


def links_lead_somewhere(text: str) -> None:
    """What is linked or shown in this repository is there, and a picture is quick to load."""
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    assert targets
    for target in targets:
        path = ROOT / target.partition("#")[0]
        assert path.exists(), target
        assert path.suffix != ".png" or path.stat().st_size < LARGEST_PICTURE, target


def targets_exist(text: str) -> None:
    """Whatever is to be made can be made."""
    wanted = set(re.findall(r"(?:`|^\$ )make ([a-z][\w.-]*)", text, re.MULTILINE))
    assert {"demo", "test", "docs"} <= wanted
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert wanted <= set(re.findall(r"^([\w.-]+):.*## ", makefile, re.MULTILINE))


def packages_can_be_installed(text: str) -> None:
    """What pip is to install is this package, by its name or in a checkout, with extras it has."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    given = re.findall(r"pip install '([^']+)'", text)
    wanted = [Requirement(re.sub(r"^\.(?=\[)", project["name"], found)) for found in given]
    assert wanted
    for requirement in wanted:
        assert requirement.name == project["name"]
        assert requirement.extras <= project["optional-dependencies"].keys()


def the_demo_ends_so(text: str) -> None:
    """The figures are those of the demonstration's own list, when each of its people is handed one text."""
    truth = customers()
    handed_over = [
        (number, "", 3 if number.endswith(_NOT_DELIVERED) else 2)
        for number in {row.truth for row in truth if row.truth}
    ]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        judge(truth, handed_over)
    (shown,) = fences(text, "text")
    assert shown.strip() == printed.getvalue().splitlines()[-1]
    rows, accepted, rejected = (int(found) for found in re.findall(r"(\d+) (?:rows|accepted|rejected)", shown))
    assert f"The other {rows - accepted - rejected} rows " in text
    assert f"{rows} = {accepted} + {rejected} + {rows - accepted - rejected}" in text


def commands_work(text: str, place: Place, holding: str) -> None:
    """Run a block of commands as one shell would, without what only installs; each text that it names arrives."""
    wanted = [command for command in commands(the_fence(text, "console", holding)) if not command.startswith("pip ")]
    script = "\n".join(["set -eu", *wanted]).replace(SHOWN, place.sandbox.url)
    printed = place.run("bash", "-c", script)
    assert len(re.findall("^apprise ", script, re.MULTILINE)) == printed.count("IPPanel: accepted for 1 target"), (
        printed
    )
    # This command ends well whatever it finds.
    assert script.count("connections test") == printed.count("Connection success!"), printed
    for words in re.findall(r" -[mb] '([^']+)'", script):
        assert len(place.sandbox.messages(text=words)) == 1, printed


def the_sandbox_starts(text: str, place: Place) -> None:
    """Before what needs it, in a block of its own: it keeps its terminal. Here it takes a free port and ends at
    once."""
    install, *start = commands(the_fence(text, "console", "$ ippanel sandbox"))
    assert install.startswith("pip install ")
    (command,) = start
    assert text.index(f"$ {command}\n") < text.index("$ ippanel send")
    printed = place.run(*command.split(), "--port", "0", "--stop-with-stdin")
    assert printed.startswith("IPPanel sandbox ready: ")
    assert f", key {place.sandbox.api_key}\n" in printed


def the_dag_runs(text: str, place: Place) -> None:
    """Save the DAG under its name and run it, over the connection that is in Airflow's database; the sensor waits for
    real.
    """
    file, command = re.findall(r"Save this as `([^`]+)`|`(airflow dags test [^`]+)`", text)
    program = the_fence(text, "python", "task_id=")
    dags = place.home / "airflow" / "dags"
    dags.mkdir()
    (dags / file[0]).write_text(program, encoding="utf-8")
    place.sandbox.pace(0.5)
    printed = place.run(*command[1].split())
    recipients = re.findall(r'"([+\d ]{11,})"', program)
    assert len(recipients) == 2
    (message,) = re.findall(r'message="([^"]+)"', program)
    for recipient in recipients:
        (received,) = place.sandbox.messages(recipient=recipient)
        assert (received["text"], received["state_id"]) == (message, 6), printed


def the_client_sends(text: str, place: Place) -> None:
    """Run the Python as a program of its own."""
    program = the_fence(text, "python", "Client(").replace(SHOWN, place.sandbox.url)
    printed = place.run(sys.executable, "-c", program)
    (received,) = place.sandbox.messages()
    assert printed.strip() in {f"({received['outbox_id']},)", f"[{received['outbox_id']}]"}


def copy_of(home: Path, place: Path) -> Path:
    """A home of its own with the same Airflow in it."""
    shutil.copytree(home, place)
    return place
