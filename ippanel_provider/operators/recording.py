"""The results of a sending task: where they are kept, and what is known of the task that a table should say."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ippanel_provider.exceptions import SendFailed
from ippanel_provider.extras import need
from ippanel_provider.hooks.ledgers import engine_of
from ippanel_provider.operators.hidden_fields import value_of
from ippanel_provider.values import InvalidValue

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.campaign.ledger.base import Ledger
    from ippanel_provider.campaign.order import Order
    from ippanel_provider.campaign.results import Summary
    from ippanel_provider.options import Results
    from ippanel_provider.results.followed import Followed
    from ippanel_provider.results.recorder import Recorder
    from ippanel_provider.results.runs import Run
    from ippanel_provider.results.schema import Tables

NEEDS_LEDGER = (
    "required with results: a ledger in SQL, which outlives the run; set it here, or as [ippanel] ledger_conn_id of "
    "Airflow's configuration"
)


def refuse_without_ledger(task: Any) -> None:
    """Refuse results that no later try would know of.

    :raises InvalidValue: naming the setting.
    """
    if task.results is not None and not task.ledger_conn_id:
        raise InvalidValue("ledger_conn_id", NEEDS_LEDGER)


def rendered(task: Any, results: Results, context: Context) -> Results:
    """Return where results are kept with its templates rendered, and the ledger's connection where it names none.

    :raises InvalidValue: naming the field.
    """
    given = {name: getattr(results, name) for name in ("table", "conn_id", "path")}
    said = {name: task.render_template(value, context) for name, value in given.items()}
    conn_id = said.pop("conn_id") or task.ledger_conn_id
    if not conn_id:
        raise InvalidValue("results.conn_id", "required; or set [ippanel] ledger_conn_id of Airflow's configuration")
    return replace(results, conn_id=str(conn_id), **said)


def open_table(results: Results) -> tuple[Any, Tables]:
    """Return the engine and the tables of results."""
    need("sqlalchemy", "sql")
    from ippanel_provider.results.schema import tables_of

    return engine_of(str(results.conn_id)), tables_of(results.table)


def only_wanted(task: Any, context: Context) -> Callable[[Iterable[Row]], Iterable[Row]]:
    """Return what lets only those rows through that ``only`` of a task wants; all of them where it wants none.

    :raises SendFailed: the table cannot be read. Nothing was sent.
    """
    if task.only is None:
        return lambda rows: rows
    results = rendered(task, task.only.results, context)
    campaign = task.render_template(task.only.campaign_id, context)
    engine, tables = open_table(results)
    from ippanel_provider.operators.ledgers import campaign_name
    from ippanel_provider.results.only import wanted
    from ippanel_provider.results.schema import Unwritable

    try:
        found = wanted(engine, tables, task.only.statuses, campaign=campaign, but=campaign_name(task, context["ti"]))
    except Unwritable as error:
        raise SendFailed(f"only: {error}. Nothing was sent.") from None
    task.log.info("only: %d keys have the status %s.", len(found), " or ".join(task.only.statuses))
    return found.among


@contextmanager
def recorded(
    task: Any, context: Context, order: Order, ledger: Ledger, ended: Sequence[Summary]
) -> Iterator[Recorder | None]:
    """Give what keeps the results of a send; when the block has ended, they are written.

    :param ended: how far it came, once it has ended
    :raises SendFailed: the table cannot be written: before the block nothing was sent, after it a retry writes what is
        missing.
    """
    if task.results is None:
        yield None
        return
    refuse_without_ledger(task)
    results = rendered(task, task.results, context)
    engine, tables = open_table(results)
    from ippanel_provider.results.export import checked

    if results.path:
        checked(results.path)
    from ippanel_provider.campaign.keys import MOST_CHARACTERS
    from ippanel_provider.campaign.ledger.sql import SqlLedger
    from ippanel_provider.campaign.order import OncePer
    from ippanel_provider.operators.ledgers import campaign_name
    from ippanel_provider.results.recorder import Hasher, Recorder
    from ippanel_provider.results.runs import Run
    from ippanel_provider.results.schema import Unwritable, prepare
    from ippanel_provider.results.writing import try_out

    assert isinstance(ledger, SqlLedger)  # noqa: S101 - else it was refused
    campaign = campaign_name(task, context["ti"])
    if len(campaign) > MOST_CHARACTERS:
        raise InvalidValue("campaign_id", f"with results at most {MOST_CHARACTERS} characters; got {len(campaign)}")
    try:
        salt = prepare(engine, tables)
        try_out(engine, tables, campaign)
        run = Run.begin(engine, tables, **_about(task, context, campaign, salt))
    except Unwritable as error:
        raise SendFailed(f"{error}. Nothing was sent.") from None
    recorder = Recorder(
        engine,
        tables,
        Hasher(salt, OncePer(order.once_per)),
        ledger,
        campaign=campaign,
        run=run.id,
        sender=order.sender,
        behind="sqlite" not in (engine.dialect.name, engine_of(str(task.ledger_conn_id)).dialect.name),
    )
    try:
        yield recorder
    except BaseException:
        try:
            _finish(task, recorder, run, "failed", ended)
        except Exception as error:  # noqa: BLE001 - it must not hide what ended the send
            task.log.warning("results: the next try writes what is missing (%s).", type(error).__name__)
        raise
    if problem := _finish(task, recorder, run, "done", ended):
        raise SendFailed(
            f"{problem}. Rows are missing in it; everything was accepted. A retry writes them and sends nothing."
        )
    export(task, results, recorder.rows)


def _finish(task: Any, recorder: Recorder, run: Run, state: str, ended: Sequence[Summary]) -> str:
    """Write what is left; return why it cannot be."""
    from ippanel_provider.results.schema import Unwritable

    try:
        recorder.finish()
        run.end(state, *ended)
    except Unwritable as error:
        task.log.error("%s. Rows are missing in it; the next try writes them.", error)
        return str(error)
    return ""


def _about(task: Any, context: Context, campaign: str, salt: bytes) -> dict[str, Any]:
    ti: Any = context["ti"]
    given = (getattr(task, name, None) for name in ("row_message", "message", "messages", "code"))
    template = next((str(value_of(text)) for text in given if isinstance(value_of(text), str)), "")
    return {
        "campaign": campaign,
        "dag_id": ti.dag_id,
        "task_id": ti.task_id,
        "run_id": ti.run_id,
        "map_index": ti.map_index,
        "try_number": ti.try_number,
        "owner": str(task.owner),
        "dag_version": str(getattr(ti, "dag_version_id", None) or ""),
        "sender": task.line(),
        # A text may be guessed by its plain hash.
        "template_hash": hashlib.blake2b(template.encode(), key=salt, digest_size=12).hexdigest() if template else None,
        "began_at": time.time(),
    }


def export(task: Any, results: Results, rows: Followed) -> None:
    """Write the rows of a campaign to the file of ``results``, where it names one.

    :raises InvalidInput: naming the path, if the file is of no format.
    """
    if not results.path:
        return
    from ippanel_provider.operators.files import location
    from ippanel_provider.results.export import write

    count = write(rows.engine, rows.tables, rows.campaign, location(results.path), str(results.path))
    task.log.info("Wrote %d rows to %s.", count, results.path)
