"""The parts of a form that carries files, as httpx takes them; it needs nothing of httpx itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ippanel_provider.client.errors import InvalidInput
from ippanel_provider.client.request import Request, Upload


class _FromStart:
    """An open file as httpx may see it: without ``fileno``, behind which a decompressing reader has another size."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


class _Parts(list[tuple[str, Any]]):
    """Parts of a form; as the value of a name in a traceback they show nothing."""

    def __repr__(self) -> str:
        return "[…]"


@contextmanager
def multipart(request: Request[Any]) -> Iterator[list[tuple[str, Any]] | None]:
    """Give the parts of a form in httpx's terms; None for a request without one.

    httpx reads files 64 KB at a time (the async client too, on its loop) and from their start, so that a request that
    is repeated sends them whole. Fields go in as files without a name, which keeps a form without files multipart.
    """
    if request.form is None:
        yield None
        return
    with ExitStack() as opened:
        parts = _Parts((name, (None, value)) for name, value in request.form)
        for name, upload in request.files:
            parts.append((name, (upload.filename, _content(name, upload, opened), upload.content_type)))
        yield parts


def _content(name: str, upload: Upload, opened: ExitStack) -> Any:
    content = upload.content
    if isinstance(content, bytes):
        return content
    if not isinstance(content, Path):
        return _FromStart(content)
    try:
        return opened.enter_context(content.open("rb"))
    except OSError as error:
        raise InvalidInput(f"{name}: the file cannot be read ({error.strerror})") from None
