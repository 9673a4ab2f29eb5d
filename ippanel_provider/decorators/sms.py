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

from ippanel_provider.operators.hidden_fields import Hidden, value_of
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.values import InvalidValue

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class _SmsDecoratedOperator(DecoratedOperator, IPPanelSendOperator):
    """Send what a function returns, as :class:`~ippanel_provider.operators.send.IPPanelSendOperator` does.

    A text goes to the decorator's ``recipients``. Anything else is rows: pairs ``(recipient, text)``, or mappings with
    ``recipient`` and ``message``, in a list or from a generator (which is read to its end first, unless ``first_pass``
    is off). What it returned is stored nowhere; the task's result is the operator's.

    :param python_callable: the function
    :param op_args: its positional arguments (templated)
    :param op_kwargs: its named arguments (templated)
    """

    template_fields: Sequence[str] = (*DecoratedOperator.template_fields, *IPPanelSendOperator.template_fields)
    custom_operator_name = "@task.ippanel_sms"

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.get("message") is not None or kwargs.get("messages") is not None:
            raise InvalidValue("message, messages", "the function returns them; give the decorator at most recipients")
        # A dict of results is one result here, not an XCom a key.
        kwargs.setdefault("multiple_outputs", False)
        super().__init__(python_callable=python_callable, op_args=op_args, op_kwargs=op_kwargs, **kwargs)

    execute = IPPanelSendOperator.execute

    def perform(self, context: Context) -> Any:
        """Call the function and send what it returns."""
        from ippanel_provider.tables.frames import is_frame

        # The function is called once, when what it says can go out.
        self.hold()
        context_merge(context, self.op_kwargs)
        arguments = determine_kwargs(self.python_callable, self.op_args, context)
        said = self.python_callable(*self.op_args, **arguments)
        named = value_of(self.recipients)
        if isinstance(said, str):
            if named is None:
                raise InvalidValue(
                    "recipients", "the function returned a text and the decorator names nobody to send it to"
                )
            self.message = said
        elif is_frame(said) or (isinstance(said, Iterable) and not isinstance(said, (bytes, Mapping))):
            if named is not None:
                raise InvalidValue(
                    "recipients", "the function returned rows, which name their recipients; leave these out"
                )
            # What can be read only once is kept, unless the operator is told to read once.
            is_stream = isinstance(said, Iterator) and not self.first_pass
            self.messages = Hidden(said, of="message") if is_stream else said
        else:
            kind = type(said).__name__
            raise TypeError(
                f"@task.ippanel_sms: the function returned a {kind}; return a text, or rows of recipient and text"
            )
        return super().perform(context)


def sms_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """Turn a function into a task that sends what it returns.

    :param python_callable: the function
    :param kwargs: arguments of :class:`~ippanel_provider.operators.send.IPPanelSendOperator`
    """
    return task_decorator_factory(
        python_callable=python_callable, decorated_operator_class=_SmsDecoratedOperator, **kwargs
    )
