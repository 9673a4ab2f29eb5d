"""What Airflow asks of a provider, and the one table of connection fields.

Every Airflow command imports this module, so it imports nothing but the version.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ippanel_provider import __version__

PACKAGE_NAME = "airflow-provider-ippanel"
CONNECTION_TYPE = "ippanel"
HOOK_NAME = "IPPanel"
HOOK_CLASS = "ippanel_provider.hooks.ippanel.IPPanelHook"


class ConnectionField(NamedTuple):
    """One extra field of the connection form."""

    name: str
    label: str
    type: str
    """``string``, ``number`` or ``boolean``, as JSON schema has it."""
    description: str
    default: str | float | bool | None = None
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    secret: bool = False


CONNECTION_FIELDS = (
    ConnectionField(
        "sender", "Default sender", "string", "The line texts go out from, as +983000505; a task can name another."
    ),
    ConnectionField(
        "api",
        "API",
        "string",
        "edge (default), or rest for accounts that only have the legacy API.",
        "edge",
        ("edge", "rest"),
    ),
    ConnectionField(
        "totp_secret",
        "TOTP secret",
        "string",
        "Only for a login by user name: the secret (base32) of the authenticator, if the account asks for its code.",
        secret=True,
    ),
    ConnectionField(
        "proxy",
        "Proxy URL",
        "string",
        "For hosts that cannot reach Iran directly: http://user:password@host:port.",
        secret=True,
    ),
    ConnectionField("verify", "Verify TLS", "boolean", "Leave on; off accepts any certificate.", True),
    ConnectionField(
        "allow_http",
        "Allow plain http",
        "boolean",
        "Only for a relay inside your own network: key, numbers and texts can be read on the way.",
        False,
    ),
    ConnectionField(
        "ca_bundle", "CA bundle", "string", "Path of a PEM file, for a relay with a certificate of its own."
    ),
    ConnectionField(
        "ledger_secret",
        "Ledger secret",
        "string",
        "Keys the hashes by which sent texts are remembered; the API key if empty. Keep the old key here when "
        "you change it midway.",
        secret=True,
    ),
    ConnectionField(
        "panel_url",
        "Panel URL",
        "string",
        "The address of a bulk in your panel, with {id} for its id; makes the link of sending tasks.",
    ),
    ConnectionField(
        "quiet_hours",
        "Quiet hours",
        "string",
        'Hours of Tehran in which no task sends, as 22:00-08:00; by line as {"+983000505": "22:00-08:00"}.',
    ),
    ConnectionField(
        "opt_out_suffix",
        "Opt-out suffix",
        "string",
        "The lines whose texts the service bills with the opt-out suffix, as +983000505, or true for all.",
    ),
    ConnectionField(
        "service_profile",
        "Service profile",
        "string",
        "Path of the file that `ippanel doctor` writes, or what stands in it: how this panel really behaves.",
    ),
    ConnectionField("connect_timeout", "Connect timeout", "number", "Seconds.", 5, minimum=0.1),
    ConnectionField("read_timeout", "Read timeout", "number", "Seconds.", 30, minimum=0.1),
    ConnectionField(
        "rate_limit",
        "Rate limit",
        "number",
        "Requests a second, for each worker process; empty is without limit.",
        minimum=0.01,
    ),
)

# The port stands in the form because the Test button of Airflow 3.3.1 and 3.3.2 refuses a connection that has none.
FIELD_BEHAVIOUR: dict[str, Any] = {
    "hidden_fields": ["schema", "extra"],
    "relabeling": {"host": "Base URL", "login": "User name", "password": "API key, or password"},
    "placeholders": {
        "host": "https://edge.ippanel.com/v1",
        "login": "empty with an API key",
        "password": "the API key from the panel",
        "port": "443",
        "sender": "+983000505",
    },
}


def _conn_field(field: ConnectionField) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": [field.type, "null"]}
    if field.default is not None:
        schema["default"] = field.default
    if field.choices:
        schema["enum"] = list(field.choices)
    if field.minimum is not None:
        schema["minimum"] = field.minimum
    if field.secret:
        schema["format"] = "password"
    return {"label": field.label, "description": field.description, "schema": schema}


def _modules(room: str, *names: str) -> list[dict[str, Any]]:
    return [{"integration-name": "IPPanel", "python-modules": [f"ippanel_provider.{room}.{name}" for name in names]}]


_SECTION = (
    (
        "ledger_conn_id",
        "string",
        None,
        "ledger_db",
        "A SQL connection for every sending task's ledger that names none.",
    ),
    ("settle", "float", "120", "300", "Seconds that the outbox list is given to show what was accepted."),
    ("concurrency", "integer", "4", "10", "Requests that a sending task has under way at once."),
    ("keep_formulas", "boolean", "False", "True", "Write texts that a spreadsheet takes for formulas as they came."),
    ("on_unconfirmed", "string", "fail", "ask", "What to do with texts in doubt: fail, ask, resend or skip."),
    ("page", "boolean", "True", "False", "Show the page Browse, Texts in Airflow's interface (3.1 and newer)."),
)
"""What a deployment can set for all its tasks: option, type, default, example, meaning."""


def _option(kind: str, default: str | None, example: str, meaning: str) -> dict[str, Any]:
    return {"description": meaning, "version_added": "0.1.0", "type": kind, "example": example, "default": default}


def get_provider_info() -> dict[str, Any]:
    """Return the provider's metadata in the form of Airflow's provider schema."""
    return {
        "package-name": PACKAGE_NAME,
        "name": "IPPanel",
        "description": "Text messages in Iran through IPPanel.",
        "versions": [__version__],
        "integrations": [
            {
                "integration-name": "IPPanel",
                "external-doc-url": "https://ippanel.com",
                "logo": "https://airflow-provider-ippanel.readthedocs.io/assets/favicon.svg",
                "tags": ["service"],
            }
        ],
        "hooks": _modules("hooks", "ippanel"),
        "operators": _modules(
            "operators",
            *("send", "pattern", "phonebook", "file_send", "bank", "voice"),
            *("account", "report", "results", "inbox", "sync", "api"),
        ),
        "sensors": _modules("sensors", "bulk", "inbox", "account"),
        "triggers": _modules("triggers", "bulk", "inbox", "inbox_event", "account", "phonebook", "clock"),
        "queues": ["ippanel_provider.queues.inbox.IPPanelMessageQueueProvider"],
        "asset-uris": [{"schemes": ["ippanel"], "handler": None}],
        "notifications": ["ippanel_provider.notifications.ippanel.IPPanelNotifier"],
        "task-decorators": [{"name": "ippanel_sms", "class-name": "ippanel_provider.decorators.sms.sms_task"}],
        "extra-links": ["ippanel_provider.links.IPPanelBulkLink", "ippanel_provider.links.IPPanelCampaignLink"],
        "transfers": [
            {
                "source-integration-name": "SQL",
                "target-integration-name": "IPPanel",
                "python-module": "ippanel_provider.transfers.sql_to_ippanel",
            },
            {
                "source-integration-name": "File",
                "target-integration-name": "IPPanel",
                "python-module": "ippanel_provider.transfers.file_to_ippanel",
            },
        ],
        "cli": ["ippanel_provider.airflow_command.commands"],
        "config": {
            "ippanel": {
                "description": "What holds for every task of IPPanel that does not say otherwise.",
                "options": {name: _option(*option) for name, *option in _SECTION},
            }
        },
        "connection-types": [
            {
                "connection-type": CONNECTION_TYPE,
                "hook-class-name": HOOK_CLASS,
                "hook-name": HOOK_NAME,
                "conn-fields": {field.name: _conn_field(field) for field in CONNECTION_FIELDS},
                "ui-field-behaviour": {
                    "hidden-fields": FIELD_BEHAVIOUR["hidden_fields"],
                    "relabeling": FIELD_BEHAVIOUR["relabeling"],
                    "placeholders": FIELD_BEHAVIOUR["placeholders"],
                },
            }
        ],
    }
