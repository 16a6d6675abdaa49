"""The pages of hours: what one has, what came and went, gifts, and the curators' pot."""

import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import services as accounts
from exchange.ledger import participation
from exchange.ledger import services as ledger
from exchange.ledger.models import Account, Transfer

pytestmark = pytest.mark.django_db

ENGLISH = {"accept-language": "en"}


@pytest.fixture
def paid(salma, yusuf):
    """Yusuf learned for an hour and a half, and has another hour agreed."""
    ledger.hold(payer=yusuf, minutes=90, subject="lesson:1", key="a", title="خياطة <b>", url="/lessons/1/")
    ledger.settle(subject="lesson:1", payee=salma, key="b")
    ledger.hold(payer=yusuf, minutes=60, subject="lesson:2", key="c", title="تطريز", url="/lessons/2/")


def text(answer) -> str:
    return answer.content.decode()


class TestTheStatement:
    def test_says_in_hours_and_minutes_what_one_has_and_what_is_held(self, client_of, yusuf, salma, paid):
        yusuf.language = "en"
        page = text(client_of(yusuf).get("/me/hours/"))
        assert "2 hours 30 minutes" in page
        assert "Your balance is below zero" in page
        assert "Held for lessons you agreed on" in page
        assert "1 hour" in page

    def test_says_what_can_be_spent_also_when_it_is_nothing(self, client_of, yusuf):
        ledger.hold(payer=yusuf, minutes=180, subject="lesson:1", key="a")
        for language, below, nothing in (
            ("en", "Your balance is below zero", "nothing just now"),
            ("ar", "رصيدك تحت الصفر", "لا شيء الآن"),
        ):
            page = text(client_of(yusuf).get("/me/hours/", headers={"accept-language": language}))
            assert below in page
            assert nothing in page

    def test_below_zero_stands_in_words_that_fit_the_amount(self, client_of, yusuf):
        ledger.hold(payer=yusuf, minutes=120, subject="lesson:1", key="a")
        page = text(client_of(yusuf).get("/me/hours/", headers={"accept-language": "ar"}))
        assert re.search(r"<dt>رصيدك تحت الصفر</dt>\s*<dd class=\"big\"><bdi>ساعتان</bdi>", page)

    def test_does_not_call_a_lesson_given_what_was_none(self, client_of, salma, yusuf):
        for number, why in enumerate(("late", "half", "missed"), 1):
            ledger.hold(payer=yusuf, minutes=60, subject=f"lesson:{number}", key=f"h{number}")
            half = None if why == "missed" else 30
            ledger.settle(subject=f"lesson:{number}", payee=salma, key=f"s{number}", minutes=half, why=why)
        pages = [text(client_of(who).get("/me/hours/", headers=ENGLISH)) for who in (salma, yusuf)]
        for words in (
            "Half of a lesson called off late",
            "Half of a lesson, as a curator",
            "your learner did not come",
        ):
            assert words in pages[0]
        assert "A lesson you gave" not in pages[0]
        for words in ("The other half of a lesson you called off late", "The other half of a lesson, as a curator"):
            assert words in pages[1]
        answer = client_of(salma).get("/me/hours/statement.csv", headers=ENGLISH)
        assert "Half of a lesson called off late" in b"".join(answer.streaming_content).decode()
        assert "late" not in {line["note"] for line in client_of(salma).get("/api/me/statement/").json()["results"]}

    def test_puts_words_into_the_marks_of_the_readers_language(self, client_of, salma, yusuf):
        ledger.give(giver=salma, receiver=yusuf, minutes=30, note="thanks", key="a")
        for language, marked in (
            ("ar", '<bdi dir="rtl">«<bdi dir="auto">شكرًا لك</bdi>»</bdi>'),
            ("en", '<bdi dir="ltr">“<bdi dir="auto">Thank you</bdi>”</bdi>'),
        ):
            assert marked in text(client_of(yusuf).get("/me/hours/", headers={"accept-language": language}))

    def test_leads_from_each_line_to_where_it_belongs(self, client_of, salma, yusuf, paid):
        page = text(client_of(salma).get("/me/hours/"))
        assert 'href="/lessons/1/"' in page
        assert "خياطة &lt;b&gt;" in page
        assert yusuf.first_name in page

    def test_is_ones_own(self, client_of, nadia, paid):
        assert "lessons/1" not in text(client_of(nadia).get("/me/hours/"))

    def test_asks_two_questions_at_ten_lines_and_at_many(self, client_of, salma, huda):
        browser = client_of(salma)
        counts = []
        for lines in (10, 200):
            for number in range(lines):
                ledger.give(giver=salma, receiver=None, minutes=1, key=f"{lines}:{number}")
                Account.objects.of(salma).update(floor=-10_000)
            browser.get("/me/hours/")
            with CaptureQueriesContext(
                connection,
            ) as asked:
                browser.get("/me/hours/")
            counts.append(sum("ledger_" in query["sql"] for query in asked.captured_queries))
        assert counts == [2, 2]

    def test_is_paged_without_a_line_lost_or_doubled(self, client_of, salma):
        ledger.open_account(person_id=salma.pk)
        Account.objects.of(salma).update(floor=-10_000)
        numbers = {ledger.give(giver=salma, receiver=None, minutes=1, key=f"{number}").pk for number in range(70)}
        browser, address, seen = client_of(salma), "/me/hours/", []
        while address:
            page = browser.get(address)
            statement = page.context["statement"]
            seen += [line.number for line in statement.lines]
            address = f"/me/hours/?before={statement.before}" if statement.before else ""
        assert len(seen) == 70
        assert set(seen) == numbers

    def test_says_what_did_not_fit(self, client_of, salma, yusuf, paid):
        salma.language = "en"
        Account.objects.of(salma).update(ceiling=100)
        ledger.settle(subject="lesson:2", payee=salma, key="d")
        assert "50 minutes" in text(client_of(salma).get("/me/hours/"))

    def test_is_a_file_that_no_spreadsheet_computes(self, client_of, salma, yusuf):
        ledger.hold(payer=yusuf, minutes=60, subject="lesson:1", key="a", title="=1+1")
        ledger.settle(subject="lesson:1", payee=salma, key="b")
        answer = client_of(salma).get("/me/hours/statement.csv")
        file = b"".join(answer.streaming_content).decode("utf-8-sig")
        assert "'=1+1" in file
        assert file.splitlines()[1].endswith(",60,60")

    @pytest.mark.parametrize("before", ["x", "-1", "0", "9" * 30, "٣"])
    def test_takes_no_harm_from_an_address(self, client_of, salma, before):
        assert client_of(salma).get(f"/me/hours/?before={before}").status_code == 200


class TestAGift:
    def give(self, client_of, who, **fields):
        return client_of(who).post("/me/hours/give/", {"hours": "1", "minutes": "0", **fields})

    def test_reaches_a_neighbour_with_ready_words_and_a_notice(self, client_of, salma, yusuf, relay):
        answer = self.give(client_of, salma, to=yusuf.pk, note="thanks", hours="٢")
        relay()

        assert answer.status_code == 302
        assert (ledger.balance_of(person=salma), ledger.balance_of(person=yusuf)) == (-120, 120)
        page = text(client_of(yusuf).get("/me/hours/"))
        assert "شكرًا" in page
        assert salma.first_name in page
        assert "/me/hours/" in text(client_of(yusuf).get("/notices/"))

    def test_goes_to_the_pot_without_a_neighbour(self, client_of, salma):
        self.give(client_of, salma)
        assert sum(Account.objects.pot().values_list("balance", flat=True)) == 60

    def test_sent_twice_is_given_once(self, client_of, salma, yusuf):
        key = str(uuid.uuid4())
        for _ in range(2):
            self.give(client_of, salma, to=yusuf.pk, key=key)
        assert ledger.balance_of(person=yusuf) == 60

    def test_finds_nobody_behind_a_block_and_nobody_who_is_gone(self, client_of, salma, karim, yusuf):
        accounts.block(blocker=karim, blocked=salma)
        type(yusuf).objects.filter(id=yusuf.pk).update(is_active=False)
        for to in (karim.pk, yusuf.pk, salma.pk, 987_654, "x", "9" * 40):
            assert client_of(salma).get(f"/me/hours/give/?to={to}").status_code == 404
            assert self.give(client_of, salma, to=to).status_code == 404
        for receiver in (karim, yusuf):
            with pytest.raises(ledger.NotReachable):
                ledger.give(giver=salma, receiver=receiver, minutes=1, key="x")

    @pytest.mark.parametrize(
        ("hours", "minutes"),
        [("0", "0"), ("", ""), ("-1", "0"), ("101", "0"), ("1.5", "0"), ("abc", "0"), ("1", "7"), ("9" * 30, "0"),
         ("100", "15"), ("NaN", "0"), ("1e3", "0")],
    )  # fmt: skip
    def test_of_a_bad_amount_keeps_the_form_with_its_sentence(self, client_of, salma, hours, minutes):
        answer = self.give(client_of, salma, hours=hours, minutes=minutes)
        assert answer.status_code == 422
        assert answer.context["form"].errors
        assert not hours or f'value="{hours}"' in text(answer)
        assert not Transfer.objects.exists()

    def test_beyond_the_floor_says_so_beside_the_field(self, client_of, salma, yusuf):
        answer = self.give(client_of, salma, to=yusuf.pk, hours="4")
        assert answer.status_code == 422
        assert answer.context["form"].errors["hours"]
        assert not Transfer.objects.exists()


class TestThePot:
    def test_is_given_from_by_curators(self, client_of, huda, salma, yusuf, relay):
        ledger.give(giver=salma, receiver=None, minutes=120, key="a")
        desk = client_of(huda)
        answer = desk.post("/desk/hours/", {"email": "YUSUF@example.org", "hours": "1", "minutes": "30", "note": "ill"})
        assert answer.status_code == 302
        assert ledger.balance_of(person=yusuf) == 90
        assert desk.get("/desk/hours/").context["pot"].balance == 30
        answer = desk.post("/desk/hours/", {"email": "nobody@example.org", "hours": "1", "minutes": "0", "note": "x"})
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["email"])

    def test_page_gives_each_field_an_id_of_its_own(self, client_of, huda):
        ids = re.findall(r'\bid="(id_[^"]+|right_[^"]+)"', text(client_of(huda).get("/desk/hours/")))
        assert len(ids) > 8
        assert len(set(ids)) == len(ids)

    def test_and_reversing_are_not_there_for_others(self, client_of, salma):
        for address in ("/desk/hours/", "/desk/hours/reverse/"):
            assert client_of(salma).post(address, {}).status_code == 404
        assert client_of(salma).get("/desk/hours/").status_code == 404

    def test_reverses_an_entry_by_its_number(self, client_of, huda, salma, yusuf):
        gift = ledger.give(giver=salma, receiver=yusuf, minutes=60, key="a")
        desk = client_of(huda)
        answer = desk.post("/desk/hours/reverse/", {"entry": gift.pk, "reason": "wrong neighbour"})
        assert answer.status_code == 302
        assert ledger.balance_of(person=salma) == 0
        for entry in (gift.pk, 987_654, "x", "", "9" * 40, "-1"):
            again = desk.post("/desk/hours/reverse/", {"entry": entry, "reason": "again"})
            assert (again.status_code, list(again.context["reversing"].errors)) == (422, ["entry"])
        assert "wrong neighbour" in text(client_of(yusuf).get("/me/hours/"))


class TestParticipationOnly:
    @pytest.fixture(autouse=True)
    def _counts_only(self, paid, settings, monkeypatch):
        settings.HOURS = "participation"
        monkeypatch.setattr(participation, "_counting", [participation.of_the_ledger])

    def test_shows_counts_and_no_balance(self, client_of, salma, yusuf):
        salma.language = yusuf.language = "en"
        for person, given, received in ((salma, 1, 0), (yusuf, 0, 1)):
            page = client_of(person).get("/me/hours/")
            assert (page.context["counts"].given, page.context["counts"].received) == (given, received)
            assert "<h1>Given and received</h1>" in text(page)
            assert "hours 30" not in text(page)
            assert "minutes" not in text(page)

    def test_is_led_to_by_its_own_name(self, client_of, salma, settings):
        for kept, name in (("participation", "Given and received"), ("balances", "My hours")):
            settings.HOURS = kept
            assert f'href="/me/hours/">{name}<' in text(client_of(salma).get("/me/", headers=ENGLISH))

    def test_has_no_gifts_no_file_and_no_balance_for_programs(self, client_of, salma, yusuf):
        browser = client_of(salma)
        for address in ("/me/hours/give/", "/me/hours/statement.csv", "/api/me/balance/", "/api/me/statement/"):
            assert browser.get(address).status_code == 404, address
        assert "hours/give" not in text(browser.get(reverse("person", args=[yusuf.pk])))

    def test_changes_no_history(self, client_of, salma, yusuf, settings):
        client_of(yusuf).get("/me/hours/")
        settings.HOURS = "balances"
        assert (ledger.balance_of(person=salma), ledger.balance_of(person=yusuf)) == (90, -150)

    def test_counts_as_the_room_above_says(self, client_of, salma, monkeypatch):
        monkeypatch.setattr(participation, "_counting", [participation.of_the_ledger])
        participation.counted_by(lambda person: participation.Counts(given=7, received=3))
        assert participation.of(salma) == participation.Counts(7, 3)


class TestPrograms:
    def test_read_balance_and_lines_as_the_page_shows_them(self, client_of, yusuf, paid):
        browser = client_of(yusuf)
        assert browser.get("/api/me/balance/").json() == {"balance": -150, "held": 60, "floor": -180}
        first = browser.get("/api/me/statement/?limit=1").json()
        assert (first["results"][0]["what"], first["results"][0]["minutes"]) == ("held", -60)
        second = browser.get(f"/api/me/statement/?limit=1&cursor={first['next']}").json()
        assert (second["results"][0]["title"], second["next"]) == ("خياطة <b>", None)


class TestComing:
    def test_opens_the_account_with_what_everyone_begins_with(self, client_of, districts, settings, relay):
        settings.HOURS_START = 60
        person = accounts.make_person(email="new@example.org", welcomed=False, age="")
        accounts.welcome(person=person, name="New", district=districts["port"], language="en", age="18+")
        relay()
        accounts.welcome(person=person, name="New", district=districts["port"], language="en", age="18+")
        relay()
        assert ledger.balance_of(person=person) == 60


def test_the_pot_says_the_ready_words_of_a_gift_in_the_readers_language(salma, huda, client_of):
    ledger.give(giver=salma, receiver=None, minutes=30, note="together", key="a")
    text = client_of(huda).get("/desk/hours/").content.decode()
    assert "لما نفعله معًا" in text
    assert "together" not in text
