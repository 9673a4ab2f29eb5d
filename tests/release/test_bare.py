"""What works where no extra is installed; ``make smoke`` looks at the rest in environments of their
own.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

BROUGHT_BY_EXTRAS = [
    "airflow",
    "apprise",
    "jinja2",
    "multipart",
    "openpyxl",
    "pyarrow",
    "python_multipart",
    "sqlalchemy",
    "starlette",
    "uvicorn",
    "yaml",
]
WITHOUT = f"import sys; sys.modules.update(dict.fromkeys({BROUGHT_BY_EXTRAS!r}));"


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", f"{WITHOUT} {script}"], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "module",
    ["client", "cli.running", "campaign.screening", "campaign.run", "inbox", "sync.patterns", "sandbox.runner"],
)
def test_needs_no_extra(module: str) -> None:
    assert run(f"import ippanel_provider.{module}").stderr == ""


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("operators.send", "airflow"),
        ("sensors.bulk", "airflow"),
        ("notifications.ippanel", "airflow"),
        ("exceptions", "airflow"),
        ("retry", "airflow"),
        ("apprise_plugin", "apprise"),
    ],
)
def test_names_the_extra_it_needs(module: str, extra: str) -> None:
    last = run(f"import ippanel_provider.{module}").stderr.strip().rpartition("\n")[2]
    assert last.startswith("ModuleNotFoundError: there is no module ")
    assert last.endswith(f"it comes with pip install 'airflow-provider-ippanel[{extra}]'")


def test_a_template_for_rows_needs_jinja_and_a_text_for_all_does_not() -> None:
    rows = (
        "from ippanel_provider.campaign.rows import addressed, rendered;"
        "from ippanel_provider.tables.records import Record; rows = [Record(1, {'mobile': '09120000001'})];"
    )
    assert run(f"{rows} print(list(addressed(rows, 'text', 'mobile')))").stderr == ""
    assert "airflow-provider-ippanel[airflow]" in run(f"{rows} print(list(rendered(rows, 'text', 'mobile')))").stderr
