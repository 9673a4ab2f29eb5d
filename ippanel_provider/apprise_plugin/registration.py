"""Making the scheme known to the Apprise of this process."""

from __future__ import annotations

from apprise.manager_plugins import NotificationManager

from ippanel_provider.apprise_plugin.plugin import NotifyIPPanel
from ippanel_provider.apprise_url import SCHEME


def register() -> bool:
    """Make ``ippanel://`` known; return whether it was not before. Calling it again does no harm.

    Apprise forgets it with ``unload_modules()``; register again after that.
    """
    manager = NotificationManager()
    # Asking is what loads Apprise's own plugins; a plugin added before them would stay the only one.
    if SCHEME in manager:
        return False
    return bool(manager.add(NotifyIPPanel))
