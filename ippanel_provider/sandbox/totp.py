"""The code an authenticator shows (RFC 6238: SHA-1, six digits, a new one every 30 seconds)."""

from __future__ import annotations

import base64
import hashlib
import hmac

STEP = 30


def code_at(secret: str, moment: float) -> str:
    """The code for a base32 ``secret`` at ``moment``, in seconds since the epoch.

    :raises ValueError: when ``secret`` is not base32.
    """
    letters = "".join(secret.split()).upper().rstrip("=")
    key = base64.b32decode(letters + "=" * (-len(letters) % 8))
    digest = hmac.digest(key, (int(moment) // STEP).to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 0x0F
    return str((int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF) % 10**6).zfill(6)


def accepts(secret: str, code: str, moment: float) -> bool:
    """Whether ``code`` is right at ``moment``; one step earlier or later is taken too, for clocks that are off."""
    return any(
        hmac.compare_digest(code_at(secret, moment + drift).encode(), code.encode()) for drift in (0, -STEP, STEP)
    )
