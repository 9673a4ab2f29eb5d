"""Sending texts from a DAG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators.campaign import CampaignOperator, texts_of
from ippanel_provider.operators.fields import key_in, listed, numbers_of, pair, tell_of_frames
from ippanel_provider.operators.hidden_fields import Private, value_of
from ippanel_provider.values import InvalidValue

if TYPE_CHECKING:
    from typing import Unpack

    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.campaign.chunks import Form
    from ippanel_provider.operators.signatures import CampaignArguments


def each_of(messages: Any, key_column: str | None = None) -> Iterator[Row]:
    """Yield a row for each message.

    :param key_column: the entry with its key, where it is wanted
    :raises InvalidValue: if the first is none; that is the author's mistake, a later one a matter of its row.
    """
    from ippanel_provider.campaign.audience import Row

    for line, item in enumerate(listed(messages, "messages"), start=1):
        try:
            yield Row(line, *pair(item, line), key=key_in(item, key_column))
        except InvalidValue as error:
            if line == 1:
                raise
            yield Row(line, None, "", error.problem, key=key_in(item, key_column))


def refuse_keyless(key_column: str | None, field: str) -> None:
    """Refuse rows that have no keys where results are kept by these.

    :raises InvalidValue: naming what to give instead.
    """
    if key_column is not None:
        raise InvalidValue(
            "results", f"numbers alone have no keys; give {field}: mappings with recipient, message and {key_column!r}"
        )


def shared_by(recipients: Any, message: Any) -> Iterator[Row]:
    """Yield a row for each recipient, with one text for all."""
    from ippanel_provider.campaign.audience import Row, sendable

    text = sendable(message, "message")
    for line, recipient in enumerate(numbers_of(recipients, "recipients"), start=1):
        yield Row(line, recipient, text)


class IPPanelSendOperator(CampaignOperator):
    """Send one text to many recipients, or a text of its own to each.

    Numbers may be spelled in any way people write them. A row whose number is no mobile number of Iran gets no text and
    is reported with its line and the reason; the others go out. The same text to the same number goes out once.

    Returns ``{"outbox_ids": [...], "rows": n, "accepted": n, "merged": n, "skipped": n, "suppressed": n, "rejected": n,
    "rejects": [{"line", "reason"}], "parts": n, "cost": rial}``; no number and no text is in it, and at most 100
    rejects are. Parts and cost are estimates for all messages; the cost is None where the service tells no prices. The
    parameters of :class:`~ippanel_provider.operators.campaign.CampaignOperator` hold too.

    :param message: the text for all recipients; at most 1400 characters (templated)
    :param recipients: who gets ``message``: numbers, or an XCom of them (templated)
    :param messages: a text each, instead of the two above: pairs ``(recipient, text)`` or mappings with the keys
        ``recipient`` and ``message`` (templated)
    :raises SendFailed: if the service did not accept everything; it says how far it came, and a retry goes on from
        there
    """

    template_fields: Sequence[str] = ("message", "recipients", "messages", *CampaignOperator.template_fields)

    message = Private()
    recipients = Private(of="recipient")
    messages = Private(of="message")

    def __init__(
        self,
        *,
        message: str | None = None,
        recipients: Sequence[str | int] | str | None = None,
        messages: Sequence[Any] | str | None = None,
        **kwargs: Unpack[CampaignArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.message = message
        self.lint_constants({"checks": self.checks, "message": message})
        self.recipients = recipients
        self.messages = messages

    def kind(self) -> Form:
        """A text each, or one text for all."""
        tell_of_frames(self.log, messages=self.messages, recipients=self.recipients)
        return texts_of(None if value_of(self.messages) is not None else value_of(self.message))

    def rows(self) -> Iterator[Row]:
        """Yield the messages, or the recipients with the one text."""
        message, recipients, messages = value_of(self.message), value_of(self.recipients), value_of(self.messages)
        if messages is not None:
            if message is not None or recipients is not None:
                raise InvalidValue("messages", "give either messages, or message and recipients, not both")
            yield from each_of(messages, self.key_column)
            return
        if message in (None, "") or recipients is None:
            raise InvalidValue("message, recipients", "give both (or messages)")
        refuse_keyless(self.key_column, "messages")
        yield from shared_by(recipients, message)
