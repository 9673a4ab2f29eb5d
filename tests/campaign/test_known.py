"""Who may not be sent to again: against a set, whatever is claimed, remembered and let go in whatever order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.campaign.ledger.hashes import Known
from tests.campaign.conftest import KEY, people

EVERYBODY = people(12)
SOME = st.lists(st.sampled_from(range(12)), max_size=12)


@given(st.lists(st.tuples(st.sampled_from(["claim", "remember", "release"]), SOME, st.sets(st.integers(0, 11)))))
def test_it_is_a_set_from_which_what_got_nothing_is_taken(steps: list[tuple[str, list[int], set[int]]]) -> None:
    known, model, has_earlier = Known(KEY), set[int](), False
    for step, some, places in steps:
        messages = [EVERYBODY[n] for n in some]
        members = KEY.members(messages)
        match step:
            case "claim":
                expected = [n for place, n in enumerate(some) if n not in model and n not in some[:place]]
                assert list(known.claim(messages, members)) == [EVERYBODY[n] for n in expected]
                model.update(some)
            case "remember":
                known.remember(members, frozenset(places))
                model.update(n for place, n in enumerate(some) if place not in places)
                has_earlier = True
            case "release":
                void = [place for place in places if place < len(some) and some[place] in model]
                known.release(members, void)
                model.difference_update(some[place] for place in void)
        expected_unknown = (
            [message for n, message in enumerate(EVERYBODY) if n not in model] if has_earlier else EVERYBODY
        )
        assert list(known.unknown(EVERYBODY)) == expected_unknown
