"""What to copy to point a program at this sandbox."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request

from ippanel_provider.sandbox.defaults import SENDER

from .i18n import Tongue
from .layout import sandbox_of

_SOMEBODY = "09120000000"


@dataclass(frozen=True, slots=True)
class Snippet:
    """Something to copy: ``key`` for its element, a title and what it does in the reader's language, the text
    itself, and the ``greeting`` in it."""

    key: str
    title: str
    tells: str
    text: str
    greeting: str

    @property
    def pieces(self) -> Iterator[tuple[str, bool]]:
        """The text in pieces, each with whether it is the greeting: in Persian that must not turn what is around it."""
        for place, piece in enumerate(self.text.split(self.greeting)):
            if place:
                yield self.greeting, True
            yield piece, False


def base_url(request: Request) -> str:
    """What a client is configured with."""
    return f"{request.base_url}v1"


def snippets(request: Request, tongue: Tongue) -> list[Snippet]:
    """Ready to run as they stand: with this sandbox's address, key and first line."""
    sandbox, url = sandbox_of(request), base_url(request)
    key, line = sandbox.api_key, next(iter(sandbox.lines), SENDER)
    greeting = tongue("Hello from the sandbox")
    connection = {"conn_type": "ippanel", "host": url, "password": key, "extra": {"sender": line}}
    send = {
        "sending_type": "webservice",
        "from_number": line,
        "message": greeting,
        "params": {"recipients": ["+98" + _SOMEBODY[1:]]},
    }
    address = f"ippanel://{quote(key, safe='')}@{quote(line, safe='+')}/{_SOMEBODY}?url={quote(url, safe='')}"
    made = [
        (
            "curl",
            "curl",
            tongue("Send a first text from a terminal."),
            f"curl {shlex.quote(url + '/api/send')} \\\n  -H {shlex.quote('Authorization: ' + key)} \\\n"
            f"  -H 'Content-Type: application/json' \\\n  -d {_shell(send, 2)}",
        ),
        (
            "airflow",
            tongue("Airflow connection"),
            tongue("As an environment variable of the scheduler and the workers."),
            f"export AIRFLOW_CONN_IPPANEL_DEFAULT={_shell(connection, 2)}",
        ),
        (
            "dag",
            tongue("A task in a DAG"),
            tongue("Uses the connection above."),
            "from ippanel_provider.operators.send import IPPanelSendOperator\n\n"
            "IPPanelSendOperator(\n"
            '    task_id="greet",\n'
            f"    message={_python(greeting)},\n"
            f"    recipients=[{_python(_SOMEBODY)}],\n"
            ")",
        ),
        (
            "python",
            tongue("Python client"),
            tongue("The typed client, without Airflow."),
            "from ippanel_provider.client import ApiKey, Client, Settings, edge\n\n"
            f"settings = Settings(base_url={_python(url)})\n"
            f"with Client(ApiKey({_python(key)}), settings) as client:\n"
            f"    client.run(edge.send.webservice({_python(greeting)}, [{_python(_SOMEBODY)}], "
            f"sender={_python(line)}))",
        ),
        (
            "apprise",
            "Apprise",
            tongue("For every tool that speaks Apprise."),
            f"apprise -b {shlex.quote(greeting)} \\\n  {shlex.quote(address)}",
        ),
        (
            "cli",
            tongue("Command line"),
            tongue("The command that comes with the package."),
            f"export IPPANEL_BASE_URL={shlex.quote(url)} IPPANEL_API_KEY={shlex.quote(key)} "
            f"IPPANEL_SENDER={shlex.quote(line)}\n"
            f"ippanel send -m {shlex.quote(greeting)} {_SOMEBODY}",
        ),
    ]
    return [Snippet(*each, greeting) for each in made]


def _shell(content: object, indent: int) -> str:
    """JSON in quotes for a shell; lists stay on their line."""
    text = json.dumps(content, ensure_ascii=False, indent=indent)
    return shlex.quote(re.sub(r"\[\s+(.*?)\s+\]", r"[\1]", text))


def _python(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
