"""Whatever a file holds, its reader says what is wrong with it, and costs little."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("openpyxl")
pytest.importorskip("pyarrow")
pytest.importorskip("yaml")


@pytest.mark.slow
def test_no_file_breaks_or_exhausts_a_reader() -> None:
    # In a process of its own, whose memory is bounded.
    ran = subprocess.run([sys.executable, "-m", "tests.fuzz.files", "40"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 wrong." in ran.stdout
