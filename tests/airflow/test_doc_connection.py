"""Every form of a connection that the documentation shows is one that Airflow and the hook take."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ippanel_provider.hooks.ippanel import IPPanelHook
from tests.docs import pages

PAGE = "connection.md"
EXPORTS = [fence.code for fence in pages.fences(PAGE, "sh")]
RELAY = re.search(r"`(ippanel://[^`]*relay[^`]*)`", (pages.DOCS / PAGE).read_text(encoding="utf-8"))


def test_two_forms_are_exported() -> None:
    assert len(EXPORTS) == 2


@pytest.mark.parametrize("export", EXPORTS)
def test_what_is_exported_is_a_connection(export: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, assignment = shlex.split(export)
    monkeypatch.setenv(*assignment.split("=", 1))
    account = IPPanelHook().account
    assert (account.password, account.sender, account.settings.base_url) == ("YOUR-KEY", "+983000505", None)


def test_a_relay_stands_in_the_uri(monkeypatch: pytest.MonkeyPatch) -> None:
    assert RELAY is not None
    monkeypatch.setenv("AIRFLOW_CONN_IPPANEL_DEFAULT", RELAY[1])
    account = IPPanelHook().account
    assert (account.password, account.sender) == ("YOUR-KEY", "+983000505")
    assert account.settings.base_url == "https://relay.example.com:8443"


def test_the_command_adds_a_connection(metadata_database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.models import Connection
    from airflow.utils.session import create_session

    (command,) = [
        c for fence in pages.fences(PAGE, "console") for c in pages.commands(fence.code) if "connections add" in c
    ]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # Without a key of its own, so that it can be read here.
    environment = {**os.environ, "PATH": path, "IPPANEL_API_KEY": "k" * 40, "AIRFLOW__CORE__FERNET_KEY": ""}
    done = subprocess.run(["/bin/sh", "-c", command], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with create_session() as session:
        found = session.query(Connection).filter_by(conn_id="ippanel_default").one()
        session.delete(found)
        assert (found.conn_type, found.password, found.extra_dejson) == (
            "ippanel",
            "k" * 40,
            {"sender": "+983000505"},
        )
