"""What is said when the DAG is parsed of tasks that are mapped.

Such a task is made only when it runs, so its constants are checked here; and Airflow, which counts what it maps over,
keeps what the author wrote of it as it stands in its database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from ippanel_provider.operators.author import tell_author, tell_of_conf
from ippanel_provider.operators.fields import check_constants, is_template
from ippanel_provider.operators.hidden_fields import Private, refers_to_tasks


def partial_of(kind: type, make: Callable[..., Any], given: Mapping[str, Any]) -> Any:
    """Return what ``expand`` makes mapped tasks of.

    :param kind: the kind of task
    :param make: Airflow's own ``partial`` of it
    :raises InvalidValue: naming the field, if a constant cannot be right.
    """
    check_constants(kind, given)
    if hasattr(kind, "lint_constants"):
        kind.lint_constants(given)
    partial = make(**given)
    # Airflow gives no other place to see what is mapped over.
    base: Any = type(partial)
    partial.__class__ = _watched(base)
    if not given.get("show_rendered"):
        _tell_of_literals(kind, given)
    return partial


@cache
def _watched(base: type) -> type:
    def expand(self: Any, **mapped: Any) -> Any:
        if not self.kwargs.get("show_rendered"):
            _tell_of_literals(self.operator_class, mapped)
        return base.expand(self, **mapped)  # type: ignore[attr-defined]

    def expand_kwargs(self: Any, kwargs: Any, **options: Any) -> Any:
        for item in kwargs if isinstance(kwargs, Sequence) else ():
            if isinstance(item, Mapping):
                check_constants(self.operator_class, item)
                if not self.kwargs.get("show_rendered"):
                    _tell_of_literals(self.operator_class, item)
        return base.expand_kwargs(self, kwargs, **options)  # type: ignore[attr-defined]

    return type(base.__name__, (base,), {"__slots__": (), "expand": expand, "expand_kwargs": expand_kwargs})


def _is_plain(value: Any) -> bool:
    """Whether a text or a number stands in a value; objects say where people are, not who."""
    if isinstance(value, Mapping):
        return any(map(_is_plain, value.values()))
    if isinstance(value, list | tuple | set):
        return any(map(_is_plain, value))
    return isinstance(value, str | int) and not is_template(value)


def _tell_of_literals(kind: type, given: Mapping[str, Any]) -> None:
    """Warn of people and texts that Airflow will keep in plain sight."""
    for name, value in given.items():
        if value is None or not isinstance(getattr(kind, name, None), Private):
            continue
        tell_of_conf(name, value)
        if _is_plain(value) and not refers_to_tasks(value):
            tell_author(
                f"{kind.__name__}, {name}: what is written into a mapped task stands plain in Airflow's database; take "
                f"it from a template, as {{{{ var.json.people }}}}, or from another task (or say show_rendered=True)."
            )
