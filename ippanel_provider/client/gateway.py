"""What both APIs can do, under one set of names and with one kind of result. Operators speak to this.

A gateway does no I/O: like everything below it, its methods return requests. What an API lacks raises
:class:`~ippanel_provider.client.errors.Unsupported` before anything is sent, and says what to do instead.

======================  =====  ===========
call                    Edge   legacy REST
======================  =====  ===========
send                    yes    at once only
send_each               yes    one message a request
pattern                 yes    at once only
bulk, recipients        yes    yes
inbox                   yes    all of it, without ids
credit, account         yes    yes
outbox, price, cancel   yes    no
======================  =====  ===========
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

from ippanel_provider.client import edge, rest
from ippanel_provider.client import validation as checks
from ippanel_provider.client._fields import PAGE_SIZE
from ippanel_provider.client.errors import Unsupported
from ippanel_provider.client.models import Account, Bulk, Credit, Delivery, IncomingText, Price, Receipt
from ippanel_provider.client.requests import PageRequest, Request
from ippanel_provider.service import MAX_PEER_TO_PEER_ITEMS, Api, BulkState
from ippanel_provider.tracebacks import make_discreet


@make_discreet
class Gateway:
    """The calls, as the Edge API has them: all. Arguments are checked as by the functions of ``edge`` that they stand
    for.
    """

    api = Api.EDGE

    def send(
        self, message: str, recipients: Iterable[str | int], *, sender: str, send_time: datetime | None = None
    ) -> Request[Receipt]:
        """Send one text to 1 to 1000 recipients; one bulk."""
        return edge.send.webservice(message, recipients, sender=sender, send_time=send_time)

    def send_each(
        self,
        messages: Iterable[tuple[str | int | Sequence[str | int], str]],
        *,
        sender: str,
        send_time: datetime | None = None,
    ) -> Request[Receipt]:
        """Send texts of their own to their recipients, all or none; one bulk per message."""
        return edge.send.peer_to_peer(messages, sender=sender, send_time=send_time)

    def pattern(
        self,
        code: str,
        recipient: str | int,
        variables: Mapping[str, str | int] | None = None,
        *,
        sender: str,
        send_time: datetime | None = None,
    ) -> Request[Receipt]:
        """Send an approved pattern to one recipient; one bulk."""
        return edge.send.pattern(code, recipient, variables, sender=sender, send_time=send_time)

    def cancel(self, outbox_id: int | str) -> Request[None]:
        """Cancel a scheduled bulk, until 5 minutes before its time."""
        return edge.send.cancel(outbox_id)

    def price(self, message: str, *, sender: str) -> Request[Price]:
        """What a text costs per recipient, in rial."""
        return edge.send.calculate_price(message, sender=sender)

    def outbox(
        self,
        *,
        page: int = 1,
        per_page: int = PAGE_SIZE,
        sender: str | None = None,
        message: str | None = None,
        state: BulkState | None = None,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
    ) -> PageRequest[Bulk]:
        """List what was sent, newest first. Times are aware."""
        return edge.report.outbox(
            page=page,
            per_page=per_page,
            sender=sender,
            message=message,
            state=state,
            created_from=created_from,
            created_to=created_to,
        )

    def bulk(self, outbox_id: int | str) -> Request[Bulk]:
        """One bulk by its outbox id."""
        return edge.report.bulk(outbox_id)

    def recipients(self, outbox_id: int | str, *, page: int = 1, per_page: int = PAGE_SIZE) -> PageRequest[Delivery]:
        """List the recipients of a bulk with their delivery status; None is one that is not known yet."""
        return edge.report.recipients(outbox_id, page=page, per_page=per_page)

    def inbox(
        self, *, after_id: int | None = None, page: int = 1, per_page: int = PAGE_SIZE
    ) -> PageRequest[IncomingText]:
        """List the texts that came in; with ``after_id`` only those with a higher inbox id."""
        return edge.report.inbox(after_id=after_id, page=page, per_page=per_page)

    def credit(self) -> Request[Credit]:
        """The account's credit in rial."""
        return edge.payment.credit()

    def account(self) -> Request[Account]:
        """Who the credential belongs to."""
        return edge.auth.check_token()


@make_discreet
class _Rest(Gateway):
    """What the legacy API does in another way, or not at all."""

    api = Api.REST

    def send(
        self, message: str, recipients: Iterable[str | int], *, sender: str, send_time: datetime | None = None
    ) -> Request[Receipt]:
        _at_once("send", send_time)
        return rest.send(message, recipients, sender=sender)

    def send_each(
        self,
        messages: Iterable[tuple[str | int | Sequence[str | int], str]],
        *,
        sender: str,
        send_time: datetime | None = None,
    ) -> Request[Receipt]:
        # Several requests for several texts would be several sends: some accepted and some not, with no one receipt.
        # Whoever wants that has to keep the books of it, message by message.
        _at_once("send_each", send_time)
        several = checks.bounded(list(messages), most=MAX_PEER_TO_PEER_ITEMS, field="messages")
        if len(several) > 1:
            _lacks("send_each", "takes one text a request", "send one message in each request (chunk_size 1)")
        to, message = several[0]
        return rest.send(message, [to] if isinstance(to, (str, int)) else to, sender=sender)

    def pattern(
        self,
        code: str,
        recipient: str | int,
        variables: Mapping[str, str | int] | None = None,
        *,
        sender: str,
        send_time: datetime | None = None,
    ) -> Request[Receipt]:
        _at_once("pattern", send_time)
        return rest.send_pattern(code, recipient, variables, sender=sender)

    def cancel(self, outbox_id: int | str) -> NoReturn:
        _lacks("cancel", "schedules nothing that could be cancelled", "cancel in the panel")

    def price(self, message: str, *, sender: str) -> NoReturn:
        _lacks("price", "tells no prices before a send", "ask for the cost of the bulk after it")

    def outbox(self, **_: Any) -> NoReturn:
        _lacks("outbox", "lists nothing of what was sent", "keep the outbox ids of the receipts and ask for each bulk")

    def bulk(self, outbox_id: int | str) -> Request[Bulk]:
        return rest.message(outbox_id)

    def recipients(self, outbox_id: int | str, *, page: int = 1, per_page: int = PAGE_SIZE) -> PageRequest[Delivery]:
        return rest.recipients(outbox_id, page=page, per_page=per_page)

    def inbox(
        self, *, after_id: int | None = None, page: int = 1, per_page: int = PAGE_SIZE
    ) -> PageRequest[IncomingText]:
        if after_id is not None:
            _lacks(
                "inbox", "gives texts that came in no ids to start after", "read all of them and compare their times"
            )
        return rest.inbox(page=page, per_page=per_page)

    def credit(self) -> Request[Credit]:
        return rest.credit()

    def account(self) -> Request[Account]:
        return rest.user()


def _lacks(operation: str, what: str, instead: str) -> NoReturn:
    raise Unsupported(f"{operation}: the legacy REST API {what}. Use the Edge API, or {instead}.")


def _at_once(operation: str, send_time: datetime | None) -> None:
    if send_time is not None:
        _lacks(operation, "sends at once only, so send_time cannot be kept", "send without it when the time has come")


_GATEWAYS: dict[Api, Gateway] = {Api.EDGE: Gateway(), Api.REST: _Rest()}


def gateway(api: Api | str) -> Gateway:
    """Return the gateway to an API; run its requests on a client of the same."""
    return _GATEWAYS[Api(api)]
