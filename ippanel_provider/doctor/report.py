"""What may be told to strangers of an examination: built of what is allowed, and of nothing else."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from ippanel_provider import __version__
from ippanel_provider.doctor.case import Case
from ippanel_provider.service_profile import ServiceProfile, facts

FORM = "https://github.com/airflow-provider-ippanel/airflow-provider-ippanel/issues/new"
TEMPLATE = "doctor.yml"
"""Of the form; ``report`` is a field of it."""
_MOST_OF_A_FORM = 6_000
"""Characters of an address that browsers and servers take."""


def report(case: Case, profile: ServiceProfile) -> dict[str, Any]:
    """The report: verdicts by name, facts, amounts as ratios and offsets, and what answers looked like.

    Neither host nor account, no sentence and no value of an answer stands in it.
    """
    return {
        "version": 1,
        "package": __version__,
        "verdicts": [[each.group, each.name, str(each.verdict)] for each in case.findings],
        "facts": {name: getattr(profile, name) for name in facts() if name in profile.known},
        "measures": dict(sorted(case.measures.items())),
        "answers": [each.as_data() for each in case.observer.of()],
    }


def form(content: dict[str, Any]) -> str:
    """The address of a form that is filled with the report, or with as much of it as an address holds."""
    for names in (("verdicts", "facts", "measures"), ("facts",)):
        told = json.dumps({name: content[name] for name in ("package", *names)}, ensure_ascii=False)
        query = urlencode({"template": TEMPLATE, "title": "A panel that the doctor examined", "report": told})
        if len(query) <= _MOST_OF_A_FORM:
            break
    return f"{FORM}?{query}"
