"""Whose key a table of results says something of."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import closing, nullcontext
from typing import Any

import sqlalchemy as sa

from ippanel_provider.campaign.audience import Row
from ippanel_provider.campaign.hash_set import HashSet
from ippanel_provider.campaign.keys import BadKey, hashed, key_of
from ippanel_provider.results.fates import Status
from ippanel_provider.results.schema import Tables, naming


class Wanted:
    """The keys whose row has one of some statuses. A million of them take 17 MB."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = HashSet()
        for key in keys:
            self._keys.add((hashed(key),))

    def __len__(self) -> int:
        return len(self._keys)

    def among(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows whose key is wanted; what has no key is nobody's."""
        with closing(rows) if isinstance(rows, Generator) else nullcontext(rows):
            for row in rows:
                try:
                    key = hashed(key_of(row.key))
                except BadKey:
                    continue
                if self._keys.among((key,)):
                    yield row


def wanted(
    engine: sa.Engine, tables: Tables, statuses: Collection[str], *, campaign: str | None, but: str | None
) -> Wanted:
    """Read the keys whose row has one of the statuses.

    :param campaign: the campaign that is looked at; None is each key's last one
    :param but: a campaign that is not looked at: the one that asks
    :raises Unwritable: the table cannot be read.
    """
    with naming(tables), engine.connect() as connection:
        found = _query(tables, campaign, but)
        streamed = connection.execution_options(stream_results=True, yield_per=1000).execute(found)
        return Wanted(row.row_key for row in _last(streamed) if row.said in statuses)


def _query(tables: Tables, campaign: str | None, but: str | None) -> Any:
    rows = tables.results.c
    said = sa.case(((rows.status == Status.MERGED.value) & rows.fate.is_not(None), rows.fate), else_=rows.status)
    found = sa.select(rows.row_key, said.label("said"))
    if campaign is not None:
        return found.where(rows.campaign == campaign)
    # Of several campaigns that know a key the one counts that sent to it last.
    return found.where(rows.campaign != (but or "")).order_by(rows.row_key, rows.accepted_at, rows.revision)


def _last(rows: Iterable[Any]) -> Iterator[Any]:
    """Yield the last of the rows of each key, which stand beside each other."""
    last = None
    for row in rows:
        if last is not None and last.row_key != row.row_key:
            yield last
        last = row
    if last is not None:
        yield last
