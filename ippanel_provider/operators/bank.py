"""Texts to people the service knows by place or trade, without anybody's list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators import fields
from ippanel_provider.operators.fields import listed, numbers_of
from ippanel_provider.operators.hidden_fields import Private, value_of
from ippanel_provider.operators.one_request import OneRequestOperator

if TYPE_CHECKING:
    from typing import Unpack

    from ippanel_provider.client import Receipt, Request
    from ippanel_provider.operators.signatures import SendingArguments

_OPERATORS = ("mci", "irancell", "other")
_LINES = {"postal_code": "+98BANK", "country": "+98BANK", "geolocation": None, "job": "+98PRO"}


class IPPanelSendBankOperator(OneRequestOperator):
    """Send one text to people by postal code, place or trade; how many of each operator is part of each choice.

    The parameters of :class:`~ippanel_provider.operators.one_request.OneRequestOperator` hold too; ``sender`` is by
    default ``+98BANK`` for the kinds ``postal_code`` and ``country``, ``+98PRO`` for ``job``, and the connection's for
    ``geolocation``.

    :param kind: ``postal_code``, ``country``, ``geolocation`` or ``job`` (templated)
    :param choices: whom, each a mapping such as ``{"postal_code": "19", "mci": {"size": 100}}``; the fields are those
        of
        :mod:`ippanel_provider.client.edge.audience`. Birth years are Jalali (templated)
    :param other_recipients: numbers beside those, not of the kind ``job`` (templated)
    """

    template_fields: Sequence[str] = ("kind", "choices", "other_recipients", *OneRequestOperator.template_fields)

    kind = fields.choice(*_LINES)
    other_recipients = Private(of="recipient")

    def __init__(
        self,
        *,
        message: str,
        kind: str,
        choices: Sequence[Mapping[str, Any]] | Mapping[str, Any],
        other_recipients: Sequence[str | int] | None = None,
        **kwargs: Unpack[SendingArguments],
    ) -> None:
        super().__init__(message=message, **kwargs)
        self.kind = kind
        self.choices = choices
        self.other_recipients = other_recipients

    def line(self) -> str:
        """Return the line to send from."""
        named = self.sender or _LINES[self.kind]
        return self.hook.sender(str(named) if named else None)

    def request(self, line: str, send_time: datetime | None) -> Request[Receipt]:
        """See :class:`~ippanel_provider.operators.one_request.OneRequestOperator`."""
        from ippanel_provider.client import InvalidInput, edge

        choices = self._choices()
        others = list(numbers_of(value_of(self.other_recipients) or (), "other_recipients"))
        options: dict[str, Any] = {"sender": line, "send_time": send_time}
        if self.kind == "job":
            if others:
                raise InvalidInput("other_recipients: the kind 'job' takes none")
        else:
            options["other_recipients"] = others
        calls: dict[str, Any] = {
            "postal_code": edge.send.postal_code,
            "country": edge.send.country,
            "geolocation": edge.send.geolocation,
            "job": edge.send.job,
        }
        request: Request[Receipt] = calls[self.kind](self.body(), choices, **options)
        return request

    def reach(self) -> int:
        """As many as the sizes of the choices ask for, if the service knows so many."""
        others = len(list(numbers_of(value_of(self.other_recipients) or (), "other_recipients")))
        return others + sum(
            int(choice[name]["size"]) for choice in self._choices() for name in _OPERATORS if choice.get(name)
        )

    def _choices(self) -> list[Any]:
        return [self.choices] if isinstance(self.choices, Mapping) else list(listed(self.choices, "choices"))
