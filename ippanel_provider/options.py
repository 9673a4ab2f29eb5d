"""What a sending can be asked for besides, in small values: they keep the list of an operator's parameters short.

Each is checked when it is made, so a wrong one is refused when the DAG is parsed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from ippanel_provider.service import BulkState
from ippanel_provider.values import InvalidValue, seconds


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What is remembered of a campaign, and for how long.

    :param once_per: what counts as a repetition: the same text to the same ``recipient`` is one ``message``, and a
        campaign may reach each ``person`` once, whatever the text; default is what the operator says
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


def _state(given: BulkState | str | int) -> BulkState:
    try:
        state = BulkState[given.upper()] if isinstance(given, str) else BulkState(given)
    except (KeyError, ValueError):
        names = ", ".join(state.name.lower() for state in BulkState if state.is_final)
        raise InvalidValue("resend_states", f"expected some of {names}") from None
    if not state.is_final:
        raise InvalidValue("resend_states", f"{state.name.lower()} is not final")
    return state
