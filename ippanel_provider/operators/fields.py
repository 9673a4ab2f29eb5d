"""Fields of a task that are read: a flag, a number, a time span, one of some words.

An author gives a constant, a template, or what another task returned. A constant is read, and refused by the field's
name, when the DAG is parsed; what is only known when the task runs is read before anything is asked or sent. Either way
the field holds the value that was read.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from airflow.providers.common.compat.sdk import XComArg

from ippanel_provider import values
from ippanel_provider.operators.hidden_fields import Hidden
from ippanel_provider.outbox_ids import OutboxIds
from ippanel_provider.service import BulkState
from ippanel_provider.text.hours import QuietHours
from ippanel_provider.text.lists import split
from ippanel_provider.values import InvalidValue

Read = Callable[[Any, str], Any]

TEMPLATE_MARKS = ("{{", "{%", "{#")
# What a template with nothing to say renders to.
_NOTHING = ("", "None")


def is_template(value: Any) -> bool:
    """Whether a text is a template; any other is what it says."""
    return isinstance(value, str) and any(mark in value for mark in TEMPLATE_MARKS)


class Field:
    """A field whose value is what ``read`` makes of the one that was given; nothing at all stays None.

    :param read: takes the value and the field's name
    :param name: what authors call it, where the attribute is called otherwise
    :param must_say: whether a template that renders to nothing is a mistake: texts would go out now instead of later,
        at night, for good instead of for a try, or to whom another run has reached
    """

    def __init__(self, read: Read, *, name: str = "", must_say: bool = False) -> None:
        self._read = read
        self._shown_as = name
        self._must_say = must_say

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        self._shown_as = self._shown_as or name

    def __get__(self, task: object | None, owner: type) -> Any:
        """Return the value; as it was given, while it cannot be read."""
        if task is None:
            return self
        try:
            given = task.__dict__[self._name]
        except KeyError:
            raise AttributeError(self._name) from None
        if not isinstance(given, str) and _waits(given):
            # Airflow looks into the field for the tasks that have to come before.
            return given
        try:
            return self.read(given)
        except InvalidValue:
            return given

    def __set__(self, task: object, value: Any) -> None:
        before = task.__dict__.get(self._name)
        # What a template or another task made of it is judged when the task runs, where its error finds the door.
        if not (_waits(value) or _waits(before) or task.__dict__.get("_BaseOperator__from_mapped")):
            self.read(value)
        task.__dict__[self._name] = value

    def read(self, value: Any) -> Any:
        """Return what is meant by a value.

        :raises InvalidValue: naming the field.
        """
        if self._must_say:
            values.refuse_nothing(value, self._shown_as)
        if value is None or (isinstance(value, str) and value.strip() in _NOTHING):
            return None
        return self._read(value, self._shown_as)

    def check(self, task: object) -> None:
        """Read the value of a task.

        :raises InvalidValue: naming the field.
        """
        self.read(task.__dict__.get(self._name))


def fields_of(kind: type) -> Iterator[tuple[str, Field]]:
    """Yield the fields of a kind of task, by the names authors call them."""
    for owner in kind.__mro__:
        for field in vars(owner).values():
            if isinstance(field, Field):
                yield field._shown_as, field


def check_fields(task: object) -> None:
    """Read all fields of a task.

    :raises InvalidValue: naming the first that cannot be read.
    """
    for _, field in fields_of(type(task)):
        field.check(task)


def check_constants(kind: type, given: Mapping[str, Any]) -> None:
    """Read what is given for fields of a kind of task that is made later, as those of mapped ones are.

    :raises InvalidValue: naming the first constant that cannot be read.
    """
    for name, field in fields_of(kind):
        if name in given and not _waits(given[name]):
            field.read(given[name])


def flag(name: str = "") -> Field:
    """A field for true or false.

    :param name: what authors call it, where the attribute is called otherwise
    """
    return Field(values.flag, name=name, must_say=True)


def whole(low: int, high: int | None = None) -> Field:
    """A field for a whole number from ``low`` to ``high``."""
    return Field(lambda value, name: values.whole(value, name, low=low, high=high))


def number(low: float) -> Field:
    """A field for a number from ``low``."""
    return Field(lambda value, name: values.number(value, name, low=low))


def seconds(low: float = 0.0) -> Field:
    """A field for a number of seconds from ``low``, or a ``timedelta``."""
    return Field(lambda value, name: values.seconds(value, name, low=low))


def above_zero() -> Field:
    """A field for a number above zero."""

    def read(value: Any, name: str) -> float:
        number = values.number(value, name)
        if number <= 0:
            raise InvalidValue(name, "must be above 0")
        return number

    return Field(read)


def share() -> Field:
    """A field for a share above 0 and up to 1."""

    def read(value: Any, name: str) -> float:
        number = values.number(value, name, low=0, high=1)
        if number == 0:
            raise InvalidValue(name, "must be above 0; leave it out to ask for nothing")
        return number

    return Field(read)


def choice(*words: str) -> Field:
    """A field for one of some words."""

    def read(value: Any, name: str) -> str:
        word = getattr(value, "value", value)
        if word not in words:
            raise InvalidValue(name, f"expected one of {', '.join(words)}")
        return str(word)

    return Field(read)


def encoding() -> Field:
    """A field for the encoding of a file."""

    def read(value: Any, name: str) -> str:
        try:
            codecs.lookup(value)
        except (LookupError, TypeError):
            raise InvalidValue(name, "expected an encoding that Python knows, as utf-8 or cp1256") from None
        return str(value)

    return Field(read)


def text(*, must_say: bool = False) -> Field:
    """A field for a text that stands for something, such as the id of a connection."""
    return Field(lambda value, name: str(value), must_say=must_say)


def one(kind: type) -> Field:
    """A field for a value of a kind of :mod:`ippanel_provider.options`."""

    def read(value: Any, name: str) -> Any:
        if not isinstance(value, kind):
            raise InvalidValue(name, f"expected {kind.__name__}(…) of ippanel_provider.options")
        return value

    return Field(read)


def failing_states() -> Field:
    """A field for final states in which a bulk has failed; it becomes their numbers."""

    def read(value: Any, name: str) -> tuple[int, ...]:
        return tuple(int(_failing(state, name)) for state in ([value] if isinstance(value, str) else value))

    return Field(read)


def moment() -> Field:
    """A field for a time with its zone."""
    return Field(_moment, must_say=True)


def quiet_hours() -> Field:
    """A field for quiet hours: for all lines as ``22:00-08:00``, or by line."""

    def read(value: Any, name: str) -> Any:
        hours = value.values() if isinstance(value, Mapping) else [value]
        try:
            for text in hours:
                if text is not None:
                    QuietHours.parse(text)
        except (TypeError, ValueError) as error:
            raise InvalidValue(name, str(error)) from None
        return value

    return Field(read, must_say=True)


def _failing(given: Any, name: str) -> BulkState:
    try:
        state = BulkState[given.upper()] if isinstance(given, str) else BulkState(given)
    except (KeyError, ValueError):
        names = ", ".join(state.name.lower() for state in BulkState if state.is_final)
        raise InvalidValue(name, f"{given!r} is none of {names}") from None
    if not state.is_final or state.is_good:
        raise InvalidValue(name, f"{state.name.lower()} is no state that a bulk can fail in")
    return state


def _moment(value: Any, name: str) -> datetime:
    return values.moment(value, name)


def _waits(value: Any) -> bool:
    """Whether a value, or something in it, is only known when the task runs."""
    if isinstance(value, str):
        return is_template(value)
    if isinstance(value, Mapping):
        return any(map(_waits, value.values()))
    if isinstance(value, list | tuple | set):
        return any(map(_waits, value))
    return next(XComArg.iter_xcom_references(value), None) is not None


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


def key_in(item: Any, column: str | None) -> Any:
    """Return the key of a row that an author gives, where it is wanted: its entry of that name, or ``key``."""
    if column is None or not isinstance(item, Mapping):
        return None
    return item.get(column, item.get("key"))


def moment_of(given: Any, field: str) -> datetime | None:
    """Return the time of a datetime or of the ISO text a template renders to; None of nothing.

    :raises ValueError: if it is none, or has no time zone.
    """
    return None if given is None or given == "" else values.moment(given, field)


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
