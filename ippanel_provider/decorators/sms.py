"""``@task.ippanel_sms``: a function that says what to send."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import (
    DecoratedOperator,
    TaskDecorator,
    context_merge,
    determine_kwargs,
    task_decorator_factory,
)

from ippanel_provider.operators.campaign import CampaignOperator, texts_of
from ippanel_provider.operators.hidden_fields import Hidden, Private, value_of
from ippanel_provider.operators.send import each_of, refuse_keyless, shared_by
from ippanel_provider.values import InvalidValue

if TYPE_CHECKING:
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.campaign.chunks import Form
    from ippanel_provider.operators.signatures import DecoratedOptions


class _SmsDecoratedOperator(DecoratedOperator, CampaignOperator):
    """Send what a function returns, as :class:`~ippanel_provider.operators.send.IPPanelSendOperator` does.

    A text goes to the decorator's ``recipients``. Anything else is rows: pairs ``(recipient, text)``, or mappings with
    ``recipient`` and ``message``, in a list or from a generator (which is read to its end first, unless ``first_pass``
    is off). What it returned is stored nowhere; the task's result is the operator's.

    :param python_callable: the function
    :param op_args: its positional arguments (templated)
    :param op_kwargs: its named arguments (templated)
    :param recipients: who gets the text, where it returns one (templated)
    """

    template_fields: Sequence[str] = (
        *DecoratedOperator.template_fields,
        "recipients",
        *CampaignOperator.template_fields,
    )
    custom_operator_name = "@task.ippanel_sms"

    recipients = Private(of="recipient")

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        recipients: Sequence[str | int] | str | None = None,
        **kwargs: Any,
    ) -> None:
        if {"message", "messages"} & kwargs.keys():
            raise InvalidValue("message, messages", "the function returns them; give the decorator at most recipients")
        # A dict of results is one result here, not an XCom a key.
        kwargs.setdefault("multiple_outputs", False)
        super().__init__(python_callable=python_callable, op_args=op_args, op_kwargs=op_kwargs, **kwargs)
        # Airflow looks into them before; from here on they are not shown.
        for name in ("op_args", "op_kwargs"):
            setattr(self, name, Hidden(getattr(self, name), of="argument", shown=self.show_rendered))
        self.recipients = recipients
        self._said: Any = None

    execute = CampaignOperator.execute

    def perform(self, context: Context) -> Any:
        """Call the function and send what it returns."""
        from ippanel_provider.tables.frames import is_frame

        # The function is called once, when what it says can go out.
        self.hold(context)
        positional, named = value_of(self.op_args), value_of(self.op_kwargs)
        context_merge(context, named)
        said = self.python_callable(*positional, **determine_kwargs(self.python_callable, positional, context))
        to = value_of(self.recipients)
        if isinstance(said, str):
            if to is None:
                raise InvalidValue(
                    "recipients", "the function returned a text and the decorator names nobody to send it to"
                )
        elif is_frame(said) or (isinstance(said, Iterable) and not isinstance(said, (bytes, Mapping))):
            if to is not None:
                raise InvalidValue(
                    "recipients", "the function returned rows, which name their recipients; leave these out"
                )
            # What can be read only once is kept, unless the operator is told to read once.
            said = list(said) if isinstance(said, Iterator) and self.first_pass else said
        else:
            raise InvalidValue(
                "@task.ippanel_sms",
                f"the function returned a {type(said).__name__}; return a text, or rows of recipient and text",
            )
        self._said = said
        return super().perform(context)

    def kind(self) -> Form:
        """A text each, or one text for all."""
        return texts_of(self._said if isinstance(self._said, str) else None)

    def rows(self) -> Iterator[Row]:
        """Yield what the function returned."""
        if isinstance(self._said, str):
            refuse_keyless(self.key_column, "rows")
            return shared_by(value_of(self.recipients), self._said)
        return each_of(self._said, self.key_column)


def sms_task(python_callable: Callable[..., Any] | None = None, **kwargs: Unpack[DecoratedOptions]) -> TaskDecorator:
    """Turn a function into a task that sends what it returns.

    :param python_callable: the function
    :param kwargs: arguments of :class:`~ippanel_provider.operators.send.IPPanelSendOperator`
    """
    return task_decorator_factory(
        python_callable=python_callable, decorated_operator_class=_SmsDecoratedOperator, **kwargs
    )
