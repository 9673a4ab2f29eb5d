"""What Airflow lacks is not collected."""

from __future__ import annotations

from importlib.util import find_spec

_IS_3_3 = find_spec("airflow") and find_spec("airflow.triggers.shared_stream")
collect_ignore = [] if _IS_3_3 else ["test_inbox_event.py", "test_kill.py"]
