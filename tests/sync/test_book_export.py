"""A phonebook as rows, while others work on it."""

from __future__ import annotations

from ippanel_provider.client import Client, edge
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.sync.phonebooks.export import export


def test_who_is_deleted_meanwhile_is_left_out(client: Client, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.add_phonebook("customers", [{"number": f"0912000000{n}"} for n in range(3)])
    contacts = {contact.number: contact.id for contact in client.walk(edge.phonebook.list_contacts())}
    rows: list[tuple[str, ...]] = []

    def tell(row: tuple[str, ...]) -> None:
        if not rows:
            client.run(edge.phonebook.delete_contacts([contacts["+989120000001"]]))
        rows.append(row)

    assert client.run(export("customers", tell, with_options=True)) == 2
    assert [row[0] for row in rows] == ["+989120000000", "+989120000002"]
