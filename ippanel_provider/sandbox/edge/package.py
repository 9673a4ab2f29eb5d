"""The packages a reseller sells. API: package."""

from __future__ import annotations

from ippanel_provider.sandbox.people import Package
from ippanel_provider.sandbox.takes import PAGES
from ippanel_provider.sandbox.wire import Call, Reply, Route

from .envelope import ListStyle, for_resellers, list_of, plain_moment


def list_packages(call: Call) -> Reply:
    """The packages, newest first."""
    for_resellers(call)
    packages = list(reversed(call.sandbox.people.packages.values()))
    return list_of(call, packages, lambda package: _render(call, package), ListStyle(path="absolute"))


def _render(call: Call, package: Package) -> dict[str, object]:
    return {
        "acl_role_id": package.id,
        "acl_role_parent_id": package.parent_id,
        "acl_role_name": package.name,
        "price": package.price,
        "special_disc": package.special_disc,
        "min_sms_charge": 0,
        "time": package.created,
        "user_id": call.sandbox.account.user_id,
        "type": "normal",
        "acl_type": "user",
        "status": "active",
        "priority": None,
        "expire_time": None,
        "acl_role_type_registration": "online",
        "is_transferred": "0",
        "election": "0",
        "updated_at": plain_moment(package.created),
        "updated_at_man": None,
    }


routes = (Route("GET", "/api/acl/package/list", list_packages, "list_packages", takes=PAGES),)
