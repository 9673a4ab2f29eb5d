"""What the README says works; and if it said something else, this would notice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox
from tests.migrated import database_at
from tests.readme import claims
from tests.readme.claims import Place

NIGHTLY = pytest.mark.nightly
"""That a claim of the README can fail is shown by the cheap ones each time, by those that start an Airflow at night."""

README = (claims.ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an Airflow that knows nothing yet."""
    path = tmp_path_factory.mktemp("home")
    place = Place(path, RunningSandbox("http://127.0.0.1:0"))
    database_at(path / "airflow" / "airflow.db", tmp_path_factory, lambda: place.run("airflow", "db", "migrate"))
    return path


@pytest.fixture
def place(ippanel_sandbox: RunningSandbox, home: Path, tmp_path: Path) -> Place:
    """A home of the test's own, and a sandbox in which everything arrives at once."""
    ippanel_sandbox.pace(0)
    return Place(claims.copy_of(home, tmp_path / "home"), ippanel_sandbox)


def test_links_lead_somewhere() -> None:
    claims.links_lead_somewhere(README)


def test_what_is_to_be_made_can_be_made() -> None:
    claims.targets_exist(README)


def test_what_is_to_be_installed_is_this_package() -> None:
    claims.packages_can_be_installed(README)


def test_the_demo_ends_as_it_says() -> None:
    claims.the_demo_ends_so(README)


def test_a_newcomer_gets_from_a_connection_to_texts(place: Place) -> None:
    claims.commands_work(README, place, "airflow connections add")
    claims.the_dag_runs(README, place)


def test_the_sandbox_starts(place: Place) -> None:
    claims.the_sandbox_starts(README, place)


def test_the_client_sends(place: Place) -> None:
    claims.the_client_sends(README, place)


def test_the_command_line_and_apprise_send(place: Place) -> None:
    claims.commands_work(README, place, "ippanel send")


def test_it_can_be_read_in_a_few_minutes() -> None:
    assert len(README.splitlines()) <= 115
    assert max(map(len, README.splitlines())) <= 140


def test_every_block_is_looked_at() -> None:
    assert {language: len(claims.fences(README, language)) for language in ("console", "python", "text")} == {
        "console": 4, "python": 2, "text": 1,
    }  # fmt: skip
    assert README.count("\n```\n") == 7
    assert claims.commands(claims.the_fence(README, "console", "make demo")) == ["make demo", "make test"]


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (claims.links_lead_somewhere, "docs/guarantee.md", "docs/guarantees.md"),
        (claims.links_lead_somewhere, "docs/images/dag-run.png", "docs/images/dag.png"),
        (claims.targets_exist, "`make sandbox`", "`make sandboxes`"),
        (claims.packages_can_be_installed, "[airflow,apprise,sandbox]", "[airflow,fax,sandbox]"),
        (claims.packages_can_be_installed, "'.[airflow,apprise,sandbox]'", "'.[airflow,fax]'"),
        (claims.the_demo_ends_so, "928 delivered", "930 delivered"),
        (claims.the_demo_ends_so, "The other 40 rows", "The other 30 rows"),
    ],
)
def test_it_would_be_noticed(check: Callable[[str], None], right: str, wrong: str) -> None:
    assert right in README
    with pytest.raises(AssertionError):
        check(README.replace(right, wrong))


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        pytest.param(
            lambda text, place: claims.commands_work(text, place, "airflow connections"),
            "connections add",
            "connections make",
            marks=NIGHTLY,
        ),
        (
            lambda text, place: claims.commands_work(text, place, "ippanel send"),
            "IPPANEL_SENDER=+983000505",
            "IPPANEL_SENDER=3",
        ),
        pytest.param(
            lambda text, place: claims.commands_work(text, place, "ippanel send"),
            "ippanel://sandbox-key",
            "ippanel://another-key",
            marks=NIGHTLY,
        ),
        pytest.param(
            lambda text, place: claims.commands_work(text, place, "ippanel send"),
            "apprise -vv",
            "apprise",
            marks=NIGHTLY,
        ),
        (claims.the_sandbox_starts, "$ ippanel sandbox\n", "$ ippanel sandbox --empty-handed\n"),
        (claims.the_client_sends, "edge.send.webservice", "edge.send.text"),
        (claims.the_client_sends, 'Client("sandbox-key"', 'Client("another-key"'),
        pytest.param(claims.the_dag_runs, "outbox_ids=send.output", "bulk_ids=send.output", marks=NIGHTLY),
    ],
)
def test_it_would_be_noticed_where_it_runs(
    check: Callable[[str, Place], None], right: str, wrong: str, place: Place
) -> None:
    assert right in README
    with pytest.raises(AssertionError):
        check(README.replace(right, wrong), place)
