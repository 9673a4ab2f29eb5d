"""What may cost money, written down before it is done and after, so that no second run does it again.

One file for a service and a phone, readable by its owner only. It also keeps the count that matters: how many texts may
have reached the phone, or still may. A step that would make it more than two is not taken.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ippanel_provider.values import InvalidValue

MOST_TEXTS = 2
"""That may reach a phone, whatever happens."""
_VERSION = 1
_TOKEN_DIGITS = 6


class Journal:
    """The steps that were taken. ``begun``, ``ended`` and the others write the file before they return.

    A step is ``intent`` (begun, outcome unknown), ``accepted``, ``refused`` or ``doubt``.
    """

    def __init__(self, path: Path, content: dict[str, Any]) -> None:
        self.path = path
        self._content = content

    @classmethod
    def at(cls, path: Path) -> Journal:
        """Read what is there, or begin one.

        :raises InvalidValue: what is there is no journal; nothing may be sent then.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["version"] != _VERSION or not isinstance(content["steps"], dict):
                raise ValueError
        except FileNotFoundError:
            token = "1" + "".join(secrets.choice("123456789") for _ in range(_TOKEN_DIGITS)) + "2"
            content = {"version": _VERSION, "token": token, "before": None, "gateway": None, "steps": {}}
        except (ValueError, KeyError, TypeError):
            raise InvalidValue(
                "journal", f"{path} cannot be read, so nothing is sent; look at it, and remove it to begin anew"
            ) from None
        return cls(path, content)

    @property
    def token(self) -> str:
        """What the texts of this journal are told by."""
        return str(self._content["token"])

    def token_of(self, name: str) -> str:
        """The digits by which the text of a step is told: those of the scheduled one, or the same read backwards."""
        return self.token if name == "scheduled" else self.token[::-1]

    @property
    def before(self) -> frozenset[int] | None:
        """The ids that were listed before the first step; None before that."""
        ids = self._content["before"]
        return None if ids is None else frozenset(ids)

    @property
    def steps(self) -> dict[str, dict[str, Any]]:
        """What was taken down of each step."""
        return self._content["steps"]  # type: ignore[no-any-return]

    @property
    def gateway(self) -> str | None:
        """``single`` or ``repeats``: whether a POST is handed on once or twice; None is not known."""
        return self._content["gateway"]  # type: ignore[no-any-return]

    @property
    def texts(self) -> int:
        """How many texts may have reached the phone, or still may."""
        return sum(map(self.texts_of, self.steps))

    @property
    def weight(self) -> int:
        """How many texts one send can make."""
        return 1 if self.gateway == "single" else 2

    def texts_of(self, name: str) -> int:
        """How many of them are of one step."""
        step = self.steps[name]
        if step["state"] == "refused":
            return 0
        found = len(step["ids"])
        if step.get("to_nobody"):
            return found
        if step["state"] != "accepted":
            return self.weight
        # Where the gateway repeats, what was accepted was so twice, whether the list shows it or not; but for one that
        # was refused as a repetition of itself.
        made = max(found, 1 if step.get("throttled") else self.weight)
        return made - len(step.get("cancelled", ()))

    @property
    def in_doubt(self) -> list[str]:
        """The steps that may have made a text, and no answer said."""
        return [
            name for name, step in self.steps.items() if step["state"] in ("intent", "doubt") and self.texts_of(name)
        ]

    def may(self, name: str) -> bool:
        """Whether a step can be taken: it never was, and the texts stay within what is allowed."""
        return name not in self.steps and self.texts + self.weight <= MOST_TEXTS

    @property
    def since(self) -> float:
        """When the newest of these was accepted, by the service's clock (epoch seconds)."""
        return float(self._content.get("since", 0.0))

    def open(self, listed: Sequence[int], since: float) -> None:
        """Take down what is listed before anything is sent, and when the newest of it was accepted."""
        if self._content["before"] is None:
            self._content.update(before=list(listed), since=since)
            self._write()

    def begun(self, name: str, at: float, **about: Any) -> None:
        """Take down that a step is about to be taken."""
        self.steps[name] = {"state": "intent", "ids": [], "at": at, **about}
        self._write()

    def ended(self, name: str, state: str, ids: Sequence[int] = (), **about: Any) -> None:
        """Take down what became of a step; ids are added to those that are known."""
        step = self.steps[name]
        step.update(about, state=state, ids=sorted({*step["ids"], *ids}))
        self._write()

    def never_left(self, name: str) -> None:
        """Forget a step that no connection was made for; it may be taken again."""
        del self.steps[name]
        self._write()

    def noted(self, name: str, **about: Any) -> None:
        """Take down more about a step."""
        self.steps[name].update(about)
        self._write()

    def passes(self, gateway: str) -> None:
        """Take down what the gateway does with a POST; that it repeats is never taken back."""
        if self.gateway != "repeats" and self.gateway != gateway:
            self._content["gateway"] = gateway
            self._write()

    def outlook(self, now: float) -> list[str]:
        """Say for people what may still reach the phone, and what did."""
        lines = []
        for name, step in self.steps.items():
            if not self.texts_of(name):
                continue
            ids = f" (outbox id {', '.join(map(str, step['ids']))})" if step["ids"] else ""
            due = step.get("due")
            if due and due > now:
                when = datetime.fromtimestamp(due, UTC)
                undo = f"; take it back with: ippanel cancel {step['ids'][0]}" if step["ids"] else ""
                lines.append(f"A text is still to come at {when:%H:%M:%S} UTC{ids}{undo}.")
            else:
                sure = "went out" if step["state"] == "accepted" else "may have gone out"
                lines.append(f"The {name} {sure}{ids}.")
        return lines or ["No text is to come."]

    def _write(self) -> None:
        """Have the file on the disk before anything else is done."""
        beside = self.path.with_name(f"{self.path.name}.new")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(self._content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def place(folder: Path, root: str, phone: str) -> Path:
    """Where the journal of a phone at a service is; its name tells neither at a glance."""
    return folder / f"{hashlib.sha256(f'{root} {phone}'.encode()).hexdigest()[:16]}.json"


@contextmanager
def journal(path: Path) -> Iterator[Journal]:
    """Hold the journal; nobody else can meanwhile.

    :raises InvalidValue: another doctor holds it, it cannot be read, or this system has no locks of this kind.
    :raises OSError: it cannot be written.
    """
    try:
        import fcntl
    except ImportError:
        raise InvalidValue("journal", "texts are sent on POSIX systems only, where a file can be held") from None
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InvalidValue("journal", "another doctor is at work with this phone; wait for it to end") from None
        yield Journal.at(path)
    finally:
        os.close(handle)
