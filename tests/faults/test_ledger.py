"""Clients that race for the same hours, and workers that are killed in the middle; the long form is `ledger_faults`."""

import argparse
import threading

import pytest
from django.db import connection

from exchange.ledger import services as ledger
from exchange.ledger.models import Account, Posting, Transfer
from exchange.ledger.services import audit
from tests.faults import ledger_faults

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 12


def race(*acts):
    """Begin all acts at one moment; gives what each gave or raised."""
    barrier, given = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place, act):
        barrier.wait()
        try:
            given[place] = act()
        except Exception as error:
            given[place] = error
        connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given


@pytest.fixture
def address():
    """The database of the test, for processes beside it."""
    one = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{one['NAME']}"
    return f"postgres://{one['USER']}:{one['PASSWORD']}@{one['HOST']}:{one['PORT']}/{one['NAME']}"


class TestARace:
    def test_of_settling_and_giving_back_has_one_winner(self, salma, yusuf):
        for number in range(ROUNDS):
            lesson = f"lesson:{number}"
            ledger.hold(payer=yusuf, minutes=10, subject=lesson, key=f"{lesson}:hold")
            given = race(
                lambda lesson=lesson: ledger.settle(subject=lesson, payee=salma, key=f"{lesson}:settle"),
                lambda lesson=lesson: ledger.give_back(subject=lesson, key=f"{lesson}:back"),
                lambda lesson=lesson: ledger.settle(subject=lesson, payee=salma, key=f"{lesson}:other"),
            )
            assert [type(each).__name__ for each in given if each is not None] == ["Transfer"], given
            assert ledger.held(subject=lesson) == 0
        assert audit.verify().is_well

    def test_for_the_last_hour_has_one_winner(self, salma, yusuf, nadia):
        ledger.open_account(person_id=yusuf.pk)
        Account.objects.of(yusuf).update(floor=-60)
        given = race(
            lambda: ledger.hold(payer=yusuf, minutes=60, subject="lesson:1", key="a"),
            lambda: ledger.hold(payer=yusuf, minutes=60, subject="lesson:2", key="b"),
            lambda: ledger.give(giver=yusuf, receiver=salma, minutes=60, key="c"),
            lambda: ledger.give(giver=yusuf, receiver=None, minutes=60, key="d"),
        )
        assert sorted(type(each).__name__ for each in given) == ["NotEnoughHours"] * 3 + ["Transfer"]
        assert ledger.balance_of(person=yusuf) == -60

    def test_with_one_key_makes_one_transfer(self, salma, yusuf):
        for number in range(ROUNDS):
            given = race(*[
                lambda number=number: ledger.give(giver=salma, receiver=yusuf, minutes=1, key=f"k:{number}")
            ] * 4)  # fmt: skip
            assert len({each.pk for each in given}) == 1, given
        assert Transfer.objects.count() == ROUNDS

    def test_of_gifts_there_and_back_ends(self, salma, yusuf):
        def many(giver, receiver):
            for number in range(ROUNDS):
                ledger.give(giver=giver, receiver=receiver, minutes=1, key=f"{giver.pk}:{number}")

        assert race(lambda: many(salma, yusuf), lambda: many(yusuf, salma)) == [None, None]
        assert sum(Posting.objects.values_list("minutes", flat=True)) == 0

    def test_of_two_openings_opens_one_account_with_one_start(self, salma, settings):
        settings.HOURS_START = 60
        assert race(*[lambda: ledger.open_account(person_id=salma.pk)] * 4) == [None] * 4
        assert ledger.balance_of(person=salma) == 60


def test_workers_that_are_killed_leave_one_effect_for_each_key(address, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", address)
    told = ledger_faults.run(
        argparse.Namespace(
            transfers=240,
            clients=6,
            threads=3,
            times=5,
            accounts=4,
            kills=3,
            pause=1.5,
            seed=7,
            run="",
            people="",
            journal="",
        )
    )
    assert told["ok"], told
    assert told["killed"] >= 1
