"""Fields of a task that hold texts and phone numbers: rendered like all others, but not shown.

Airflow stores what a templated field has become and shows it on a page. A field of this kind stores
"a text of 23 characters" or "1000 recipients" there instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import Any

from airflow.providers.common.compat.sdk import XComArg


class Hidden:
    """The value of a field, shown as its kind and size.

    Airflow renders it as it does any object with ``template_fields`` of its own: it reads ``source`` and sets it to
    what that has become. The value as the author gave it is kept, because a retry in the same process renders again.
    """

    template_fields = ("source",)

    def __init__(self, given: Any, *, of: str = "item", shown: bool = False) -> None:
        self.given = given
        self._value = given
        self._of = of
        self._shown = shown

    @property
    def source(self) -> Any:
        """The value as it was given, for Airflow to render."""
        # Airflow 2 does not set what has become empty; then the template itself would be sent as the text.
        self._value = "" if isinstance(self.given, str) else self.given
        return self.given

    @source.setter
    def source(self, rendered: Any) -> None:
        self._value = rendered

    @property
    def value(self) -> Any:
        """The value, rendered where it has been."""
        return self._value

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


class Private:
    """A field of an operator whose value is kept as :class:`Hidden`; ``show_rendered`` of the operator lifts that.

    What holds the result of another task stays as it is until Airflow sets it to that result: it hides nothing yet, and
    Airflow finds out from it which task comes first.

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
        if not isinstance(value, Hidden) and not _refers_to_tasks(value):
            value = Hidden(value, of=self._of, shown=bool(task.__dict__.get("show_rendered")))
        task.__dict__[self._name] = value


def value_of(field: Any) -> Any:
    """Return the value of a private field, rendered where it has been."""
    # Airflow 2 leaves the reference in its place when the other task's result is empty.
    return field.value if isinstance(field, Hidden) else ()


def _refers_to_tasks(value: Any) -> bool:
    return next(XComArg.iter_xcom_references(value), None) is not None
