"""Where a login keeps its token between uses."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from ippanel_provider.service import EDGE_URL


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token of the service and the time, in UTC, at which it ends."""

    value: str = field(repr=False)
    expires_at: datetime


class TokenStore(Protocol):
    """Keeps one token. A store that cannot read what it kept answers None: a new login mends that."""

    def load(self) -> StoredToken | None:
        """Return the token kept last, expired or not."""
        ...

    def save(self, token: StoredToken) -> None:
        """Keep ``token`` in place of any other."""
        ...

    def clear(self) -> None:
        """Forget the token."""
        ...


class MemoryStore:
    """Keeps the token for the life of the process."""

    def __init__(self) -> None:
        self._token: StoredToken | None = None

    def load(self) -> StoredToken | None:
        """Return the token kept last."""
        return self._token

    def save(self, token: StoredToken) -> None:
        """Keep ``token``."""
        self._token = token

    def clear(self) -> None:
        """Forget the token."""
        self._token = None


class FileStore:
    """Keeps the token in a file that only its owner can read, so that the next process need not log in.

    :param directory: made if missing, readable by its owner alone. One file an account: accounts may share it.
    :param username: whose token it is; together with ``base_url`` it makes the file's name, as a hash.

    No password and no user name is written. A file that others can read or that another user owns is not believed.
    """

    def __init__(self, directory: str | os.PathLike[str], *, username: str, base_url: str | None = None) -> None:
        account = f"{_host_root(base_url or EDGE_URL)}\n{username}"
        self._directory = Path(directory)
        self._path = self._directory / f"{hashlib.sha256(account.encode()).hexdigest()[:32]}.json"

    def load(self) -> StoredToken | None:
        """Return the token in the file; None when there is none, or none that can be believed."""
        try:
            handle = os.open(self._path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            with open(handle, encoding="utf-8") as file:
                if not _is_private(os.fstat(file.fileno())):
                    return None
                kept = json.load(file)
            return StoredToken(str(kept["token"]), datetime.fromtimestamp(kept["expires_at"], UTC))
        except (OSError, ValueError, TypeError, KeyError, OverflowError):
            return None

    def save(self, token: StoredToken) -> None:
        """Write the token; a reader sees the old file or the new one, never half of either.

        :raises OSError: when the directory cannot be written.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # mkstemp makes a file of its own that nobody else can open.
        handle, name = tempfile.mkstemp(dir=self._directory, prefix=".", suffix=".new")
        try:
            with open(handle, "w", encoding="utf-8") as file:
                json.dump({"token": token.value, "expires_at": token.expires_at.timestamp()}, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self._path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise

    def clear(self) -> None:
        """Delete the file."""
        self._path.unlink(missing_ok=True)


def _host_root(base_url: str) -> str:
    """The part of a base URL that all its accepted spellings share."""
    return base_url.strip().rstrip("/").removesuffix("/api").removesuffix("/v1").lower()


def _is_private(status: os.stat_result) -> bool:
    if not hasattr(os, "getuid"):  # Windows keeps its own access lists; the mode bits say nothing there.
        return True
    return status.st_uid == os.getuid() and not stat.S_IMODE(status.st_mode) & 0o077
