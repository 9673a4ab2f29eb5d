"""Teaches every Apprise of this process ``ippanel://``, at the moment it loads its plugins and not before.

Tools that build a bare ``Apprise()`` read no plugin folder; they are reached from a ``.pth`` line of the environment
(``ippanel apprise install --site``) and, inside Airflow, from its plugin. Every start of Python there imports this
module, so it imports nothing; where Apprise is never imported, nothing further happens.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

_MANAGERS = "apprise.manager_plugins"
"""The module that knows all plugins."""


def install() -> None:
    """Begin to watch for Apprise. Calling it again does no harm."""
    if _MANAGERS in sys.modules:
        _teach(sys.modules[_MANAGERS])
    elif not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder:
    """Finds the one module as everyone else would, and has it taught once it is loaded."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != _MANAGERS:
            return None
        for finder in sys.meta_path:
            if finder is not self and (spec := finder.find_spec(name, path, target)) is not None:
                if spec.loader is not None:
                    spec.loader = _Teaching(spec.loader)  # type: ignore[assignment]
                return spec
        return None


class _Teaching:
    """A loader like the given one, with one step more."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        _teach(module)


def _teach(managers: ModuleType) -> None:
    """Have the manager add our plugin whenever it has loaded its own; they are forgotten and loaded anew at times."""
    manager = managers.NotificationManager
    native = manager.load_modules
    if getattr(native, "knows_ippanel", False):
        return

    def load_modules(self: Any, path: str | None = None, *args: Any, **kwargs: Any) -> None:
        native(self, path, *args, **kwargs)
        if path is None:
            _register()

    load_modules.knows_ippanel = True  # type: ignore[attr-defined]
    manager.load_modules = load_modules
    if manager():
        _register()


def _register() -> None:
    try:
        from ippanel_provider.apprise_plugin import register
    except ImportError as error:
        # The tool's other services must go on working, whatever is wrong with ours.
        import logging

        logging.getLogger("apprise").error("the service ippanel is not available: %s", error)
    else:
        register()
