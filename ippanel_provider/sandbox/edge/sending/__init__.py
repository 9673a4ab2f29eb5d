"""The forms of ``POST /api/send``, by ``sending_type``. API: send.

A form is a function that reads a call into a :class:`~..records.Submission`, or raises the refusal. A new one is a
function in a module beside this and a line in :data:`FORMS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ippanel_provider.sandbox.records import Submission
from ippanel_provider.sandbox.wire import Call

from . import bank, direct, files, pattern, phonebook, voice

Form = Callable[[Call], Submission]

FORMS: Mapping[str, Form] = {
    "webservice": direct.webservice,
    "normal": direct.webservice,
    "peer_to_peer": direct.peer_to_peer,
    "peer_to_peer_file": files.peer_to_peer_file,
    "file": files.file,
    "keyword": files.keyword,
    "keyword_phonebook": phonebook.keyword_phonebook,
    "phonebook": phonebook.phonebook,
    "pattern": pattern.pattern,
    "votp": voice.votp,
    "postal_code": bank.postal_code,
    "country": bank.country,
    "geolocation": bank.geolocation,
    "job": bank.job,
}
