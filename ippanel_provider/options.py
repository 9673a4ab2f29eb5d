"""What a sending can be asked for besides, in small values: they keep the list of an operator's parameters short.

Each is checked when it is made, so a wrong one is refused when the DAG is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ippanel_provider.service import BulkState
from ippanel_provider.values import InvalidValue, number, seconds, whole

_MOST_SAMPLES = 1000
_TABLE = re.compile(r"(?:[A-Za-z_]\w{0,62}\.)?[A-Za-z_]\w{0,50}")
STATUSES = frozenset({
    *("accepted", "scheduled", "delivered", "not_delivered", "blacklisted", "no_report"),
    *("rejected", "suppressed", "merged", "in_doubt", "cancelled"),
})  # fmt: skip
"""What can become of a row, as a table of results says it."""


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What is remembered of a campaign, and for how long.

    :param once_per: what counts as a repetition: the same text to the same ``recipient`` is one ``message``, and a
        campaign may reach each ``person`` once, whatever the text; default is what the operator says. Without a
        ``campaign_id`` a retry knows a ``message`` by its place among those of its recipient, also where its words
        have changed, as those with the time in them do
    :param resend_states: final states of a bulk, as names or :class:`~ippanel_provider.service.BulkState`, that count
        as "not sent", so that the next run of the campaign sends them again
    :param keep_for: how long a ledger in SQL remembers whom a campaign reached, in seconds or as a ``timedelta``;
        default is for ever
    :raises InvalidValue: naming the field.
    """

    once_per: str | None = None
    resend_states: Collection[BulkState | str | int] = ()
    keep_for: float | timedelta | None = None

    def __post_init__(self) -> None:
        if self.once_per not in (None, "person", "recipient", "message"):
            raise InvalidValue("once_per", "expected one of person, message")
        if isinstance(self.resend_states, str):
            raise InvalidValue("resend_states", "expected a list of states, got one text")
        object.__setattr__(self, "resend_states", tuple(_state(state) for state in self.resend_states))
        if self.keep_for is not None:
            seconds(self.keep_for, "keep_for", low=1)

    @property
    def seconds_kept(self) -> float | None:
        """``keep_for`` in seconds."""
        return None if self.keep_for is None else seconds(self.keep_for, "keep_for", low=1)


@dataclass(frozen=True, kw_only=True)
class Checks:
    """What is looked at before anything is sent.

    :param null_values: words in cells that stand for nothing, such as ``NULL``, ``\\N`` or ``#N/A``
    :param samples: how many texts a dry run shows: the first, the longest, the dearest, one in which the most fallbacks
        stand in for empty cells, and others at random
    :param samples_path: where it writes them, in a file that only its owner may read, by ``.csv``, ``.jsonl``,
        ``.parquet`` or ``.xlsx``; with ``show_rendered`` they go to the log too (templated)
    :param lint: ``warn`` (default) of what is odd about texts, by rule; ``refuse`` texts with errors; or ``off``
    :param max_cost: send nothing that costs more in this run, in rial; it takes a first pass over the source
    :raises InvalidValue: naming the field.
    """

    null_values: Collection[str] = ()
    samples: int = 0
    samples_path: Any = None
    lint: str = "warn"
    max_cost: float | None = None

    def __post_init__(self) -> None:
        if isinstance(self.null_values, str):
            raise InvalidValue("null_values", "expected a list of words, got one text")
        object.__setattr__(self, "null_values", tuple(map(str, self.null_values)))
        object.__setattr__(self, "samples", whole(self.samples, "samples", low=0, high=_MOST_SAMPLES))
        if self.lint not in ("warn", "refuse", "off"):
            raise InvalidValue("lint", "expected one of warn, refuse, off")
        if self.max_cost is not None:
            object.__setattr__(self, "max_cost", number(self.max_cost, "max_cost", low=0))


@dataclass(frozen=True)
class Results:
    """Where the fate of every row is kept, by the author's own key.

    :param table: the table, as ``marketing.sms_results``; it is made where there is none, and two others beside it
        whose names end in ``_runs`` and ``_secret`` (templated)
    :param conn_id: the SQL connection of its database: PostgreSQL, MariaDB or SQLite; default is the ledger's
        (templated)
    :param key_column: the column of the source with the key, unique for each customer; in rows that an author gives,
        the entry of that name, or ``key``
    :param path: write the campaign's rows to this file too, ``.csv``, ``.jsonl`` or ``.parquet``, whenever the table
        was written (templated)
    :raises InvalidValue: naming the field.
    """

    table: str = "ippanel_results"
    conn_id: str | None = field(default=None, kw_only=True)
    key_column: str = field(default="key", kw_only=True)
    path: Any = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.table, str) or not ("{{" in self.table or _TABLE.fullmatch(self.table)):
            raise InvalidValue("results.table", "expected a name as sms_results or marketing.sms_results")
        if not isinstance(self.key_column, str) or not self.key_column.strip():
            raise InvalidValue("results.key_column", "expected the name of a column")
        if self.conn_id is not None and not str(self.conn_id).strip():
            raise InvalidValue("results.conn_id", "expected the id of a connection")


class IfStatus:
    """Send only to rows whose key has one of these statuses in a table of results: ``IfStatus(results,
    "not_delivered")``.

    :param results: the table
    :param statuses: the names of the statuses; of a row that was merged, the fate of the one it was merged into counts
    :param campaign_id: the campaign that is looked at; default is each key's last one (templated)
    :raises InvalidValue: naming the field.
    """

    def __init__(self, results: Results, *statuses: str, campaign_id: str | None = None) -> None:
        if not isinstance(results, Results):
            raise InvalidValue("only", "expected IfStatus(Results(…), …)")
        named = [str(status) for status in statuses]
        if not named or not STATUSES.issuperset(named):
            raise InvalidValue("only", f"expected some of {', '.join(sorted(STATUSES))}")
        self.results = results
        self.statuses = tuple(named)
        self.campaign_id = campaign_id

    def __repr__(self) -> str:
        return f"IfStatus({self.results!r}, {', '.join(map(repr, self.statuses))}, campaign_id={self.campaign_id!r})"


def _state(given: BulkState | str | int) -> BulkState:
    try:
        state = BulkState[given.upper()] if isinstance(given, str) else BulkState(given)
    except (KeyError, ValueError):
        names = ", ".join(state.name.lower() for state in BulkState if state.is_final)
        raise InvalidValue("resend_states", f"expected some of {names}") from None
    if not state.is_final:
        raise InvalidValue("resend_states", f"{state.name.lower()} is not final")
    return state
