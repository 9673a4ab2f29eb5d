"""Warns, when a DAG is parsed, of an alert whose people and text Airflow will keep as they are written: those of a
deadline (entry point ``airflow.policy``). Every process of Airflow loads it, so it imports next to nothing.
"""

from __future__ import annotations

from typing import Any

from ippanel_provider.extras import need

need("airflow.policies", "airflow")

from airflow.policies import hookimpl  # noqa: E402

_OURS = ("ippanel_provider.notifications.ippanel.IPPanelNotifier", "ippanel_provider.notifications.ippanel.send_")
_PRIVATE = ("message", "recipients", "variables", "held_text")


@hookimpl
def dag_policy(dag: Any) -> None:
    """Look at the callbacks of a DAG's deadlines."""
    deadlines = getattr(dag, "deadline", None) or ()
    for deadline in deadlines if isinstance(deadlines, list | tuple) else [deadlines]:
        callback: Any = getattr(deadline, "callback", None)
        if str(getattr(callback, "path", "")).startswith(_OURS):
            _tell_of_literals(dag, callback.kwargs or {})


def _tell_of_literals(dag: Any, given: dict[str, Any]) -> None:
    import warnings

    for name in _PRIVATE:
        if _is_plain(given.get(name)):
            message = (
                f"DAG {dag.dag_id!r}, deadline, {name}: the arguments of a deadline's callback stand plain in "
                f"Airflow's database; take them from a Variable's template, as {{{{ var.value.alert_people }}}}."
            )
            warnings.warn_explicit(message, UserWarning, str(dag.fileloc), 1)


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_is_plain, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_is_plain, value))
    return isinstance(value, int) or (isinstance(value, str) and "{{" not in value and "{%" not in value)
