"""Clients of the package index that this project did not write, unchanged, against the sandbox: ``make test-foreign``.

Each is installed into an environment of its own and driven by the script beside this file that is named for the API it
speaks. A driver imports the client and nothing of ours; how the client gets to the sandbox is said at its top. What the
client saw is printed, and what the sandbox was handed over is compared with what the client was told to send.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox

HERE = Path(__file__).parent
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


CLIENTS = (
    Foreign(
        "ippanel 1.1.0 (the vendor's, legacy REST)",
        # It needs requests and does not say so.
        ("ippanel==1.1.0", "requests"),
        "legacy_rest.py",
        ("سلام از REST", "سلام از REST", "کد شما: 1234"),
        (
            "GET /credit",
            "POST /messages",
            "POST /messages/patterns",
            "POST /messages/patterns/send",
            "GET /messages/{bulk_id}",
            "GET /messages/{bulk_id}/recipients",
            "GET /messages/inbox",
        ),
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
        ("سلام از api2", "کد شما: 91"),
        (
            "GET /api/v1/sms/accounting/credit/show",
            "POST /api/v1/sms/send/webservice/single",
            "POST /api/v1/sms/pattern/normal/store",
            "POST /api/v1/sms/pattern/normal/send",
            "GET /api/v1/sms/message/all",
            "GET /api/v1/sms/message/show-recipient/message-id/{bulk_id}",
        ),
    ),
)


def environment(client: Foreign) -> Path:
    """The interpreter of an environment with the client's packages; made once."""
    folder = ENVIRONMENTS / client.driver.removesuffix(".py")
    python, ready = folder / "bin" / "python", folder / "ready"
    wanted = "\n".join(client.packages)
    if not ready.exists() or ready.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *client.packages],
            check=True,
        )
        ready.write_text(wanted)
    return python


def drive(client: Foreign, python: Path, sandbox: RunningSandbox) -> list[str]:
    """Let the client do all it can; return what went wrong."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and name != "PYTHONPATH"
    }
    told = {"SANDBOX_URL": sandbox.url, "SANDBOX_KEY": sandbox.api_key, "SANDBOX_SENDER": sandbox.sender}
    # -P: the folder of the driver is not on the path, so nothing of ours can stand in for the client.
    done = subprocess.run([str(python), "-P", str(HERE / client.driver)], env=plain | told, timeout=120, check=False)
    wrong = [] if done.returncode == 0 else [f"the driver ended with {done.returncode}"]
    handed_over = tuple(message["text"] for message in sandbox.messages())
    if handed_over != client.texts:
        wrong.append(f"the sandbox has {handed_over}")
    requests = sandbox.stats()["requests"]
    wrong += [f"{route} was not called" for route in client.calls if not requests.get(route)]
    return wrong


def main() -> int:
    """Drive every client; the exit code says whether all was well."""
    failures = 0
    for client in CLIENTS:
        print(f"\n{client.name}", flush=True)
        python = environment(client)
        with running_sandbox("--pace", "0") as sandbox:
            wrong = drive(client, python, sandbox)
        for line in wrong:
            print(f"  WRONG: {line}")
        print("  all as it should be" if not wrong else "  not as it should be", flush=True)
        failures += bool(wrong)
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
