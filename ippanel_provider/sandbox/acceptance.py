"""From a request that is accepted to bulks with their price. Nothing here changes the account; :mod:`.state` does."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Sequence

from ippanel_provider.service import BulkState
from ippanel_provider.text.parts import measure

from .batch import Batch
from .duplicate_guard import Key
from .lifecycle import FATEFUL, Script
from .prices import is_mci, price_each, same_text_cost, text_price
from .records import Bulk, Item, Singles, Submission

Block = Bulk | Batch
"""What the outbox keeps: a bulk, or many that were accepted at once."""


def guard_keys(submission: Submission) -> list[Key]:
    """What the duplicate guard knows each text by."""
    line, items = submission.line, submission.items
    if isinstance(items, Singles):
        return list(zip(items.recipients, itertools.repeat(line), items.texts, strict=False))
    return [
        (recipient, line, text)
        for item in items
        for recipient, text in zip(item.recipients, item.texts or itertools.repeat(item.text), strict=False)
    ]


def blocks_of(
    submission: Submission, ids: range, now: float, script: Script, *, is_66_char: bool, factor: float = 1.0
) -> list[Block]:
    """The bulks of a submission, with ``ids`` in the order of its items; one that ends badly costs nothing.

    :param factor: what a part costs, in multiples of the usual price.
    """
    due = now if submission.due is None else submission.due
    items = submission.items
    if _is_plain(submission, script) and isinstance(items, Singles):
        parts, costs = price_each(items.texts, items.recipients, is_66_char=is_66_char)
        if factor != 1:
            costs = array("d", (round(cost * factor, 1) for cost in costs))
        return [Batch(ids, submission.kind, submission.line, items, parts, costs, now, due, script, submission.origin)]
    blocks: list[Block] = []
    for bulk_id, item in zip(ids, items, strict=True):
        fate = _fate(item, script)
        parts_of_first, cost = _price(item, submission.price, is_66_char)
        cost = round(cost * factor, 1) if fate.end.is_good else 0.0
        text, recipients, texts = item
        blocks.append(
            Bulk(
                bulk_id,
                submission.kind,
                submission.line,
                text,
                recipients,
                parts_of_first,
                cost,
                now,
                due,
                fate,
                texts,
                origin=submission.origin,
            )
        )
    return blocks


def _is_plain(submission: Submission, script: Script) -> bool:
    """Whether every text costs what its length says and has the same fate."""
    items = submission.items
    return (
        isinstance(items, Singles)
        and submission.price is None
        and script.end.is_good
        and FATEFUL.keys().isdisjoint(items.recipients)
    )


def _fate(item: Item, script: Script) -> Script:
    if not script.end.is_good or FATEFUL.keys().isdisjoint(item.recipients):
        return script
    return script.ending(next(FATEFUL[recipient] for recipient in item.recipients if recipient in FATEFUL))


def _price(item: Item, fixed: float | None, is_66_char: bool) -> tuple[int, float]:
    """Parts of the (first) text, and rial for all recipients."""
    text, recipients, texts = item
    size = measure(text if texts is None else texts[0], is_66_char=is_66_char)
    if fixed is not None:
        return size.parts, fixed * len(recipients)
    if texts is None:
        return size.parts, same_text_cost(size, recipients)
    sizes = (measure(each, is_66_char=is_66_char) for each in texts)
    costs = (
        text_price(each.encoding, each.parts, is_mci(recipient))
        for each, recipient in zip(sizes, recipients, strict=True)
    )
    return size.parts, round(sum(costs), 1)


def within_credit(blocks: Sequence[Block], credit: float) -> tuple[list[Block], float]:
    """The same bulks, those there is no credit for ended in state 8, in order; and the credit that is left."""
    bulks: list[Block] = []
    for block in blocks:
        for bulk in block:
            if bulk.cost <= credit:
                credit -= bulk.cost
            else:
                bulk.change(0, bulk.script.ending(BulkState.NO_CREDIT), 0.0)
            bulks.append(bulk)
    return bulks, credit
