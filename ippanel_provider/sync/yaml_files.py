"""YAML as it is written by people: read strictly, written readably."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from ippanel_provider.client import InvalidInput


def read(text: str) -> dict[str, Any]:
    """Return the fields of a YAML text.

    :raises InvalidInput: it is no YAML, holds no fields, or one of them twice (where YAML would quietly keep the last).
    """
    yaml = _yaml()

    class Loader(yaml.SafeLoader):  # type: ignore[misc,name-defined]
        """Knows what was given twice."""

    def mapping(loader: Any, node: Any) -> dict[Any, Any]:
        keys = [loader.construct_object(key) for key, _ in node.value]
        if twice := [str(key) for key in keys if keys.count(key) > 1]:
            raise InvalidInput(f"line {node.start_mark.line + 1}: {twice[0]} is given twice")
        return dict(yaml.SafeLoader.construct_mapping(loader, node, deep=True))

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    try:
        fields = yaml.load(text, Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f"line {mark.line + 1}: " if mark is not None else ""
        raise InvalidInput(f"{at}it is not YAML ({getattr(error, 'problem', None) or 'it cannot be read'})") from None
    if not isinstance(fields, dict):
        raise InvalidInput("it holds no fields")
    return fields


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
