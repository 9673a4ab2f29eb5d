"""What an installation lacks, said so that it can be helped."""

from __future__ import annotations

from importlib import import_module

DISTRIBUTION = "airflow-provider-ippanel"


def need(module: str, extra: str) -> None:
    """Import ``module``, which comes with an extra of this package.

    :raises ModuleNotFoundError: it is missing, or something it needs is; the text names the extra to install.
    """
    try:
        import_module(module)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(missing(error.name or module, extra), name=error.name, path=error.path) from None


def missing(module: str, extra: str) -> str:
    """Say which extra brings a module that is missing."""
    return f"there is no module {module} here; it comes with pip install '{DISTRIBUTION}[{extra}]'"
