"""The file of rejected rows of a sending task, on a disk or on any object storage."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from airflow.providers.common.compat.sdk import ObjectStoragePath

if TYPE_CHECKING:
    from ippanel_provider.campaign.audience import Row

log = logging.getLogger(__name__)


@contextmanager
def rejects_to(path: str | None, *, with_numbers: bool = False) -> Iterator[Callable[[Row, str], None] | None]:
    """Give what writes a rejected row down; the file appears at ``path`` when the block ends, also by an error.

    Without a path there is nothing to give.

    :raises InvalidInput: at once, if the path does not say which format.
    """
    from ippanel_provider.campaign.rejects import RejectsFile, format_of

    if not path:
        yield None
        return
    kind = format_of(path)
    # Spooled, because object storage takes no appending, and shows what is closed.
    with tempfile.TemporaryFile("w+b") as spool:
        file = RejectsFile(spool, kind, with_numbers=with_numbers)
        try:
            yield file.add
        except BaseException:
            file.end()
            try:
                # What failed before it began has nothing to say, and an earlier try may have written the file.
                if file.entries:
                    _publish(spool, path)
            except Exception:
                # It must not hide why the sending failed.
                log.exception("The file of rejected rows cannot be written.")
            raise
        file.end()
        _publish(spool, path)


def _publish(spool: IO[bytes], path: str) -> None:
    spool.seek(0)
    target = ObjectStoragePath(path)
    if target.protocol in {"", "file"}:
        target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        shutil.copyfileobj(spool, file)
