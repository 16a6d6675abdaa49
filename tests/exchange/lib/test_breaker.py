"""The breaker: patient twice, closed the third time, one probe a rest."""

from exchange.lib.breaker import Breaker


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def broken(clock):
    breaker = Breaker(failures=3, rest_seconds=2, clock=clock)
    for _ in range(3):
        breaker.failed()
    return breaker


def test_two_failures_turn_nobody_away():
    breaker = Breaker(failures=3, rest_seconds=2)
    breaker.failed()
    breaker.failed()
    assert breaker.may_try()
    assert not breaker.is_open


def test_a_success_in_between_starts_the_count_again():
    breaker = Breaker(failures=3, rest_seconds=2)
    for _ in range(10):
        breaker.failed()
        breaker.failed()
        breaker.worked()
    assert breaker.may_try()


def test_three_failures_turn_all_away_until_one_may_probe():
    clock = Clock()
    breaker = broken(clock)
    assert not breaker.may_try()
    clock.now += 2.1
    assert [breaker.may_try() for _ in range(5)] == [True, False, False, False, False]


def test_a_probe_that_fails_rests_again_and_one_that_works_lets_all_in():
    clock = Clock()
    breaker = broken(clock)
    clock.now += 2.1
    assert breaker.may_try()
    breaker.failed()
    assert not breaker.may_try()
    clock.now += 2.1
    assert breaker.may_try()
    breaker.worked()
    assert all(breaker.may_try() for _ in range(5))
