"""Waiting for texts that people send in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import PokeReturnValue

from ippanel_provider.operators import fields
from ippanel_provider.operators.hidden_fields import Private, value_of
from ippanel_provider.sensors.base import IPPanelSensor
from ippanel_provider.values import InvalidValue

if TYPE_CHECKING:
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.client import InboxMessage
    from ippanel_provider.inbox import InboxFilter
    from ippanel_provider.operators.signatures import SensorArguments
    from ippanel_provider.triggers.inbox import IPPanelInboxTrigger


class IPPanelInboxSensor(IPPanelSensor):
    """Wait until somebody has texted in.

    Returns ``{"inbox_ids": [...], "cursor": n}``: the ids of the texts that were meant, and the highest id looked at,
    which a later run takes as its ``after_id`` to miss none. Numbers and texts are read from the inbox by id, where
    they are needed; they pass through neither XCom nor triggers. The legacy REST API gives texts no ids and cannot be
    used. The parameters of :class:`~ippanel_provider.sensors.base.IPPanelSensor` hold too.

    :param after_id: only texts with a higher inbox id; empty or None: those that came in since the DAG run began
        (templated)
    :param line: only texts to this line, as +983000505 (templated)
    :param sender: only texts from this number (templated)
    :param keywords: only texts whose first word is one of these, however cased or spelled on a Persian keyboard
        (templated)
    :param matching: only texts in which this regular expression is found (templated)
    :param least: how many texts to wait for (templated)
    """

    template_fields: Sequence[str] = (
        "after_id",
        "line",
        "sender",
        "keywords",
        "matching",
        "least",
        *IPPanelSensor.template_fields,
    )

    after_id = fields.whole(0)
    sender = Private(of="sender")
    least = fields.whole(1)

    def __init__(
        self,
        *,
        after_id: int | str | None = None,
        line: str | None = None,
        sender: str | None = None,
        keywords: Sequence[str] | str = (),
        matching: str | None = None,
        least: int | str = 1,
        **kwargs: Unpack[SensorArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.after_id = after_id
        self.line = line
        self.sender = sender
        self.keywords = keywords
        self.matching = matching
        self.least = least

    def look(self, context: Context) -> PokeReturnValue:
        """Read what came in."""
        after_id, since = self._start(context)
        wanted, secret = self._filter(), self.hook.account.ledger_secret
        found: list[int] = []
        count = cursor = 0
        for texts in self._came_in(after_id, since):
            count, cursor = count + len(texts), texts[-1].inbox_id
            found += [text.inbox_id for text in texts if wanted.lets_through(text, secret)]
        self.teller.tell(lambda: f"{count} texts came in, {len(found)} of them are meant")
        if len(found) < self.least:
            return PokeReturnValue(is_done=False)
        return PokeReturnValue(is_done=True, xcom_value={"inbox_ids": found, "cursor": cursor})

    def _came_in(self, after_id: int | None, since: float | None) -> Iterator[Sequence[InboxMessage]]:
        """Yield what came in a page at a time, oldest first."""
        from ippanel_provider.client.unread import Unread
        from ippanel_provider.client.watch import received

        if since is not None:
            if texts := self.hook.run(received(0, since=datetime.fromtimestamp(since, UTC))):
                yield texts
            return
        reader = Unread(after_id or 0)
        while reader.has_more:
            if texts := self.hook.run(reader.turn()):
                yield texts

    def trigger(self, context: Context, deadline: float) -> IPPanelInboxTrigger:
        """See :class:`~ippanel_provider.sensors.base.IPPanelSensor`."""
        from ippanel_provider.triggers.inbox import IPPanelInboxTrigger

        after_id, since = self._start(context)
        return IPPanelInboxTrigger(
            after_id=after_id,
            since=since,
            wanted=self._filter().serialize(),
            ippanel_conn_id=self.ippanel_conn_id,
            poll_interval=self.poke_interval,
            deadline=deadline,
            least=self.least,
        )

    def conclude(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """See :class:`~ippanel_provider.sensors.base.IPPanelSensor`."""
        return {"inbox_ids": event["inbox_ids"], "cursor": event["cursor"]}

    def subject(self) -> str:
        """See :class:`~ippanel_provider.sensors.base.IPPanelSensor`."""
        return "inbox"

    def _start(self, context: Context) -> tuple[int | None, float | None]:
        if self.after_id is None:
            begun = context["dag_run"].start_date
            if begun is None:
                raise InvalidValue("after_id", "the DAG run has no start to count from; give an id")
            return None, begun.timestamp()
        return self.after_id, None

    def _filter(self) -> InboxFilter:
        from ippanel_provider.inbox import InboxFilter, sender_hash

        sender = value_of(self.sender)
        given = self.keywords
        keywords = tuple(map(str, [given] if isinstance(given, str | int) else given or ()))
        if self.matching is not None:
            try:
                re.compile(self.matching)
            except re.error as error:
                raise InvalidValue("matching", f"no regular expression ({error})") from None
        return InboxFilter(
            line=str(self.line) if self.line else None,
            # The hash travels in the trigger; the number itself stays here.
            sender=sender_hash(sender, self.hook.account.ledger_secret) if sender else None,
            keywords=tuple(word for word in keywords if word),
            matching=self.matching,
        )
