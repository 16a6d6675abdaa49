"""A thousand notices over two time zones, a change of the clock and killed workers: each once, in the right language,
at the right hour on the wall. (The short form of benchmarks/notices.py, which kills real processes.)"""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts.models import Person
from exchange.notices.models import Habit, Notice
from exchange.notices.services import mailing, telling

BEGIN = datetime(2026, 3, 28, 12, tzinfo=UTC)  # Berlin's clock leaps from 2 to 3 the night after; Amman's never does
ZONES = {"ar": "Asia/Amman", "en": "Europe/Berlin"}
HOURS = {"ar": 19, "en": 8}  # Berlin: the morning after the change


class Killed(BaseException):
    """What a worker does not survive."""


@pytest.fixture
def people(db):
    rows = [
        Person(email=f"p{number}@example.org", name=f"P{number}", language=language, welcomed_at=BEGIN)
        for number, language in enumerate(["ar", "en"] * 50)
    ]
    made = Person.objects.bulk_create(rows)
    Habit.objects.bulk_create([Habit(person=row, hour=HOURS[row.language], zone=ZONES[row.language]) for row in made])
    return made


def test_each_is_told_once_in_the_right_language_at_the_right_hour(people, monkeypatch):
    dice, sent, deaths = random.Random(7), [], []
    usual = mailing._message

    def deadly(lines):
        message = usual(lines)
        if dice.random() < 0.1:  # killed with the claim in hand, before the mail server heard anything
            deaths.append(message.to[0])
            raise Killed
        sent.append((message, [line.notice.pk for line in lines], timezone.now()))
        return message

    monkeypatch.setattr(mailing, "_message", deadly)
    with time_machine.travel(BEGIN, tick=False) as clock:
        for number in range(10):
            kind = "report" if number == 0 else "met"  # one at once, nine collected
            telling.tell(people=[each.pk for each in people], kind=kind, key=str(number), url="/", verdict="calm",
                         search="x")  # fmt: skip
        Notice.objects.filter(kind="met").update(kind="ring_stands")  # a sentence that needs no listing
        while clock_is_before(BEGIN + timedelta(hours=30)):
            for _worker in range(3):
                try:
                    mailing.send_due(now=timezone.now(), limit=40)
                except Killed:
                    continue
            clock.shift(timedelta(minutes=6))

    told = Counter(pk for _message, pks, _at in sent for pk in pks)
    assert len(told) == 1000
    assert set(told.values()) == {1}
    assert len(deaths) > 5
    languages = {person.email: person.language for person in people}
    for message, pks, at in sent:
        language = languages[message.to[0]]
        assert f'lang="{language}"' in message.alternatives[0][0]
        local = at.astimezone(ZoneInfo(ZONES[language]))
        if len(pks) > 1:
            assert len(pks) == 9
            late = local - local.replace(hour=HOURS[language], minute=0)
            assert timedelta(0) <= late < timedelta(minutes=45)  # a killed worker's are free after five minutes
    assert len(mail.outbox) == 200


def clock_is_before(end):
    """Whether it is earlier."""
    return timezone.now() < end
