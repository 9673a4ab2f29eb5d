"""What a DAG author is told: every argument of every operator, sensor, transfer and notifier, what is templated, and
its type.
"""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseNotifier, BaseOperator, BaseSensorOperator

from ippanel_provider.provider_info import get_provider_info

INFO = get_provider_info()
MODULES = [
    *(name for room in ("operators", "sensors") for entry in INFO[room] for name in entry["python-modules"]),
    *(entry["python-module"] for entry in INFO["transfers"]),
    *(path.rpartition(".")[0] for path in INFO["notifications"]),
    "ippanel_provider.decorators.sms",
]
AIRFLOW_S_OWN = {"self", "kwargs", "python_callable", "op_args", "op_kwargs"}
FIELD_OF = {"dry_run": "is_dry_run", "code of IPPanelVoiceOtpOperator": "message"}
"""Arguments whose field has another name."""


def classes() -> list[type]:
    found = {
        thing: None
        for module in MODULES
        for thing in vars(importlib.import_module(module)).values()
        if inspect.isclass(thing) and issubclass(thing, (BaseOperator, BaseNotifier)) and thing.__module__ == module
        if not thing.__name__.startswith("_PatternFields")
    }
    return list(found)


def ours(cls: type) -> list[type]:
    return [base for base in cls.__mro__ if base.__module__.startswith("ippanel_provider")]


def told(cls: type) -> dict[str, str]:
    """What the docstrings of a class, those it is derived from, and those it points to, say of each argument."""
    pages = [inspect.getdoc(base) or "" for base in ours(cls)]
    for page in list(pages):
        pages += [
            inspect.getdoc(getattr(importlib.import_module(module), name)) or ""
            for module, name in re.findall(r":class:`~(ippanel_provider[\w.]+)\.(\w+)`", page)
        ]
        here = vars(importlib.import_module(cls.__module__))
        pages += [inspect.getdoc(here[name]) or "" for name in re.findall(r":class:`(IPPanel\w+)`", page)]
    found: dict[str, str] = {}
    for page in pages:
        for name, words in re.findall(r"^:param (\w+): (.*?)(?=^:|\n\n|\Z)", page, re.MULTILINE | re.DOTALL):
            found.setdefault(name, words)
    return found


@pytest.mark.parametrize("cls", classes(), ids=lambda cls: cls.__name__)
def test_every_argument_is_told_typed_and_named(cls: type) -> None:
    words = told(cls)
    for base in ours(cls):
        if "__init__" not in vars(base):
            continue
        signature = inspect.signature(vars(base)["__init__"])
        for name, parameter in signature.parameters.items():
            if name in AIRFLOW_S_OWN:
                continue
            assert parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD), (
                f"{base.__name__}.{name} can be given by place"
            )
            assert parameter.annotation is not parameter.empty, f"{base.__name__}.{name} has no type"
            assert name in words, f"{cls.__name__}: nothing is told of {name}"


@pytest.mark.parametrize("cls", classes(), ids=lambda cls: cls.__name__)
def test_what_is_templated_is_marked_so_and_nothing_else(cls: Any) -> None:
    fields = set(cls.template_fields) - AIRFLOW_S_OWN - {"templates_dict"}
    arguments = {
        name
        for base in ours(cls)
        if "__init__" in vars(base)
        for name in inspect.signature(vars(base)["__init__"]).parameters
    }
    marked = {name for name, said in told(cls).items() if name in arguments - AIRFLOW_S_OWN and "(templated)" in said}
    assert fields == {
        FIELD_OF.get(f"{name} of {cls.__name__}", name if name in fields else FIELD_OF.get(name, name))
        for name in marked
    }


@pytest.mark.parametrize(
    "cls", [cls for cls in classes() if issubclass(cls, BaseOperator)], ids=lambda cls: cls.__name__
)
def test_what_a_task_returns_is_typed(cls: Any) -> None:
    if issubclass(cls, BaseSensorOperator):
        return
    source = next(base for base in ours(cls) if "execute" in vars(base))
    assert "return" in vars(source)["execute"].__annotations__
