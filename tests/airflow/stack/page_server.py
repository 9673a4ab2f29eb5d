"""The page Browse › Texts on an API server alone, behind a base path, as people with different rights.

``python -m tests.airflow.stack.page_server`` from the top of the project, on Airflow 3.1 or newer; the last line is the
verdict.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.airflow.page.ledgers import made
from tests.airflow.stack.airflow_stack import _airflow, _free_port
from tests.airflow.stack.inbox import say

BASE = "/air/flow"
USERS = {"vera": "viewer", "olga": "op", "ada": "admin"}
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Server:
    """An API server on a database of its own, with a ledger that has campaigns in every state."""

    def __init__(self, home: Path) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}{BASE}"
        made(home / "ledger.sqlite")
        (home / "passwords.json").write_text(json.dumps({name: name for name in USERS}), encoding="utf-8")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")} | {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in USERS.items()),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
            "AIRFLOW__API__BASE_URL": f"{self.url}/",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
            "AIRFLOW__IPPANEL__LEDGER_CONN_ID": "books",
            "AIRFLOW_CONN_BOOKS": json.dumps({"conn_type": "sqlite", "host": str(home / "ledger.sqlite")}),
        }
        subprocess.run([*_airflow(), "db", "migrate"], env=self.environment, capture_output=True, check=True)
        with (home / "server.log").open("wb") as log:
            self.process = subprocess.Popen(
                [*_airflow(), "api-server"], env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + 180
        while time.monotonic() < until and self.process.poll() is None:
            with suppress(OSError):
                if self.ask("/api/v2/version")[0] == 200:
                    return
            time.sleep(0.3)
        raise RuntimeError((home / "server.log").read_text(encoding="utf-8")[-2000:])

    def ask(
        self, path: str, token: str | None = None, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, str], str]:
        """Make a call; return status, headers and text."""
        heads = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {}) | headers
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, heads)  # noqa: S310 - our own address
        try:
            with _opener.open(request, timeout=60) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read().decode()

    def token(self, name: str) -> str:
        """Sign in."""
        return str(json.loads(self.ask("/auth/token", body={"username": name, "password": name})[2])["access_token"])


def main() -> int:
    """Run it; 0 when everybody sees and may do what they should."""
    with tempfile.TemporaryDirectory(prefix="ippanel-page-") as home:
        server = Server(Path(home))
        try:
            wrong = [line for line in checked(server) if line]
        finally:
            server.process.terminate()
            server.process.wait(30)
    for line in wrong:
        say(line)
    say("page server failed" if wrong else "page server ok")
    return int(bool(wrong))


def checked(server: Server) -> list[str]:
    """Return what is not as it should be, and empty texts for what is."""
    from_the_page = {"X-Requested-With": "ippanel"}
    told = []

    def expect(what: str, found: Any, wanted: Any) -> None:
        say(f"{what}: {found}")
        told.append("" if found == wanted else f"wrong: {what} is {found}, not {wanted}")

    for path in ("/ippanel/campaigns/", "/ippanel/static/page.js", "/ippanel/api/campaigns"):
        expect(f"{path} without signing in", server.ask(path)[0], 401)
    tokens = {name: server.token(name) for name in USERS}
    status, headers, page = server.ask("/ippanel/campaigns/", tokens["vera"])
    expect("the page", (status, 'src="../static/page.js"' in page), (200, True))
    expect("its policy", "default-src 'none'" in headers.get("content-security-policy", ""), True)
    campaigns = json.loads(server.ask("/ippanel/api/campaigns", tokens["vera"])[2])
    expect("campaigns", sorted(one["state"] for one in campaigns["campaigns"]), ["done", "done", "in doubt", "sending"])
    (doubt,) = campaigns["doubts"]
    expect("a viewer may decide", doubt["may_decide"], False)
    path = f"/ippanel/api/campaigns/{doubt['campaign']}/chunks/{doubt['chunk']}"
    decision = {"decision": "look"}
    expect("a viewer decides", server.ask(path, tokens["vera"], decision, **from_the_page)[0], 403)
    expect("without our header", server.ask(path, tokens["ada"], decision)[0], 403)
    elsewhere = from_the_page | {"Sec-Fetch-Site": "cross-site"}
    expect("from elsewhere", server.ask(path, tokens["ada"], decision, **elsewhere)[0], 403)
    for name in ("olga", "ada"):
        status, _, said = server.ask(path, tokens[name], decision, **from_the_page)
        expect(f"{USERS[name]} decides", (status, json.loads(said).get("by")), (200, name))
    plugins = json.loads(server.ask("/api/v2/plugins?limit=100", tokens["ada"])[2])["plugins"]
    (ours,) = [plugin for plugin in plugins if plugin["name"] == "ippanel_texts"]
    expect("the entry in the menu", ours["external_views"][0]["href"], "ippanel/campaigns/")
    return told


if __name__ == "__main__":
    sys.exit(main())
