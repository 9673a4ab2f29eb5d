"""YAML as it is written by people: read strictly, written readably."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.storage import Location

MAX_BYTES = 64 * 1024
"""More than any file of ours needs. A few hundred bytes can stand for a gigabyte, so more than the size is bounded."""
_MAX_DEPTH = 10
_MAX_DIGITS = 40
_MOST_SHOWN = 40
_NUMBER = re.compile(rf"[-+]?(?:0[xob])?[0-9][0-9a-f_.:]{{{_MAX_DIGITS},}}\Z", re.IGNORECASE)


def load(path: Location) -> dict[str, Any]:
    """Return the fields of a YAML file.

    :raises InvalidInput: as :func:`read`, or it is too large, or not UTF-8.
    """
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InvalidInput(f"it is larger than {MAX_BYTES // 1024} KB; is it the file that is meant?")
    try:
        return read(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InvalidInput("it is not UTF-8") from None


def read(text: str) -> dict[str, Any]:
    """Return the fields of a YAML text.

    :raises InvalidInput: it is no YAML, holds no fields, one of them twice (where YAML would quietly keep the last), or
        what could grow beyond its size: an alias, brackets in brackets in brackets, a number of many digits.
    """
    yaml = _yaml()

    class Loader(yaml.SafeLoader):  # type: ignore[misc,name-defined]
        """Knows what was given twice."""

    def mapping(loader: Any, node: Any) -> dict[Any, Any]:
        keys = Counter(str(loader.construct_object(key)) for key, _ in node.value)
        if twice := [key for key, count in keys.items() if count > 1]:
            raise InvalidInput(f"line {node.start_mark.line + 1}: {twice[0][:_MOST_SHOWN]} is given twice")
        return dict(yaml.SafeLoader.construct_mapping(loader, node, deep=True))

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    try:
        _check_bounds(yaml, text)
        fields = yaml.load(text, Loader)
    except InvalidInput:
        raise
    except ValueError:  # a date as of 31 February, which YAML reads where it is not quoted
        raise InvalidInput("a date or a number in it is none; put it in quotes if a text is meant") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f"line {mark.line + 1}: " if mark is not None else ""
        raise InvalidInput(f"{at}it is not YAML ({getattr(error, 'problem', None) or 'it cannot be read'})") from None
    if not isinstance(fields, dict):
        raise InvalidInput("it holds no fields")
    return fields


def _check_bounds(yaml: ModuleType, text: str) -> None:
    """Go through what stands there before anything is made of it.

    :raises InvalidInput: it stands for more than it looks like.
    """
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        line = f"line {event.start_mark.line + 1}: "
        if isinstance(event, yaml.AliasEvent):
            raise InvalidInput(
                f"{line}an alias (*{event.anchor[:_MOST_SHOWN]}) is not taken; write out what it stands for"
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.ScalarEvent) and event.style is None and _NUMBER.match(event.value):
            raise InvalidInput(f"{line}a number has more than {_MAX_DIGITS} digits")
        if depth > _MAX_DEPTH:
            raise InvalidInput(f"{line}it is nested deeper than {_MAX_DEPTH} levels")


def write(fields: Mapping[str, Any]) -> str:
    """Return the fields as YAML; a text of several lines stands as it is."""
    yaml = _yaml()

    class Dumper(yaml.SafeDumper):  # type: ignore[misc,name-defined]
        """Writes texts of several lines as a block."""

    def text(dumper: Any, value: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return str(yaml.dump(dict(fields), Dumper=Dumper, allow_unicode=True, sort_keys=False, width=1000))


def _yaml() -> ModuleType:
    try:
        import yaml
    except ImportError:
        raise InvalidInput(
            "YAML files need PyYAML; install it with pip install 'airflow-provider-ippanel[sync]'"
        ) from None
    return yaml
