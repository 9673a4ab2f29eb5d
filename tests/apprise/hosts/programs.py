"""What each tool does with a URL, run in the tool's own Python: ``python programs.py TOOL URL``.

Prints one line of JSON: the tool's version, Apprise's, and whether the tool took the notification for sent. Nothing of
this project is imported; the tool finds ``ippanel://`` as its page says.
"""

from __future__ import annotations

import importlib.metadata
import json
import logging
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

TITLE, BODY = "پایش", "دیسک پُر می‌شود"


@contextmanager
def errors() -> Iterator[list[str]]:
    """What is logged as an error meanwhile; all that is left of a failure where a tool ignores the result."""
    found: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        yield found
    finally:
        logging.getLogger().removeHandler(handler)


def command(url: str) -> tuple[str, bool]:
    """The ``apprise`` command, judged by its exit code."""
    return _version("apprise"), _apprise("-b", BODY, "-t", TITLE, url).returncode == 0


def uptime_kuma(url: str) -> tuple[str, bool]:
    """A program in the manner of Uptime Kuma: standard output alone, where the word ERROR says that it failed."""
    return "", "ERROR" not in _apprise("-vv", "-b", BODY, "-t", TITLE, url).stdout


def program(url: str) -> tuple[str, bool]:
    """A few lines of Python around ``Apprise()``, judged by what ``notify`` returns."""
    import apprise

    service = apprise.Apprise()
    return "", bool(service.add(url) and service.notify(BODY, title=TITLE))


def log_handler(url: str) -> tuple[str, bool]:
    """A handler that notifies of each error that is logged anywhere, its own failures among them."""
    import apprise

    service = apprise.Apprise()
    service.add(url)
    ends: list[bool] = []

    class Notifying(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            ends.append(bool(service.notify(self.format(record))))

    logging.getLogger().addHandler(Notifying(logging.ERROR))
    logging.getLogger("program").error(BODY)
    return "", any(ends)


def airflow(url: str) -> tuple[str, bool]:
    """The notifier of Airflow's Apprise provider, which ignores the result."""
    os.environ["AIRFLOW_CONN_APPRISE_DEFAULT"] = json.dumps(
        {"conn_type": "apprise", "extra": {"config": {"path": url, "tag": "all"}}}
    )
    from airflow.providers.apprise.notifications.apprise import AppriseNotifier

    with errors() as found:
        AppriseNotifier(body=BODY, title=TITLE, tag="all").notify({})
    return _version("apache-airflow-providers-apprise"), not found


def prefect(url: str) -> tuple[str, bool]:
    """Prefect's block, which is asked to raise."""
    from prefect.blocks.abstract import NotificationError
    from prefect.blocks.notifications import AppriseNotificationBlock
    from pydantic import SecretStr

    block = AppriseNotificationBlock(url=SecretStr(url))
    try:
        with block.raise_on_failure():
            block.notify(BODY, subject=TITLE)
    except NotificationError:
        return _version("prefect"), False
    return _version("prefect"), True


def dagster(url: str) -> tuple[str, bool]:
    """The resource of dagster-apprise in a job that ran."""
    import dagster as dg
    from dagster_apprise import AppriseConfig, AppriseResource

    ends: list[bool] = []

    @dg.op(required_resource_keys={"apprise"})
    def tell(context) -> None:  # type: ignore[no-untyped-def] # Dagster reads annotations
        ends.append(context.resources.apprise.notify(BODY, title=TITLE))

    @dg.job(resource_defs={"apprise": AppriseResource(config=AppriseConfig(urls=[url]))})
    def alert() -> None:
        tell()

    assert alert.execute_in_process().success
    return _version("dagster"), ends == [True]


def home_assistant(url: str) -> tuple[str, bool]:
    """Home Assistant's own notify service, which ignores the result."""
    from homeassistant.components.apprise.notify import get_service

    with errors() as found:
        service = get_service(None, {"url": [url]})  # type: ignore[arg-type]
        if service is not None:
            service.send_message(BODY, title=TITLE)
    return _version("homeassistant"), service is not None and not found


def changedetection(url: str) -> tuple[str, bool]:
    """changedetection.io's handler, which appends options of its own and raises on any WARNING or ERROR."""
    from changedetectionio.notification.handler import process_notification
    from changedetectionio.notification_service import NotificationContextData

    settings = {"application": {"active_base_url": "http://127.0.0.1:5000", "notification_format": "text"}}
    store = SimpleNamespace(data={"settings": settings, "watching": {}})
    context = NotificationContextData(
        {
            "notification_urls": [url],
            "notification_title": TITLE,
            "notification_body": BODY,
            "notification_format": "text",
            "watch_url": "https://example.com",
        }
    )
    try:
        process_notification(context, store)
    except Exception as error:
        if not re.search("ERROR|WARNING", str(error)):
            raise
        return _version("changedetection.io"), False
    return _version("changedetection.io"), True


TOOLS: dict[str, Callable[[str], tuple[str, bool]]] = {
    "command": command,
    "uptime-kuma": uptime_kuma,
    "program": program,
    "log-handler": log_handler,
    "airflow": airflow,
    "prefect": prefect,
    "dagster": dagster,
    "home-assistant": home_assistant,
    "changedetection": changedetection,
}


def _apprise(*arguments: str) -> subprocess.CompletedProcess[str]:
    # The command of the Apprise that this Python finds first.
    call = "import sys; from apprise.cli import main; sys.argv[0] = 'apprise'; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", call, *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=90,
    )


def _version(distribution: str) -> str:
    return importlib.metadata.version(distribution)


if __name__ == "__main__":
    # Beside this file stand modules of ours, which the tool must not find first.
    sys.path = [path for path in sys.path if path != str(Path(__file__).parent)]
    warnings.simplefilter("ignore")
    tool, sent = TOOLS[sys.argv[1]](sys.argv[2])
    import apprise as found_apprise

    print(json.dumps({"tool": tool, "apprise": found_apprise.__version__, "sent": sent}))
