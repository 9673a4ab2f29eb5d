"""Where a sending task learns who must get no text: ``suppress=[OptedOut(), InPhonebook(12), InTable("SELECT …",
"warehouse")]``.

The numbers match in any spelling. All lists are read before the first text leaves; if one cannot be, none leaves.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from airflow.providers.common.compat.sdk import BaseHook

from ippanel_provider.exceptions import SendFailed
from ippanel_provider.operators.fields import numbers_of
from ippanel_provider.operators.hidden_fields import value_of
from ippanel_provider.values import InvalidValue, refuse_nothing

if TYPE_CHECKING:
    from ippanel_provider.campaign.suppression import Suppression
    from ippanel_provider.operators.campaign import CampaignOperator


_MOST_KEPT = 4_000_000
"""Letters that are kept in a Variable: a quarter of a million people who have left."""


@runtime_checkable
class SuppressionList(Protocol):
    """A list of numbers that get no text."""

    def reason(self) -> str:
        """Return why its numbers get none; no number and no credential is in it."""
        ...

    def numbers(self, task: CampaignOperator) -> Iterable[Any]:
        """Yield the numbers, in any spelling; raise if they cannot be read."""
        ...


@dataclass
class OptedOut:
    """Who texted ``لغو``, ``لغو11`` or ``11`` (or ``off``, ``stop``, ``cancel``) to a line and not ``12`` since.

    Letters, digits, spacing and courtesy around the word do not matter (``لغو کنید``, ``Stop. Thank you``). The last
    word counts, line by line. What was heard is kept as keyed hashes in a Variable (``ippanel_left_…``), so that the
    next try and the next run read on from there. Over the legacy REST API the whole inbox is read where its texts do
    not say when they came in.

    :param line: the line they texted to, as +983000505; default is any line of the account: who left one of them gets
        no text (templated)
    :param words: what says "no more" (default: :data:`ippanel_provider.text.opt_out.OUT_WORDS`)
    :param back_words: what says "again" (default: ``12``)
    """

    line: str | None = None
    words: Sequence[str] | None = None
    back_words: Sequence[str] | None = None
    template_fields: ClassVar[Sequence[str]] = ("line",)

    def reason(self) -> str:
        """They said so."""
        return "the recipient has opted out by a text to the line"

    def numbers(self, task: CampaignOperator) -> Iterable[Any]:
        """Read the whole inbox."""
        from ippanel_provider.campaign.suppression import opted_out

        words, back_words = self._words()
        return opted_out(task.hook.get_conn(), line=self.line, words=words, back_words=back_words)

    def fill(self, suppression: Suppression, task: CampaignOperator) -> tuple[int, int]:
        """Add who has left, from what was heard before and what came in since."""
        from ippanel_provider.campaign.inbox_wishes import Standing, hear, short
        from ippanel_provider.campaign.suppression import meant_line
        from ippanel_provider.hooks.variables import AirflowVariables
        from ippanel_provider.inbox import sender_hash

        line, account, (words, back_words) = meant_line(self.line), task.hook.account, self._words()
        variables = AirflowVariables("Who has left which line, as keyed hashes; kept up by itself.")
        # Another account, or other words, would have heard something else.
        of = json.dumps([account.identity, sorted(words), sorted(back_words)])
        key = f"ippanel_left_{hashlib.sha256(of.encode()).hexdigest()[:24]}"
        before = Standing.read(variables.get(key))
        if not before.salt:
            before = Standing(salt=secrets.token_hex(32))
        secret = hashlib.blake2b(account.ledger_secret.encode(), key=bytes.fromhex(before.salt)).hexdigest()

        def hashed(number: str) -> str:
            return short(sender_hash(number, secret))

        standing, kept = task.hook.run(hear(before, hashed, words, back_words, api=account.settings.api))
        if kept != before and len(written := kept.write()) <= _MOST_KEPT:
            variables.set(key, written)
        out = standing.of(line)
        suppression.add_hashed(out, hashed, self.reason())
        return len(out), 0

    def _words(self) -> tuple[Sequence[str], Sequence[str]]:
        from ippanel_provider.text.opt_out import BACK_WORDS, OUT_WORDS

        return self.words or OUT_WORDS, BACK_WORDS if self.back_words is None else self.back_words


@dataclass
class InPhonebook:
    """Who is in a phonebook of the service (Edge API).

    :param phonebook_id: its id (templated)
    """

    phonebook_id: int | str
    template_fields: ClassVar[Sequence[str]] = ("phonebook_id",)

    def reason(self) -> str:
        """Say which."""
        return f"the recipient is in phonebook {self.phonebook_id}, which gets no texts"

    def numbers(self, task: CampaignOperator) -> Iterable[Any]:
        """Read the phonebook."""
        from ippanel_provider.campaign.suppression import phonebook_members

        return phonebook_members(task.hook.get_conn(), self.phonebook_id)


@dataclass
class InTable:
    """Who is in the first column of a query.

    :param sql: the query (templated)
    :param sql_conn_id: the connection to the database (templated)
    :param parameters: values for the query's placeholders (templated)
    """

    sql: str
    sql_conn_id: str
    parameters: Mapping[str, Any] | Sequence[Any] | None = None
    template_fields: ClassVar[Sequence[str]] = ("sql", "sql_conn_id", "parameters")

    def reason(self) -> str:
        """Say which database."""
        return f"the recipient is on the list in {self.sql_conn_id} of who gets no texts"

    def numbers(self, task: CampaignOperator) -> Iterator[Any]:
        """Run the query."""
        from ippanel_provider.tables.sql import read

        with closing(read(BaseHook.get_connection(self.sql_conn_id).get_hook(), self.sql, self.parameters)) as rows:
            for row in rows:
                yield next(iter(row.values()))


@dataclass
class InFile:
    """Who is in a CSV, JSON lines, Parquet or Excel file with a header.

    :param path: a local path, or any URL that object storage takes (templated)
    :param column: the column of the numbers; default is the first
    :param conn_id: the connection of the object storage
    """

    path: str
    column: str | None = None
    conn_id: str | None = None
    template_fields: ClassVar[Sequence[str]] = ("path", "conn_id")

    def reason(self) -> str:
        """Say that much."""
        return "the recipient is in the file of who gets no texts"

    def numbers(self, task: CampaignOperator) -> Iterator[Any]:
        """Read the file."""
        from ippanel_provider.client import InvalidInput
        from ippanel_provider.operators.files import opened
        from ippanel_provider.tables.formats import to_read
        from ippanel_provider.tables.layout import Layout
        from ippanel_provider.tables.readers import read

        kind = to_read(self.path)
        with opened(self.path, self.conn_id) as file:
            for record in read(file, kind, Layout(number_column=self.column)):
                if record.problem:
                    raise InvalidInput(f"line {record.line}: {record.problem}")
                if self.column is not None and self.column not in record.values:
                    raise InvalidInput(f"column: line {record.line} has no {self.column!r}")
                yield (
                    record.values[self.column] if self.column is not None else next(iter(record.values.values()), None)
                )


@dataclass
class _Given:
    """Numbers that the author gives, or another task found."""

    given: Sequence[Any]

    def reason(self) -> str:
        return "the recipient is on the task's list of who gets no texts"

    def numbers(self, task: CampaignOperator) -> Iterable[Any]:
        return self.given


def suppression_for(task: CampaignOperator) -> Suppression | None:
    """Read all that ``suppress`` of a task names; None if it names nothing.

    :raises SendFailed: naming the list that cannot be read.
    """
    from ippanel_provider.campaign.suppression import Suppression

    lists = _lists(value_of(task.suppress))
    if not lists:
        return None
    suppression = Suppression()
    for entry in lists:
        name = type(entry).__name__.strip("_")
        try:
            given, strange = (
                entry.fill(suppression, task)
                if isinstance(entry, OptedOut)
                else suppression.add(entry.numbers(task), entry.reason())
            )
        except Exception as error:
            raise SendFailed(
                f"suppress, {name}: it cannot be read, and nothing is sent without it. {_said(error)}"
            ) from error
        task.log.info("suppress, %s: %d numbers.", name, given)
        if strange:
            task.log.warning("suppress, %s: %d of them are no mobile numbers and match nobody.", name, strange)
    return suppression


def _said(error: Exception) -> str:
    from ippanel_provider.client import IPPanelError

    # What others say may repeat what they read.
    return str(error) if isinstance(error, IPPanelError) else f"({type(error).__name__})"


def _lists(given: Any) -> list[SuppressionList]:
    from ippanel_provider.tables.frames import is_frame, is_series

    alone = isinstance(given, (SuppressionList, str, int)) or is_frame(given) or is_series(given)
    items = [] if given is None else [given] if alone else list(given)
    lists: list[SuppressionList] = []
    single: list[Any] = []
    for item in items:
        if isinstance(item, SuppressionList):
            lists.append(item)
        elif isinstance(item, (str, int)):
            refuse_nothing(item, "suppress")
            single += numbers_of(item, "suppress")
        elif is_frame(item) or (isinstance(item, Iterable) and not isinstance(item, Mapping)):
            lists.append(_Given(list(numbers_of(item, "suppress"))))
        else:
            raise InvalidValue("suppress", f"{type(item).__name__} is neither a list of who gets no texts nor a number")
    return [*lists, _Given(single)] if single else lists
