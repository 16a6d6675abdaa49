"""Two at once: each pair of acts, a few times; the long run and kill -9 are `python -m tests.faults.lesson_faults`."""

import pytest

from tests.faults.lesson_faults import World, race_all


@pytest.mark.django_db(transaction=True)
def test_of_two_acts_at_once_what_comes_out_is_one_after_the_other(settings):
    result = race_all(World(), times=1, seed=7)
    assert (result["pairs"], result["wrong"]) == (55, [])
