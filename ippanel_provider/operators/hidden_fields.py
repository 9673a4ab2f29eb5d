"""Fields of a task that hold texts and phone numbers: rendered like all others, but not shown.

Airflow stores what a templated field has become and shows it on a page. A field of this kind stores
"a text of 23 characters" or "1000 recipients" there instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sized
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import XComArg

from ippanel_provider.operators.author import tell_of_conf
from ippanel_provider.values import InvalidValue

if TYPE_CHECKING:
    Resolved = object
else:
    # Where Airflow looks for the results of other tasks in a field; its module moved between versions.
    Resolved = next(base for base in XComArg.__mro__ if base.__name__ == "ResolveMixin")


class Hidden(Resolved):
    """The value of a field, shown as its kind and size.

    The value as the author gave it is kept, because a retry in the same process renders again. To Airflow it is a
    value that is resolved when the task runs: so it finds the tasks whose results are in it, and looks no further.

    :param given: the value as the author gave it, templates and results of other tasks in it
    :param of: what one element of a list in it is called
    :param shown: whether to show it after all
    """

    def __init__(self, given: Any, *, of: str = "item", shown: bool = False) -> None:
        self.given = given
        self._value = given
        self._of = of
        self._shown = shown

    @property
    def value(self) -> Any:
        """The value, rendered where it has been."""
        return self._value

    def rendered(self, render: Callable[[Any], Any]) -> Hidden:
        """Return the field with what ``render`` makes of the value as it was given."""
        field = type(self)(self.given, of=self._of, shown=self._shown)
        field._value = render(self.given)
        return field

    @property
    def came_by_xcom(self) -> bool:
        """Whether it is what another task returned, which Airflow has stored in its metadata database."""
        return next(self.iter_references(), None) is not None

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        """Yield the tasks whose results are in it, for Airflow to run before."""
        yield from XComArg.iter_xcom_references(self.given)

    def resolve(self, context: Mapping[str, Any], *args: Any, **kwargs: Any) -> Hidden:
        """Return it rendered, for whatever of Airflow asks for that; tasks of this provider render it themselves."""
        return self.rendered(lambda given: context["task"].render_template(given, context))

    def __str__(self) -> str:
        value = self._value
        if self._shown or value is None:
            return str(value)
        if isinstance(value, str):
            return f"a text of {len(value)} characters"
        if isinstance(value, Sized) and not isinstance(value, Mapping):
            return f"{len(value)} {self._of}{'' if len(value) == 1 else 's'}"
        return f"1 {self._of}"

    __repr__ = __str__


def refers_to_tasks(value: Any) -> bool:
    """Whether a value is, or holds, what another task returns."""
    return next(XComArg.iter_xcom_references(value), None) is not None


def _check_objects(name: str, value: Any) -> None:
    """Refuse objects of the author's with results of other tasks in them: Airflow does not look there.

    :raises InvalidValue: naming the field.
    """
    for item in value if isinstance(value, list | tuple) else [value]:
        if isinstance(item, Resolved) or not hasattr(item, "template_fields"):
            continue
        for inner in item.template_fields:
            if refers_to_tasks(getattr(item, inner, None)):
                raise InvalidValue(
                    f"{name}.{inner}",
                    "is what another task returns, which Airflow does not look for inside an object; give it as a "
                    "template, as {{ ti.xcom_pull('task') }}",
                )


class Private:
    """A field of an operator whose value is kept as :class:`Hidden`; ``show_rendered`` of the operator lifts that.

    :param of: what one element of a list in it is called
    """

    def __init__(self, of: str = "item") -> None:
        self._of = of

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, task: object | None, owner: type) -> Any:
        """Return the field of a task."""
        if task is None:
            return self
        try:
            return task.__dict__[self._name]
        except KeyError:
            raise AttributeError(self._name) from None

    def __set__(self, task: object, value: Any) -> None:
        if not isinstance(value, Hidden):
            # What can be read only once would be empty for the second reading, and for a retry.
            if hasattr(value, "read_all") and hasattr(value, "schema"):
                value = value.read_all()
            elif isinstance(value, Iterator):
                value = list(value)
            _check_objects(self._name, value)
            shown = bool(task.__dict__.get("show_rendered"))
            if not shown:
                tell_of_conf(self._name, value)
            value = Hidden(value, of=self._of, shown=shown)
        task.__dict__[self._name] = value


def value_of(field: Any) -> Any:
    """Return the value of a private field, rendered where it has been."""
    return field.value if isinstance(field, Hidden) else field
