"""What is kept of an answer: nothing that it holds, only what it looks like.

Names of fields and headers are kept where they stand in a list of names that the documents print; of values only the
type and a class of length. So a report is built of what may be shown, and needs no scrubbing.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Any

from ippanel_provider.client import Request
from ippanel_provider.client.requests import Answer, T

_NAMES = frozenset(
    """data meta errors status message message_parameters message_code message_outbox_ids message_outbox_id
    messages_outbox_id bulk_id current_page from last_page path per_page to total username number_color number number_id
    state type time_send time rcpts_count exit_count partner_id in_delivery_line valid part cost summary user_ip user_id
    files_path parent_id state_id return reject_comment recipient is_readable msg_parts message_status credit
    yesterday_credit gift gift_expires_at updated_at created_at mci_price other_price parts user_name document_block
    is_reseller send_block name id operator_id alias gets is_66_char messages_inbox_id seen error code title count
    options export_status import_status draft_group_id operators_blacklist operators_failed operators_pending
    operators_sent operators_delivered irancell mci en fa from_number params recipients send_time sending_type filters
    value pages limit page prev next user""".split()  # noqa: SIM905
)
_HEADERS = frozenset(
    """date content-type content-length content-encoding server via retry-after location cache-control vary etag age
    connection keep-alive transfer-encoding set-cookie x-request-id x-sid x-cache cf-ray strict-transport-security
    access-control-allow-origin x-ratelimit-limit x-ratelimit-remaining x-powered-by x-frame-options
    x-content-type-options""".split()  # noqa: SIM905
)
_SHOWN: Mapping[str, re.Pattern[str]] = {
    "content-type": re.compile(r"(?:application|text)/[a-z]{3,12}(?:; ?charset=utf-8)?", re.IGNORECASE),
    "server": re.compile(r"arvancloud|nginx|apache|cloudflare|uvicorn|litespeed|envoy", re.IGNORECASE),
    "content-encoding": re.compile(r"gzip|deflate|br|identity", re.IGNORECASE),
    "retry-after": re.compile(r"[0-9]{1,4}"),
}
"""The four headers of which the value is kept, and the values that can be."""
_LENGTHS = (0, 10, 30, 100, 1000)
_MOST_NAMES, _MOST_BYTES = 60, 2**20


def tree(value: Any, depth: int = 6) -> Any:
    """What a value of JSON looks like; of a list the first entry, and how many there are as a class."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case str():
            kind = "digits" if value.isdecimal() else "text"
            return f"{kind} {_length(len(value))}"
        case dict() if depth:
            known = {name: tree(each, depth - 1) for name, each in value.items() if name in _NAMES}
            return known | ({"…": len(value) - len(known)} if len(value) > len(known) else {})
        case list() if depth:
            return [_length(len(value)), *(tree(each, depth - 1) for each in value[:1])]
        case _:
            return "deeper"


def _length(size: int) -> str:
    return next((f"≤{most}" for most in _LENGTHS if size <= most), f">{_LENGTHS[-1]}")


@dataclass(frozen=True, slots=True)
class Observation:
    """One answer, as far as it may be told. Seconds; ``skew`` is how far its ``Date`` is ahead of us."""

    operation: str
    status: int
    headers: tuple[str, ...]
    values: Mapping[str, str]
    looks: Any
    latency: float
    skew: float | None
    is_json: bool

    def as_data(self) -> dict[str, Any]:
        """The same for a report."""
        return {
            "operation": self.operation,
            "status": self.status,
            "headers": list(self.headers),
            "values": dict(self.values),
            "looks": self.looks,
        }


@dataclass(slots=True)
class Observer:
    """Looks at the answers that pass. Each shape of each call is kept once."""

    now: Any = time.time
    latest: Observation | None = None
    seen: list[Observation] = field(default_factory=list)
    _began: float = 0.0

    def tap(self, request: Request[T]) -> Request[T]:
        """The same request, whose answer is looked at before it is read."""
        self.latest, self._began = None, time.monotonic()

        def read(answer: Answer) -> T:
            self._look(answer)
            return request.read(answer)

        return replace(request, read=read)

    def of(self, operations: Iterable[str] = ()) -> list[Observation]:
        """What was seen of these calls; of all, where none are named."""
        wanted = set(operations)
        return [each for each in self.seen if not wanted or each.operation in wanted]

    def _look(self, answer: Answer) -> None:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        try:
            content: Any = json.loads(answer.body) if len(answer.body) <= _MOST_BYTES else None
            is_json = isinstance(content, dict)
        except (ValueError, RecursionError):
            content, is_json = None, False
        self.latest = Observation(
            answer.request.operation,
            answer.status,
            tuple(sorted(name for name in headers if name in _HEADERS))[:_MOST_NAMES],
            {name: found for name, shown in _SHOWN.items() if (found := _matching(shown, headers.get(name, "")))},
            tree(content) if is_json else f"no JSON {_length(len(answer.body))}",
            time.monotonic() - self._began,
            _skew(headers.get("date"), self.now()),
            is_json,
        )
        alike = (self.latest.operation, self.latest.status, self.latest.looks)
        if alike not in [(each.operation, each.status, each.looks) for each in self.seen]:
            self.seen.append(self.latest)


def _matching(shown: re.Pattern[str], value: str) -> str:
    found = shown.match(value.strip())
    return found[0].lower() if found else ""


def _skew(date: str | None, now: float) -> float | None:
    try:
        return None if date is None else parsedate_to_datetime(date).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None
