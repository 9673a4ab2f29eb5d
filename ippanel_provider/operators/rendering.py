"""How the fields of this provider's tasks are rendered, on every version of Airflow.

A text without a template's marks is what it says, also in a DAG with ``render_template_as_native_obj``: ``"0000"``
stays ``"0000"``. A text that ends in ``.sql`` is a file in each field of the name ``sql``, also of an object such as
``InTable``, and in no other. Data that another task handed over through ``expand_kwargs`` is never taken for a
template. Objects with templates in them are rendered as copies, since the author's are rendered again by the next try.
And where a template fails, neither its text nor its values are told, only the field and the kind of error: Airflow's
own report would print the whole field.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ippanel_provider.exceptions import InvalidArgument, IPPanelTaskError
from ippanel_provider.operators.door import door
from ippanel_provider.operators.fields import is_template
from ippanel_provider.operators.hidden_fields import Hidden

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

SQL_FILE = ".sql"
_UNDEFINED = re.compile(r"'[^\W\d]\w{0,60}' is undefined\Z")


class _Failed(Exception):
    """A template failed; ``path`` are the fields it is in, ``is_wrong`` says that it can never be rendered."""

    def __init__(self, problem: str, *, is_wrong: bool) -> None:
        super().__init__(problem)
        self.path: list[str] = []
        self.is_wrong = is_wrong


def render_fields(
    task: Any, parent: Any, names: Iterable[str], context: Context, jinja_env: Any, seen: set[int]
) -> None:
    """Render fields of a task, or of an object in one of its fields, in place.

    :param seen: ids of values that are not to be rendered
    :raises InvalidArgument: naming the field whose template is wrong; no retry is made.
    :raises IPPanelTaskError: naming the field whose template failed otherwise.
    """
    handed_over = _handed_over(task, names) if parent is task else frozenset()
    for name in names:
        if name in handed_over:
            continue
        try:
            value = getattr(parent, name)
            if name == "sql" and isinstance(value, str) and value.endswith(SQL_FILE) and id(value) not in seen:
                rendered = _from_file(task, value, context, jinja_env)
            else:
                rendered = task.render_template(value, context, jinja_env, seen)
        except _Failed as failed:
            failed.path.insert(0, name)
            if parent is not task:
                raise
            kind = InvalidArgument if failed.is_wrong else IPPanelTaskError
            path = ".".join(failed.path)
            with door(task.ippanel_conn_id):
                # What caused it holds the template, and what it was rendered with.
                raise kind(f"{path}: its template cannot be rendered ({failed})") from None
        setattr(parent, name, rendered)


def render(base: type, task: Any, content: Any, context: Context, jinja_env: Any, seen: set[int] | None) -> Any:
    """Return a value of a field, rendered.

    :param base: the class of ours below which Airflow renders
    """
    seen = set() if seen is None else seen
    if isinstance(content, Hidden):
        return content.rendered(lambda given: task.render_template(given, context, jinja_env, seen))
    airflows: Any = super(base, task).render_template  # type: ignore[arg-type]
    if isinstance(content, str):
        if id(content) in seen or not is_template(content):
            return content
        try:
            # Not by Airflow's own, which would take it for a file by its end.
            environment = jinja_env or task.get_template_env()
            return task._render(environment.from_string(content), context)
        except Exception as error:  # noqa: BLE001 - told anew, without what it may hold
            raise _failure(error) from None
    if getattr(content, "template_fields", None) and not hasattr(content, "task_id"):
        content = copy.copy(content)
    return airflows(content, context, jinja_env, seen)


def _from_file(task: Any, name: str, context: Context, jinja_env: Any) -> Any:
    try:
        # Its name may be a template; what is in the file is one, found along the DAG's template_searchpath.
        return task._render(jinja_env.get_template(task.render_template(name, context, jinja_env)), context)
    except Exception as error:  # noqa: BLE001 - as of any template
        raise _failure(error) from None


def _failure(error: Exception) -> _Failed:
    from jinja2 import TemplateError, TemplateNotFound

    kind, said = type(error).__name__, str(error)
    # Airflow's own name a variable or a connection; others may repeat a value.
    is_told = (
        _UNDEFINED.fullmatch(said)
        or type(error).__module__.startswith("airflow.")
        or isinstance(error, TemplateNotFound)
    )
    return _Failed(f"{kind}: {said}" if is_told else kind, is_wrong=isinstance(error, TemplateError))


def _handed_over(task: Any, names: Iterable[str]) -> frozenset[str]:
    """Name the fields whose values another task returned for ``expand_kwargs``.

    Airflow hands them over as if the author had written them, so that a text of another task would be a template, and
    one with ``{{ conn.… }}`` in it would send the credential out.
    """
    mapped: Any = task.dag.task_dict.get(task.task_id) if task.has_dag() else None
    source: Any = getattr(mapped, "expand_input", None)
    if type(source).__name__ != "ListOfDictsExpandInput" or isinstance(mapped, type(task)):
        return frozenset()
    written = [mapped.partial_kwargs, mapped.partial_kwargs.get("default_args") or {}, task.dag.default_args or {}]
    if task.task_group is not None:
        written.append(task.task_group.default_args or {})
    if not hasattr(source.value, "iter_references"):
        # The author wrote the list; single items may be results of tasks.
        written += [item for item in source.value if not hasattr(item, "iter_references")]
    return frozenset(name for name in names if not any(_is_given(task, name, by) for by in written))


def _is_given(task: Any, name: str, written: Mapping[str, Any]) -> bool:
    if name not in written:
        return False
    value = getattr(task, name)
    given = value.given if isinstance(value, Hidden) else value
    return bool(given is written[name] or given == written[name])
