"""The duplicate guard remembers long enough and forgets in time."""

from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.sandbox.duplicate_guard import DuplicateGuard

KEY = ("+989120000000", "+983000505", "a")


@given(st.lists(st.tuples(st.floats(0, 30), st.sampled_from("abc")), max_size=60))
def test_it_agrees_with_remembering_everything(steps: list[tuple[float, str]]) -> None:
    guard, window, now = DuplicateGuard(), 40.0, 1_000_000.0
    last: dict[str, float] = {}
    for pause, text in steps:
        now += pause
        key = ("+989120000000", "+983000505", text)
        assert guard.repeats([key], now, window) == (text in last and now - last[text] < window)
        guard.remember([key], now, window)
        last[text] = now


def test_one_repeated_key_is_enough() -> None:
    guard = DuplicateGuard()
    guard.remember([KEY], 0, 40)
    other = ("+989120000001", *KEY[1:])
    assert guard.repeats([other, KEY], 1, 40)
    assert not guard.repeats([other], 1, 40)
