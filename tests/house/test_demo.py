"""The demo: what it prints of mail, the city that it plants, and that it exists only as a demo."""

import io
from pathlib import Path

import pytest
from django.core.mail import EmailMessage
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import F
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Person
from exchange import demo_urls
from exchange.checks import demo_is_off
from exchange.console_mail import PrintedMail
from exchange.ledger import statements
from exchange.ledger.models import Posting
from exchange.ledger.services import audit
from exchange.lessons.models import Lesson, Step
from exchange.lessons.services import checking
from exchange.management.commands import demo, doctor
from exchange.management.seed import history, plant
from skills.models import Listing
from skills.services import concepts

ROOT = Path(__file__).resolve().parent.parent.parent


def test_prints_a_code_whole_and_a_notice_in_one_line():
    stream = io.StringIO()
    code = EmailMessage("Your code", "Hello,\n\nYour code is 123456.\n", to=["yusuf@example.org"])
    notice = EmailMessage("رد جديد", "سطور كثيرة\n" * 9, to=["salma@example.org"], headers={"List-Unsubscribe": "<x>"})
    assert PrintedMail(stream=stream).send_messages([code, notice]) == 2
    assert stream.getvalue().splitlines() == [
        "✉ yusuf@example.org · Your code",
        "  Hello,",
        "  Your code is 123456.",
        "✉ salma@example.org · رد جديد",
    ]


class TestDataOfAnOlderVersion:
    OLD = (
        "0001_initial", "0002_hellos_wait", "0003_talks_lead_to_listings", "0004_lessons_agreed", "0006_calendar_feed",
        "0007_queues_for_seats", "0008_bundles",
    )  # fmt: skip

    def had(self, names):
        recorder = MigrationRecorder(connection)
        for name in ("0001_lessons", *self.OLD):  # a new database has the names of both
            recorder.record_unapplied("lessons", name)
        for name in names:
            recorder.record_applied("lessons", name)

    def test_half_way_to_the_drawn_together_migrations_are_refused_in_one_sentence(self, db):
        self.had(self.OLD[:3])
        with pytest.raises(CommandError, match=r"older Rukn.*--reset"):
            demo.Command()._migrate()
        says, fix = doctor._database()
        assert says.startswith("lessons stand half-way")
        assert "operations" in fix

    def test_at_the_last_of_the_old_ones_go_on(self, db):
        self.had(self.OLD)
        demo.Command()._migrate()


def test_the_same_seed_gives_the_same_city(db):
    def grow(seed):
        with transaction.atomic():
            plant.plant(size="small", seed=seed, progress=lambda _count: None)
            rows = list(Listing.objects.order_by("id").values_list("title", "owner__email", "free_mask", "state"))
            seen_over = Step.objects.filter(by=None, to_state="held")
            assert seen_over.exists()
            assert not seen_over.filter(at__gt=F("lesson__ends_at")).exists()  # told of its day, not of the planting
            rows += Posting.objects.order_by("id").values_list("account__person__email", "minutes", "balance")
            transaction.set_rollback(True)
        concepts.forget()
        return rows

    concepts.ensure_shipped()
    first = grow(7)
    assert first == grow(7)
    assert first != grow(8)


def test_the_city_has_a_past_that_adds_up(db):
    plant.plant(size="small", seed=7, progress=lambda _count: None)
    connection.check_constraints()  # also what PostgreSQL looks at only at the end
    assert audit.verify().is_well
    assert not any(checking.faults(now=timezone.now()).values())
    assert 30 <= Lesson.objects.filter(state="confirmed", in_return="hours").count() <= 60
    for name, kinds in (("salma", {"taught", "held", "start", "pot_to", "gift_to", "gift_from"}),
                        ("yusuf", {"taught", "held", "start", "gift_to", "gift_from", "pot_from"})):  # fmt: skip
        person = Person.objects.get(email=f"{name}@example.org")
        assert kinds <= {line.what for line in statements.lines(person=person)}
    assert statements.pot(limit=20).balance > 0


class TestThePast:
    def offers(self, owner, count):
        said = {"title": "خبز", "lang": "ar", "state": "published", "kind": "offer", "published_at": timezone.now()}
        Listing.objects.bulk_create(Listing(owner=owner, **said) for _ in range(count))

    def test_is_found_however_many_others_offer_something(self, cast, districts):
        people = {key: cast[key] for key in ("salma", "yusuf", "huda")}
        for number in range(12):
            people[f"resident{number}"] = accounts.make_person(
                email=f"resident{number}@example.org", name=f"جار {number}", district=districts["naseem"], language="ar"
            )
        self.offers(cast["nadia"], 700)
        for person in people.values():
            self.offers(person, 1)
        assert history.remember(seed=7, people=people, now=timezone.now()) >= 20
        assert audit.verify().is_well

    def test_of_a_city_without_residents_is_empty(self, cast):
        people = {key: cast[key] for key in ("salma", "yusuf", "huda")}
        assert history.remember(seed=7, people=people, now=timezone.now()) == 0


class TestEntrances:
    def test_do_not_exist_outside_the_demo(self, client, db):
        assert client.get("/demo/enter/admin/").status_code == 404

    def test_keep_the_language_they_were_opened_in(self, rf, cast, settings, monkeypatch):
        settings.DEMO = True
        monkeypatch.setattr(demo_urls, "login", lambda *given, **named: None)
        monkeypatch.setattr(demo_urls.UserSession.objects, "create_from_request", lambda request: None)
        for asked, kept in (("en", "en"), ("xx", "en"), ("ar", "ar")):
            answer = demo_urls.enter(rf.get("/", {"lang": asked}), "learner")
            assert answer.cookies[settings.LANGUAGE_COOKIE_NAME].value == kept
            assert Person.objects.get(email="yusuf@example.org").language == kept

    def test_fail_the_deployment_check(self, settings):
        assert demo_is_off(None) == []
        settings.DEMO = True
        assert [message.id for message in demo_is_off(None)] == ["rukn.E001"]
