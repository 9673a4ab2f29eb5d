"""The forms of ``POST /api/send``, by ``sending_type``. API: send.

A form is a function that reads a call into a :class:`~..records.Submission`, or returns the refusal. A new one is a
function in a module beside this and a line in :data:`FORMS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ippanel_provider.sandbox.records import Submission
from ippanel_provider.sandbox.wire import Call, Reply

from . import direct, pattern

Form = Callable[[Call], Submission | Reply]

FORMS: Mapping[str, Form] = {
    "webservice": direct.webservice,
    "normal": direct.webservice,
    "peer_to_peer": direct.peer_to_peer,
    "pattern": pattern.pattern,
}
