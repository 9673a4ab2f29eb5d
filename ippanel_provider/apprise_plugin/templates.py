"""What Apprise is told of the URL: its parts, its options, its variables."""

from __future__ import annotations

from typing import Any

from apprise.locale import gettext_lazy as _
from apprise.plugins import NotifyBase

from ippanel_provider.service import MAX_TEXT_PARTS, Api

MODES = ("sms", "pattern", "votp")

TOKENS: dict[str, Any] = {
    **NotifyBase.template_tokens,
    "apikey": {"name": _("API Key"), "type": "string", "required": True, "private": True},
    "sender": {"name": _("Sender Line"), "type": "string", "required": True, "map_to": "sender"},
    "target_phone": {"name": _("Target Phone No"), "type": "string", "map_to": "targets"},
    "target_phonebook": {"name": _("Target Phonebook ID"), "type": "string", "prefix": "#", "map_to": "targets"},
    "targets": {"name": _("Targets"), "type": "list:string", "required": True},
}
ARGUMENTS: dict[str, Any] = {
    **NotifyBase.template_args,
    "key": {"alias_of": "apikey"},
    "from": {"alias_of": "sender"},
    "to": {"alias_of": "targets"},
    "mode": {"name": _("Mode"), "type": "choice:string", "values": MODES, "default": "sms"},
    "pattern": {"name": _("Pattern Code"), "type": "string"},
    "body_var": {"name": _("Pattern Variable for the Body"), "type": "string"},
    "title_var": {"name": _("Pattern Variable for the Title"), "type": "string"},
    "schedule": {"name": _("Send Time"), "type": "string"},
    "max_parts": {
        "name": _("Most Parts of a Text"),
        "type": "int",
        "min": 1,
        "max": MAX_TEXT_PARTS,
        "default": MAX_TEXT_PARTS,
    },
    "api": {"name": _("API"), "type": "choice:string", "values": tuple(map(str, Api)), "default": str(Api.EDGE)},
    "url": {"name": _("Base URL"), "type": "string", "map_to": "base_url"},
    "proxy": {"name": _("Proxy URL"), "type": "string", "private": True},
    "ca": {"name": _("CA Bundle"), "type": "string"},
}
VARIABLES: dict[str, Any] = {"variables": {"name": _("Pattern Variables"), "prefix": ":"}}
