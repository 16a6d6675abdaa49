"""What the database breaks off is done again from its beginning, and nobody sees it."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from accounts.models import Person
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson, Step
from exchange.lessons.rules import Span
from exchange.whole import MOST_TRIES, whole


class Broken(Exception):
    """What a driver says beneath Django's error."""

    def __init__(self, sqlstate):
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def failing(times, sqlstate):
    """An act that makes a person's name longer, and is broken off so many times."""
    tried = []

    @whole
    def act(person):
        row = Person.objects.get(id=person.pk)
        row.name += "!"
        row.save(update_fields=["name"])
        tried.append(1)
        if len(tried) <= times:
            raise OperationalError(sqlstate) from Broken(sqlstate)
        return len(tried)

    return act, tried


@pytest.mark.django_db(transaction=True)
class TestAnActThatIsBrokenOff:
    def test_is_done_again_from_its_beginning(self, salma):
        act, _tried = failing(2, "40P01")

        assert act(salma) == 3
        assert Person.objects.get(id=salma.pk).name == salma.name + "!"

    def test_is_given_up_after_five_more_tries(self, salma):
        act, tried = failing(MOST_TRIES, "40001")

        with pytest.raises(OperationalError):
            act(salma)
        assert len(tried) == MOST_TRIES
        assert Person.objects.get(id=salma.pk).name == salma.name

    def test_for_good_is_not_done_again(self, salma):
        act, tried = failing(1, "57014")

        with pytest.raises(OperationalError):
            act(salma)
        assert len(tried) == 1

    def test_within_another_act_is_the_other_ones_to_do_again(self, salma):
        inner, tried = failing(1, "40P01")
        outer = whole(lambda: inner(salma))

        assert outer() == 2
        assert len(tried) == 2
        assert Person.objects.get(id=salma.pk).name == salma.name + "!"


if connection.vendor == "postgresql":  # SQLite's writers queue: no two wait for each other

    def holds(learner, lesson, is_held, is_let_go):
        """Lock the learner first and the lesson second, against the order of acts; the act is broken off."""
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL deadlock_timeout = '20s'")
            Person.objects.select_for_update().get(id=learner.pk)
            is_held.set()
            while not waiting_for_a_lock():
                time.sleep(0.02)
            Lesson.objects.select_for_update().get(id=lesson.pk)
        connection.close()
        is_let_go.set()

    def waiting_for_a_lock():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                " WHERE NOT l.granted AND a.datname = current_database()"
            )
            return cursor.fetchone() is not None

    def deadlocks():
        with connection.cursor() as cursor:
            cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            return cursor.fetchone()[0]

    @pytest.mark.django_db(transaction=True)
    def test_a_booking_that_meets_a_deadlock_is_booked_all_the_same(client, make_offer, salma, yusuf):
        offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
        lesson = lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا")
        at = timezone.now() + timedelta(days=2)
        lessons.ask(lesson=lesson, by=yusuf, times=[Span(at, at + timedelta(hours=1))], minutes=60, format="online")
        before, is_held, is_let_go = deadlocks(), threading.Event(), threading.Event()
        other = threading.Thread(target=holds, args=(yusuf, lesson, is_held, is_let_go))
        client.force_login(salma)

        other.start()
        is_held.wait(10)
        answer = client.post(f"/lessons/{lesson.pk}/answer/", {"proposal": Lesson.objects.get().proposals.get().pk})
        other.join(30)

        assert is_let_go.is_set()
        assert (answer.status_code, answer["Location"]) == (302, f"/lessons/{lesson.pk}/")
        assert Lesson.objects.get().state == "booked"
        assert Step.objects.filter(act="accept").count() == 1
        for _wait in range(100):
            if deadlocks() > before:
                break
            time.sleep(0.1)
        assert deadlocks() == before + 1
