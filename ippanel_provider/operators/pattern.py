"""Patterns: sending them, and handing them in for approval."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators import fields
from ippanel_provider.operators.base import IPPanelOperator
from ippanel_provider.operators.campaign import CampaignOperator
from ippanel_provider.operators.fields import key_in, listed, mapping_of, numbers_of, tell_of_frames
from ippanel_provider.operators.hidden_fields import Private, value_of
from ippanel_provider.values import InvalidValue

if TYPE_CHECKING:
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.campaign.chunks import Form
    from ippanel_provider.client import Pattern
    from ippanel_provider.operators.signatures import CampaignArguments, ConnectedArguments


class IPPanelSendPatternOperator(CampaignOperator):
    """Send an approved pattern to many recipients, each with values of their own.

    A row with a bad number, or without a value the pattern needs, gets no text and is reported; the others go out. The
    service takes one recipient a request, so this is slower than a send of texts.

    Returns what :class:`~ippanel_provider.operators.send.IPPanelSendOperator` returns; the parameters of
    :class:`~ippanel_provider.operators.campaign.CampaignOperator` hold too.

    :param code: the pattern's code (templated)
    :param recipients: who gets it with the same ``variables``: numbers, or an XCom of them (templated)
    :param variables: the values by the name of the variable (templated)
    :param messages: values of their own each, instead of the two above: pairs ``(recipient, variables)`` or mappings
        with the keys ``recipient`` and ``variables`` (templated)
    :raises SendFailed: if the service did not accept everything; it says how far it came, and a retry goes on from
        there
    """

    template_fields: Sequence[str] = ("code", "recipients", "variables", "messages", *CampaignOperator.template_fields)

    recipients = Private(of="recipient")
    variables = Private(of="value")
    messages = Private(of="message")

    def __init__(
        self,
        *,
        code: str,
        recipients: Sequence[str | int] | str | None = None,
        variables: Mapping[str, str | int] | None = None,
        messages: Sequence[Any] | None = None,
        **kwargs: Unpack[CampaignArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.code = code
        self.recipients = recipients
        self.variables = variables
        self.messages = messages
        self._pattern: Pattern | None = None

    def kind(self) -> Form:
        """A request each; the pattern has to be one that can be sent."""
        from ippanel_provider.campaign.chunks import Pattern as PatternForm
        from ippanel_provider.client import InvalidInput, NotFound, edge
        from ippanel_provider.service import Api

        tell_of_frames(self.log, messages=self.messages, recipients=self.recipients)
        self._pattern = None
        # The legacy API cannot be asked for a pattern; there the service alone judges the values.
        if self.hook.gateway.api is Api.EDGE:
            try:
                self._pattern = pattern = self.hook.run(edge.pattern.get(str(self.code)))
            except NotFound:
                raise InvalidInput(f"code: the account has no pattern {self.code!r}. Nothing was sent.") from None
            if not pattern.is_active:
                raise InvalidInput(
                    f"code: pattern {self.code!r} is {pattern.status}; only an active one can be sent. Nothing "
                    f"was sent."
                )
        return PatternForm(str(self.code))

    def rows(self) -> Iterator[Row]:
        """Yield each recipient with the values of the pattern, judged by it."""
        from ippanel_provider.campaign.audience import Row
        from ippanel_provider.campaign.pattern_rows import judged
        from ippanel_provider.tables.values import nulls_of

        nulls = nulls_of(self.checks.null_values)
        for line, item in enumerate(self._items(), start=1):
            try:
                recipient, variables = _pair(item, line, self.key_column)
            except InvalidValue as error:
                # The first is the author's mistake, a later one a matter of its row.
                if line == 1:
                    raise
                row = Row(line, None, "", error.problem)
            else:
                row = judged(line, recipient, variables, self._pattern, nulls)
            yield row if self.key_column is None else row._replace(key=key_in(item, self.key_column))

    def _items(self) -> Iterable[Any]:
        recipients, variables, messages = value_of(self.recipients), value_of(self.variables), value_of(self.messages)
        if messages is not None:
            if recipients is not None or variables:
                raise InvalidValue("messages", "give either messages, or recipients and variables, not both")
            return listed(messages, "messages")
        if recipients is None:
            raise InvalidValue("recipients", "give them (or messages)")
        if self.key_column is not None:
            raise InvalidValue("results", f"numbers alone have no keys; give messages with {self.key_column!r} each")
        shared = mapping_of(variables, "variables")
        return ((recipient, shared) for recipient in numbers_of(recipients, "recipients"))


def _pair(item: Any, line: int, key_column: str | None) -> tuple[Any, Mapping[str, Any]]:
    if isinstance(item, Mapping):
        # The rows of a data frame have a column a variable.
        others = {"recipient"} if key_column is None else {"recipient", key_column if key_column in item else "key"}
        named = {name: value for name, value in item.items() if name not in others}
        item = (item.get("recipient"), named.get("variables") if "variables" in named else named)
    if isinstance(item, str) or not isinstance(item, Sequence) or len(item) != 2:
        raise InvalidValue(
            "messages", f"item {line} is neither a pair (recipient, variables) nor a mapping with these keys"
        )
    return item[0], mapping_of(item[1], f"messages: item {line}: variables")


class _PatternFields(IPPanelOperator):
    """What creating and updating a pattern have in common."""

    template_fields: Sequence[str] = (
        *("message", "description", "variables", "title", "is_share", "website"),
        *IPPanelOperator.template_fields,
    )

    is_share = fields.flag()

    def __init__(
        self,
        *,
        message: str,
        description: str,
        variables: Mapping[str, str] | None = None,
        title: str | None = None,
        is_share: bool | str = False,
        website: str | None = None,
        **kwargs: Unpack[ConnectedArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.message = message
        self.description = description
        self.variables = variables
        self.title = title
        self.is_share = is_share
        self.website = website

    def _fields(self) -> dict[str, Any]:
        return {
            "description": self.description,
            "variables": mapping_of(self.variables, "variables"),
            "title": self.title,
            "is_share": self.is_share,
            "website": self.website,
        }


class IPPanelCreatePatternOperator(_PatternFields):
    """Hand in a pattern for approval; a person decides. Returns its code.

    Wait for the decision with :class:`~ippanel_provider.sensors.account.IPPanelPatternSensor`.

    :param message: the text, with ``%name%`` for each variable (templated)
    :param description: what it is for; the person who approves it reads this (templated)
    :param variables: ``string`` or ``integer`` by the name of the variable (templated)
    :param title: for people (templated)
    :param is_share: whether the users under a reseller may send it (templated)
    :param website: of the sender (templated)
    :param ippanel_conn_id: the connection to IPPanel (templated)
    """

    def perform(self, context: Context) -> str:
        """Create it."""
        from ippanel_provider.client import edge

        pattern = self.hook.run(edge.pattern.create(self.message, **self._fields()))
        self.log.info("Pattern %s is %s.", pattern.code, pattern.status)
        return pattern.code


class IPPanelUpdatePatternOperator(_PatternFields):
    """Replace a pattern; it has to be approved again. Returns its code.

    Takes what :class:`IPPanelCreatePatternOperator` takes, and:

    :param code: the pattern's code (templated)
    """

    template_fields: Sequence[str] = ("code", *_PatternFields.template_fields)

    def __init__(self, *, code: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.code = code

    def perform(self, context: Context) -> str:
        """Update it."""
        from ippanel_provider.client import edge

        pattern = self.hook.run(edge.pattern.update(self.code, self.message, **self._fields()))
        self.log.info("Pattern %s is %s.", pattern.code, pattern.status)
        return pattern.code


class IPPanelDeletePatternOperator(IPPanelOperator):
    """Delete a pattern. Returns its code.

    :param code: the pattern's code (templated)
    :param ignore_missing: be content if there is none (templated)
    :param ippanel_conn_id: the connection to IPPanel (templated)
    """

    template_fields: Sequence[str] = ("code", "ignore_missing", *IPPanelOperator.template_fields)

    ignore_missing = fields.flag()

    def __init__(self, *, code: str, ignore_missing: bool | str = False, **kwargs: Unpack[ConnectedArguments]) -> None:
        super().__init__(**kwargs)
        self.code = code
        self.ignore_missing = ignore_missing

    def perform(self, context: Context) -> str:
        """Delete it."""
        from ippanel_provider.client import NotFound, edge

        try:
            self.hook.run(edge.pattern.delete(self.code))
        except NotFound:
            if not self.ignore_missing:
                raise
            self.log.info("There is no pattern %s.", self.code)
        return self.code
