"""The sandbox as a process: its options, what it says, its end."""

from __future__ import annotations

import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from ippanel_provider.sandbox.runner import RunningSandbox, SandboxError, running_sandbox
from ippanel_provider.sandbox.server import main


def start(*options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ippanel_provider.sandbox", *options]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("options", [[], ["--stop-with-stdin"]])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_where_it_is_and_a_clean_end_with_a_stream_open(number: signal.Signals, options: list[str]) -> None:
    process = start("--port", "0", *options)
    try:
        assert process.stdout is not None
        ready = re.fullmatch(r"IPPanel sandbox ready: (http://127\.0\.0\.1:\d+)\n", process.stdout.readline())
        assert ready
        assert process.stdout.readline() == f"Base URL {ready[1]}/v1, key sandbox-key\n"
        with httpx.stream("GET", f"{ready[1]}/_sandbox/events", trust_env=False, verify=False) as response:
            next(response.iter_lines())
            process.send_signal(number)
            process.wait(timeout=5)
        out, err = process.communicate()
        assert (process.returncode, out, err) == (0, "", "")
    finally:
        process.kill()
        process.wait()


def test_dropped_connections_leave_no_trace_in_the_log() -> None:
    process = start("--port", "0", "--empty")
    try:
        assert process.stdout is not None
        sandbox = RunningSandbox(process.stdout.readline().split(": ")[1].strip())
        for name in ("drop_before", "drop_after", "truncated"):
            sandbox.fault(name, times=1)
            with pytest.raises(httpx.RemoteProtocolError):
                httpx.get(
                    f"{sandbox.base_url}/api/number/numbers",
                    headers={"Authorization": sandbox.api_key},
                    trust_env=False,
                    verify=False,
                )
        process.terminate()
        assert process.communicate(timeout=5)[1] == ""
    finally:
        process.kill()
        process.wait()


def test_it_ends_with_its_starter() -> None:
    process = start("--port", "0", "--stop-with-stdin")
    try:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(timeout=5) == 0
    finally:
        process.kill()
        process.wait()


def test_options_reach_the_account() -> None:
    with running_sandbox(
        "--credit", "5000", "--pace", "0", "--speed", "0", api_key="another-key", examples=True
    ) as sandbox:
        account = sandbox.account()
        assert (account["credit"], account["api_key"]) == (5000.0, "another-key")
        assert "+98217000070" in account["lines"]
        clock = sandbox.control("GET", "clock")
        assert (clock["life"], clock["speed"]) == (0, 0)
        answer = httpx.get(
            f"{sandbox.base_url}/api/acl/auth/check_token",
            headers={"Authorization": "another-key"},
            trust_env=False,
            verify=False,
        )
        assert answer.status_code == 200


def test_a_key_shows_neither_among_the_processes_nor_in_the_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_sandbox(api_key="another-key") as sandbox:
        assert b"ippanel_provider.sandbox" in (arguments := Path(f"/proc/{sandbox.pid}/cmdline").read_bytes())
        assert b"another-key" not in arguments
        assert sandbox.account()["api_key"] == "another-key"
    monkeypatch.setenv("IPPANEL_SANDBOX_API_KEY", "another-key")
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "another-key" not in capsys.readouterr().out


@pytest.mark.parametrize("given", [["--api-key", "another-key"], []])
def test_a_key_that_was_given_is_not_printed(given: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    if not given:
        monkeypatch.setenv("IPPANEL_SANDBOX_API_KEY", "another-key")
    process = start("--port", "0", "--stop-with-stdin", *given)
    try:
        out, err = process.communicate("", timeout=10)
        assert out.splitlines()[1].endswith("/v1, key as given")
        assert "another-key" not in out + err
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("host", ["0.0.0.0", "example.com", "192.0.2.1"])
def test_only_this_machine_unless_meant(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--host", host])
    assert "--i-know" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options", [["--pace", "-1"], ["--speed", "-1"], ["--port", "web"], ["--port", "-1"], ["--port", "65536"]]
)
def test_options_that_make_no_sense(options: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(options)


def test_it_listens_on_the_other_loopback_too() -> None:
    with running_sandbox("--host", "::1") as sandbox:
        assert sandbox.url.startswith("http://[::1]:")
        assert sandbox.stats()["bulks"] == 0


def test_any_address_if_it_is_meant() -> None:
    """One that no machine has, so that nothing listens: what is refused then is the address, by the system, and not the
    wish.
    """
    arguments = ["--host", "192.0.2.1", "--port", "0", "--i-know"]
    ended = subprocess.run(
        [sys.executable, "-m", "ippanel_provider.sandbox", *arguments], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("ippanel sandbox: cannot listen on 192.0.2.1, port 0: ")


def test_a_port_in_use_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "ippanel_provider.sandbox", "--port", str(port)],
            capture_output=True,
            text=True,
            check=False,
        )
        said = f"ippanel sandbox: port {port} is taken; choose another with --port, or let --port 0 pick a free one\n"
        assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", said)
        with pytest.raises(SandboxError, match="did not start"), running_sandbox("--port", str(port)):
            pass
        assert capfd.readouterr().err == said


def test_localhost_is_where_everybody_looks() -> None:
    process = start("--port", "0", "--host", "localhost", "--stop-with-stdin")
    try:
        assert process.communicate("", timeout=10)[0].startswith("IPPanel sandbox ready: http://127.0.0.1:")
    finally:
        process.kill()
        process.wait()


def test_a_sandbox_that_is_gone_is_told() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        gone = RunningSandbox(f"http://127.0.0.1:{reserved.getsockname()[1]}")
        with pytest.raises(SandboxError, match="does not answer"):
            gone.stats()


def test_many_connections_at_once() -> None:
    with running_sandbox() as sandbox:
        body = {"sending_type": "webservice", "from_number": sandbox.sender}

        def work(worker: int) -> None:
            with httpx.Client(headers={"Authorization": sandbox.api_key}, trust_env=False, verify=False) as client:
                for index in range(25):
                    fields = body | {"message": f"{worker}-{index}", "params": {"recipients": ["+989120000000"]}}
                    assert client.post(f"{sandbox.base_url}/api/send", json=fields).status_code == 200

        workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        counts = sandbox.counts()
        assert (counts["texts"], counts["distinct"]) == (200, 200)


def test_https_with_an_authority_of_its_own_that_is_gone_afterwards() -> None:
    with running_sandbox("--tls", "--allow-host", "sandbox") as sandbox:
        assert sandbox.url.startswith("https://127.0.0.1:")
        assert sandbox.ca is not None
        ca = Path(sandbox.ca)
        assert {path.name: path.stat().st_mode & 0o777 for path in ca.parent.iterdir()}["key.pem"] == 0o600
        assert ca.parent.stat().st_mode & 0o777 == 0o700
        context = ssl.create_default_context(cafile=ca)
        with httpx.Client(verify=context, trust_env=False, headers={"Authorization": "sandbox-key"}) as client:
            assert client.get(f"{sandbox.base_url}/api/payment/credit/mine").status_code == 200
        port = sandbox.url.rpartition(":")[2]
        for name in ("edge.ippanel.com", "localhost", "sandbox"):
            with (
                socket.create_connection(("127.0.0.1", int(port))) as plain,
                context.wrap_socket(plain, server_hostname=name) as secured,
            ):
                secured.sendall(f"GET /v1/credit HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
                assert secured.recv(100).startswith(b"HTTP/1.1 401")
        # Who does not know the authority refuses.
        with pytest.raises(httpx.ConnectError):
            httpx.get(sandbox.url, trust_env=False)
        for fault in ("reset", "drop_after", "truncated"):
            sandbox.fault(fault, times=1)
            with httpx.Client(verify=context, trust_env=False) as client, pytest.raises(httpx.TransportError):
                client.get(f"{sandbox.base_url}/credit")
        assert sandbox.stats()["bulks"] == 0
    assert not ca.exists()


@pytest.mark.parametrize(
    "path", ["/api/select", "/services.jspd", "/patterns/pattern?username=a", "/class/sms/webservice/send_url.php"]
)
def test_the_classic_api_is_said_not_to_be_served(ippanel_sandbox: RunningSandbox, path: str) -> None:
    for accept in ("*/*", "text/html"):
        answer = httpx.post(ippanel_sandbox.url + path, headers={"accept": accept}, trust_env=False, verify=False)
        assert answer.status_code == 404
        said = answer.json()["error"]
        assert said.startswith("This sandbox does not serve the classic API. It serves Edge under /v1/api/")
        assert "/api/v1/" in said


@pytest.mark.parametrize("path", ["/api/send", "/v2/api/send/banks/provinces", "/send"])
def test_other_paths_say_what_there_is_to_programs_and_to_people(ippanel_sandbox: RunningSandbox, path: str) -> None:
    answer = httpx.get(ippanel_sandbox.url + path, trust_env=False, verify=False)
    assert (answer.status_code, answer.json()["error"].startswith(f"This sandbox does not serve {path}.")) == (
        404,
        True,
    )
    page = httpx.get(
        ippanel_sandbox.url + path + "?lang=fa", headers={"accept": "text/html"}, trust_env=False, verify=False
    )
    assert (page.status_code, "چنین صفحه‌ای نیست." in page.text) == (404, True)
