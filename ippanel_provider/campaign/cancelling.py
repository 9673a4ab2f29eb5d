"""Taking back many bulks that are scheduled."""

from __future__ import annotations

from collections.abc import Sequence

from ippanel_provider.campaign.width import at_once, wide_enough
from ippanel_provider.client import Client, NotFound, Refused, Unauthorized
from ippanel_provider.client.gateway import gateway
from ippanel_provider.client.watch import states
from ippanel_provider.service import BulkState

AT_ONCE = 32


def cancel(client: Client, outbox_ids: Sequence[int]) -> dict[int, str]:
    """Cancel each bulk; return those for which it is too late, and why.

    :raises IPPanelError: the service could not be asked, or does not know the credential.
    """
    api = gateway(client.settings.api)
    late: dict[int, str] = {}
    unknown: dict[int, str] = {}
    with wide_enough(client, AT_ONCE) as wide:

        def ask(outbox_id: int) -> None:
            try:
                wide.run(api.cancel(outbox_id))
            except NotFound as error:
                unknown[outbox_id] = str(error)
            except Unauthorized:
                raise
            except Refused as error:
                late[outbox_id] = str(error)

        for _ in at_once(ask, outbox_ids, min(AT_ONCE, len(outbox_ids))):
            pass
        # A first answer that was lost, or an earlier try, may have cancelled them: all are looked at together.
        found = wide.run(states(unknown, api)) if unknown else {}
    late |= {each: why for each, why in unknown.items() if found.get(each) is not BulkState.CANCELLED}
    return {outbox_id: late[outbox_id] for outbox_id in outbox_ids if outbox_id in late}
