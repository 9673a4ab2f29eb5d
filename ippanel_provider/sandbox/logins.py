"""Logins under way and the tokens they end in. API: auth.

The steps of a login and of a forgotten password are temporary tokens; a step that was used, replaced or outlived is
gone.
"""

from __future__ import annotations

from dataclasses import dataclass

from ippanel_provider.service import LOGIN_STEP_LIFETIME, RECOVERY_STEP_LIFETIME, TOKEN_LIFETIME

from .journal import Journal, Store, change
from .records import Credential

MAX_TRIES = 5
"""Wrong codes a step survives; the figure is the sandbox's own."""


@dataclass(slots=True)
class Step:
    """A temporary token that waits for a code. ``kind`` is ``sms``, ``ga`` or ``recovery``; ``otp`` is empty for
    ``ga``.
    """

    token: str
    kind: str
    otp: str
    expires: float
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class TextedCode:
    """A one-time code as it would be texted to the account's owner."""

    purpose: str
    mobile: str
    otp: str
    time: float


class Logins(Store):
    """Steps, final tokens, and the codes that were texted."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self._steps: dict[str, Step] = {}
        self._tokens: dict[str, Credential] = {}
        self.texted: list[TextedCode] = []

    def credential(self, token: str) -> Credential | None:
        """The final token with this value, living or not."""
        return self._tokens.get(token)

    def step(self, token: str) -> Step | None:
        """The step with this token, if it has not run out."""
        step = self._steps.get(token)
        return step if step is not None and self.now() < step.expires else None

    @change
    def begin(self, kind: str, token: str, otp: str, mobile: str) -> None:
        """Open a step, and text its code where it has one."""
        lifetime = RECOVERY_STEP_LIFETIME if kind == "recovery" else LOGIN_STEP_LIFETIME
        self._steps[token] = Step(token, kind, otp, self.now() + lifetime)
        if otp:
            self.texted.append(TextedCode(kind, mobile, otp, self.now()))

    @change
    def resend(self, token: str, new_token: str, otp: str, mobile: str) -> None:
        """Text another code for a step; the step goes on under ``new_token``, by text from now on.

        :raises KeyError: when there is no such step.
        """
        del self._steps[token]
        self.begin("sms", new_token, otp, mobile)

    @change
    def close(self, token: str) -> None:
        """A step has served its purpose.

        :raises KeyError: when there is no such step.
        """
        del self._steps[token]

    @change
    def count_wrong(self, token: str) -> None:
        """A wrong code was given for a step; after :data:`MAX_TRIES` of them it is gone.

        :raises KeyError: when there is no such step.
        """
        step = self._steps[token]
        step.wrong += 1
        if step.wrong >= MAX_TRIES:
            del self._steps[token]

    @change
    def issue(self, token: str) -> None:
        """Make a final token that lives ten hours."""
        self._tokens[token] = Credential("token", self.now() + TOKEN_LIFETIME)

    @change
    def revoke(self, token: str) -> None:
        """End a final token.

        :raises KeyError: when there is no such token.
        """
        del self._tokens[token]
