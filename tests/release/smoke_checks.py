"""What :mod:`tests.release.smoke` runs inside an environment, with nothing there but the wheel and its extras.

``python -I smoke_checks.py CHECK URL``, where a sandbox listens at the URL. Ends with 0 and one word: ``works``, or
``names it`` where what is needed is not there and the message says which extra brings it.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import ippanel_provider
from ippanel_provider.sandbox.runner import RunningSandbox, SandboxError, running_sandbox

BIN = Path(sys.executable).parent
PERSON = "+989120000001"
ROOMS = {
    "airflow": {
        *(
            "airflow_command",
            "airflow_plugin",
            "airflow_policy",
            "page.plugin",
            "decorators",
            "exceptions",
            "hooks",
            "links",
            "notifications",
            "operators",
        ),
        *("queues", "retry", "sensors", "transfers", "triggers"),
    },
    "apprise": {"apprise_plugin"},
}
"""What cannot be imported without an extra."""
BEHIND_OTHERS = {
    *("tables.row_cells", "tables.row_template", "queues.inbox", "page.campaigns"),
    *(
        f"results.{name}"
        for name in ("export", "followed", "following", "only", "recorder", "runs", "schema", "writing")
    ),
    *(f"campaign.ledger.{name}" for name in ("decisions", "schema", "sql")),
    *(f"campaign.ledger.sql_{name}" for name in ("members", "notes", "rows", "untold")),
}
"""Who leads to them says what they need: it is no extra's, or not only."""


def names(extra: str, text: str) -> bool:
    return f"pip install 'airflow-provider-ippanel[{extra}]'" in text


def there(*modules: str) -> bool:
    with contextlib.suppress(ModuleNotFoundError):
        return all(importlib.util.find_spec(module) is not None for module in modules)
    return False


def command(name: str, *arguments: str, code: int = 0, **environment: str) -> str:
    """Run a script of the environment and return all it said."""
    ended = subprocess.run(
        [BIN / name, *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=os.environ | environment,
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode == code, f"{name} {' '.join(arguments)} ended with {ended.returncode}, not {code}: {said}"
    return said


def refused(call: Callable[[], object], error: type[Exception]) -> str:
    """What is said when a call cannot be made here; empty when it can."""
    try:
        call()
    except error as said:
        return str(said)
    return ""


def imports(sandbox: RunningSandbox) -> str:
    """Every module can be imported, or says which extra it needs."""
    brought = {extra for extra in ROOMS if there(extra)}
    for module in modules():
        extra = next(
            (extra for extra, rooms in ROOMS.items() if any(f"{module}.".startswith(f"{room}.") for room in rooms)), ""
        )
        said = refused(partial(importlib.import_module, f"ippanel_provider.{module}"), ImportError)
        if extra in {*brought, ""}:
            assert not said, f"{module}: {said}"
        else:
            assert names(extra, said), f"{module}: {said or 'it was imported without'}"
    return "works"


def modules() -> Iterator[str]:
    prefix = "ippanel_provider."
    for found in pkgutil.walk_packages(ippanel_provider.__path__, prefix, onerror=lambda name: None):
        name = found.name.removeprefix(prefix)
        # The sandbox is reached by its command.
        if not name.startswith("sandbox.") and not name.endswith("__main__") and name not in BEHIND_OTHERS:
            yield name


def command_line(sandbox: RunningSandbox) -> str:
    """``ippanel`` sends a text."""
    assert ippanel_provider.__version__ in command("ippanel", "--version")
    text = f"از خط فرمان {os.getpid()}"
    command(
        "ippanel",
        "send",
        "-m",
        text,
        PERSON,
        IPPANEL_API_KEY=sandbox.api_key,
        **at(sandbox),
        IPPANEL_SENDER=sandbox.sender,
    )
    sandbox.wait_for(recipient=PERSON, text=text)
    return "works"


def own_sandbox(sandbox: RunningSandbox) -> str:
    """``ippanel sandbox`` starts and takes a text, or says what it needs."""
    if there("starlette", "uvicorn", "jinja2", "multipart", "openpyxl"):
        with running_sandbox() as mine:
            return command_line(mine)
    assert names("sandbox", command("ippanel", "sandbox", code=2))
    assert names("sandbox", command("python", "-m", "ippanel_provider.sandbox", code=2))
    assert names("sandbox", refused(running_sandbox().__enter__, SandboxError))
    return "names it"


def apprise(sandbox: RunningSandbox) -> str:
    """The ``apprise`` command knows ``ippanel://`` and sends with it."""
    if not there("apprise"):
        assert names("apprise", command("ippanel", "apprise", "status", code=1))
        return "names it"
    command("ippanel", "apprise", "install")
    assert "ippanel" in command("ippanel", "apprise", "status")
    urls, text = Path("urls.txt"), f"از اپرایز {os.getpid()}"
    urls.write_text(f"ippanel://{sandbox.api_key}@{sandbox.sender}/{PERSON}?url={sandbox.base_url}\n", encoding="utf-8")
    command("apprise", "-c", str(urls), "-b", text)
    sandbox.wait_for(recipient=PERSON, text=text)
    return "works"


def airflow(sandbox: RunningSandbox) -> str:
    """Airflow knows the provider, all it names can be imported, and the connection reaches the service."""
    if not there("airflow"):
        return "names it"
    assert "airflow-provider-ippanel" in command("airflow", "providers", "list", "-o", "plain")
    assert "ippanel_provider.hooks.ippanel.IPPanelHook" in command("airflow", "providers", "hooks", "-o", "plain")
    from airflow.providers_manager import ProvidersManager

    from ippanel_provider.hooks.ippanel import IPPanelHook

    assert ProvidersManager().hooks["ippanel"] is not None
    os.environ["AIRFLOW_CONN_IPPANEL_DEFAULT"] = (
        f'{{"conn_type": "ippanel", "host": "{sandbox.base_url}", "password": "{sandbox.api_key}"}}'
    )
    worked, said = IPPanelHook().test_connection()
    assert worked, said
    return "works"


def parquet(sandbox: RunningSandbox) -> str:
    """A Parquet file can be read."""
    from ippanel_provider.client import InvalidInput
    from ippanel_provider.tables import readers as sources

    if not there("pyarrow"):
        assert names("parquet", refused(lambda: list(sources.read(io.BytesIO(), "parquet")), InvalidInput))
        return "names it"
    import pyarrow.parquet

    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"mobile": [PERSON]}), file)
    assert [record.values for record in sources.read(io.BytesIO(file.getvalue()), "parquet")] == [{"mobile": PERSON}]
    return "works"


def xlsx(sandbox: RunningSandbox) -> str:
    """An Excel file can be read."""
    from ippanel_provider.client import InvalidInput
    from ippanel_provider.tables import readers as sources

    if not there("openpyxl"):
        assert names("xlsx", refused(lambda: list(sources.read(io.BytesIO(), "xlsx")), InvalidInput))
        return "names it"
    import openpyxl

    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in (["mobile"], [PERSON]):
        book.active.append(row)
    book.save(file)
    assert [record.values for record in sources.read(io.BytesIO(file.getvalue()), "xlsx")] == [{"mobile": PERSON}]
    return "works"


def sync(sandbox: RunningSandbox) -> str:
    """``ippanel patterns plan`` reads the files of a folder."""
    folder = Path("patterns")
    folder.mkdir()
    (folder / "otp.yaml").write_text("message: 'code %code%'\nvariables: {code: integer}\n", encoding="utf-8")
    changes, wrong = 2, 1
    known = there("yaml")
    said = command(
        "ippanel", "patterns", "plan", code=changes if known else wrong, IPPANEL_API_KEY=sandbox.api_key, **at(sandbox)
    )
    assert "otp" in said if known else names("sync", said), said
    return "works" if known else "names it"


def sql(sandbox: RunningSandbox) -> str:
    """The ledger in a database."""
    if not there("sqlalchemy"):
        return "names it"
    import sqlalchemy

    from ippanel_provider.campaign.ledger.hashes import MemberKey
    from ippanel_provider.campaign.ledger.sql import SqlLedger

    SqlLedger(sqlalchemy.create_engine("sqlite://"), MemberKey("secret", "recipient"), "smoke")
    return "works"


def at(sandbox: RunningSandbox) -> dict[str, str]:
    return {"IPPANEL_BASE_URL": sandbox.base_url}


if __name__ == "__main__":
    check = {
        each.__name__: each for each in (imports, command_line, own_sandbox, apprise, airflow, parquet, xlsx, sync, sql)
    }[sys.argv[1]]
    print(check(RunningSandbox(sys.argv[2])))
