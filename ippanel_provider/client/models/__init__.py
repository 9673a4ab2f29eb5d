"""What the service answers, as typed values (API: limits and formats).

The service writes one thing in several ways: ids and counts as numbers or texts, booleans in four spellings, times as
epoch seconds. Here they are one type each, and a field the service leaves out is None. Fields not named here are kept
as they came. A model shows itself without numbers and texts.
"""

from ippanel_provider.client.models.account import (
    Account,
    Ancestor,
    Credit,
    Line,
    LoginStep,
    Package,
    ParentsTree,
    RecoveryStep,
    User,
)
from ippanel_provider.client.models.bank import BankCounts, BankEntry, JobCategory
from ippanel_provider.client.models.base import Count, Flag, Masked, Model, Moment, Number, Secret, Text
from ippanel_provider.client.models.office import Draft, DraftGroup, Interaction, Ticket, TicketCreated, TicketReply
from ippanel_provider.client.models.pattern import Pattern, PatternVariable
from ippanel_provider.client.models.phonebook import AddedContacts, Contact, Option, Phonebook
from ippanel_provider.client.models.report import Bulk, BulkStats, Delivery, InboxMessage, IncomingText
from ippanel_provider.client.models.send import Price, Receipt

__all__ = [
    "Account",
    "AddedContacts",
    "Ancestor",
    "BankCounts",
    "BankEntry",
    "Bulk",
    "BulkStats",
    "Contact",
    "Count",
    "Credit",
    "Delivery",
    "Draft",
    "DraftGroup",
    "Flag",
    "InboxMessage",
    "IncomingText",
    "Interaction",
    "JobCategory",
    "Line",
    "LoginStep",
    "Masked",
    "Model",
    "Moment",
    "Number",
    "Option",
    "Package",
    "ParentsTree",
    "Pattern",
    "PatternVariable",
    "Phonebook",
    "Price",
    "Receipt",
    "RecoveryStep",
    "Secret",
    "Text",
    "Ticket",
    "TicketCreated",
    "TicketReply",
    "User",
]
