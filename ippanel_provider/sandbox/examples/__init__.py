"""The demo account: what the documents show, under the ids they print, so that a call copied from them works."""

from __future__ import annotations

from ippanel_provider.sandbox.state import Sandbox

from . import office, patterns, phonebooks, sending


def fill(sandbox: Sandbox) -> None:
    """Put the examples into an empty sandbox."""
    for chapter in (sending, patterns, phonebooks, office):
        chapter.fill(sandbox)
