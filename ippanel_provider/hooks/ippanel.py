"""The hook: connection, credential and client."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

from ippanel_provider.provider_info import CONNECTION_FIELDS, CONNECTION_TYPE, FIELD_BEHAVIOUR, HOOK_NAME
from ippanel_provider.tracebacks import discreet, make_discreet

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

    from ippanel_provider.client import AsyncClient, Client, Flow, Gateway, Request
    from ippanel_provider.hooks.account import Account

T = TypeVar("T")


@make_discreet
class IPPanelHook(BaseHook):
    """Speaks to IPPanel over an Airflow connection of type ``ippanel``.

    The connection's password is the API key (or, with a login, the password of that user), its host the base URL
    (empty: the service itself); its extra holds the fields of :data:`ippanel_provider.provider_info.CONNECTION_FIELDS`.

    :param ippanel_conn_id: the connection's id.
    """

    conn_name_attr = "ippanel_conn_id"
    default_conn_name = "ippanel_default"
    conn_type = CONNECTION_TYPE
    hook_name = HOOK_NAME

    def __init__(self, ippanel_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ippanel_conn_id = ippanel_conn_id

    @cached_property
    @discreet
    def account(self) -> Account:
        """The connection, understood.

        :raises InvalidInput: naming the field that cannot be right.
        """
        conn = self.get_connection(self.ippanel_conn_id)
        return self._account_of(conn, conn.extra_dejson)

    def read_again(self) -> bool:
        """Read the connection anew; return whether it is another than before.

        :raises InvalidInput: naming the field that cannot be right.
        """
        known: Account | None = self.__dict__.pop("account", None)
        return known is None or self.account != known

    def get_conn(self) -> Client:
        """Return the client shared by this process."""
        from ippanel_provider.hooks.clients import client_for

        return client_for(self.account)

    async def aget_conn(self) -> AsyncClient:
        """Return the client shared by the running event loop."""
        from ippanel_provider.hooks.clients import async_client_for

        return await async_client_for(await self.async_account())

    async def async_account(self) -> Account:
        """The same as :attr:`account`, for an event loop."""
        from airflow.providers.common.compat.connection import get_async_connection, get_async_extra_dejson
        from asgiref.sync import sync_to_async

        if "account" not in self.__dict__:
            try:
                conn = await get_async_connection(self.ippanel_conn_id, hook=self)
            except AirflowNotFoundException:
                # In a test run of a DAG, Airflow 3 sees connections of its database only this way.
                conn = await sync_to_async(self.get_connection)(self.ippanel_conn_id)
            self.__dict__["account"] = self._account_of(conn, await get_async_extra_dejson(conn))
        return self.account

    def run(self, call: Request[T] | Flow[T]) -> T:
        """Run any request or flow of :mod:`ippanel_provider.client` and return its result."""
        return self.get_conn().run(call)

    async def arun(self, call: Request[T] | Flow[T]) -> T:
        """Run any request or flow on the event loop and return its result."""
        return await (await self.aget_conn()).run(call)

    def sender(self, sender: str | None = None) -> str:
        """Return ``sender``, or the connection's default.

        :raises InvalidInput: if it is no line, or there is neither.
        """
        from ippanel_provider.client import InvalidInput
        from ippanel_provider.client.validation import sender as checked

        if sender:
            return checked(sender)
        if self.account.sender is None:
            raise InvalidInput(
                f"sender: the task names none and connection {self.ippanel_conn_id!r} has no default sender"
            )
        return self.account.sender

    @property
    def gateway(self) -> Gateway:
        """What the connection's API can do: its methods return requests for :meth:`run`."""
        from ippanel_provider.client import gateway

        return gateway(self.account.settings.api)

    def get_apprise_url(self, recipients: Iterable[str | int] = ()) -> str:
        """Return the Apprise URL of this connection. It holds the credential: never log it, never show it.

        :param recipients: mobile numbers, or phonebooks as ``#12``; in any spelling.
        :raises InvalidInput: if the connection logs in with a user name; Apprise takes API keys only.
        """
        from ippanel_provider.apprise_url import apprise_url
        from ippanel_provider.client import InvalidInput

        account, settings = self.account, self.account.settings
        if account.login is not None:
            raise InvalidInput(
                f"connection {self.ippanel_conn_id!r}, login: Apprise takes an API key; use a connection with one"
            )
        return apprise_url(
            account.password,
            account.sender,
            recipients,
            api=settings.api,
            base_url=settings.base_url,
            verify=settings.verify,
            proxy=settings.proxy,
            connect_timeout=settings.connect_timeout,
            read_timeout=settings.read_timeout,
        )

    def test_connection(self) -> tuple[bool, str]:
        """Say who we are to the service, or what is wrong and what to do; fails at once instead of trying again."""
        from ippanel_provider.client import IPPanelError
        from ippanel_provider.hooks.check import introduce

        try:
            return True, introduce(self.account)
        except IPPanelError as error:
            return False, str(error)

    def _account_of(self, conn: Connection, extra: dict[str, Any]) -> Account:
        from ippanel_provider.hooks.account import account_of

        return account_of(
            self.ippanel_conn_id,
            conn_type=conn.conn_type,
            host=conn.host,
            port=conn.port,
            schema=conn.schema,
            login=conn.login,
            password=conn.password,
            extra=extra,
        )

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return the form's extra fields, for Airflow before 3.2."""
        from flask_appbuilder.fieldwidgets import BS3PasswordFieldWidget, BS3TextFieldWidget
        from flask_babel import lazy_gettext
        from wtforms import BooleanField, PasswordField, StringField
        from wtforms.validators import Optional, Regexp, any_of

        widgets: dict[str, Any] = {}
        for field in CONNECTION_FIELDS:
            common: dict[str, Any] = {
                "label": lazy_gettext(field.label),
                "description": field.description,
                "default": field.default,
            }
            if field.type == "boolean":
                widgets[field.name] = BooleanField(**common)
            elif field.type == "number":
                # Airflow 2 drops a whole hook that has a field of any other class, a FloatField too.
                number = [Optional(), Regexp(r"[0-9]+(\.[0-9]+)?\Z", message="a number")]
                widgets[field.name] = StringField(**common, widget=BS3TextFieldWidget(), validators=number)
            elif field.secret:
                widgets[field.name] = PasswordField(**common, widget=BS3PasswordFieldWidget())
            else:
                validators = [Optional(), any_of(field.choices)] if field.choices else []
                widgets[field.name] = StringField(**common, widget=BS3TextFieldWidget(), validators=validators)
        return widgets

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return which standard fields the form shows and how it names them, for Airflow before 3.2."""
        return FIELD_BEHAVIOUR
