"""Write ``docs/airflow.md``: everything a DAG author can use, from what the provider tells Airflow and the docstrings.

``python -m docs.generate_airflow_page`` from the project's root, with Airflow installed.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

from ippanel_provider.provider_info import CONNECTION_FIELDS, get_provider_info

PAGE = Path(__file__).parent / "airflow.md"

HEAD = """# In Airflow

What a DAG author can use. Everything waits on a worker or, with `deferrable=True`, on the triggerer; sends always
happen on the worker. What sending tasks promise is in [the guarantee](guarantee.md); runnable examples are in
`example_dags/`. This page is made from the code by `python -m docs.generate_airflow_page`.
"""

COMMON = {
    "`wait_for_completion`": (
        "The task ends when every bulk is final: on its worker, or on the triggerer with `deferrable`. Its "
        "result is the same. "
        "`fail_on`, `min_delivered`, `poke_interval` and `timeout` are those of the bulk sensor. A retry of a "
        "wait that failed "
        "sends nothing and waits on."
    ),
    "`send_time`": "The service sends it then: an aware datetime, or text in ISO form from a template.",
    "`quiet_hours`, `in_quiet_hours`": (
        "Nothing goes out in these hours of Tehran, line by line: `schedule` hands it over for the service to "
        "send when they are over, "
        "`hold` lets the task wait (on the triggerer, rescheduled from Airflow 3.2 on, or asleep) and send after."
    ),
    "`dry_run`": (
        "Nothing is sent. The log and the result say who would get what (numbers masked, texts as their "
        "measure), the parts, the cost "
        "and the credit; of people whom only the service knows, how many."
    ),
    "`on_unconfirmed`, `on_clear`, `settle`": (
        "What to do where no answer came (`fail`, `ask`, `resend`, `skip`), or a user has cleared the task."
    ),
    "`show_rendered`": "Show texts and numbers on the Rendered Template page, which otherwise shows their "
    "length and count.",
}
"""What the operators and transfers that send have in common."""

FAILING = """## How tasks fail

| what happened | what the task does |
|---|---|
| something given cannot be right: a constant | the DAG is not imported; the error begins with the field |
| … a template, a field of the connection, every row there is | fails at once, nothing is sent, no retry is made |
| a wrong credential, an unknown pattern, a refused field | fails at once, no retry is made |
| the service cannot be reached, asks to come later, has no credit or a line that is off | fails and is tried again |
| no answer came to a send | looks into the outbox first, then as `on_unconfirmed` says |
| no answer came to a send of `IPPanelApiOperator`, which remembers nothing | fails, no retry is made |

Each sentence begins with the connection and the field. All errors are in `ippanel_provider.exceptions`, under
`IPPanelTaskError`; those that no retry can mend are `AirflowFailException`, and `soft_fail` and `never_fail` of a
sensor heed them all, from the first look on.

## Templates

Everything that a DAG author would take from a template can be one, flags and numbers too: `dry_run="{{ params.dry }}"`
is what it renders to, also as the text `False`. A text without `{{` is what it says, also with
`render_template_as_native_obj=True`: a code `"0000"` stays `0000`.

What another task returned is data and never a template, also through `expand_kwargs`. Where a template fails, the log
names the field and the error, not the text or the numbers in it. A result of another task inside an object such as
`InPhonebook(…)` is refused by name, because Airflow does not look there.

What is *written into* a mapped task (`partial`, `expand`) stands plain in Airflow's database; people and texts there
are warned of when the DAG is parsed. Take them from a template, as `{{ var.json.people }}`, or from another task.

## For all tasks of a deployment

The section `[ippanel]` of Airflow's configuration, or `AIRFLOW__IPPANEL__…`, says what holds where a task does not:
"""

MYSQL = """On MySQL, whose column for a trigger's arguments takes 64 KB, a deferred wait has room for some 4,000
outbox ids; texts of their own are a bulk each, so let large campaigns wait on the worker there."""


def page() -> str:
    """Return the page."""
    info = get_provider_info()
    lines = [
        HEAD,
        "## The connection",
        "",
        "Type `ippanel`. The password is the API key, or with a login the account's password;",
    ]
    lines += ["the host is the base URL of a relay or a sandbox, empty for the service itself. The rest:", ""]
    lines += ["| field | default | meaning |", "|---|---|---|"]
    lines += [
        f"| `{field.name}` | {'' if field.default is None else f'`{field.default}`'} | {field.description} |"
        for field in CONNECTION_FIELDS
    ]
    for title, rows in (
        ("Operators", _classes(_modules(info["operators"]))),
        ("Transfers", _classes(entry["python-module"] for entry in info["transfers"])),
        ("Sensors", _classes(_modules(info["sensors"]))),
        ("Event triggers", _classes(["ippanel_provider.triggers.inbox_event"])),
        ("Notifier", _classes(path.rpartition(".")[0] for path in info["notifications"])),
    ):
        lines += ["", f"## {title}", "", "| class | what it does |", "|---|---|"]
        lines += [f"| `{module}.{name}` | {summary} |" for module, name, summary in rows]
    lines += ["", "## What all sends can do", "", "| argument | what it does |", "|---|---|"]
    lines += [*(f"| {name} | {meaning} |" for name, meaning in COMMON.items()), "", MYSQL]
    lines += ["", FAILING]
    options = info["config"]["ippanel"]["options"].items()
    lines += ["| option | default | meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | {option['default'] or ''} | {option['description']} |" for name, option in options]
    lines += [
        "",
        "## Besides",
        "",
        "- `@task.ippanel_sms`: the function returns the text, or rows of recipient and text.",
    ]
    lines += [
        "- `ippanel_provider.retry.IPPanelRetryPolicy` (Airflow 3.3): tries again what was not sent, fails at "
        "once on a refusal."
    ]
    lines += [
        "- Metrics `ippanel.sent`, `.parts`, `.refused`, `.unconfirmed`, `.latency`; OpenLineage facets of transfers."
    ]
    lines += ["- A link from a task to its bulk, once the connection's `panel_url` says where the panel is.", ""]
    return "\n".join(lines)


def _modules(entries: list[dict[str, list[str]]]) -> Iterator[str]:
    for entry in entries:
        yield from entry["python-modules"]


def _classes(modules: Iterator[str] | list[str]) -> Iterator[tuple[str, str, str]]:
    for name in modules:
        module = importlib.import_module(name)
        for thing in dict.fromkeys(filter(inspect.isclass, vars(module).values())):
            if thing.__module__ == name and thing.__name__.startswith(("IPPanel", "SqlTo", "FileTo")):
                yield (
                    name,
                    thing.__name__,
                    inspect.cleandoc(thing.__doc__ or "").split("\n\n")[0].replace("\n", " ").replace("|", "\\|"),
                )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
