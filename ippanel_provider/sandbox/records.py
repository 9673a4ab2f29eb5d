"""What the service keeps: lines, bulks, texts that came in, patterns. Data only; what happens to it is in ``state``."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, overload

from ippanel_provider.service import BulkState, DeliveryStatus

from .lifecycle import Script, state_at, status_at
from .phonebook_records import Entry


@dataclass(slots=True)
class Line:
    """A number the account may send from."""

    id: int
    number: str
    operator_id: int = 1
    alias: str | None = None
    gets: bool = True
    is_66_char: bool = False


class Item(NamedTuple):
    """One bulk to be: a text, who gets it, and one text a recipient where they differ (keyword forms)."""

    text: str
    recipients: Sequence[str]
    texts: Sequence[str] | None = None


@dataclass(slots=True)
class Singles(Sequence[Item]):
    """Items with one recipient each, in two columns: a thousand of them cost little more than their texts."""

    texts: list[str]
    recipients: list[str]

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, place: int) -> Item: ...

    @overload
    def __getitem__(self, place: slice) -> Singles: ...

    def __getitem__(self, place: int | slice) -> Item | Singles:
        if isinstance(place, slice):
            return Singles(self.texts[place], self.recipients[place])
        return Item(self.texts[place], (self.recipients[place],))

    def __iter__(self) -> Iterator[Item]:
        return (Item(text, (recipient,)) for text, recipient in zip(self.texts, self.recipients, strict=True))


@dataclass(slots=True)
class Submission:
    """What one accepted request asks for: one bulk an item. ``due`` is the ``send_time`` as epoch seconds, or None for
    now.
    """

    kind: str
    line: str
    items: Singles | Sequence[Item]
    due: float | None = None
    script: Script | None = None
    price: float | None = None
    """Rial a recipient, where the text's length does not decide (voice)."""
    filing: Entry | None = None
    """The contact that the recipient is filed as once the text is accepted."""
    listed_after: float = 0.0
    """Seconds until the outbox report lists it, beyond what all wait (a fault)."""
    listed_for: float | None = None
    """Seconds until somebody deletes it from the outbox (a fault); None is never."""
    origin: str = ""
    """What sends it, as it says of itself."""
    freezes: float = 0.0
    """Seconds for which the outbox report takes in nothing new from now on (a fault)."""


@dataclass(slots=True)
class Bulk:
    """One accepted text with its recipients."""

    id: int
    kind: str
    line: str
    text: str
    recipients: Sequence[str]
    parts: int
    cost: float
    accepted: float
    due: float
    script: Script
    texts: Sequence[str] | None = None
    is_example: bool = False
    origin: str = ""
    """What sent it, where that says so: the DAG and the task."""

    def __len__(self) -> int:
        """Of bulks; a batch has more."""
        return 1

    def __getitem__(self, place: int) -> Bulk:
        return self

    def __iter__(self) -> Iterator[Bulk]:
        yield self

    def id_at(self, place: int) -> int:
        """Its id."""
        return self.id

    def text_at(self, place: int) -> str:
        """Its text."""
        return self.text

    def place_of(self, bulk_id: int) -> int | None:
        """0 when it has this id; None when it has not."""
        return 0 if bulk_id == self.id else None

    @property
    def text_count(self) -> int:
        """How many texts were handed over."""
        return len(self.recipients)

    def fates(self) -> Iterator[tuple[Script, Sequence[str]]]:
        """Its fate and whom that meets, as a batch has several."""
        yield self.script, self.recipients

    def handed_over(self) -> Iterator[tuple[str, str]]:
        """Every recipient with the text for them."""
        return zip(self.recipients, itertools.repeat(self.text) if self.texts is None else self.texts, strict=False)

    def state_at(self, now: float) -> BulkState:
        """Its ``state_id``."""
        return state_at(now, self.accepted, self.due, self.script)

    def status_at(self, now: float, recipient: str) -> DeliveryStatus:
        """The ``message_status`` of a recipient."""
        return status_at(now, self.accepted, self.due, self.script, recipient)

    def change(self, place: int, script: Script, cost: float) -> None:
        """Give it another fate and price."""
        self.script, self.cost = script, cost

    def text_for(self, index: int) -> str:
        """The text the recipient at ``index`` gets."""
        return self.text if self.texts is None else self.texts[index]


@dataclass(slots=True)
class InboxMessage:
    """A text a person sent to one of the account's lines."""

    id: int
    sender: str
    number: str
    text: str
    time: int
    kind: str = "normal"
    seen: bool = False


@dataclass(slots=True)
class Pattern:
    """A template a person has to approve before it can be sent."""

    code: str
    message: str
    variables: Mapping[str, str]
    """Variable name to ``string`` or ``integer``."""
    status: str = "pending"
    """``pending``, ``active`` or ``inactive`` (rejected)."""
    title: str | None = None
    description: str = ""
    is_share: bool = False
    website: str | None = None
    is_example: bool = False
    comment: str = ""
    """What the person who reviewed it says."""
    updated: float = 0.0
    created: float = 0.0
    lengths: Mapping[str, int] = field(default_factory=dict)
    """How many characters the value of a variable may have; 0, or no entry, is any number."""


@dataclass(slots=True)
class Credential:
    """An API key (never expires) or a token of a login."""

    kind: str
    """``key`` or ``token``."""
    expires: float | None = None


@dataclass(slots=True)
class Account:
    """The person the service knows, with money in rial and the service's temper towards them."""

    user_name: str = "ippanel"
    user_id: int = 58745
    name: str = "test"
    password: str = "sandbox-password"  # noqa: S105 - a stand-in's documented password, good for nothing else
    mobile: str = "+989120000000"
    """Where one-time codes are texted to."""
    two_factor: str = "login"
    """What a login asks for: ``login`` (nothing more), ``sms`` (a texted code) or ``ga`` (an authenticator's code)."""
    totp_secret: str = "JBSWY3DPEHPK3PXP"  # noqa: S105 - a stand-in's documented secret, good for nothing else
    """The authenticator's secret, in base32."""
    is_reseller: bool = True
    document_block: bool = False
    send_block: bool = False
    credit: float = 10_000_000_000.0
    gift: float = 0.0
    without_credit: str = "state"
    """What meets a send without credit: ``state`` accepts it and ends it in state 8, ``refuse`` answers 200 with status
    false.
    """
    unauthorized_body: str = "seen"
    """Which of the two 401 bodies is answered: ``seen`` (in production) or ``documented``."""
    api2_key: str = "apikey"
    """Where api2 looks for the key: the header ``apikey``, or ``either`` that or ``Authorization: AccessKey``, as is
    seen and unsure.
    """
    api2_statuses: str = "words"
    """How api2 writes where a text stands: in ``words``, or in ``numbers``; clients of the vendor read either."""
    alternates: bool = True
    """Whether the documents' alternate methods, paths and aliases are served too."""
    without_alternates: list[str] = field(default_factory=list)
    """Single ones that are not, by the names ``stats`` counts them under (``GET /api/numbers``, ``apikey as key``)."""
