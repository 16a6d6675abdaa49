"""Law L1: after any history of acts the lines sum to zero, and balances are what a child with pebbles would count."""

from collections import defaultdict

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from exchange.ledger import services as ledger
from exchange.ledger.models import Account, Posting, Transfer
from exchange.ledger.services import audit, book

FLOOR, CEILING = -180, 300
WAYS = ["book"] if django_settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") else ["book", "one_call"]
minutes = st.sampled_from([1, 15, 60, 90, 179, 180, 181, 400])
who = st.integers(0, 2)
subjects = st.sampled_from(["lesson:1", "lesson:2", "lesson:3"])


class Pebbles(RuleBasedStateMachine):
    """The same acts done with pebbles in bowls, beside the ledger."""

    people, curator = (), None

    def __init__(self):
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        for person in self.people:
            ledger.open_account(person_id=person.pk)
            Account.objects.of(person).update(floor=FLOOR, ceiling=CEILING)
        self.bowls = [0, 0, 0]
        self.pot = 0
        self.held = defaultdict(dict)  # subject → who → minutes, in the order of their first hold
        self.done = []  # (how to do it again, transfer, bowls' changes, pot's change)
        self.keys = 0

    def teardown(self):
        try:
            found = audit.verify()
            assert found.is_well, found.faults
            connection.check_constraints()
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    def key(self):
        self.keys += 1
        return f"k:{self.keys}"

    def act(self, do, changes, pot=0):
        made = do()
        for one, change in changes.items():
            self.bowls[one] += change
        self.pot += pot
        self.done.append((do, made, changes, pot))
        return made

    def refused(self, kind, do):
        count = Transfer.objects.count()
        with pytest.raises(kind):
            do()
        assert Transfer.objects.count() == count

    @rule(one=who, amount=minutes, subject=subjects)
    def hold(self, one, amount, subject):
        key = self.key()
        do = lambda: ledger.hold(payer=self.people[one], minutes=amount, subject=subject, key=key)  # noqa: E731
        if self.bowls[one] - amount < FLOOR:
            self.refused(ledger.NotEnoughHours, do)
            return
        self.act(do, {one: -amount})
        self.held[subject][one] = self.held[subject].get(one, 0) + amount

    @rule(subject=subjects, payee=who, amount=st.one_of(st.none(), minutes))
    def settle(self, subject, payee, amount):
        key = self.key()
        do = lambda: ledger.settle(subject=subject, payee=self.people[payee], minutes=amount, key=key)  # noqa: E731
        total = sum(self.held[subject].values())
        if not total:
            assert do() is None
            return
        wanted = amount or total
        if wanted > total:
            self.refused(ledger.BadAmount, do)
            return
        changes, left = defaultdict(int), wanted
        for one, there in self.held[subject].items():
            part = min(left, there)
            left -= part
            changes[one] += there - part
        over = min(wanted, max(0, self.bowls[payee] + changes[payee] + wanted - CEILING))
        changes[payee] += wanted - over
        made = self.act(do, changes, over)
        assert made.minutes == total
        self.held[subject] = dict.fromkeys(self.held[subject], 0)

    @rule(subject=subjects)
    def give_back(self, subject):
        key = self.key()
        do = lambda: ledger.give_back(subject=subject, key=key)  # noqa: E731
        if not sum(self.held[subject].values()):
            assert do() is None
            return
        self.act(do, dict(self.held[subject]))
        self.held[subject] = dict.fromkeys(self.held[subject], 0)

    @rule(one=who, other=st.integers(0, 3), amount=minutes)
    def give(self, one, other, amount):
        key, receiver = self.key(), self.people[other] if other < 3 else None
        do = lambda: ledger.give(giver=self.people[one], receiver=receiver, minutes=amount, key=key)  # noqa: E731
        if one == other:
            self.refused(ledger.SameAccount, do)
        elif self.bowls[one] - amount < FLOOR:
            self.refused(ledger.NotEnoughHours, do)
        elif receiver is None:
            self.act(do, {one: -amount}, amount)
        else:
            over = min(amount, max(0, self.bowls[other] + amount - CEILING))
            self.act(do, {one: -amount, other: amount - over}, over)

    @rule(other=who, amount=minutes)
    def share(self, other, amount):
        key = self.key()
        do = lambda: ledger.share(receiver=self.people[other], minutes=amount, by=self.curator, key=key)  # noqa: E731
        over = min(amount, max(0, self.bowls[other] + amount - CEILING))
        if self.pot < amount:
            self.refused(ledger.NotEnoughHours, do)
        elif over < amount:
            self.act(do, {other: amount - over}, over - amount)

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def reverse(self, data):
        _do, made, changes, pot = data.draw(st.sampled_from(self.done))
        key = self.key()
        again = lambda: ledger.reverse(transfer=made, by=self.curator, reason="", key=key)  # noqa: E731
        is_over = Transfer.objects.filter(reverses=made).exists()
        if made.kind in ("hold", "return", "reverse") or is_over:
            self.refused(ledger.NotReversible, again)
            return
        back = {one: -change for one, change in changes.items()}
        if made.kind == "settle":  # what had been held goes to who had paid it
            for line in Posting.objects.filter(transfer=made, account__kind="escrow").select_related("account"):
                payer = [person.pk for person in self.people].index(line.account.person_id)
                back[payer] = back.get(payer, 0) - line.minutes
        if any(change < 0 and self.bowls[one] + change < FLOOR for one, change in back.items()):
            self.refused((ledger.NotEnoughHours, ledger.NotReversible), again)
            return
        try:
            self.act(again, back, -pot)
        except (ledger.NotEnoughHours, ledger.NotReversible):
            assert pot > 0 or not any(back.values())  # given out of the pot again; or nothing had moved

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def do_it_again(self, data):
        do, made, _changes, _pot = data.draw(st.sampled_from(self.done))
        count = Transfer.objects.count()
        assert do() == made
        assert Transfer.objects.count() == count

    @invariant()
    def the_pebbles_agree(self):
        assert [ledger.balance_of(person=person) for person in self.people] == self.bowls
        assert sum(Account.objects.pot().values_list("balance", flat=True)) == self.pot
        for subject, there in self.held.items():
            assert ledger.held(subject=subject) == sum(there.values())
        assert not Posting.objects.aggregate(total=Sum("minutes"))["total"]
        assert min(self.bowls) >= FLOOR


@pytest.mark.django_db
@pytest.mark.parametrize("way", WAYS)
def test_every_history_counts_as_pebbles_do(way, salma, yusuf, nadia, huda, monkeypatch):
    if way == "book":
        monkeypatch.setattr(ledger.one_call, "perform", book.perform)
    run_state_machine_as_test(
        type("Town", (Pebbles,), {"people": [salma, yusuf, nadia], "curator": huda}),
        settings=settings(
            max_examples=15, stateful_step_count=25, deadline=None, phases=[Phase.generate], database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
