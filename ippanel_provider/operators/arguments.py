"""What DAG authors pass to a task, in each form they pass it: literals, rendered templates, results of other tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def ids_of(given: Any) -> list[int]:
    """Return the outbox ids of an id, a list of ids, a sending task's result, or the text of one id.

    :raises ValueError: if there is none.
    """
    if isinstance(given, Mapping):
        given = given.get("outbox_ids")
    if isinstance(given, (str, int)):
        given = [given]
    try:
        ids = [int(outbox_id) for outbox_id in given or ()]
    except (TypeError, ValueError):
        raise ValueError("outbox_ids: give an id, a list of ids, or what a sending task returned") from None
    if not ids:
        raise ValueError("outbox_ids: there is none to ask after")
    return ids


def listed(given: Any, field: str) -> Iterable[Any]:
    """One number alone is meant as a list of one; a rendered template that is still text of a list is a mistake to name."""
    if isinstance(given, str):
        if given.strip().startswith(("[", "(", "{")):
            raise ValueError(
                f"{field}: the template rendered to text; set render_template_as_native_obj=True on the DAG, or pass task.output"
            )
        return [given]
    return given if isinstance(given, Iterable) else [given]


def pair(item: Any, line: int) -> tuple[Any, str]:
    """Return recipient and text of one message, however it is given."""
    if isinstance(item, Mapping):
        if missing := {"recipient", "message"} - item.keys():
            raise ValueError(f"messages: item {line} has no {' and no '.join(sorted(missing))}")
        return item["recipient"], item["message"]
    if isinstance(item, Sequence) and not isinstance(item, str) and len(item) == 2:
        return item[0], item[1]
    raise ValueError(f"messages: item {line} is neither a pair (recipient, text) nor a mapping with recipient and message")
