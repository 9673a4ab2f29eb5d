"""``airflow ippanel …``: what the command does, over a connection (Airflow 3.2 and newer)."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.cli.cli_config import GroupCommand

from ippanel_provider.airflow_command import commands
from ippanel_provider.sandbox.runner import RunningSandbox

TEXT = ["-m", "سلام", "09120000001"]


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Run a command as Airflow does; return exit code, output and errors."""
    from airflow.cli import cli_parser

    # It says so itself, for the rest of its process, which here is that of other tests too.
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")

    def run(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code: Any = 0
        try:
            options = cli_parser.get_parser().parse_args(["ippanel", *arguments])
            options.func(options)
        except SystemExit as ended:
            code = ended.code or 0
        return code, *capfd.readouterr()

    return run


def test_airflow_has_the_commands_and_their_help(command: Callable[..., Any]) -> None:
    code, out, _ = command("--help")
    assert code == 0
    assert all(name in out for name in ("send", "status", "credit", "campaign", "lint", "doctor"))
    code, out, _ = command("send", "--help")
    assert (code, "--conn-id" in out, "--recipients-file" in out) == (0, True, True)
    assert "--base-url" not in out
    assert command("campaign", "resolve", "--help")[0] == 0


def test_a_text_goes_out_over_a_connection_from_its_line(
    sandbox: RunningSandbox, connect: Callable[..., str], command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPPANEL_SENDER", "+98999999")
    connect("other", extra={"sender": "+983000505"})
    code, out, errors = command("send", "--json", "--conn-id", "other", *TEXT)
    assert (code, errors) == (0, "")
    [text] = sandbox.messages()
    assert (text["sender"], text["recipient"], text["text"]) == ("+983000505", "+989120000001", "سلام")
    assert json.loads(out)["outbox_ids"] == [text["outbox_id"]]


def test_a_connection_that_airflow_s_database_keeps_is_found(sandbox: RunningSandbox, metadata_database: None) -> None:
    from airflow.models import Connection
    from airflow.utils.session import create_session

    kept = Connection(conn_id="kept", conn_type="ippanel", host=sandbox.base_url, password=sandbox.api_key)
    with create_session() as session:
        session.add(kept)
    try:
        call = [sys.executable, "-m", "airflow", "ippanel", "credit", "--json", "--conn-id", "kept"]
        told = subprocess.run(call, capture_output=True, text=True, check=False)
    finally:
        with create_session() as session:
            session.query(Connection).filter(Connection.conn_id == "kept").delete()
    assert told.returncode == 0, told.stderr[-2000:]
    assert json.loads(told.stdout.splitlines()[-1])["credit"] > 0


def test_what_is_asked_is_asked_over_the_connection(sandbox: RunningSandbox, command: Callable[..., Any]) -> None:
    sent = json.loads(command("send", "--json", *TEXT)[1])["outbox_ids"]
    assert command("credit")[0] == 0
    assert json.loads(command("status", "--json", str(*sent))[1])["bulks"][0]["outbox_id"] == sent[0]
    assert command("price", "سلام")[0] == 0
    assert command("inbox", "--json")[:2] == (0, '{"messages": []}\n')


@pytest.mark.parametrize(
    ("connection", "arguments", "code", "said"),
    [
        ({"password": "wrong-key-0123456789"}, ("credit",), 1, "API key"),
        ({"password": ""}, ("credit",), 2, "connection 'ippanel_default', password: "),
        ({}, ("credit", "--conn-id", "none"), 2, "conn_id: connection 'none' not found"),
        ({"host": "http://127.0.0.1:9/v1", "extra": {"connect_timeout": 0.2}}, ("send", *TEXT), 3, "127.0.0.1"),
        ({}, ("send", "-m", "x", "12"), 2, "recipients: "),
        ({"extra": {"sender": None}}, ("send", *TEXT), 2, "sender: "),
    ],
)
def test_what_is_wrong_is_one_line_and_an_exit_code(
    sandbox: RunningSandbox, connect: Any, command: Any, connection: Any, arguments: Any, code: int, said: str
) -> None:
    connect(**connection)
    ended, out, errors = command(*arguments)
    assert (ended, out) == (code, "")
    assert said in errors
    assert "wrong-key" not in errors
    assert sandbox.messages() == []


def test_what_needs_no_service_needs_no_connection(
    command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_IPPANEL_DEFAULT", raising=False)
    assert "None" in command("lint", "سلام None عزیز")[1]
    assert command("campaign", "list", "--ledger", f"sqlite:///{tmp_path / 'none.db'}")[:2] == (0, "No campaigns.\n")
    with pytest.raises(SystemExit):
        _parsed("campaign", "resolve", "name", "1")


def _parsed(*arguments: str) -> argparse.Namespace:
    from airflow.cli import cli_parser

    return cli_parser.get_parser().parse_args(["ippanel", *arguments])


def test_every_command_has_its_own_parser_and_one_way_to_the_service() -> None:
    [group] = commands()
    assert isinstance(group, GroupCommand)
    for step in group.subcommands:
        parser = argparse.ArgumentParser()
        for argument in step.args:  # type: ignore[union-attr]
            argument.add_to_parser(parser)
        names = set(parser._option_string_actions)
        assert not names & {"--base-url", "--api"}, step.name
