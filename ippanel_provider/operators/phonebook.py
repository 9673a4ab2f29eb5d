"""Phonebooks: texts to their contacts, contacts into them and out of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import conf

from ippanel_provider.exceptions import ImportFailed, WaitFailed
from ippanel_provider.operators import fields
from ippanel_provider.operators.base import IPPanelOperator
from ippanel_provider.operators.fields import listed
from ippanel_provider.operators.one_request import OneRequestOperator
from ippanel_provider.operators.waiting import LEAST_POLL, check_event, patiently

if TYPE_CHECKING:
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.client import Phonebook, Receipt, Request
    from ippanel_provider.operators.signatures import ConnectedArguments, SendingArguments
    from ippanel_provider.triggers.phonebook import IPPanelImportTrigger


class IPPanelSendPhonebookOperator(OneRequestOperator):
    """Send one text to the contacts of phonebooks, or a text of their own made of their options.

    The parameters of :class:`~ippanel_provider.operators.one_request.OneRequestOperator` hold too.

    :param books: the phonebooks: ids, or mappings with ``phonebook_id`` and either ``start`` and ``size`` or
        ``number_ids`` to take a part of one (templated)
    :param keywords: the text holds ``{ex_<option id>}``, which the service fills from each contact's options; ``books``
        are ids then (templated)
    """

    template_fields: Sequence[str] = ("books", "keywords", *OneRequestOperator.template_fields)

    keywords = fields.flag()

    def __init__(
        self,
        *,
        message: str,
        books: Sequence[int | str | Mapping[str, Any]] | int | str,
        keywords: bool | str = False,
        **kwargs: Unpack[SendingArguments],
    ) -> None:
        super().__init__(message=message, **kwargs)
        self.books = books
        self.keywords = keywords

    def request(self, line: str, send_time: datetime | None) -> Request[Receipt]:
        """See :class:`~ippanel_provider.operators.one_request.OneRequestOperator`."""
        from ippanel_provider.client import edge

        call: Any = edge.send.keyword_phonebook if self.keywords else edge.send.phonebook
        request: Request[Receipt] = call(self.body(), list(self._books()), sender=line, send_time=send_time)
        return request

    def text(self) -> str | None:
        """A text that the service fills shows filled, so nothing can be found by it."""
        return None if self.keywords else super().text()

    def rows(self) -> Iterator[Row] | None:
        """The contacts of whole phonebooks, if all get the same text."""
        if self.keywords or any(isinstance(book, Mapping) for book in self._books()):
            return None
        return self._contacts()

    def reach(self) -> int | None:
        """As many contacts as the parts ask for, or whole phonebooks hold."""
        from ippanel_provider.client import edge

        total = 0
        for book in self._books():
            if isinstance(book, Mapping):
                count = len(book["number_ids"]) if "number_ids" in book else book.get("size")
            else:
                count = next((found.count for found in self.hook.run(edge.phonebook.list(id=book)).items), None)
            if count is None:
                return None
            total += int(count)
        return total

    def _contacts(self) -> Iterator[Row]:
        from ippanel_provider.campaign.audience import Row
        from ippanel_provider.client import edge
        from ippanel_provider.service import MAX_PAGE_SIZE

        line, text = 0, self.body()
        for book in self._books():
            for contact in self.hook.get_conn().walk(
                edge.phonebook.list_contacts(phonebook_id=book, per_page=MAX_PAGE_SIZE), whole=True
            ):
                line += 1
                yield Row(line, contact.number, text)

    def _books(self) -> Iterator[Any]:
        yield from ([self.books] if isinstance(self.books, Mapping) else listed(self.books, "books"))


class IPPanelImportPhonebookOperator(IPPanelOperator):
    """Have the service import an xlsx file into a phonebook. The import runs there after the task has ended, or it
    waits for it.

    Returns ``{"phonebook_id": id}``; after waiting also ``"import_status"``, in the service's word, and ``"contacts"``,
    which are in it now. A retry uploads the file again; a number is in a phonebook once.

    :param phonebook_id: the phonebook (templated)
    :param path: the file: a local path, or any URL that object storage takes (templated)
    :param done: the words for the ``import_status`` that say it is done. The documents name none, so look at what your
        account says if a wait does not end
    :param failed: those that say it has failed
    :param wait_for_completion: wait until it is done (templated)
    :param deferrable: wait on the triggerer instead of this worker; default is the ``[operators] default_deferrable``
        setting
    :param poke_interval: seconds, or a ``timedelta``, between two looks
    :param timeout: seconds, or a ``timedelta``, to wait at most; a retry waits as long again
    :raises ImportFailed: if it has
    :raises WaitFailed: if the time was up, or the service refused to be asked
    """

    template_fields: Sequence[str] = (
        "phonebook_id", "path", "wait_for_completion", *IPPanelOperator.template_fields,
    )  # fmt: skip

    wait_for_completion = fields.flag()
    deferrable = fields.flag()
    poke_interval = fields.seconds(LEAST_POLL)
    timeout = fields.seconds()

    def __init__(
        self,
        *,
        phonebook_id: int | str,
        path: str,
        done: Sequence[str] = ("done", "completed", "finished", "success"),
        failed: Sequence[str] = ("failed", "error", "cancelled", "canceled"),
        wait_for_completion: bool | str = False,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poke_interval: float | timedelta = 30.0,
        timeout: float | timedelta = 24 * 3600.0,
        **kwargs: Unpack[ConnectedArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.phonebook_id = phonebook_id
        self.path = path
        self.done = tuple(done)
        self.failed = tuple(failed)
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.poke_interval = poke_interval
        self.timeout = timeout

    def perform(self, context: Context) -> dict[str, Any]:
        """Upload the file, and wait if asked to."""
        from ippanel_provider.client import edge
        from ippanel_provider.operators.files import uploaded

        with uploaded(self.path) as file:
            self.hook.run(edge.phonebook.import_contacts(self.phonebook_id, file))
        self.log.info("The service imports %s into phonebook %s.", self.path, self.phonebook_id)
        if not self.wait_for_completion:
            return {"phonebook_id": int(self.phonebook_id)}
        status: list[str | None] = [None]

        def look() -> Phonebook | None:
            books = self.hook.run(edge.phonebook.list(id=self.phonebook_id)).items
            if not books:
                raise WaitFailed(f"phonebook_id: there is no phonebook {self.phonebook_id} any more")
            status[0] = books[0].import_status
            return books[0] if status[0] in self._ends else None

        book = patiently(self, context, look, self._trigger, lambda: f"the import is {status[0] or 'not begun'}")
        return self._concluded(str(book.import_status), book.count)

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """Take up the trigger's event."""
        check_event(event, "ended")
        return self._concluded(event["import_status"], event["contacts"])

    @property
    def _ends(self) -> tuple[str, ...]:
        return (*self.done, *self.failed)

    def _trigger(self, deadline: float) -> IPPanelImportTrigger:
        from ippanel_provider.triggers.phonebook import IPPanelImportTrigger

        return IPPanelImportTrigger(
            int(self.phonebook_id), self._ends, self.ippanel_conn_id, self.poke_interval, deadline
        )

    def _concluded(self, status: str, contacts: int | None) -> dict[str, Any]:
        if status in self.failed:
            raise ImportFailed(
                f"phonebook_id {self.phonebook_id}: the service says of the import: {status}. The panel may tell why."
            )
        self.log.info("The import is %s; phonebook %s has %s contacts.", status, self.phonebook_id, contacts)
        return {"phonebook_id": int(self.phonebook_id), "import_status": status, "contacts": contacts}


class IPPanelExportPhonebookOperator(IPPanelOperator):
    """Write the contacts of a phonebook to a file, one line each.

    The columns are ``id, number, pre, name, email, created_at``; with ``options=True`` also ``options``, as the service
    writes them in JSON, which costs a request for each contact. The file holds personal data: put it where that may
    lie. Returns ``{"path", "contacts": n}``.

    :param phonebook_id: the phonebook (templated)
    :param path: where to write: a local path, or any URL that object storage takes; an error midway leaves what was
        there before (templated)
    :param format: ``csv``, ``jsonl``, ``parquet`` (extra ``parquet``) or ``xlsx`` (extra ``xlsx``); default is what the
        path ends in
    :param options: ask for the options of each contact too
    """

    template_fields: Sequence[str] = ("phonebook_id", "path", *IPPanelOperator.template_fields)
    ui_color = "#fdf3dc"

    def __init__(
        self, *, phonebook_id: int | str, path: str, format: str | None = None, options: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.phonebook_id = phonebook_id
        self.path = path
        self.format = format
        self.options = options

    def perform(self, context: Context) -> dict[str, Any]:
        """Read and write; return the count."""
        from ippanel_provider.operators.files import write
        from ippanel_provider.tables.writers import Column

        names = [
            Column("id", "int64"),
            Column("number"),
            Column("pre"),
            Column("name"),
            Column("email"),
            Column("created_at", "timestamp"),
        ]
        columns = [*names, *([Column("options")] if self.options else [])]
        written = [0]
        write(self.path, columns, self._rows(written), format=self.format)
        self.log.info("Wrote %d contacts to %s.", written[0], self.path)
        return {"path": str(self.path), "contacts": written[0]}

    def _rows(self, written: list[int]) -> Iterator[tuple[Any, ...]]:
        import json

        from ippanel_provider.client import edge
        from ippanel_provider.service import MAX_PAGE_SIZE

        client = self.hook.get_conn()
        for contact in client.walk(
            edge.phonebook.list_contacts(phonebook_id=self.phonebook_id, per_page=MAX_PAGE_SIZE), whole=True
        ):
            written[0] += 1
            row = (contact.id, contact.number, contact.pre, contact.name, contact.email, contact.created_at)
            if self.options:
                whole = client.run(edge.phonebook.get_contact(contact.id))
                row = (*row, json.dumps(whole.options, ensure_ascii=False))  # type: ignore[assignment]
            yield row
