"""Learners and mentors who take several: the best total, and nobody left out who need not be."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.assignment import assign


def by_trying(learners, capacity, candidates):
    """Best (total, placed) and best (placed, total) over every choice."""
    options = [[None, *[m for who, m, _ in candidates if who == learner]] for learner in range(learners)]
    weight = {(who, m): w for who, m, w in candidates}
    results = []
    for choice in product(*options):
        if all(choice.count(m) <= room for m, room in enumerate(capacity)):
            chosen = [(who, m) for who, m in enumerate(choice) if m is not None]
            results.append((sum(weight[pair] for pair in chosen), len(chosen)))
    return max(results), max((placed, total) for total, placed in results)


@st.composite
def offices(draw):
    learners, mentors = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    capacity = [draw(st.integers(0, 3)) for _ in range(mentors)]
    pairs = [(a, b) for a in range(learners) for b in range(mentors) if draw(st.booleans())]
    return learners, capacity, [(a, b, draw(st.sampled_from([0, 0.25, 1, 1, 2.5]))) for a, b in pairs]


def solve(learners, capacity, candidates, first="total"):
    columns = list(zip(*candidates, strict=True)) if candidates else [(), (), ()]
    return assign(*columns, capacity, learners, first)


@settings(max_examples=80, deadline=None)
@given(offices())
def test_is_exact_and_then_fair(office):
    by_total, by_people = by_trying(*office)
    found = solve(*office)
    assert (found.total, found.placed) == pytest.approx(by_total)
    found = solve(*office, first="people")
    assert (found.placed, found.total) == pytest.approx(by_people)
    for learner, mentor in enumerate(found.mentor.tolist()):
        assert mentor == -1 or (learner, mentor) in {(who, m) for who, m, _ in office[2]}


def test_nobody_waits_beside_an_equal_solution_that_has_room():
    """Salma could go to either evening; Yusuf only to the first: both are placed, at no cost."""
    salma, yusuf = 0, 1
    found = solve(2, [1, 1], [(salma, 0, 1), (salma, 1, 1), (yusuf, 0, 0)])
    assert found.mentor.tolist() == [1, 0]


def test_people_before_points_when_asked():
    candidates = [(0, 0, 10), (0, 1, 1), (1, 0, 2)]
    assert solve(2, [1, 1], candidates).mentor.tolist() == [0, -1]
    assert solve(2, [1, 1], candidates, first="people").mentor.tolist() == [1, 0]


@pytest.mark.parametrize("weight", [-1, float("nan"), float("inf")])
def test_refuses_weights_that_are_none(weight):
    with pytest.raises(ValueError, match="finite"):
        solve(1, [1], [(0, 0, weight)])


def test_refuses_people_who_are_not_there():
    with pytest.raises(ValueError, match="not there"):
        solve(1, [1], [(0, 5, 1)])
