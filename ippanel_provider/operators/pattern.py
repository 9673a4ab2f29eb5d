"""Patterns: sending them, and handing them in for approval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators.arguments import listed, mapping_of, numbers_of
from ippanel_provider.operators.base import IPPanelOperator
from ippanel_provider.operators.hidden_fields import Private, value_of
from ippanel_provider.operators.sending import SendingOperator
from ippanel_provider.values import InvalidValue

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.client import Pattern


class IPPanelSendPatternOperator(SendingOperator):
    """Send an approved pattern to many recipients, each with values of their own.

    A row with a bad number, or without a value the pattern needs, gets no text and is reported; the others go out. The
    service takes one recipient a request, so this is slower than a send of texts.

    Returns what :class:`~ippanel_provider.operators.send.IPPanelSendOperator` returns; the parameters of
    :class:`~ippanel_provider.operators.sending.SendingOperator` hold too.

    :param code: the pattern's code (templated)
    :param recipients: who gets it with the same ``variables``: numbers, or an XCom of them (templated)
    :param variables: the values by the name of the variable (templated)
    :param messages: values of their own each, instead of the two above: pairs ``(recipient, variables)`` or mappings
        with the keys ``recipient`` and ``variables`` (templated)
    :param show_rendered: show values and numbers on the Rendered Template page; default is their count only
    :raises SendFailed: if the service did not accept everything; it says how far it came, and a retry goes on from
        there
    """

    template_fields: Sequence[str] = ("code", "recipients", "variables", "messages", *SendingOperator.template_fields)

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
        show_rendered: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.show_rendered = show_rendered
        self.code = code
        self.recipients = recipients
        self.variables = variables
        self.messages = messages

    def perform(self, context: Context) -> dict[str, Any]:
        """Send and return what was accepted."""
        from ippanel_provider.campaign.kinds import Pattern as PatternForm
        from ippanel_provider.client import InvalidInput, NotFound, edge
        from ippanel_provider.service import Api

        pattern = None
        # The legacy API cannot be asked for a pattern; there the service alone judges the values.
        if self.hook.gateway.api is Api.EDGE:
            try:
                pattern = self.hook.run(edge.pattern.get(self.code))
            except NotFound:
                raise InvalidInput(f"code: the account has no pattern {self.code!r}. Nothing was sent.") from None
            if not pattern.is_active:
                raise InvalidInput(
                    f"code: pattern {self.code!r} is {pattern.status}; only an active one can be sent. Nothing "
                    f"was sent."
                )
        return self.send_rows(context, lambda: self._rows(pattern), form=PatternForm(self.code), once_per="message")

    def _rows(self, pattern: Pattern | None) -> Iterator[Row]:
        for line, (recipient, variables) in enumerate(self._pairs(), start=1):
            yield _row(line, recipient, variables, pattern)

    def _pairs(self) -> Iterator[tuple[Any, Mapping[str, Any]]]:
        recipients, variables, messages = value_of(self.recipients), value_of(self.variables), value_of(self.messages)
        if messages is None:
            if recipients is None:
                raise InvalidValue("recipients", "give them (or messages)")
            shared = mapping_of(variables, "variables")
            yield from ((recipient, shared) for recipient in numbers_of(recipients, "recipients"))
            return
        if recipients is not None or variables:
            raise InvalidValue("messages", "give either messages, or recipients and variables, not both")
        for line, item in enumerate(listed(messages, "messages"), start=1):
            if isinstance(item, Mapping):
                item = (item.get("recipient"), item.get("variables"))
            if isinstance(item, str) or not isinstance(item, Sequence) or len(item) != 2:
                raise InvalidValue(
                    "messages", f"item {line} is neither a pair (recipient, variables) nor a mapping with these keys"
                )
            yield item[0], mapping_of(item[1], f"messages: item {line}: variables")


def _row(line: int, recipient: Any, variables: Mapping[str, Any], pattern: Pattern | None) -> Row:
    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.campaign.kinds import filled

    if pattern is None:
        return Row(line, recipient, repr(sorted(variables.items())), variables=variables)
    if problem := _problem(variables, pattern):
        return Row(line, recipient, "", problem)
    return Row(line, recipient, filled(pattern.message or "", dict(variables)) or pattern.code, variables=variables)


def _problem(variables: Mapping[str, Any], pattern: Pattern) -> str:
    """Why the service would refuse the values, as far as the pattern tells; never with a value."""
    kinds = {variable.name: variable.type for variable in pattern.variables}
    if missing := sorted(kinds.keys() - variables.keys()):
        return f"the pattern needs a value for {', '.join(missing)}"
    if unknown := sorted(variables.keys() - kinds.keys()):
        return f"the pattern has no variable {', '.join(unknown)}"
    for name, kind in kinds.items():
        value = variables[name]
        if value is None or value == "":
            return f"the value of {name} is empty"
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, str))
            or (kind == "integer" and not str(value).lstrip("-").isdecimal())
        ):
            return f"the value of {name} is of the wrong type; the pattern takes {kind}"
    return ""


class _PatternFields(IPPanelOperator):
    """What creating and updating a pattern have in common."""

    template_fields: Sequence[str] = ("message", "description", "variables", "title", *IPPanelOperator.template_fields)

    def __init__(
        self,
        *,
        message: str,
        description: str,
        variables: Mapping[str, str] | None = None,
        title: str | None = None,
        is_share: bool = False,
        website: str | None = None,
        **kwargs: Any,
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
    :param is_share: whether the users under a reseller may send it
    :param website: of the sender
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
    :param ignore_missing: be content if there is none
    :param ippanel_conn_id: the connection to IPPanel (templated)
    """

    template_fields: Sequence[str] = ("code", *IPPanelOperator.template_fields)

    def __init__(self, *, code: str, ignore_missing: bool = False, **kwargs: Any) -> None:
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
