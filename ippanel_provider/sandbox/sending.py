"""What faults change about a send, whichever API takes it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

from .records import Submission
from .wire import Call

_ORIGIN = b"x-ippanel-origin"
"""What our own client says to a sandbox: the DAG and the task it sends for."""
_LONGEST_ORIGIN = 500


def affected(call: Call, submission: Submission) -> Submission:
    """What is handed over, with the end and the place in the outbox that faults give it."""
    effects = call.effects
    script = submission.script if effects.outcome is None else call.sandbox.script.forced(*effects.outcome)
    return replace(
        submission,
        script=script,
        listed_after=effects.listed_after,
        listed_for=effects.listed_for,
        freezes=effects.freezes,
        origin=unquote(call.header(_ORIGIN))[:_LONGEST_ORIGIN],
    )
