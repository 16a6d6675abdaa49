"""What no path around the services can do either."""

import pytest
from django.db import DatabaseError, connection, transaction

from exchange.ledger import services as ledger
from exchange.ledger.models import Account, Posting, Transfer

pytestmark = pytest.mark.django_db


def refused(act) -> bool:
    """Whether the database refuses, at once or at the commit."""
    try:
        with transaction.atomic():
            act()
            connection.check_constraints()
    except DatabaseError:
        return True
    return False


@pytest.fixture
def paid(salma, yusuf):
    ledger.hold(payer=yusuf, minutes=60, subject="lesson:1", key="a")
    return ledger.settle(subject="lesson:1", payee=salma, key="b")


class TestTheDatabase:
    def test_keeps_transfers_and_postings_as_they_are(self, paid):
        assert refused(lambda: Transfer.objects.filter(id=paid.pk).update(minutes=61))
        assert refused(lambda: Transfer.objects.filter(id=paid.pk).update(note=""))
        assert refused(lambda: Posting.objects.filter(transfer=paid).update(minutes=1))
        assert refused(lambda: Posting.objects.all()._raw_delete("default"))
        assert refused(lambda: Transfer.objects.all()._raw_delete("default"))
        assert refused(lambda: Account.objects.all()._raw_delete("default"))

    def test_lets_no_account_change_its_owner(self, paid, salma, yusuf):
        assert refused(lambda: Account.objects.of(salma).update(person=yusuf.pk + 1000))
        assert refused(lambda: Account.objects.of(salma).update(subject="lesson:2"))
        assert not refused(lambda: Account.objects.of(salma).update(ceiling=600))

    def test_lets_no_balance_fall_under_its_floor(self, paid, yusuf):
        assert refused(lambda: Account.objects.of(yusuf).update(balance=-181))
        assert refused(lambda: Account.objects.of(yusuf).update(floor=0))

    def test_keeps_a_key_for_one_transfer(self, paid):
        def copy():
            Transfer.objects.bulk_create(
                [Transfer(kind="give", key="b", payer_id=paid.payer_id, payee_id=paid.payee_id, minutes=1, digest=b"")]
            )

        assert refused(copy)

    # SQLite has no deferred triggers: ADR 0060 says who keeps this there.
    if connection.vendor == "postgresql":

        def test_lets_no_transfer_sum_to_anything_but_zero(self, paid):
            account = Account.objects.get(id=paid.payee_id)

            def one_sided(transfer):
                Posting.objects.bulk_create(
                    [Posting(transfer=transfer, account_id=paid.payer_id, minutes=5, balance=5, before=b"")]
                )

            def new():
                made = Transfer(
                    kind="give", key="x", payer=account, payee=account, minutes=5, digest=b"", at=paid.at
                )  # fmt: skip
                Transfer.objects.bulk_create([made])
                one_sided(made)

            assert refused(new)
            assert refused(lambda: one_sided(paid))

        def test_lets_no_balance_differ_from_the_last_posting(self, paid, salma):
            assert refused(lambda: Account.objects.of(salma).update(balance=61))
            assert not refused(lambda: Account.objects.of(salma).update(balance=60))
