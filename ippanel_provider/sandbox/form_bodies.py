"""Reading form bodies: multipart with files, and url-encoded ones."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import parse_qsl

from .wire import Form, Upload

FORM_TYPES = (b"multipart/form-data", b"application/x-www-form-urlencoded")


def read_form(content_type: bytes, body: bytes) -> Form:
    """Read a form. ``files[]`` and ``files`` are one field; a broken form reads as what came before the break."""
    form = Form()
    if content_type.startswith(b"application/x-www-form-urlencoded"):
        for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
            form.values.setdefault(name.removesuffix("[]"), []).append(value)
        return form
    _read_multipart(content_type, body, form)
    return form


def _read_multipart(content_type: bytes, body: bytes, form: Form) -> None:
    # Imported here: only file sends need it.
    # It says in the log what it thinks of broken forms; the answer is where that belongs.
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import FormParser, parse_options_header

    _, options = parse_options_header(content_type)
    if not options.get(b"boundary"):
        return

    def on_field(field: Any) -> None:
        name = (field.field_name or b"").decode("utf-8", "replace")
        form.values.setdefault(name.removesuffix("[]"), []).append((field.value or b"").decode("utf-8", "replace"))

    def on_file(file: Any) -> None:
        name = (file.field_name or b"").decode("utf-8", "replace")
        file.file_object.seek(0)
        upload = Upload((file.file_name or b"").decode("utf-8", "replace"), file.file_object.read())
        form.files.setdefault(name.removesuffix("[]"), []).append(upload)

    parser = FormParser(
        "multipart/form-data",
        on_field,
        on_file,
        boundary=options.get(b"boundary"),
        config={"MAX_MEMORY_FILE_SIZE": 1 << 30},
    )
    try:
        parser.write(body)
        parser.finalize()
    except FormParserError:
        return
