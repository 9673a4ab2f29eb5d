"""What people call states and statuses on the pages."""

from __future__ import annotations

from ippanel_provider.service import BulkState, DeliveryStatus

STATES: dict[int, str] = {int(state): state.meaning for state in BulkState}
STATUSES: dict[int, str] = {int(status): status.name.replace("_", " ").lower() for status in DeliveryStatus}
