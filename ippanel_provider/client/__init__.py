"""A typed client of IPPanel, sync and async. Imports nothing from Airflow, Apprise or the sandbox.

>>> from ippanel_provider.client import Client, edge
>>> with Client("api-key") as client:                                       # doctest: +SKIP
...     receipt = client.run(edge.send.webservice("سلام", ["09120000000"], sender="+983000505"))
"""

from ippanel_provider.client import edge
from ippanel_provider.client.auth import ApiKey, Auth, Login
from ippanel_provider.client.errors import (
    Details,
    Invalid,
    InvalidInput,
    IPPanelError,
    NoAnswer,
    NotFound,
    NotSent,
    OtpRequired,
    Refused,
    ServerFault,
    Throttled,
    Unauthorized,
    Unconfirmed,
    Unreachable,
    Unreadable,
    Unsupported,
)
from ippanel_provider.client.exchange import Retry
from ippanel_provider.client.models import Account, Bulk, Credit, Delivery, InboxMessage, Price, Receipt
from ippanel_provider.client.request import Flow, Page, PageRequest, Replay, Request, Sleep, Upload
from ippanel_provider.client.tokens import FileStore, MemoryStore, StoredToken, TokenStore
from ippanel_provider.client.transport import AsyncClient, Client, Settings

__all__ = [
    "Account",
    "ApiKey",
    "AsyncClient",
    "Auth",
    "Bulk",
    "Client",
    "Credit",
    "Delivery",
    "Details",
    "FileStore",
    "Flow",
    "IPPanelError",
    "InboxMessage",
    "Invalid",
    "InvalidInput",
    "Login",
    "MemoryStore",
    "NoAnswer",
    "NotFound",
    "NotSent",
    "OtpRequired",
    "Page",
    "PageRequest",
    "Price",
    "Receipt",
    "Refused",
    "Replay",
    "Request",
    "Retry",
    "ServerFault",
    "Settings",
    "Sleep",
    "StoredToken",
    "Throttled",
    "TokenStore",
    "Unauthorized",
    "Unconfirmed",
    "Unreachable",
    "Unreadable",
    "Unsupported",
    "Upload",
    "edge",
]
