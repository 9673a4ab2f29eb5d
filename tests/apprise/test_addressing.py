"""What people write into an Apprise URL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ippanel_provider.apprise_plugin.addressing import line, listed, schedule, targets
from ippanel_provider.client import InvalidInput


@pytest.mark.parametrize(
    ("given", "entries"),
    [
        (None, []),
        ("09120000001,09120000002", ["09120000001", "09120000002"]),
        ("0912 000 0001؛ 0912 000 0002 ، #3\n", ["0912 000 0001", "0912 000 0002", "#3"]),
        (9120000001, ["9120000001"]),
        ("09120000001 / 0912 000 0002, #3", ["09120000001", "0912 000 0002", "#3"]),
        (["09120000001", 9120000002, ["#3"]], ["09120000001", "9120000002", "#3"]),
    ],
)
def test_lists_of_targets(given: object, entries: list[str]) -> None:
    assert listed(given) == entries


def test_targets_are_told_apart_and_each_stands_once() -> None:
    found = targets(["09120000001", "#12", "+98 912 000 0001", "#۱۲", "0912+000+0002", "02112345678", "#x", "#0"])
    assert found.numbers == ("+989120000001", "+989120000002")
    assert found.phonebooks == (12,)
    assert len(found.unusable) == 3
    assert "12345678" not in "".join(found.unusable)


@pytest.mark.parametrize(
    ("given", "wire"),
    [
        ("+983000505", "+983000505"),
        ("983000505", "+983000505"),
        ("00983000505", "+983000505"),
        ("3000505", "+983000505"),
        ("۳۰۰۰۵۰۵", "+983000505"),
        ("3000-505", "+983000505"),
        ("02191000000", "+982191000000"),
        ("+98BANK", "+98BANK"),
        ("pro", "+98PRO"),
    ],
)
def test_lines(given: str, wire: str) -> None:
    assert line(given) == wire


@pytest.mark.parametrize("given", ["", "9", "my shop!", "+"])
def test_what_is_no_line(given: str) -> None:
    with pytest.raises(InvalidInput, match="sender"):
        line(given)


class TestSchedule:
    def test_at_once(self) -> None:
        assert schedule(None, None).due() is None

    def test_a_moment(self) -> None:
        due = datetime(2099, 3, 20, 5, 30, tzinfo=UTC)
        assert schedule("2099-03-20T09:00:00+03:30", None).due() == due
        assert schedule("2099-03-20 09:00", ZoneInfo("Asia/Tehran")).due() == due

    @pytest.mark.parametrize(("given", "ahead"), [("45m", {"minutes": 45}), ("+2h", {"hours": 2}), ("1d", {"days": 1})])
    def test_so_long_from_now(self, given: str, ahead: dict[str, int]) -> None:
        before = datetime.now(UTC)
        due = schedule(given, None).due()
        assert due is not None
        assert before + timedelta(**ahead) <= due <= datetime.now(UTC) + timedelta(**ahead)
