"""What the doctor says of a panel is so, and what two texts can show is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.service_profile import DOCUMENTS, ServiceProfile, facts
from tests.doctor.panels import SHOWN, drawn, hidden, is_so
from tests.doctor.support import Room

PROFILES = Path(__file__).parents[1] / "profiles"


def test_a_plain_sandbox_is_the_panel_of_the_documents(ippanel_sandbox: RunningSandbox, tmp_path: Path) -> None:
    room = Room(ippanel_sandbox, tmp_path)
    found = room.examine(room.case())
    assert replace(found, host="", account="", learnt_at=None) == ServiceProfile.read(PROFILES / "documents.json")
    assert found.differences(DOCUMENTS) == {}
    assert room.reached() == 1


@pytest.mark.parametrize("panel", list(drawn(30, seed=18)), ids=range(30))
def test_no_fact_of_any_panel_is_wrong_and_none_is_missed(
    ippanel_sandbox: RunningSandbox, tmp_path: Path, panel: dict[str, Any]
) -> None:
    ippanel_sandbox.profile(**panel)
    room = Room(ippanel_sandbox, tmp_path, has_history=True)
    case = room.case()
    found = room.examine(case)
    wrong = {name: (said, panel[name]) for name in found.known if not is_so(name, panel, said := getattr(found, name))}
    missed = {name for name, can in SHOWN.items() if can(panel) and name not in found.known and not hidden(panel)}
    assert (wrong, missed) == ({}, set()), "\n".join(map(str, case.findings))
    assert room.reached() <= 2


def test_the_page_names_every_fact_that_can_be_shown() -> None:
    page = (PROFILES.parents[1] / "docs" / "doctor.md").read_text(encoding="utf-8")
    free, texts = (part.partition("<!-- facts: end -->")[0] for part in page.split("<!-- facts: ")[1::2])
    named = {name for name in facts() if f"`{name}`" in free + texts}
    assert named == SHOWN.keys()
