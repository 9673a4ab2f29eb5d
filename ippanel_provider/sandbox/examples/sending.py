"""Lines, bulks and texts that came in."""

from __future__ import annotations

from ippanel_provider.sandbox.lifecycle import Script
from ippanel_provider.sandbox.records import Bulk, InboxMessage, Line
from ippanel_provider.sandbox.state import Sandbox

_DAY = 24 * 3600

_LINES = (
    Line(10002, "+98217000070", operator_id=2, alias="Sample Alias"),
    Line(123654, "+981000", operator_id=1),
    Line(10003, "+981000123", operator_id=3, is_66_char=True),
    Line(10004, "+98BANK", operator_id=4, gets=False),
    Line(10005, "+98PRO", operator_id=5, gets=False),
)


def fill(sandbox: Sandbox) -> None:
    """Put this chapter's examples into an empty sandbox."""
    _lines(sandbox)
    _bulks(sandbox)
    _inbox(sandbox)


def _lines(sandbox: Sandbox) -> None:
    sandbox.lines.update({line.number: line for line in _LINES})


def _bulks(sandbox: Sandbox) -> None:
    def bulk(bulk_id: int, kind: str, line: str, text: str, recipients: list[str], time: int, cost: float) -> Bulk:
        return Bulk(bulk_id, kind, line, text, recipients, 1, cost, time, time, Script(), is_example=True)

    sandbox.outbox.add(
        [
            bulk(
                1100972179, "webservice", "+98217000070", "تست", ["+989190000000", "+989120000000"], 1744102007, 2660.2
            ),
            bulk(5544778899, "sendvoice", "+98votp", "1234", ["+989120000000"], 1744121368, 1064),
            bulk(588459562, "pattern", "+981000", "متن پیام", ["+989120000000"], 1745409418, 6144.9),
            bulk(12545856, "pattern_transactional", "+981000", "متن پیام", ["+989120000000"], 1745409418, 3990.2),
        ]
    )
    # The one to be cancelled: due tomorrow, whenever that is.
    now = sandbox.now()
    sandbox.outbox.add(
        [
            Bulk(
                1148303263,
                "webservice",
                "+983000505",
                "تست زمان بندی",
                ["+989120000000"],
                1,
                1330.1,
                now,
                now + _DAY,
                Script(),
                is_example=True,
            )
        ]
    )


def _inbox(sandbox: Sandbox) -> None:
    for message_id, time in ((122, 1747808120), (123, 1747808125)):
        sandbox.inbox.append(InboxMessage(message_id, "+989122222222", "+981000123", "message text", time))
