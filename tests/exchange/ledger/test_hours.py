"""Hours as neighbours know them: each test is a small story, told to the end of the account."""

import pytest

from exchange.ledger import services as ledger
from exchange.ledger.models import Account, Posting, Transfer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("way")]


def everything() -> int:
    return sum(Posting.objects.values_list("minutes", flat=True))


class TestALesson:
    def test_is_paid_when_it_was_held(self, salma, yusuf):
        ledger.hold(payer=yusuf, minutes=60, subject="lesson:1", key="lesson:1:hold", title="خياطة", url="/lessons/1/")

        assert (ledger.balance_of(person=yusuf), ledger.held(subject="lesson:1")) == (-60, 60)
        paid = ledger.settle(subject="lesson:1", payee=salma, key="lesson:1:settle")

        assert (ledger.balance_of(person=yusuf), ledger.balance_of(person=salma)) == (-60, 60)
        assert (paid.minutes, paid.title, paid.url) == (60, "خياطة", "/lessons/1/")
        assert ledger.held(subject="lesson:1") == 0
        assert everything() == 0

    def test_costs_nothing_when_it_is_cancelled_in_time(self, salma, yusuf):
        ledger.hold(payer=yusuf, minutes=90, subject="lesson:1", key="a")
        ledger.give_back(subject="lesson:1", key="b")

        assert ledger.balance_of(person=yusuf) == 0
        assert ledger.settle(subject="lesson:1", payee=salma, key="c") is None
        assert ledger.balance_of(person=salma) == 0

    def test_is_half_paid_when_it_is_cancelled_late(self, salma, yusuf):
        ledger.hold(payer=yusuf, minutes=90, subject="lesson:1", key="a")
        ledger.settle(subject="lesson:1", payee=salma, minutes=45, key="b")

        assert (ledger.balance_of(person=yusuf), ledger.balance_of(person=salma)) == (-45, 45)
        assert ledger.held(subject="lesson:1") == 0
        assert everything() == 0

    def test_is_not_booked_by_who_has_too_few_hours(self, yusuf):
        ledger.hold(payer=yusuf, minutes=180, subject="lesson:1", key="a")
        with pytest.raises(ledger.NotEnoughHours):
            ledger.hold(payer=yusuf, minutes=1, subject="lesson:2", key="b")

        assert Transfer.objects.count() == 1
        assert ledger.held(subject="lesson:2") == 0

    def test_is_not_paid_more_than_is_held(self, salma, yusuf):
        ledger.hold(payer=yusuf, minutes=60, subject="lesson:1", key="a")
        with pytest.raises(ledger.BadAmount):
            ledger.settle(subject="lesson:1", payee=salma, minutes=61, key="b")

        assert ledger.held(subject="lesson:1") == 60


class TestASecondTry:
    def test_changes_nothing_and_gives_the_same(self, salma, yusuf):
        acts = (
            lambda: ledger.hold(payer=yusuf, minutes=60, subject="lesson:1", key="h"),
            lambda: ledger.settle(subject="lesson:1", payee=salma, key="s"),
            lambda: ledger.give(giver=salma, receiver=None, minutes=30, key="g"),
        )
        first = [act() for act in acts]
        again = [act() for act in acts]

        assert again == first
        assert (ledger.balance_of(person=yusuf), ledger.balance_of(person=salma)) == (-60, 30)

    def test_with_other_particulars_is_refused(self, salma, yusuf, huda):
        ledger.hold(payer=yusuf, minutes=60, subject="lesson:1", key="h")
        others = (
            lambda: ledger.hold(payer=yusuf, minutes=61, subject="lesson:1", key="h"),
            lambda: ledger.hold(payer=salma, minutes=60, subject="lesson:1", key="h"),
            lambda: ledger.hold(payer=yusuf, minutes=60, subject="lesson:2", key="h"),
            lambda: ledger.settle(subject="lesson:1", payee=salma, key="h"),
            lambda: ledger.give_back(subject="lesson:1", key="h"),
            lambda: ledger.give(giver=yusuf, receiver=salma, minutes=60, key="h"),
        )
        for act in others:
            with pytest.raises(ledger.KeyReused):
                act()
        assert ledger.balance_of(person=yusuf) == -60


class TestAGift:
    def test_goes_to_a_neighbour(self, salma, yusuf):
        ledger.give(giver=salma, receiver=yusuf, minutes=45, note="thanks", key="g")
        assert (ledger.balance_of(person=salma), ledger.balance_of(person=yusuf)) == (-45, 45)

    def test_goes_to_the_pot_and_from_there_to_who_needs_it(self, salma, yusuf, nadia, huda):
        ledger.give(giver=salma, receiver=None, minutes=60, key="a")
        ledger.give(giver=yusuf, receiver=None, minutes=60, key="b")
        ledger.share(receiver=nadia, minutes=100, by=huda, key="c")

        assert ledger.balance_of(person=nadia) == 100
        with pytest.raises(ledger.NotEnoughHours):
            ledger.share(receiver=nadia, minutes=21, by=huda, key="d")
        assert everything() == 0

    def test_of_the_pot_is_for_curators(self, salma, nadia):
        ledger.give(giver=salma, receiver=None, minutes=60, key="a")
        with pytest.raises(ledger.NotTheirs):
            ledger.share(receiver=nadia, minutes=10, by=salma, key="b")

    def test_to_oneself_is_refused(self, salma):
        with pytest.raises(ledger.SameAccount):
            ledger.give(giver=salma, receiver=salma, minutes=10, key="a")


class TestTheCeiling:
    def test_never_blocks_a_settlement_and_the_pot_gets_the_rest(self, salma, yusuf, huda):
        ledger.open_account(person_id=salma.pk)
        Account.objects.of(salma).update(ceiling=40)
        ledger.hold(payer=yusuf, minutes=60, subject="lesson:1", key="a")
        ledger.settle(subject="lesson:1", payee=salma, key="b")

        assert ledger.balance_of(person=salma) == 40
        assert sum(Account.objects.pot().values_list("balance", flat=True)) == 20
        ledger.share(receiver=yusuf, minutes=20, by=huda, key="c")
        assert everything() == 0


class TestReversing:
    def test_brings_a_settlement_back_to_who_paid(self, salma, yusuf, huda):
        ledger.hold(payer=yusuf, minutes=60, subject="lesson:1", key="a")
        paid = ledger.settle(subject="lesson:1", payee=salma, minutes=40, key="b")
        ledger.reverse(transfer=paid, by=huda, reason="wrong lesson", key="r")

        assert (ledger.balance_of(person=salma), ledger.balance_of(person=yusuf)) == (0, 0)
        with pytest.raises(ledger.NotReversible):
            ledger.reverse(transfer=paid, by=huda, reason="again", key="r2")
        assert Transfer.objects.count() == 3

    def test_is_refused_when_the_hours_are_spent(self, salma, yusuf, nadia, huda):
        gift = ledger.give(giver=yusuf, receiver=salma, minutes=120, key="a")
        ledger.give(giver=salma, receiver=nadia, minutes=300, key="b")
        with pytest.raises(ledger.NotEnoughHours):
            ledger.reverse(transfer=gift, by=huda, reason="", key="c")

    def test_is_for_curators_and_not_for_holds(self, salma, yusuf, huda):
        held = ledger.hold(payer=yusuf, minutes=60, subject="lesson:1", key="a")
        with pytest.raises(ledger.NotTheirs):
            ledger.reverse(transfer=held, by=salma, reason="", key="b")
        with pytest.raises(ledger.NotReversible):
            ledger.reverse(transfer=held, by=huda, reason="", key="b")


class TestBeginning:
    def test_everyone_begins_with_what_the_city_gives(self, salma, settings):
        settings.HOURS_START = 120
        ledger.open_account(person_id=salma.pk)
        ledger.open_account(person_id=salma.pk)

        assert ledger.balance_of(person=salma) == 120
        assert everything() == 0


class TestParticipationOnly:
    def test_holds_and_checks_nothing_and_settles_what_was_held_before(self, salma, yusuf, settings):
        ledger.hold(payer=yusuf, minutes=60, subject="lesson:1", key="a")
        settings.HOURS = "participation"

        assert ledger.hold(payer=yusuf, minutes=600, subject="lesson:2", key="b") is None
        with pytest.raises(ledger.HoursOff):
            ledger.give(giver=yusuf, receiver=salma, minutes=1, key="c")
        ledger.settle(subject="lesson:1", payee=salma, key="d")
        assert (ledger.balance_of(person=salma), Transfer.objects.count()) == (60, 2)
        assert ledger.settle(subject="lesson:2", payee=salma, key="e") is None


@pytest.mark.parametrize("minutes", [0, -1, -60, 6001, 10**12, 1.5, 60.0, "60", "", None, True, float("nan")])
class TestABadAmount:
    def test_is_refused_and_nothing_is_written(self, minutes, salma, yusuf, huda):
        acts = [
            lambda: ledger.hold(payer=yusuf, minutes=minutes, subject="lesson:1", key="a"),
            lambda: ledger.give(giver=yusuf, receiver=salma, minutes=minutes, key="a"),
            lambda: ledger.give(giver=yusuf, receiver=None, minutes=minutes, key="a"),
            lambda: ledger.share(receiver=salma, minutes=minutes, by=huda, key="a"),
        ]
        if minutes is not None:
            acts.append(lambda: ledger.settle(subject="lesson:1", payee=salma, minutes=minutes, key="a"))
        for act in acts:
            with pytest.raises(ledger.BadAmount):
                act()
        assert not Transfer.objects.exists()
        assert not Account.objects.exists()
