"""A login's token in an Airflow Variable, so that the workers of an installation share one login."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import threading
from datetime import UTC, datetime
from typing import Any

from airflow.providers.common.compat.sdk import Variable, mask_secret

from ippanel_provider.client import StoredToken

log = logging.getLogger(__name__)


class TokenVariable:
    """Keeps the token in the Variable ``ippanel_token_<hash of account and host>``; encrypted if Airflow has a Fernet
    key.

    A task process has one channel to Airflow, for its main thread alone and not from inside an event loop. Elsewhere,
    and where Variables cannot be reached at all, the token is kept in this process until that changes.
    """

    def __init__(self, username: str, root: str) -> None:
        self.key = f"ippanel_token_{hashlib.sha256(f'{root} {username}'.encode()).hexdigest()[:16]}"
        self._kept: StoredToken | None = None
        self._is_behind = False

    def load(self) -> StoredToken | None:
        """Return the token kept last."""
        if _may_ask_airflow():
            stored = self._read()
            if self._is_behind and not (stored and self._kept and stored.expires_at > self._kept.expires_at):
                self._write(self._kept)
            else:
                self._kept, self._is_behind = stored or self._kept, False
        return self._kept

    def save(self, token: StoredToken) -> None:
        """Keep ``token``, and mask it in logs from now on."""
        mask_secret(token.value)
        self._keep(token)

    def clear(self) -> None:
        """Forget the token."""
        self._keep(None)

    def _keep(self, token: StoredToken | None) -> None:
        self._kept = token
        self._is_behind = True
        if _may_ask_airflow():
            self._write(token)

    def _read(self) -> StoredToken | None:
        try:
            kept: Any = json.loads(Variable.get(self.key, None) or "null")
            if kept is None:
                return None
            token = StoredToken(str(kept["token"]), datetime.fromtimestamp(kept["expires_at"], UTC))
        except Exception as error:  # noqa: BLE001 - whatever a secrets backend raises, a login of our own mends it
            log.debug("The shared token cannot be read (%s); this process logs in itself.", type(error).__name__)
            return None
        mask_secret(token.value)
        return token

    def _write(self, token: StoredToken | None) -> None:
        try:
            if token is None:
                Variable.delete(self.key)
            else:
                kept = {"token": token.value, "expires_at": token.expires_at.timestamp()}
                Variable.set(
                    self.key,
                    json.dumps(kept),
                    description="A login's token for IPPanel, shared by tasks; kept up by itself.",
                )
        except Exception as error:  # noqa: BLE001 - whatever a secrets backend raises, the token still serves this process
            log.debug("The token cannot be shared (%s); it serves this process.", type(error).__name__)
            return
        self._is_behind = False


def _may_ask_airflow() -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return True
    return False
