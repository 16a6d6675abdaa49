"""`manage.py ledger`, and the look that is taken every night."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from exchange.ledger import services as ledger
from exchange.ledger import tasks
from exchange.ledger.models import Account, Audit
from exchange.ledger.services import audit
from exchange.notices.models import Notice
from exchange.outbox.models import Job

pytestmark = pytest.mark.django_db


def run(*args):
    out, err, status = StringIO(), StringIO(), 0
    try:
        call_command("ledger", *args, stdout=out, stderr=err)
    except SystemExit as ended:
        status = ended.code
    return status, json.loads(out.getvalue()) if out.getvalue() else None


@pytest.fixture
def paid(salma, yusuf):
    ledger.hold(payer=yusuf, minutes=90, subject="lesson:1", key="a", title="خياطة")
    return ledger.settle(subject="lesson:1", payee=salma, key="b")


class TestVerify:
    def test_is_well_with_status_0(self, paid):
        status, told = run("verify")
        assert (status, told["ok"], told["accounts"], told["transfers"], told["postings"]) == (0, True, 3, 2, 4)
        assert run("verify", "--quick")[1]["ok"]

    def test_is_well_before_anything_happened(self):
        assert run("verify")[0] == 0

    def test_says_which_balance_differs_with_status_1(self, paid, salma):
        Account.objects.of(salma).update(balance=91)
        status, told = run("verify", "--quick")
        assert (status, told["balance_differs"]) == (1, [paid.payee_id])
        Account.objects.of(salma).update(balance=90)


class TestStatement:
    def test_prints_an_account_from_its_beginning(self, paid, salma):
        status, told = run("statement", "SALMA@example.org")
        assert (status, told["balance"], [line["minutes"] for line in told["lines"]]) == (0, 90, [90])
        assert told["lines"][0]["digest"] == bytes(paid.digest).hex()

    def test_prints_the_pot(self, salma):
        ledger.give(giver=salma, receiver=None, minutes=5, key="a")
        assert run("statement", "pot")[1]["balance"] == 5

    @pytest.mark.parametrize("of", ["", "nobody@example.org", "x"])
    def test_of_nobody_ends_with_status_2(self, of):
        assert run("statement", of)[0] == 2


class TestByNight:
    def test_a_whole_look_is_taken_once_a_day_and_kept(self, paid):
        tasks.verify_ledger()
        tasks.verify_ledger()
        noted = Audit.objects.get()
        assert (noted.faults, noted.transfers) == (0, 2)

    def test_what_is_wrong_is_told_as_a_metric_and_by_the_doctor(self, paid, client, salma):
        def metric():
            lines = client.get("/metrics").content.decode().splitlines()
            return next(line for line in lines if line.startswith("rukn_ledger_faults "))

        def doctor():
            out = StringIO()
            with pytest.raises(SystemExit):
                call_command("doctor", stdout=out, stderr=StringIO())
            return next(part for part in json.loads(out.getvalue())["parts"] if part["part"] == "ledger")

        assert metric().endswith(" -1.0")
        assert doctor()["ok"]
        Account.objects.of(salma).update(balance=91)
        assert not doctor()["ok"]
        audit.verify_and_note(now=timezone.now())
        assert not metric().endswith(" 0.0")
        assert not doctor()["ok"]
        Account.objects.of(salma).update(balance=90)
        Job.objects.all().delete()
        tasks.verify_ledger()
        assert metric().endswith(" 0.0")
        assert doctor()["ok"]

    def test_manage_verify_looks_too(self, paid, salma):
        Account.objects.of(salma).update(balance=91)
        out = StringIO()
        with pytest.raises(SystemExit):
            call_command("verify", stdout=out, stderr=StringIO())
        assert json.loads(out.getvalue())["ledger"]
        Account.objects.of(salma).update(balance=90)


class TestFloor:
    def test_lets_one_account_go_deeper_and_tells_its_owner_why(self, yusuf, relay):
        status, told = run("floor", yusuf.email, "300", "--reason", "يعلّم من الربيع")
        assert (status, told) == (0, {"account": yusuf.pk, "balance": 0, "floor": -300, "before": -180})
        ledger.hold(payer=yusuf, minutes=300, subject="lesson:1", key="a")
        assert ledger.balance_of(person=yusuf) == -300
        assert run("verify")[1]["ok"]
        relay()
        notice = Notice.objects.get(person=yusuf, kind="hours")
        assert (notice.facts["act"], notice.facts["reason"]) == ("floor", "يعلّم من الربيع")

    @pytest.mark.parametrize(("minutes", "words"), [("300", "5 ساعات"), ("0", "لم يعد رصيدك")])
    def test_is_read_by_its_owner(self, yusuf, relay, client_of, minutes, words):
        run("floor", yusuf.email, minutes, "--reason", "اتفقنا عليه")
        relay()
        text = client_of(yusuf).get("/notices/").content.decode()
        assert words in text
        assert "اتفقنا عليه" in text

    def test_the_same_again_tells_nobody(self, yusuf, relay):
        for _twice in range(2):
            assert run("floor", yusuf.email, "300", "--reason", "x")[0] == 0
        relay()
        assert Notice.objects.filter(person=yusuf, kind="hours").count() == 1

    def test_refuses_what_cannot_be(self, yusuf, paid, capsys):
        for given in (
            ("nobody@example.org", "300", "--reason", "x"), (yusuf.email, "300"), (yusuf.email, "300", "--reason", " "),
            (yusuf.email, "--reason", "x"), (yusuf.email, "-1", "--reason", "x"),
            (yusuf.email, "6001", "--reason", "x"),
            (yusuf.email, "60", "--reason", "he stands at -90"),
        ):  # fmt: skip
            try:
                assert run("floor", *given)[0] == 2, given
            except CommandError:  # argparse takes -1 for an option
                assert "-1" in given
        assert Account.objects.of(yusuf).get().floor == -180
