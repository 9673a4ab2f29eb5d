"""What DAG authors pass to a task, in each form they pass it: literals, rendered templates, results of other tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ippanel_provider.operators.hidden_fields import Hidden
from ippanel_provider.outbox_ids import OutboxIds
from ippanel_provider.text.lists import split
from ippanel_provider.values import InvalidValue, moment


def ids_of(given: Any) -> Sequence[int]:
    """Return the outbox ids of an id, a list of ids, a sending task's result, or the text of one id.

    :raises ValueError: if there is none.
    """
    if isinstance(given, Mapping) and "packed" not in given:
        given = given.get("outbox_ids")
    try:
        if isinstance(given, Mapping):
            return OutboxIds.unpack(str(given["packed"]))
        ids = [int(outbox_id) for outbox_id in (() if given is None else listed(given, "outbox_ids"))]
    except InvalidValue:
        raise
    except (TypeError, ValueError, OverflowError):
        raise InvalidValue("outbox_ids", "give an id, a list of ids, or what a sending task returned") from None
    if not ids:
        raise InvalidValue("outbox_ids", "there is none to ask after")
    return ids


def listed(given: Any, field: str) -> Iterable[Any]:
    """One number alone is meant as a list of one, and a data frame as its rows; a rendered template that is still text
    of a list is a mistake to name.
    """
    from ippanel_provider.tables import frames

    if frames.is_frame(given):
        return frames.rows_of(given, "recipient")
    if frames.is_series(given):
        return frames.values_of(given)
    if isinstance(given, str):
        if _is_text_of_list(given):
            raise InvalidValue(
                field,
                "the template rendered to text; set render_template_as_native_obj=True on the DAG, or pass task.output",
            )
        return [given]
    return given if isinstance(given, Iterable) else [given]


def tell_of_frames(log: Any, **fields: Any) -> None:
    """Say of a data frame that another task returned where its people are stored now."""
    from ippanel_provider.tables.frames import is_frame

    for name, field in fields.items():
        if isinstance(field, Hidden) and is_frame(field.value) and field.came_by_xcom:
            log.warning(
                "%s: a data frame came by XCom, so Airflow has stored its people in the metadata database; make it in "
                "the task that sends, as with @task.ippanel_sms, or pass a path or a query.",
                name,
            )


def numbers_of(given: Any, field: str) -> Iterable[Any]:
    """Return the numbers of a list, of one text that lists them, or of one number alone.

    :raises ValueError: if it is the text of a list, as a template that has rendered to text.
    """
    from ippanel_provider.tables import frames

    if frames.is_frame(given):
        return frames.numbers_of(given)
    numbers = [] if not isinstance(given, str) or _is_text_of_list(given) else split(given)
    return numbers or listed(given, field)


def _is_text_of_list(text: str) -> bool:
    return text.strip().startswith(("[", "(", "{")) and text.strip().endswith(("]", ")", "}"))


def pair(item: Any, line: int) -> tuple[Any, str]:
    """Return recipient and text of one message, however it is given."""
    if isinstance(item, Mapping):
        if missing := {"recipient", "message"} - item.keys():
            raise InvalidValue("messages", f"item {line} has no {' and no '.join(sorted(missing))}")
        return item["recipient"], item["message"]
    if isinstance(item, Sequence) and not isinstance(item, str) and len(item) == 2:
        return item[0], item[1]
    raise InvalidValue(
        "messages", f"item {line} is neither a pair (recipient, text) nor a mapping with recipient and message"
    )


def moment_of(given: Any, field: str) -> datetime | None:
    """Return the time of a datetime or of the ISO text a template renders to; None of nothing.

    :raises ValueError: if it is none, or has no time zone.
    """
    return None if given is None or given == "" else moment(given, field)


def mapping_of(given: Any, field: str) -> dict[str, Any]:
    """Return a mapping; of nothing an empty one.

    :raises ValueError: if it is none, as a template that has rendered to text.
    """
    if given is None or given == "":
        return {}
    if not isinstance(given, Mapping):
        raise InvalidValue(
            field, "give a mapping (with render_template_as_native_obj=True on the DAG, if it is a template)"
        )
    return dict(given)
