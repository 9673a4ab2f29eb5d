"""What a campaign will cost, and whether the credit is enough for it. Money is rial."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ippanel_provider.campaign.audience import Message
from ippanel_provider.client import (
    Client,
    Invalid,
    IPPanelError,
    NotFound,
    NotSent,
    Unauthorized,
    Unconfirmed,
    Unsupported,
    edge,
)
from ippanel_provider.client.gateway import gateway
from ippanel_provider.service import MCI_PREFIXES, Api
from ippanel_provider.text.letters import with_opt_out
from ippanel_provider.text.parts import Encoding, TextSize, measure, weigh

log = logging.getLogger(__name__)

_SAMPLES = {Encoding.UCS2: "سلام", Encoding.GSM7: "hello"}


class TooLittleCredit(NotSent):
    """The credit does not cover what is about to be sent."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """What texts from a line cost.

    :param prices: rial a part, to MCI and to every other operator; empty where the service tells none
    :param is_66_char: the line's parts are shorter
    :param opt_out: the service demands (and bills) the suffix ``لغو11`` on texts of this line
    """

    prices: Mapping[Encoding, tuple[float, float]] = field(default_factory=dict)
    is_66_char: bool = False
    opt_out: bool = False

    def size(self, text: str) -> TextSize:
        """Measure a text as it is billed. The suffix makes a Latin text a Persian one, with shorter parts."""
        if self.opt_out:
            text = with_opt_out(text)
        return measure(text, is_66_char=self.is_66_char)

    def cost(self, recipient: str, size: TextSize) -> float:
        """Return what one text costs to one recipient (``+989XXXXXXXXX``); 0 where there are no prices."""
        prices = self.prices.get(size.encoding)
        # Who has taken a number to another operator is not known here, so it is an estimate.
        return (
            0.0 if prices is None else size.parts * (prices[0] if recipient.startswith(MCI_PREFIXES, 3) else prices[1])
        )


def tariff_of(client: Client, sender: str, *, opt_out: bool = False) -> Tariff:
    """Ask the service for a line's prices; what it does not tell is left out, and said in the log.

    :raises Unauthorized: if the credential is wrong.
    :raises NotSent: if the service cannot be reached.
    """
    if client.settings.api is Api.REST:
        log.info(
            "The legacy REST API tells no prices before a send, so the cost is not estimated and the credit not "
            "checked."
        )
        return Tariff(opt_out=opt_out)
    try:
        lines = {line.number: line for line in client.walk(edge.number.list_numbers())}
        if lines and sender not in lines:
            log.warning("sender: %s is none of the lines that the account lists; the service may refuse it.", sender)
        is_66_char = sender in lines and bool(lines[sender].is_66_char)
        prices = {encoding: _price(client, sender, sample) for encoding, sample in _SAMPLES.items()}
    except (Unauthorized, NotSent):
        raise
    except IPPanelError as error:
        log.warning("The service tells no prices, so the cost is not estimated and the credit not checked. %s", error)
        return Tariff(opt_out=opt_out)
    return Tariff(prices, is_66_char, opt_out)


def _price(client: Client, sender: str, sample: str) -> tuple[float, float]:
    price = client.run(gateway(client.settings.api).price(sample, sender=sender))
    parts = max(1, price.parts)
    return price.mci_price / parts, price.other_price / parts


@dataclass(slots=True)
class Estimate:
    """Messages counted by what they cost."""

    tariff: Tariff
    messages: int = 0
    parts: int = 0
    rial: float = 0.0
    _last: str | None = field(default=None, repr=False)
    _size: TextSize = field(default=measure(""), repr=False)

    def add(self, message: Message) -> TextSize:
        """Count a message; return its size."""
        # One text for all is one object.
        if message.text is not self._last:
            self._last, self._size = message.text, self.tariff.size(message.text)
        self.messages += 1
        self.parts += self._size.parts
        self.rial += self.tariff.cost(message.recipient, self._size)
        return self._size

    def add_all(self, messages: Sequence[Message]) -> None:
        """Count messages: those with texts of their own in half of the time."""
        tariff, prices = self.tariff, self.tariff.prices
        if tariff.opt_out or (messages and messages[0].text is messages[-1].text):
            for message in messages:
                self.add(message)
            return
        weights = weigh([message.text for message in messages], is_66_char=tariff.is_66_char)
        self.messages += len(messages)
        self.parts += sum([parts for _, parts in weights])
        if not prices:
            return
        nothing = (0.0, 0.0)
        for message, (encoding, parts) in zip(messages, weights, strict=True):
            to_mci, to_others = prices.get(encoding, nothing)
            self.rial += parts * (to_mci if message.recipient.startswith(MCI_PREFIXES, 3) else to_others)

    @classmethod
    def of(cls, tariff: Tariff, messages: Sequence[Message]) -> Estimate:
        """Count messages."""
        estimate = cls(tariff)
        estimate.add_all(messages)
        return estimate

    @property
    def cost(self) -> float | None:
        """Rial, None if the service told no prices."""
        return round(self.rial, 1) if self.tariff.prices else None

    def sentence(self) -> str:
        """Return the counts in words."""
        return f"{self.messages:,} recipients, {self.parts:,} parts" + (
            f", about {self.rial:,.0f} rial" if self.tariff.prices else ""
        )


def require_credit(client: Client, estimate: Estimate, what: str) -> None:
    """Return if the credit covers the estimate, or if nobody can tell.

    :param what: what the estimate is of, for the message
    :raises TooLittleCredit: naming what there is and what is needed.
    """
    if not estimate.tariff.prices:
        return
    try:
        credit = client.run(gateway(client.settings.api).credit()).credit
    except (Invalid, NotFound, Unconfirmed, Unsupported) as error:
        log.warning("The service does not tell the credit, so it is not checked. %s", error)
        return
    refuse_debt(credit, estimate, what)
    log.info("The credit of %s rial covers %s: %s.", f"{credit:,.0f}", what, estimate.sentence())


def refuse_debt(credit: float, estimate: Estimate, what: str) -> None:
    """Return if a credit covers the estimate.

    :raises TooLittleCredit: as :func:`require_credit` does.
    """
    if credit < estimate.rial:
        raise TooLittleCredit(
            f"credit: the account has {credit:,.0f} rial, and {what} ({estimate.messages:,} recipients, "
            f"{estimate.parts:,} parts) costs about {estimate.rial:,.0f}. Charge the account and let the task run "
            f"again, or set check_credit=False."
        )
