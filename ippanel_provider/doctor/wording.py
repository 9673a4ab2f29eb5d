"""The doctor's own texts, and what their listing tells of a panel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ippanel_provider.service import OPT_OUT_SUFFIX
from ippanel_provider.text.letters import fold

_ROUGH = "آزمون ippanel doctor {token}\r\nاین پیامک را پاک کنید.\nمی‌دانم كليد "
"""One part. In it stands what panels are known to change: letters of both keyboards, a half-space, both kinds of line
ends, and a space at the end."""
_REPLY = "آزمون ippanel doctor {token}\r\nبه این پیامک پاسخ دهید.\nمی‌دانم كليد "
_SUFFIX = re.compile(rf"(?:\r\n|\r|\n)?{OPT_OUT_SUFFIX}\s*\Z")
_TO_PERSIAN = str.maketrans("يك", "یک")


def wording(token: str, *, reply: bool = False) -> str:
    """The text that is told by ``token``, some digits; one that asks to be answered says so."""
    return (_REPLY if reply else _ROUGH).format(token=token)


def facts_of(sent: str, listed: str | None) -> Mapping[str, Any]:
    """The facts of the service profile that the listing of a text of :func:`wording` settles."""
    if not listed:
        return {"text_listed": "hidden"}
    if fold(listed) != fold(sent):
        return {"text_listed": "other"}
    body = _SUFFIX.sub("", listed)
    settled = {
        "text_listed": "plain",
        "suffix_appended": body != listed,
        "trailing_space": "kept" if body.endswith(" ") else "dropped",
        "letters": _letters(body),
        "half_spaces": _half_spaces(body.translate(_TO_PERSIAN)),
        "line_ends": _line_ends(body),
    }
    return {name: value for name, value in settled.items() if value is not None}


def _letters(body: str) -> str | None:
    persian, arabic = ({letter in body for letter in letters} for letters in ("یک", "يك"))
    if len(persian) > 1 or len(arabic) > 1:
        return None
    return {(True, True): "kept", (False, True): "arabic", (True, False): "persian"}.get(
        (True in persian, True in arabic)
    )


def _half_spaces(body: str) -> str | None:
    spelled = {"می‌دانم": "kept", "میدانم": "dropped", "می دانم": "space"}
    return next((value for word, value in spelled.items() if word in body), None)


def _line_ends(body: str) -> str | None:
    windows = body.count("\r\n")
    names = {(1, 1): "kept", (2, 0): "crlf", (0, 2): "lf"}
    return names.get((windows, body.count("\n") - windows))
