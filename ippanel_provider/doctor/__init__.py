"""What the live service really does: questions to it, a sentence for each answer, and the service profile they make.

Everything here is a flow of requests on the typed client. Reads and price calls cost nothing; what sends is journalled
before and after, so that at most two texts ever reach the phone.
"""

from ippanel_provider.doctor.case import Asking, Case
from ippanel_provider.doctor.examination import FREE, GROUPS, NEVER, PAID, examine, examine_with_texts, profile_of
from ippanel_provider.doctor.findings import Finding, Verdict
from ippanel_provider.doctor.journal import MOST_TEXTS, Journal, journal, place
from ippanel_provider.doctor.report import form, report

__all__ = [
    "FREE",
    "GROUPS",
    "MOST_TEXTS",
    "NEVER",
    "PAID",
    "Asking",
    "Case",
    "Finding",
    "Journal",
    "Verdict",
    "examine",
    "examine_with_texts",
    "form",
    "journal",
    "place",
    "profile_of",
    "report",
]
