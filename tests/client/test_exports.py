"""The public names of the client."""

from __future__ import annotations

import typing

from ippanel_provider import client
from ippanel_provider.client import edge, models


def test_every_public_name_is_there() -> None:
    assert [name for name in client.__all__ if not hasattr(client, name)] == []
    assert client.__all__ == sorted(client.__all__)


def test_every_result_of_a_call_is_public() -> None:
    results = {
        inner
        for call in edge.operations().values()
        for outer in typing.get_args(typing.get_type_hints(call)["return"])
        for inner in (outer, *typing.get_args(outer))
        if isinstance(inner, type) and issubclass(inner, models.Model)
    }
    assert len(results) > 20
    assert {result.__name__ for result in results} <= set(client.__all__)
