"""Where the supported versions of Apprise differ."""

from __future__ import annotations

from apprise.plugins import NotifyBase

try:
    from apprise.utils.parse import parse_bool
except ImportError:  # 1.9.0
    from apprise.utils import parse_bool
try:
    from apprise.exception import AppriseImproperlyConfigured as ImproperlyConfigured
except ImportError:  # before 2.0
    ImproperlyConfigured = TypeError

ALIGNS_FORMATS = hasattr(NotifyBase, "resolve_format")
"""Since 2.0 a plugin that takes several formats gets a text in its own; before, all are converted to one."""

__all__ = ["ALIGNS_FORMATS", "ImproperlyConfigured", "parse_bool"]
