"""The users under a reseller, the packages they hold, the lines handed to them. API: user, package, number."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import NamedTuple

from .journal import Journal, Store, change

FIRST_USER_ID = 300_001


@dataclass(slots=True)
class User:
    """A user under the account, or a reseller above it. Times are epoch seconds."""

    id: int
    username: str
    parent_id: int
    created: int
    name: str = ""
    mobile: str = ""
    email: str = ""
    national_id: str = ""
    tell: str = ""
    add_status: str = "normal"
    """``normal``, ``online`` or ``webservice``."""
    package_id: int = 0
    is_reseller: bool = False
    document_block: bool = False
    send_block: bool = False
    is_bought_panel: bool = False
    last_login: int = 0
    """0 is never."""
    expires: int = 0
    """0 is never."""
    credit: float = 0.0


@dataclass(slots=True)
class Package:
    """Rights and prices that a reseller sells to users; ``price`` in rial."""

    id: int
    name: str
    price: float
    created: int
    parent_id: int = 1
    special_disc: int = 0


class Grant(NamedTuple):
    """What a user may do with a line."""

    send: bool
    gets: bool


class NameTaken(Exception):
    """Another user has this name."""


class AlreadyAssigned(Exception):
    """The user has the line already."""


class NotAssigned(Exception):
    """The user does not have the line."""


class People(Store):
    """Users, packages and grants. The account itself is a user too: the root of those under it."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self.users: dict[int, User] = {}
        self.packages: dict[int, Package] = {}
        self.grants: dict[tuple[int, str], Grant] = {}
        """By user id and line."""
        self._ids = itertools.count(FIRST_USER_ID)

    def by_name(self, username: str) -> User | None:
        """The user with this name."""
        return next((user for user in self.users.values() if user.username == username), None)

    def above(self, user_id: int) -> list[User]:
        """The resellers above a user, from the root down; the way ends where a parent is not known."""
        way: list[User] = []
        user = self.users.get(user_id)
        while user is not None and (user := self.users.get(user.parent_id)) is not None and user not in way:
            way.append(user)
        return way[::-1]

    def under(self, root_id: int) -> list[User]:
        """Everybody under a user, newest first."""
        return [
            user for user in reversed(self.users.values()) if any(above.id == root_id for above in self.above(user.id))
        ]

    def put(self, user: User) -> None:
        """Put a user in under an id of their own; the examples do."""
        self.users[user.id] = user

    @change
    def add_user(self, user: User) -> User:
        """Take a user in, under an id and with a time of creation that are given here.

        :raises NameTaken: when there is one of this name.
        :raises KeyError: when there is no such parent.
        """
        if self.by_name(user.username) is not None:
            raise NameTaken
        if user.parent_id not in self.users:
            raise KeyError(user.parent_id)
        added = replace(user, id=next(self._ids), created=int(self.now()))
        self.put(added)
        return added

    @change
    def assign(self, user_id: int, line: str, send: bool, gets: bool) -> None:
        """Hand a line to a user.

        :raises AlreadyAssigned: when the user has it.
        """
        if (user_id, line) in self.grants:
            raise AlreadyAssigned
        self.grants[user_id, line] = Grant(send, gets)

    @change
    def unassign(self, user_id: int, line: str) -> None:
        """Take a line back.

        :raises NotAssigned: when the user does not have it.
        """
        if self.grants.pop((user_id, line), None) is None:
            raise NotAssigned
