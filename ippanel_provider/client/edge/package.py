"""API: package. For resellers: the packages (roles and prices) that users hold."""

from __future__ import annotations

from ippanel_provider.client._fields import PAGE_SIZE, listing
from ippanel_provider.client.models import Package
from ippanel_provider.client.requests import PageRequest


def list_packages(*, page: int = 1, per_page: int = PAGE_SIZE) -> PageRequest[Package]:
    """List the packages of the account."""
    return listing("package.list_packages", "/api/acl/package/list", Package, page, per_page)
