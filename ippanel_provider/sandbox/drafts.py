"""Texts kept to be sent again and again, in groups. API: draft."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from ippanel_provider.service import MAX_DRAFT_GROUPS, MAX_DRAFTS

from .journal import Journal, Store, change

FIRST_GROUP_ID = 200_001
FIRST_DRAFT_ID = 400_001


class TooMany(Exception):
    """The account holds as many as it may."""


@dataclass(slots=True)
class DraftGroup:
    """A group of drafts."""

    id: int
    title: str
    time: int


@dataclass(slots=True)
class Draft:
    """One text."""

    id: int
    group_id: int
    message: str
    time: int


class Drafts(Store):
    """Groups and drafts by id, oldest first."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self.groups: dict[int, DraftGroup] = {}
        self.drafts: dict[int, Draft] = {}
        self._group_ids = itertools.count(FIRST_GROUP_ID)
        self._draft_ids = itertools.count(FIRST_DRAFT_ID)

    def of_group(self, group_id: int | None) -> list[Draft]:
        """The drafts of one group, or all."""
        return [draft for draft in self.drafts.values() if group_id is None or draft.group_id == group_id]

    @change
    def create_group(self, title: str) -> None:
        """Make a group.

        :raises TooMany: when there are as many as there may be.
        """
        if len(self.groups) >= MAX_DRAFT_GROUPS:
            raise TooMany
        group = DraftGroup(next(self._group_ids), title, int(self.now()))
        self.groups[group.id] = group

    @change
    def rename_group(self, group_id: int, title: str) -> None:
        """Give a group another title.

        :raises KeyError: when there is no such group.
        """
        self.groups[group_id].title = title

    @change
    def delete_group(self, group_id: int) -> None:
        """Delete a group with its drafts.

        :raises KeyError: when there is no such group.
        """
        del self.groups[group_id]
        self.drafts = {draft.id: draft for draft in self.drafts.values() if draft.group_id != group_id}

    @change
    def create_draft(self, group_id: int, message: str) -> None:
        """Keep a text.

        :raises TooMany: when there are as many as there may be.
        """
        if len(self.drafts) >= MAX_DRAFTS:
            raise TooMany
        draft = Draft(next(self._draft_ids), group_id, message, int(self.now()))
        self.drafts[draft.id] = draft

    @change
    def rewrite_draft(self, draft_id: int, message: str) -> None:
        """Replace the text of a draft.

        :raises KeyError: when there is no such draft.
        """
        self.drafts[draft_id].message = message

    @change
    def delete_drafts(self, draft_ids: Sequence[int]) -> None:
        """Delete drafts; ids of none are passed over."""
        for draft_id in draft_ids:
            self.drafts.pop(draft_id, None)
