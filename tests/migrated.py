"""Airflow's metadata database, made once for all workers of a run, each of whom has copies."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def database_at(place: Path, factory: pytest.TempPathFactory, migrate: Callable[[], object]) -> None:
    """Have the database at a place.

    :param migrate: makes it there; called by the first who asks in this run
    """
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    made = shared / "airflow.db"
    with (shared / "airflow.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            migrate()
            shutil.copy(place, made)
    place.parent.mkdir(exist_ok=True)
    shutil.copy(made, place)
