"""``MessageQueueTrigger(scheme="ippanel", …)``: the inbox as a message queue, where the common-messaging provider is
installed.

Its other arguments are those of :class:`~ippanel_provider.triggers.inbox_event.IPPanelInboxEventTrigger`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

try:
    from airflow.providers.common.messaging.providers.base_provider import BaseMessageQueueProvider
except ImportError as error:
    raise AirflowOptionalProviderFeatureException(
        "The queue scheme ippanel needs apache-airflow-providers-common-messaging"
    ) from error

if TYPE_CHECKING:
    from airflow.triggers.base import BaseEventTrigger


class IPPanelMessageQueueProvider(BaseMessageQueueProvider):
    """Gives the inbox to ``MessageQueueTrigger``."""

    scheme = "ippanel"

    def trigger_class(self) -> type[BaseEventTrigger]:
        """Return the trigger."""
        from ippanel_provider.triggers.inbox_event import IPPanelInboxEventTrigger

        return IPPanelInboxEventTrigger
