"""The DAGs of the run: every kind of task, once well, once with each of its templates broken, once with each answer
that tells back what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.leaks.canaries import BY_NAME
from tests.leaks.worker import new_dag

PEOPLE = [f"0{BY_NAME['phone number'].value}", f"+98{BY_NAME['second phone number'].value}"]
TEXT = f"سلام {BY_NAME['word of a text'].value} {BY_NAME['Latin word of a text'].value}"
VALUE = BY_NAME["pattern value"].value
Kinds = dict[str, tuple[Any, dict[str, Any]]]


def plan(order: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any] | None]]:
    """Yield each DAG with the ``conf`` of its run."""
    kinds = kinds_of_tasks(order)
    yield well(kinds), None
    yield broken(kinds), None
    yield from told_back(kinds, order["ways"], order["widest"])


def kinds_of_tasks(order: dict[str, Any]) -> Kinds:
    """Return every kind of task with what it takes."""
    from ippanel_provider.operators.send import IPPanelSendOperator

    return {"send": (IPPanelSendOperator, {"message": TEXT, "recipients": PEOPLE})}


def well(kinds: Kinds) -> Any:
    """Every kind as it is meant."""
    with new_dag("well") as dag:
        for name, (kind, given) in kinds.items():
            kind(task_id=name, **given)
    return dag


def broken(kinds: Kinds) -> Any:
    """Every kind with each of its templates broken in its turn."""
    with new_dag("broken") as dag:
        for name, (kind, given) in kinds.items():
            for field in set(kind.template_fields) & given.keys():
                for at, template in enumerate(("{{ nope.x }}", "{{ 1 / 0 }}", "{{ nope")):
                    for worse in _broken(given[field], template):
                        kind(task_id=f"{name}-{field}-{at}", **{**given, field: worse})
    return dag


def _broken(value: Any, template: str) -> Iterator[Any]:
    if isinstance(value, str):
        yield f"{value} {template}"
    elif isinstance(value, list):
        yield [*value, template]
    elif isinstance(value, dict):
        yield {**value, "more": template}


def told_back(kinds: Kinds, ways: list[str], widest: list[str]) -> Iterator[tuple[Any, None]]:
    """Every kind before a service that tells back what it was sent: the ``widest`` in every way, others in some."""
    names = list(kinds)
    for number, way in enumerate(ways):
        with new_dag(f"told-{way}") as dag:
            for place, (name, (kind, given)) in enumerate(kinds.items()):
                if name in widest or (number + place) % len(names) < 3:
                    kind(task_id=name, ippanel_conn_id=f"send-{way}", **given)
        if dag.task_dict:
            yield dag, None
