"""Airflow's Variables as a plain store of texts."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from airflow.providers.common.compat.sdk import Variable

log = logging.getLogger(__name__)


class AirflowVariables:
    """Reads, writes and deletes Variables; encrypted if Airflow has a Fernet key.

    Airflow 3 swallows a failed write and calls a failed read "not there"; so does this, on every version: whoever has
    to know reads back what was written.

    :param description: what people are told of these Variables
    """

    def __init__(self, description: str = "Whom a task has texted; kept and deleted by itself.") -> None:
        self._description = description

    def get(self, key: str) -> str | None:
        """Return the value; None if there is none, or it cannot be read."""
        found: list[str | None] = [None]
        with _swallowing("read"):
            found = [Variable.get(key, None)]
        return found[0]

    def set(self, key: str, value: str) -> None:
        """Write the value."""
        with _swallowing("written"):
            Variable.set(key, value, description=self._description)

    def delete(self, key: str) -> None:
        """Delete it, if it is there."""
        with _swallowing("deleted"):
            Variable.delete(key)


@contextmanager
def _swallowing(what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever a secrets backend raises
        log.warning("A Variable cannot be %s (%s).", what, type(error).__name__)
