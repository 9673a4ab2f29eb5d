"""Telling the author of a DAG, when it is parsed, what Airflow will keep in plain sight."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Mapping
from typing import Any

# What stands there itself, and not what is looked up by it.
_OF_A_RUN = re.compile(r"\{\{-?[\s\[(]*(?:dag_run\.conf|params)\b")


def tell_author(message: str) -> None:
    """Warn at the line of the DAG's own file: how deep the stack is to it depends on Airflow."""
    frame = sys._getframe(1)
    while frame.f_back and str(frame.f_globals.get("__name__")).partition(".")[0] in {"airflow", "ippanel_provider"}:
        frame = frame.f_back
    registry = frame.f_globals.setdefault("__warningregistry__", {})
    warnings.warn_explicit(message, UserWarning, frame.f_code.co_filename, frame.f_lineno, registry=registry)


def tell_of_conf(name: str, value: Any) -> None:
    """Warn of people and texts that a run is triggered with.

    :param name: the field whose value is to be hidden
    """
    if _is_of_a_run(value):
        tell_author(
            f"{name}: what a run is triggered with (dag_run.conf, params) stands plain in Airflow's database and in "
            f"lineage; trigger it with an id, and take who that is from a query, a Variable or another task (or say "
            f"show_rendered=True)."
        )


def _is_of_a_run(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_OF_A_RUN.search(value))
    if isinstance(value, Mapping):
        value = tuple(value.values())
    return isinstance(value, list | tuple) and any(map(_is_of_a_run, value))
