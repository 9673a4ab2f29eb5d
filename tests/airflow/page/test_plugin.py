"""The page's entry in Airflow, on every version: what it costs a process, and how it is switched off."""

from __future__ import annotations

import subprocess
import sys


def test_the_plugin_costs_a_process_two_modules() -> None:
    code = (
        "import sys; from airflow.providers.common.compat.sdk import AirflowPlugin, conf; before = set(sys.modules);"
        "import ippanel_provider.page.plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )
    new = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    ours = [name for name in new if name.startswith("ippanel_provider.page")]
    assert ours == ["ippanel_provider.page", "ippanel_provider.page.plugin"]
    assert not {"fastapi", "sqlalchemy", "httpx"} & set(new)


def test_it_can_be_switched_off() -> None:
    code = (
        "import os; os.environ['AIRFLOW__IPPANEL__PAGE'] = 'False';"
        "from ippanel_provider.page.plugin import IPPanelTextsPlugin as plugin;"
        "print(plugin.fastapi_apps, plugin.external_views)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1] == "[] []"
