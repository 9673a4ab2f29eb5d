"""Every kind of task that this provider has, with values that must be found nowhere in what it takes."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

from ippanel_provider.options import Results
from ippanel_provider.provider_info import get_provider_info
from tests.leaks.canaries import BY_NAME

PEOPLE = [f"0{BY_NAME['phone number'].value}", f"+98{BY_NAME['second phone number'].value}"]
LATIN = BY_NAME["Latin word of a text"].value
TEXT = f"سلام {BY_NAME['word of a text'].value} {LATIN}"
VALUE = BY_NAME["pattern value"].value
RESULTS = Results("leaks_results", conn_id="books")
Kinds = dict[str, tuple[Any, dict[str, Any]]]
READING = frozenset(
    {"credit", "report", "results", "inbox", "export_book", "bulk", "inbox_sensor", "pattern", "credit_sensor"}
)
"""What sends nothing, so that the service has to tell back what it is asked."""


def kinds_of_tasks(order: dict[str, Any]) -> Kinds:
    """Return every kind with what it takes; files stand outside of Airflow's home, since people are meant to be in
    them.

    :raises LookupError: naming a kind that is missing.
    """
    data, code, book = Path(order["data"]), order["pattern"], order["book"]
    waiting = {"poke_interval": 0.5, "timeout": 1}
    template = f"{LATIN} {{{{ row.text }}}}"
    given = {
        "send": ("IPPanelSendOperator", {"message": TEXT, "recipients": PEOPLE}),
        "send_own": ("IPPanelSendOperator", {"messages": [(PEOPLE[0], TEXT), (PEOPLE[1], f"{TEXT} 2")]}),
        "send_recorded": (
            "IPPanelSendOperator",
            {
                "messages": [{"recipient": PEOPLE[0], "message": TEXT, "key": "a7"}],
                "results": RESULTS,
                "campaign_id": "leaks",
                "ledger_conn_id": "books",
            },
        ),
        "results": (
            "IPPanelResultsOperator",
            {"results": RESULTS, "campaign_id": "leaks", "ledger_conn_id": "books", **waiting},
        ),
        "send_pattern": (
            "IPPanelSendPatternOperator",
            {"code": code, "recipients": PEOPLE, "variables": {"name": VALUE}},
        ),
        "voice": ("IPPanelVoiceOtpOperator", {"code": "48213", "recipient": PEOPLE[0]}),
        "send_book": ("IPPanelSendPhonebookOperator", {"message": TEXT, "books": [book]}),
        "send_file": (
            "IPPanelSendFileOperator",
            {"path": str(data / "numbers.xlsx"), "message": TEXT, "other_recipients": PEOPLE},
        ),
        "bank": (
            "IPPanelSendBankOperator",
            {
                "message": TEXT,
                "kind": "postal_code",
                "choices": [{"postal_code": "19", "mci": {"size": 2}}],
                "other_recipients": PEOPLE,
            },
        ),
        "price": ("IPPanelPriceOperator", {"message": TEXT}),
        "credit": ("IPPanelCreditOperator", {"at_least": "1"}),
        "cancel": ("IPPanelCancelOperator", {"outbox_ids": [order["scheduled"]]}),
        "api": (
            "IPPanelApiOperator",
            {
                "operation": "send.webservice",
                "arguments": {"message": TEXT, "recipients": PEOPLE, "sender": order["sender"]},
            },
        ),
        "create_pattern": (
            "IPPanelCreatePatternOperator",
            {"message": "کد %code%", "description": "x", "variables": {"code": "string"}},
        ),
        "update_pattern": (
            "IPPanelUpdatePatternOperator",
            {"code": order["changing"], "message": "کد %code%", "description": "x", "variables": {"code": "string"}},
        ),
        "delete_pattern": ("IPPanelDeletePatternOperator", {"code": order["deleted"]}),
        "export_book": ("IPPanelExportPhonebookOperator", {"phonebook_id": book, "path": str(data / "book.csv")}),
        "import_book": ("IPPanelImportPhonebookOperator", {"phonebook_id": book, "path": str(data / "contacts.xlsx")}),
        "report": ("IPPanelDeliveryReportOperator", {"outbox_ids": [order["sent"]], "path": str(data / "report.csv")}),
        "inbox": ("IPPanelInboxOperator", {"path": str(data / "inbox.csv")}),
        "sync_book": (
            "IPPanelPhonebookSyncOperator",
            {
                "book": "Leaks",
                "rows": [{"number": PEOPLE[0], "name": TEXT}, {"number": LATIN, "name": PEOPLE[1]}],
                "fields": {"name": "name"},
            },
        ),
        "sync_patterns": ("IPPanelPatternSyncOperator", {"folder": str(data / "patterns")}),
        "sql": (
            "SqlToIPPanelOperator",
            {
                "sql": "SELECT mobile, text FROM people",
                "sql_conn_id": "warehouse",
                "recipient_column": "mobile",
                "row_message": template,
            },
        ),
        "file": (
            "FileToIPPanelOperator",
            {"path": str(data / "people.csv"), "recipient_column": "mobile", "row_message": template},
        ),
        "bulk": ("IPPanelBulkSensor", {"outbox_ids": [order["sent"]], "min_delivered": "0.9", **waiting}),
        "inbox_sensor": (
            "IPPanelInboxSensor",
            {"sender": PEOPLE[0], "keywords": ["stop"], "after_id": 0, "least": 5, **waiting},
        ),
        "pattern": ("IPPanelPatternSensor", {"pattern_code": code, **waiting}),
        "credit_sensor": ("IPPanelCreditSensor", {"at_least": "1000000000000000000", **waiting}),
    }
    classes = classes_of_tasks()
    if missing := classes.keys() - {kind for kind, _ in given.values()}:
        raise LookupError(f"tests/leaks/kinds.py runs no {', '.join(sorted(missing))}")
    return {name: (classes[kind], fields) for name, (kind, fields) in given.items()}


def classes_of_tasks() -> dict[str, Any]:
    """Return the classes of tasks in the modules that Airflow is told of, by name."""
    from airflow.providers.common.compat.sdk import BaseOperator

    info = get_provider_info()
    modules = [name for room in ("operators", "sensors") for group in info[room] for name in group["python-modules"]]
    modules += [transfer["python-module"] for transfer in info["transfers"]]
    return {
        name: kind
        for module in modules
        for name, kind in vars(importlib.import_module(module)).items()
        if inspect.isclass(kind) and issubclass(kind, BaseOperator) and kind.__module__ == module and name[0] != "_"
    }
