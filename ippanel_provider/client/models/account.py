"""The account and what belongs to it: logins, credit, lines, users and their packages (API: auth, payment, number,
user, package).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AliasChoices, AliasPath, Field

from ippanel_provider.client.models.base import Count, Flag, Model, Moment, Number, Secret, Word


class Account(Model):
    """Who a credential belongs to (API: auth, check_token)."""

    user_name: str
    user_id: int
    name: Annotated[str | None, Field(repr=False)] = None
    is_reseller: Flag = None
    document_block: Flag = None
    send_block: Flag = None


class LoginStep(Model):
    """Where a login stands (API: auth).

    ``login``: ``token`` is the credential, for 10 hours. ``sms`` and ``ga``: it only serves to confirm the code that
    was texted, or that the authenticator shows, within 6 minutes.
    """

    method: Literal["ga", "sms", "login"]
    token: Secret


class RecoveryStep(Model):
    """What a forgotten password is replaced with, together with the code texted, within 2 minutes (API: auth)."""

    token: Secret


class Credit(Model):
    """The money on the account, in rial (API: payment)."""

    credit: float
    yesterday_credit: float | None = None
    gift: float | None = None
    gift_expires_at: Moment = None
    updated_at: Moment = None


class Line(Model):
    """A line of the account (API: number, list_numbers)."""

    id: int
    number: str
    operator_id: Count = None
    alias: str | None = None
    receives: Annotated[Flag, Field(validation_alias=AliasChoices("gets", "receives"))] = None
    """Whether texts to the line reach the inbox."""
    is_66_char: Flag = None
    """Whether each further part of a Persian text holds 66 characters instead of 67."""


class Ancestor(Model):
    """A user in a tree of resellers."""

    id: int
    username: str
    is_reseller: Flag = None


class ParentsTree(Model):
    """The resellers above a user (API: user, parents_tree)."""

    selected_user: Ancestor
    main_parent: Ancestor | None = None
    tree: tuple[Ancestor, ...] = ()
    """From the root down."""


class User(Model):
    """A user of a reseller (API: user, list_users). Personal fields are not shown."""

    user_id: int
    user_name: Annotated[str, Field(validation_alias=AliasChoices("uname", "username", "user_name"))]
    name: Annotated[str | None, Field(repr=False)] = None
    mobile: Number | None = None
    email: Annotated[str | None, Field(repr=False)] = None
    national_id: Annotated[str | None, Field(repr=False)] = None
    status: Word | None = None
    parent_id: Annotated[Count, Field(validation_alias=AliasChoices("parent", "parent_id"))] = None
    is_reseller: Flag = None
    document_block: Flag = None
    send_block: Flag = None
    credit: Annotated[float | None, Field(validation_alias=AliasChoices(AliasPath("credit", "credit"), "credit"))] = (
        None
    )
    """In rial."""
    package_id: Annotated[Count, Field(validation_alias=AliasChoices("acl_role_id", "package_id"))] = None
    package_name: Annotated[
        str | None, Field(validation_alias=AliasChoices(AliasPath("acl_role", "acl_role_name"), "package_name"))
    ] = None
    created_at: Annotated[Moment, Field(validation_alias=AliasChoices("time", "created_at"))] = None
    last_login: Moment = None
    expires_at: Annotated[Moment, Field(validation_alias=AliasChoices("expire_time", "expires_at"))] = None


class Package(Model):
    """What a reseller sells to users: their rights and prices (API: package, list_packages)."""

    id: Annotated[int, Field(validation_alias=AliasChoices("acl_role_id", "id"))]
    name: Annotated[str, Field(validation_alias=AliasChoices("acl_role_name", "name"))]
    parent_id: Annotated[Count, Field(validation_alias=AliasChoices("acl_role_parent_id", "parent_id"))] = None
    price: float | None = None
    """In rial."""
    type: str | None = None
    status: Word | None = None
    created_at: Annotated[Moment, Field(validation_alias=AliasChoices("time", "created_at"))] = None
    updated_at: Moment = None
    expires_at: Annotated[Moment, Field(validation_alias=AliasChoices("expire_time", "expires_at"))] = None
