"""The names others may build on. One that disappears breaks them; one that appears is a promise. Both are decided here.

What is not listed, such as the rooms ``delivery`` and ``sync`` and whatever starts with an underscore, may change at
any time.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ippanel_provider.provider_info import get_provider_info

from .client.edge.test_operations import DOCUMENTED

TOP = Path(__file__).parents[1]
PACKAGE = "ippanel_provider"
PUBLIC = {
    # What a text message is.
    "text.numbers": "Problem InvalidNumber normalize is_sender mask",
    "text.parts": "Encoding TextSize measure weigh",
    "text.hours": "TEHRAN QuietHours quiet_hours_of",
    "service": """
        EDGE_URL REST_URL SANDBOX_API_KEY Api BulkState DeliveryStatus TicketState BankOperator MCI_PREFIXES
        IRANCELL_PREFIXES SendingType
        MAX_TEXT_CHARACTERS
        MAX_TEXT_PARTS MAX_RECIPIENTS_PER_REQUEST MAX_PEER_TO_PEER_ITEMS MAX_FILE_ROWS MAX_FILE_NUMBERS
        MAX_PHONEBOOKS_PER_SEND MAX_VOTP_DIGITS MAX_PATTERN_TITLE MAX_PATTERN_DESCRIPTION MAX_PATTERN_VARIABLES
        MAX_PATTERN_VARIABLE_NAME MAX_PHONEBOOK_TITLE MAX_PHONEBOOK_CONTACTS MAX_PAGE_SIZE MAX_PATTERN_PAGE_SIZE
        DEFAULT_PAGE_SIZE MAX_DRAFT_GROUPS MAX_DRAFT_GROUP_TITLE MAX_DRAFTS MAX_TICKET_FILE_BYTES TICKET_FILE_KINDS
        MIN_TOKEN_LENGTH MAX_TOKEN_LENGTH MIN_BIRTH_YEAR MAX_BIRTH_YEAR MIN_SCHEDULE_AHEAD MAX_SCHEDULE_AHEAD
        CANCEL_WINDOW DUPLICATE_GUARD TOKEN_LIFETIME LOGIN_STEP_LIFETIME RECOVERY_STEP_LIFETIME SEND_TIME_FORMAT
        OPT_OUT_SUFFIX LegacyCode LegacyStatus legacy_bulk_state
    """,
    "options": "Memory Checks Results IfStatus STATUSES",
    # The client.
    "client": """
        Account AddedContacts Ancestor ApiKey AsyncClient Auth BankCounts BankEntry Bulk BulkStats Client Contact
        Credit Delivery Details Draft DraftGroup edge FileStore Flow Gateway gateway InboxMessage IncomingText
        Interaction Invalid InvalidInput IPPanelClientError
        IPPanelError JobCategory Line Login LoginStep MemoryStore NoAnswer NotFound
        NotSent Option OtpRequired Package Page PageRequest ParentsTree Pattern PatternVariable Phonebook Price
        Receipt RecoveryStep Refused Replay Request rest Retry ServerFault Settings Sleep StoredToken Throttled Ticket
        TicketCreated TicketReply TokenStore Unauthorized Unconfirmed Unreachable Unreadable Unsupported Upload User
    """,
    "client.edge": "auth bank draft number operations package pattern payment phonebook report send ticket user",
    "client.edge.audience": "Slice Operators People PostalArea CountryArea GeoArea Trade postal_areas "
    "country_areas geo_areas trades",
    "client.edge.pattern": "VariableType",
    "client.edge.phonebook": "OptionType NewContact",
    "client.edge.send": "Variables PhonebookPart Filing",
    "client.rest": """
        RestUser RestPattern RestBulk RestDelivery user credit send send_pattern create_pattern message recipients
        inbox
    """,
    "client.watch": "FEW FAILURES states spent Tally tally BulkWatch newest_inbox_id received",
    "client.gateway": "Gateway gateway",
    # Airflow.
    "inbox": "InboxFilter keyword_of sender_hash",
    "airflow_command": "commands",
    "hooks.ippanel": "IPPanelHook",
    "operators.account": "IPPanelCreditOperator IPPanelPriceOperator IPPanelCancelOperator",
    "operators.api": "IPPanelApiOperator",
    "operators.bank": "IPPanelSendBankOperator",
    "operators.file_send": "IPPanelSendFileOperator",
    "operators.inbox": "IPPanelInboxOperator",
    "operators.pattern": """
        IPPanelSendPatternOperator IPPanelCreatePatternOperator IPPanelUpdatePatternOperator
        IPPanelDeletePatternOperator
    """,
    "operators.phonebook": "IPPanelSendPhonebookOperator IPPanelImportPhonebookOperator IPPanelExportPhonebookOperator",
    "operators.report": "IPPanelDeliveryReportOperator",
    "operators.results": "IPPanelResultsOperator",
    "operators.send": "IPPanelSendOperator",
    "operators.suppress": "OptedOut InPhonebook InTable InFile",
    "operators.sync": "IPPanelPatternSyncOperator IPPanelPhonebookSyncOperator",
    "operators.voice": "IPPanelVoiceOtpOperator",
    "sensors.account": "IPPanelPatternSensor IPPanelCreditSensor",
    "sensors.bulk": "IPPanelBulkSensor",
    "sensors.inbox": "IPPanelInboxSensor",
    "triggers.account": "IPPanelPatternTrigger IPPanelCreditTrigger",
    "triggers.bulk": "IPPanelBulkTrigger",
    "triggers.clock": "IPPanelClockTrigger",
    "triggers.inbox": "IPPanelInboxTrigger",
    "triggers.inbox_event": "IPPanelInboxEventTrigger",
    "triggers.phonebook": "IPPanelImportTrigger",
    "transfers.file_to_ippanel": "FileToIPPanelOperator",
    "transfers.partitions": "plan_partitions",
    "transfers.sql_to_ippanel": "SqlToIPPanelOperator",
    "notifications.ippanel": "IPPanelNotifier send_ippanel_notification",
    "decorators.sms": "sms_task",
    "queues.inbox": "IPPanelMessageQueueProvider",
    "links": "IPPanelBulkLink IPPanelCampaignLink",
    "retry": "IPPanelRetryPolicy",
    "exceptions": """
        IPPanelTaskError IPPanelException InvalidArgument RequestFailed RequestInDoubt RequestRefused
        SendFailed SendRefused SendInDoubt SendUndecided BulksFailed WaitFailed WaitRefused WaitTimedOut TooFewDelivered
        PatternRejected ImportFailed SyncFailed SyncRefused CreditTooLow CancelFailed
    """,
    # Apprise.
    "apprise_plugin": "NotifyIPPanel register",
    "apprise_url": "SCHEME apprise_url assembled",
    # The sandbox, for tests.
    "sandbox.runner": "SandboxError Message Counts RunningSandbox running_sandbox",
    "sandbox.pytest_plugin": "ippanel_sandbox_process ippanel_sandbox",
    # The command.
    "cli": "INTERRUPTED main",
}

for chapter, calls in DOCUMENTED.items():
    # The calls are listed once, with what is specified of them.
    PUBLIC[f"client.edge.{chapter}"] = f"{PUBLIC.get(f'client.edge.{chapter}', '')} {calls}"

AIRFLOW = {"operators", "sensors", "triggers", "transfers", "notifications", "queues", "links"}
"""The rooms whose modules also hold helpers: only what is called after the service is public there, unless it is
listed.
"""
BASES = {"operators.base", "sensors.base", "transfers.base"}
"""What ours have in common is theirs alone."""


def source(module: str) -> Path:
    folder = TOP.joinpath(PACKAGE, *module.split("."))
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


def names(module: str) -> set[str]:
    """What a module offers: ``__all__``, or what it defines; read, not imported, because not all can be everywhere."""
    found: set[str] = set()
    for node in ast.parse(source(module).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            written = node.targets if isinstance(node, ast.Assign) else [node.target]
            targets = {target.id for target in written if isinstance(target, ast.Name)}
            if targets == {"__all__"} and node.value is not None:
                return set(ast.literal_eval(node.value))
            found |= targets
    # A single letter stands for a type.
    return {name for name in found if not name.startswith("_") and len(name) > 1}


def modules(room: str) -> Iterator[str]:
    for file in sorted((TOP / PACKAGE).glob(f"{room}/*.py")):
        if not file.name.startswith("_"):
            yield f"{room}.{file.stem}".replace("/", ".")


def ours(name: str) -> bool:
    return "ippanel" in name.lower() and not name.isupper()


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names_are_these(module: str) -> None:
    listed = set(PUBLIC[module].split())
    found = names(module)
    if module.partition(".")[0] in AIRFLOW:
        found = {name for name in found if name in listed or ours(name)}
    assert sorted(found) == sorted(listed)


def test_no_module_with_public_names_is_forgotten() -> None:
    forgotten = [
        module
        for room in AIRFLOW
        for module in modules(room)
        if module not in {*PUBLIC, *BASES} and any(map(ours, names(module)))
    ]
    assert forgotten == []
    assert [module for module in modules("client/edge") if module not in PUBLIC] == []


def test_what_airflow_is_told_of_is_public() -> None:
    told = re.findall(rf"{PACKAGE}\.([\w.]+)", repr(get_provider_info()))
    assert told
    public = {*PUBLIC, *(f"{module}.{name}" for module, listed in PUBLIC.items() for name in listed.split())}
    assert sorted(set(told) - public) == []


def test_documentation_and_examples_import_only_what_is_public() -> None:
    """What people read, they use."""
    shown = set(imported())
    assert len(shown) > 10
    public = {*PUBLIC, *(f"{module}.{name}" for module, listed in PUBLIC.items() for name in listed.split())}
    assert sorted(shown - public) == []


def imported() -> Iterator[str]:
    pages = [*TOP.glob("*.md"), *TOP.glob("docs/**/*.md"), *TOP.glob("example_dags/*.py")]
    for page in pages:
        for module, listed in re.findall(
            rf"from {PACKAGE}\.([\w.]+) import (\([^)]*\)|[^\n`]*)", page.read_text(encoding="utf-8")
        ):
            yield from (
                f"{module}.{name}"
                for name in re.findall(r"\w+", listed.partition("#")[0])
                if name not in {"noqa", "as"}
            )
