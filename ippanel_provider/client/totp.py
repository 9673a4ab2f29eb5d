"""The codes an authenticator shows (RFC 6238: six digits, SHA-1, a new one every 30 seconds).

Libraries refuse secrets shorter than 112 bits; services still hand out 80 of them, and the choice is not ours.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from ippanel_provider.client.errors import InvalidInput


def key(secret: str) -> bytes:
    """Return the key in a ``secret`` of base32, as an authenticator is set up with; spaces and case do not count."""
    letters = "".join(secret.split()).rstrip("=").upper()
    try:
        decoded = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError:
        decoded = b""
    if not decoded:
        raise InvalidInput("totp_secret: it is not base32 (A-Z, 2-7); copy it from where the authenticator was set up")
    return decoded


def code(key: bytes, moment: float) -> str:
    """Return the code at ``moment``, in seconds since the epoch."""
    digest = hmac.digest(key, (int(moment) // 30).to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
