"""Any call of the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators import fields
from ippanel_provider.operators.base import IPPanelOperator
from ippanel_provider.operators.fields import mapping_of
from ippanel_provider.operators.hidden_fields import Private, value_of

if TYPE_CHECKING:
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.operators.signatures import ConnectedArguments


class IPPanelApiOperator(IPPanelOperator):
    """Make any one call of the Edge API, by its name. Returns its result as JSON has it; of a list all pages.

    For what has no operator of its own. Prefer those for sending: this one keeps no book, so a task that is tried again
    after a send went unanswered sends again. Set ``do_xcom_push=False`` where the result is personal; that of a send is
    what the documents name of it.

    :param operation: the call, as ``phonebook.create_option``; all are in
        :func:`ippanel_provider.client.edge.operations` (templated)
    :param arguments: its arguments by name (templated)
    :param max_items: of a list, at most so many; default is all (templated)
    :param show_rendered: show the arguments on the Rendered Template page; default is their count only
    :param ippanel_conn_id: the connection to IPPanel (templated)
    """

    template_fields: Sequence[str] = ("operation", "arguments", "max_items", *IPPanelOperator.template_fields)

    arguments = Private(of="argument")
    max_items = fields.whole(0)

    def __init__(
        self,
        *,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        max_items: int | str | None = None,
        show_rendered: bool = False,
        **kwargs: Unpack[ConnectedArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.show_rendered = show_rendered
        self.operation = operation
        self.arguments = arguments
        self.max_items = max_items

    def perform(self, context: Context) -> Any:
        """Make the call."""
        from itertools import islice

        from ippanel_provider.client import InvalidInput, PageRequest, edge

        call = edge.operations().get(self.operation)
        if call is None:
            chapter = self.operation.partition(".")[0]
            near = [name for name in edge.operations() if name.startswith(f"{chapter}.")]
            raise InvalidInput(
                f"operation: there is no call {self.operation!r}; "
                + (f"there are {', '.join(near)}" if near else "it is chapter.call")
            )
        try:
            request = call(**mapping_of(value_of(self.arguments), "arguments"))
        except TypeError as error:
            raise InvalidInput(f"arguments: {error}") from None
        if isinstance(request, PageRequest):
            return _as_json(list(islice(self.hook.get_conn().walk(request, whole=True), self.max_items)))
        result = self.hook.run(request)
        if request.is_send:
            # What else stands in the answer may be what was sent.
            return result.model_dump(mode="json", exclude=set(result.model_extra or ()))
        return _as_json(result)


def _as_json(result: Any) -> Any:
    if isinstance(result, (list, tuple)):
        return [_as_json(item) for item in result]
    return result.model_dump(mode="json") if hasattr(result, "model_dump") else result
