"""What is true of the IPPanel service: states, statuses, limits, times and error codes.

The one table of these facts; client, sandbox, Airflow forms and documentation read them from here.
Nothing in this module does I/O or imports anything heavier than :mod:`enum`.
"""

from __future__ import annotations

import enum
from typing import Self

EDGE_URL = "https://edge.ippanel.com/v1"
REST_URL = "https://rest.ippanel.com/v1"
SANDBOX_API_KEY = "sandbox-key"
"""The key every sandbox takes unless it is given another. No account has it."""


class Api(enum.StrEnum):
    """The two wire APIs of the service that the client speaks."""

    EDGE = "edge"
    REST = "rest"


class _OpenEnum(enum.IntEnum):
    """A number that the documents do not name is a member too: it must not make a whole report unreadable."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNNAMED_{value}"
        member._value_ = value
        return member


class BulkState(_OpenEnum):
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

    @property
    def is_final(self) -> bool:
        """Whether the service will not change this state any more; not so for one without a name."""
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
    BulkState.MONITORING: "waiting for monitoring, at times by a person",
    BulkState.SENDING: "being sent",
    BulkState.REJECTED: "rejected by monitoring",
    BulkState.INVALID_RECIPIENTS: "recipients wrong or invalid",
    BulkState.QUEUED: "in the send queue",
    BulkState.SENT: "sent",
    BulkState.CANCELLED: "cancelled",
    BulkState.NO_CREDIT: "insufficient credit",
    BulkState.SYSTEM_ERROR: "failed by a system error",
}


class DeliveryStatus(_OpenEnum):
    """``message_status`` of one recipient of a bulk."""

    SENT_TO_OPERATOR = 0
    OPERATOR_RECEIVED = 1
    DELIVERED = 2
    NOT_DELIVERED = 3
    BLACKLISTED = 4

    @property
    def is_final(self) -> bool:
        """Whether the operator will not report anything further for this recipient."""
        return self in _FINAL_STATUSES


_FINAL_STATUSES = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.NOT_DELIVERED, DeliveryStatus.BLACKLISTED})


class TicketState(_OpenEnum):
    """``state_id`` of a support ticket."""

    WAITING = 1
    WAITING_FOR_SUPPORT = 2
    ANSWERED = 3
    CLOSED = 4
    FORWARDED = 5


class BankOperator(enum.IntEnum):
    """``operator_id`` of the sends to banks of numbers."""

    MCI = 1
    IRANCELL = 2
    OTHER = 13


# How mobile numbers begin after +98, as of 2026. Numbers move between operators, and so these are where they were given
# out. 094 is no mobile number but internet at home, without texts.
MCI_PREFIXES = ("91", "990", "991", "992", "993", "994", "996")
IRANCELL_PREFIXES = ("900", "901", "902", "903", "904", "905", "930", "933", "935", "936", "937", "938", "939")


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

    @property
    def meaning(self) -> str:
        """What it means and what to do about it, in English sentences for people."""
        return _LEGACY_MEANINGS[self]


_LEGACY_MEANINGS = {
    LegacyCode.CREDENTIAL: "The key is not known. Give an access key of the legacy REST API; keys of the Edge "
    "API are others.",
    LegacyCode.EMPTY_BODY: "The request came without a body. A proxy on the way may have dropped it.",
    LegacyCode.USER_LIMITED: "The account is limited. Ask the panel's support to lift the limit.",
    LegacyCode.NUMBER_NOT_ASSIGNED: "The sender is not a line of this account. Use one that the panel lists.",
    LegacyCode.RECIPIENTS_EMPTY: "No recipient was left. Check that the numbers are mobile numbers of Iran.",
    LegacyCode.NO_CREDIT: "The credit does not suffice. Charge the account, or send to fewer.",
    LegacyCode.LINE_NOT_FOR_BULK: "The line is not meant for texts to many. Use another line.",
    LegacyCode.LINE_OFF: "The line is switched off. Use another, or have it switched on in the panel.",
    LegacyCode.TOO_MANY_RECIPIENTS: "There are too many recipients for one request. Send to them in smaller groups.",
    LegacyCode.OPERATOR_OFFLINE: "The operator of the line cannot be reached. Try again later, or use a line of "
    "another operator.",
    LegacyCode.NO_PRICING: "The account has no price list. Ask the panel's support for one.",
    LegacyCode.TICKET_INVALID: "The ticket is not valid.",
    LegacyCode.ACCESS_DENIED: "The account or its key may not do this. Have the right given in the panel.",
    LegacyCode.PATTERN_INVALID: "The pattern is not known or not valid. Check its code.",
    LegacyCode.PATTERN_PARAMS_INVALID: "The values do not fit the variables of the pattern. Give each variable "
    "its value, as a text.",
    LegacyCode.PATTERN_INACTIVE: "The pattern is not active. It has to be approved before it can be sent.",
    LegacyCode.PATTERN_RECIPIENT_INVALID: "The recipient of the pattern is not a mobile number.",
    LegacyCode.OUTSIDE_SEND_HOURS: "Texts of this line go out between 8 and 23 o'clock in Iran only. Send in "
    "these hours.",
    LegacyCode.DOCUMENTS_NOT_APPROVED: "The account's documents are not approved. Hand them in at the panel, or "
    "wait for the approval.",
    LegacyCode.INTERNAL: "The service failed within.",
    LegacyCode.NUMBER_NOT_FOUND: "The sender is not known to the service. Use a line that the panel lists.",
    LegacyCode.GATEWAY_DISABLED: "The gateway of the line is switched off. Use another line, or try again later.",
    LegacyCode.UNPROCESSABLE: "A field was refused.",
    LegacyCode.UNAUTHORIZED: "The key was refused. Check that it is an access key of the legacy REST API.",
    LegacyCode.KEY_NOT_VALID: "The key is not valid. Copy it from the panel again.",
    LegacyCode.KEY_REVOKED: "The key was revoked. Make a new one in the panel.",
}


class LegacyStatus(enum.StrEnum):
    """``status`` of one recipient in the legacy REST API."""

    DELIVERED = "delivered"
    SEND = "send"
    DISCARDED = "discarded"
    PENDING = "pending"
    FAILED = "failed"

    @property
    def delivery_status(self) -> DeliveryStatus | None:
        """The same in the terms of the Edge API; None while nothing has left."""
        return _LEGACY_STATUSES[self]


_LEGACY_STATUSES = {
    LegacyStatus.DELIVERED: DeliveryStatus.DELIVERED,
    LegacyStatus.SEND: DeliveryStatus.SENT_TO_OPERATOR,
    # The documents do not say why a text is discarded; that it does not arrive is all that is certain.
    LegacyStatus.DISCARDED: DeliveryStatus.NOT_DELIVERED,
    LegacyStatus.PENDING: None,
    LegacyStatus.FAILED: DeliveryStatus.NOT_DELIVERED,
}


def legacy_bulk_state(status: object, confirm_state: object) -> BulkState:
    """The state of a bulk of the legacy REST API, whose words are not documented, in the terms of the Edge API.

    ``finish`` is the word the Edge API shows beside the state "sent". Only words that leave no doubt count as final;
    any other is a state without a name, which is neither final nor good.
    """
    confirmed, standing = (str(word).strip().lower() for word in (confirm_state, status))
    ended = _LEGACY_ENDS.get(confirmed) or _LEGACY_ENDS.get(standing)
    return ended or _LEGACY_STATES.get(standing, BulkState(-1))


_LEGACY_ENDS = {
    "reject": BulkState.REJECTED,
    "rejected": BulkState.REJECTED,
    "cancel": BulkState.CANCELLED,
    "canceled": BulkState.CANCELLED,
    "cancelled": BulkState.CANCELLED,
}
_LEGACY_STATES = {
    "finish": BulkState.SENT,
    "finished": BulkState.SENT,
    "active": BulkState.SENDING,
    "pending": BulkState.MONITORING,
}
