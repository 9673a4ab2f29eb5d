"""Why a plan is not made or not applied. With every one of these, nothing more was changed."""

from __future__ import annotations

from ippanel_provider.client import IPPanelError


class SyncError(IPPanelError):
    """Base of the errors of plan and apply."""


class PanelChanged(SyncError):
    """The panel is not as it was when the plan was made; make a new plan."""


class Ambiguous(SyncError):
    """Several things in the panel could be the one that is meant; the message says how to tell them apart."""


class BookFull(SyncError):
    """The contacts do not fit into the phonebook, and it is not to be split."""


class TooManyDeletions(SyncError):
    """The plan deletes more contacts than was allowed. Nothing was changed."""
