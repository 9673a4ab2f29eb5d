"""How many times the usual examples are drawn: once, and ten times in ``make test-nightly``."""

from __future__ import annotations

import os

TIMES = int(os.environ.get("IPPANEL_TEST_TIMES", "1"))
