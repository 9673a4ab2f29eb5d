"""Texts to the numbers in a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators import fields
from ippanel_provider.operators.fields import numbers_of
from ippanel_provider.operators.hidden_fields import Private, value_of
from ippanel_provider.operators.one_request import OneRequestOperator

if TYPE_CHECKING:
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.client import Receipt, Request
    from ippanel_provider.operators.signatures import SendingArguments

_PLACEHOLDER = re.compile(r"\{ex_([A-Z])\}")


class IPPanelSendFileOperator(OneRequestOperator):
    """Send to the numbers in a file, which the service reads.

    Unlike the other sends this does not look at the numbers: the service skips what it cannot use and does not say
    which. The parameters of :class:`~ippanel_provider.operators.one_request.OneRequestOperator` hold too.

    :param path: the file: a local path, or any URL that object storage takes (templated)
    :param kind: (templated) ``numbers`` (default): csv or xlsx of numbers, at most a million, who all get
        ``message``; ``keyword``: xlsx with numbers in column A and values for ``{ex_B}``, ``{ex_C}``… in ``message``;
        ``messages``: csv with the
        header ``recipient,message`` or xlsx with both in columns A and B, at most 10,000, without ``message``
    :param other_recipients: numbers beside those in the file, of the kind ``numbers`` (templated)
    """

    template_fields: Sequence[str] = ("path", "kind", "other_recipients", *OneRequestOperator.template_fields)

    kind = fields.choice("numbers", "keyword", "messages")
    other_recipients = Private(of="recipient")

    def __init__(
        self,
        *,
        path: str,
        message: str = "",
        kind: str = "numbers",
        other_recipients: Sequence[str | int] = (),
        **kwargs: Unpack[SendingArguments],
    ) -> None:
        super().__init__(message=message, **kwargs)
        self.path = path
        self.kind = kind
        self.other_recipients = list(other_recipients) if isinstance(other_recipients, tuple) else other_recipients
        self._open = ExitStack()

    def perform(self, context: Context) -> dict[str, Any]:
        """See :class:`~ippanel_provider.operators.one_request.OneRequestOperator`."""
        with ExitStack() as self._open:
            return super().perform(context)

    def request(self, line: str, send_time: datetime | None) -> Request[Receipt]:
        """See :class:`~ippanel_provider.operators.one_request.OneRequestOperator`."""
        from ippanel_provider.client import InvalidInput, edge
        from ippanel_provider.operators.files import uploaded

        message, others = self.body(), list(self._others())
        if self.kind == "messages" and message:
            raise InvalidInput("message: the texts are in the file; leave it out")
        if self.kind != "numbers" and others:
            raise InvalidInput("other_recipients: only the kind 'numbers' takes them")
        file = self._open.enter_context(uploaded(self.path))
        if self.kind == "messages":
            return edge.send.peer_to_peer_file(file, sender=line, send_time=send_time)
        if self.kind == "keyword":
            return edge.send.keyword(message, file, sender=line, send_time=send_time)
        return edge.send.file(message, file, sender=line, other_recipients=others, send_time=send_time)

    def text(self) -> str | None:
        """Texts that the service makes of the file cannot be told from others."""
        return super().text() if self.kind == "numbers" else None

    def rows(self) -> Iterator[Row]:
        """Who is in the file, as far as it can be read here, and besides."""
        from ippanel_provider.campaign.audience import Row
        from ippanel_provider.operators.files import opened
        from ippanel_provider.tables.formats import to_read
        from ippanel_provider.tables.layout import Layout
        from ippanel_provider.tables.readers import read

        message, line = self.body(), 0
        with opened(self.path) as file:
            for line, values, problem in read(file, to_read(self.path), Layout(columns=ascii_uppercase)):
                recipient = values.get("A")
                if line == 1 and not any(map(str.isdecimal, str(recipient))):
                    continue  # It names the columns.
                text = str(values.get("B") or "") if self.kind == "messages" else _filled(message, values)
                yield Row(line, recipient, text, problem)
        for number in self._others():
            line += 1
            yield Row(line, number, message)

    def _others(self) -> Iterator[Any]:
        yield from numbers_of(value_of(self.other_recipients) or (), "other_recipients")


def _filled(message: str, row: Mapping[str, Any]) -> str:
    """Put the row's columns in their places; a text for all has none."""
    return _PLACEHOLDER.sub(lambda place: "" if row.get(place[1]) is None else str(row[place[1]]), message)
