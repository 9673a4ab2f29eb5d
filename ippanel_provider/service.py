"""What is true of the IPPanel service: states, statuses, limits, times and error codes.

The one table of these facts; client, sandbox, Airflow forms and documentation read them from here.
Nothing in this module does I/O or imports anything heavier than :mod:`enum`.
"""

from __future__ import annotations

import enum
from typing import TypeVar

EDGE_URL = "https://edge.ippanel.com/v1"
REST_URL = "https://rest.ippanel.com/v1"


class Api(enum.StrEnum):
    """The two wire APIs of the service that the client speaks."""

    EDGE = "edge"
    REST = "rest"


_Code = TypeVar("_Code", bound=enum.IntEnum)


def _unnamed(kind: type[_Code], value: object) -> _Code | None:
    """Return a member for a number that ``kind`` has no name for, None for what is no number."""
    if not isinstance(value, int):
        return None
    member = int.__new__(kind, value)
    member._name_ = f"UNNAMED_{value}"
    member._value_ = value
    return member


class BulkState(enum.IntEnum):
    """``state_id`` of a bulk (one accepted text with its recipients)."""

    CREATING = 0
    MONITORING = 1
    SENDING = 2
    REJECTED = 3
    INVALID_RECIPIENTS = 4
    QUEUED = 5
    SENT = 6
    CANCELLED = 7
    NO_CREDIT = 8
    SYSTEM_ERROR = 9

    @classmethod
    def _missing_(cls, value: object) -> BulkState | None:
        # A state the documents do not name must not make a whole report unreadable; it counts as not final.
        return _unnamed(cls, value)

    @property
    def is_final(self) -> bool:
        """Whether the service will not change this state any more."""
        return self in _FINAL_STATES

    @property
    def is_good(self) -> bool:
        """Whether the texts went out; only :attr:`SENT` is good."""
        return self is BulkState.SENT

    @property
    def meaning(self) -> str:
        """One English phrase for people."""
        return _STATE_MEANINGS.get(self, f"in state {int(self)}, which the documents do not name")


_FINAL_STATES = frozenset(
    {
        BulkState.REJECTED,
        BulkState.INVALID_RECIPIENTS,
        BulkState.SENT,
        BulkState.CANCELLED,
        BulkState.NO_CREDIT,
        BulkState.SYSTEM_ERROR,
    }
)

_STATE_MEANINGS = {
    BulkState.CREATING: "being created",
    BulkState.MONITORING: "waiting for monitoring (a person may review it)",
    BulkState.SENDING: "being sent",
    BulkState.REJECTED: "rejected by monitoring",
    BulkState.INVALID_RECIPIENTS: "recipients wrong or invalid",
    BulkState.QUEUED: "in the send queue",
    BulkState.SENT: "sent",
    BulkState.CANCELLED: "cancelled",
    BulkState.NO_CREDIT: "insufficient credit",
    BulkState.SYSTEM_ERROR: "failed by a system error",
}


class DeliveryStatus(enum.IntEnum):
    """``message_status`` of one recipient of a bulk."""

    SENT_TO_OPERATOR = 0
    OPERATOR_RECEIVED = 1
    DELIVERED = 2
    NOT_DELIVERED = 3
    BLACKLISTED = 4

    @classmethod
    def _missing_(cls, value: object) -> DeliveryStatus | None:
        return _unnamed(cls, value)

    @property
    def is_final(self) -> bool:
        """Whether the operator will not report anything further for this recipient."""
        return self in _FINAL_STATUSES


_FINAL_STATUSES = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.NOT_DELIVERED, DeliveryStatus.BLACKLISTED})


class TicketState(enum.IntEnum):
    """``state_id`` of a support ticket."""

    WAITING = 1
    WAITING_FOR_SUPPORT = 2
    ANSWERED = 3
    CLOSED = 4
    FORWARDED = 5

    @classmethod
    def _missing_(cls, value: object) -> TicketState | None:
        return _unnamed(cls, value)


class BankOperator(enum.IntEnum):
    """``operator_id`` of the sends to banks of numbers."""

    MCI = 1
    IRANCELL = 2
    OTHER = 13


class SendingType(enum.StrEnum):
    """``sending_type`` of ``POST /api/send``."""

    WEBSERVICE = "webservice"
    NORMAL = "normal"
    PEER_TO_PEER = "peer_to_peer"
    PEER_TO_PEER_FILE = "peer_to_peer_file"
    FILE = "file"
    KEYWORD = "keyword"
    KEYWORD_PHONEBOOK = "keyword_phonebook"
    PHONEBOOK = "phonebook"
    PATTERN = "pattern"
    VOTP = "votp"
    POSTAL_CODE = "postal_code"
    COUNTRY = "country"
    GEOLOCATION = "geolocation"
    JOB = "job"


# Limits, counted as the name says.
MAX_TEXT_CHARACTERS = 1400
MAX_TEXT_PARTS = 20
MAX_RECIPIENTS_PER_REQUEST = 1000
# The documents give no figure for peer_to_peer; the webservice figure is the safe reading.
MAX_PEER_TO_PEER_ITEMS = 1000
MAX_FILE_ROWS = 10_000
MAX_FILE_NUMBERS = 1_000_000
MAX_PHONEBOOKS_PER_SEND = 100
MAX_VOTP_DIGITS = 14
MAX_PATTERN_TITLE = 200
MAX_PATTERN_DESCRIPTION = 500
MAX_PATTERN_VARIABLES = 30
MAX_PATTERN_VARIABLE_NAME = 50
MAX_PHONEBOOK_TITLE = 200
MAX_PHONEBOOK_CONTACTS = 100_000
MAX_PAGE_SIZE = 1000
MAX_PATTERN_PAGE_SIZE = 100
DEFAULT_PAGE_SIZE = 10
MAX_DRAFT_GROUPS = 20
MAX_DRAFT_GROUP_TITLE = 200
MAX_DRAFTS = 200
MAX_TICKET_FILE_BYTES = 10 * 1024 * 1024
TICKET_FILE_KINDS = ("zip", "jpg", "png")
MIN_TOKEN_LENGTH = 30
MAX_TOKEN_LENGTH = 255
# Birth years are Jalali years, not ages, whatever the field is called.
MIN_BIRTH_YEAR = 1300
MAX_BIRTH_YEAR = 1410

# Times, in seconds.
MIN_SCHEDULE_AHEAD = 5 * 60
# "Three months" on the documents' side; ninety days keeps clear of the edge in every month.
MAX_SCHEDULE_AHEAD = 90 * 24 * 3600
CANCEL_WINDOW = 5 * 60
DUPLICATE_GUARD = 40
TOKEN_LIFETIME = 10 * 3600
LOGIN_STEP_LIFETIME = 6 * 60
RECOVERY_STEP_LIFETIME = 2 * 60

SEND_TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
"""``send_time`` on the wire, in UTC."""

OPT_OUT_SUFFIX = "لغو11"
"""The suffix the service demands on some lines; ``calculate-price`` does not count it."""


class LegacyCode(enum.IntEnum):
    """Error codes of the legacy REST API."""

    CREDENTIAL = 10001
    EMPTY_BODY = 10002
    USER_LIMITED = 10003
    NUMBER_NOT_ASSIGNED = 10004
    RECIPIENTS_EMPTY = 10005
    NO_CREDIT = 10006
    LINE_NOT_FOR_BULK = 10007
    LINE_OFF = 10008
    TOO_MANY_RECIPIENTS = 10009
    OPERATOR_OFFLINE = 10010
    NO_PRICING = 10011
    TICKET_INVALID = 10012
    ACCESS_DENIED = 10013
    PATTERN_INVALID = 10014
    PATTERN_PARAMS_INVALID = 10015
    PATTERN_INACTIVE = 10016
    PATTERN_RECIPIENT_INVALID = 10017
    OUTSIDE_SEND_HOURS = 10019
    DOCUMENTS_NOT_APPROVED = 10021
    INTERNAL = 10022
    NUMBER_NOT_FOUND = 10023
    GATEWAY_DISABLED = 10024
    UNPROCESSABLE = 422
    UNAUTHORIZED = 1401
    KEY_NOT_VALID = 1402
    KEY_REVOKED = 1403
