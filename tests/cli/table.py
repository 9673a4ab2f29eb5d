"""Exit codes beside broken outputs, and what the sandbox's record says: ``python -m tests.cli.table``.

Ends with 1 where a code says something else of the text than the record does.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from ippanel_provider.sandbox.runner import running_sandbox

from .support import BROKEN, PERSON, through_a_shell

SITUATIONS: dict[str, tuple[dict[str, Any] | None, int, int]] = {
    "accepted": (None, 0, 1),
    "refused": ({"name": "refused", "path": "/api/send", "times": 1}, 1, 0),
    "held off (429)": ({"name": "status", "path": "/api/send", "status": 429, "times": 1}, 3, 0),
    "lost answer": ({"name": "drop_after", "path": "/api/send", "times": 1}, 4, 1),
}
"""The fault, the exit code it has to give, and the texts there are then."""


def main() -> int:
    """Print the table."""
    wrong = 0
    print(f"{'output':32}" + "".join(f"{name:>20}" for name in SITUATIONS))
    with running_sandbox() as sandbox:
        os.environ |= {
            "IPPANEL_API_KEY": sandbox.api_key,
            "IPPANEL_SENDER": sandbox.sender,
            "IPPANEL_BASE_URL": sandbox.base_url,
        }
        for broken in ("", *BROKEN):
            cells = []
            for fault, code, texts in SITUATIONS.values():
                sandbox.reset()
                if fault:
                    sandbox.fault(**fault)
                given = through_a_shell(broken, "send", "-m", "x", PERSON)[0]
                found = sandbox.counts()["texts"]
                right = (given, found) == (code, texts)
                wrong += not right
                cells.append(f"exit {given}, {found} texts{'' if right else ' WRONG'}")
            print(f"{broken or 'as it is':32}" + "".join(f"{cell:>20}" for cell in cells), flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
