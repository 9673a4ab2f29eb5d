"""Clients of package indexes that this project did not write, unchanged, against the sandbox: ``make test-foreign``.

Each is installed into an environment of its own and driven by a script beside this file. A driver uses the client and
nothing of ours; how the client gets to the sandbox is said at its top. What the client's own parser made of each answer
is printed, as a table too, and what the sandbox was handed over is compared with what the client was told to send.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from tests.foreign_clients.tunnel import tunnel

HERE = Path(__file__).parent
_WIDTH = 110
ENVIRONMENTS = HERE.parent.parent / ".venv-foreign"


@dataclass(frozen=True)
class Foreign:
    """A client: what is installed, which driver drives it, and the texts it must have handed over."""

    name: str
    packages: tuple[str, ...]
    driver: str
    texts: tuple[str, ...]
    calls: tuple[str, ...]
    """The routes it must have used."""
    module: str = ""
    """What a driver of several clients imports."""
    tls: bool = False
    """Whether it has an ``https://`` address built in."""

    @property
    def folder(self) -> Path:
        """Where it is installed."""
        return ENVIRONMENTS / re.sub(r"\W+", "-", self.name.partition(" (")[0]).strip("-")


_API2_TEXTS = ("سلام از api2", "کد شما: 91")
_API2_CALLS = (
    "GET /api/v1/sms/accounting/credit/show",
    "POST /api/v1/sms/send/webservice/single",
    "POST /api/v1/sms/pattern/normal/store",
    "POST /api/v1/sms/pattern/normal/send",
    "GET /api/v1/sms/message/all",
    "GET /api/v1/sms/message/show-recipient/message-id/{bulk_id}",
)
_REST_CALLS = (
    "GET /credit",
    "POST /messages",
    "POST /messages/patterns",
    "POST /messages/patterns/send",
    "GET /messages/{bulk_id}",
    "GET /messages/{bulk_id}/recipients",
    "GET /messages/inbox",
)
CLIENTS = (
    Foreign(
        "ippanel 1.1.0 (the vendor's, legacy REST)",
        # It needs requests and does not say so.
        ("ippanel==1.1.0", "requests"),
        "legacy_rest.py",
        ("سلام از REST", "سلام از REST", "کد شما: 1234"),
        _REST_CALLS,
    ),
    Foreign(
        "ippanel-python-sdk 0.1.0 (the vendor's, Edge)",
        ("ippanel-python-sdk==0.1.0",),
        "edge.py",
        ("سلام از Edge", "سلام از Edge", "کد شما: 5678", "4321"),
        ("POST /api/send",),
    ),
    Foreign(
        "ippanel 2.0.7 (the vendor's, api2)",
        ("ippanel==2.0.7", "requests"),
        "api2.py",
        _API2_TEXTS,
        _API2_CALLS,
        module="ippanel",
        tls=True,
    ),
    Foreign(
        "myippanel 0.0.3 (a stranger's, api2)",
        ("myippanel==0.0.3", "requests"),
        "api2.py",
        _API2_TEXTS,
        _API2_CALLS,
        module="myippanel",
        tls=True,
    ),
    Foreign(
        "djsms 0.0.6 (a stranger's, Edge from Django)",
        ("djsms==0.0.6", "tzdata"),
        "djsms.py",
        ("سلام از Django", "سلام به همه", "سلام به همه", "کد شما: 5678", "یک", "دو", "تا پس‌فردا"),
        ("POST /api/send", "GET /api/payment/credit/mine"),
        tls=True,
    ),
    Foreign(
        "@aspianet/faraz-sms 1.1.1 (a stranger's, legacy REST from Node)",
        ("@aspianet/faraz-sms@1.1.1",),
        "faraz_sms.cjs",
        ("سلام از Node", "کد شما: 4321"),
        ("GET /user", *_REST_CALLS),
    ),
)


def installed(client: Foreign) -> list[str]:
    """The command that runs a script with the client's packages at hand; they are installed once."""
    ready, wanted = client.folder / "ready", "\n".join(client.packages)
    python = client.folder / "bin" / "python"
    node = client.driver.endswith(".cjs")
    if not ready.exists() or ready.read_text() != wanted:
        shutil.rmtree(client.folder, ignore_errors=True)
        client.folder.mkdir(parents=True)
        if node:
            command = ["npm", "install", "--silent", "--prefix", str(client.folder), *client.packages]
        else:
            subprocess.run([sys.executable, "-m", "venv", str(client.folder)], check=True)
            options = ["--quiet", "--disable-pip-version-check"]
            command = [str(python), "-m", "pip", "install", *options, *client.packages]
        subprocess.run(command, check=True)
        ready.write_text(wanted)
    # -P: the folder of the driver is not on the path, so nothing of ours can stand in for the client.
    return ["node"] if node else [str(python), "-P"]


def drive(client: Foreign, command: list[str], sandbox: RunningSandbox) -> tuple[list[str], list[str]]:
    """Let the client do all it can; return what it said of each call, and what went wrong."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and name != "PYTHONPATH"
    }
    told = {
        "SANDBOX_URL": sandbox.url,
        "SANDBOX_KEY": sandbox.api_key,
        "SANDBOX_SENDER": sandbox.sender,
        "FOREIGN_MODULE": client.module,
        "NODE_FOLDER": str(client.folder),
        "NO_PROXY": "127.0.0.1",
    }
    with contextlib.ExitStack() as stack:
        if client.tls:
            port = int(sandbox.url.rpartition(":")[2])
            told |= {"HTTPS_PROXY": stack.enter_context(tunnel(port)), "REQUESTS_CA_BUNDLE": sandbox.ca or ""}
        elif client.driver.endswith(".cjs"):
            told["HTTP_PROXY"] = sandbox.url
        done = subprocess.run(
            [*command, str(HERE / client.driver)],
            env=plain | told,
            timeout=120,
            check=False,
            stdout=subprocess.PIPE,
            text=True,
        )
    wrong = [] if done.returncode == 0 else [f"the driver ended with {done.returncode}"]
    handed_over = tuple(message["text"] for message in sandbox.messages())
    if handed_over != client.texts:
        wrong.append(f"the sandbox has {handed_over}")
    requests = sandbox.stats()["requests"]
    wrong += [f"{route} was not called" for route in client.calls if not requests.get(route)]
    return done.stdout.splitlines(), wrong


def main() -> int:
    """Drive every client; the exit code says whether all was well."""
    failures = 0
    rows: list[tuple[str, str, str]] = []
    for client in CLIENTS:
        print(f"\n{client.name}", flush=True)
        try:
            command = installed(client)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"  WRONG: it cannot be installed: {error}", flush=True)
            failures += 1
            continue
        with running_sandbox("--pace", "0", *(["--tls"] if client.tls else [])) as sandbox:
            said, wrong = drive(client, command, sandbox)
        print(*said, sep="\n")
        for line in wrong:
            print(f"  WRONG: {line}")
        print("  all as it should be" if not wrong else "  not as it should be", flush=True)
        rows += [(client.name.partition(" (")[0], *line.strip().split(": ", 1)) for line in said if ": " in line]  # type: ignore[misc]
        failures += bool(wrong)
    print("\n| client | call | what its own parser made of the answer |\n| --- | --- | --- |")
    for name, call, got in rows:
        print(f"| {name} | {call} | {got[:_WIDTH].replace('|', '/')} |")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
