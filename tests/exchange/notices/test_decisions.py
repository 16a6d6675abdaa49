"""The author of a text hears what a curator decided, with the reason in their language; not what was undone."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from exchange.lib.text import clean
from exchange.moderation import services as moderation
from exchange.notices.models import Notice
from exchange.notices.services import mailing
from skills.services import listings


@pytest.fixture
def clock():
    with time_machine.travel(datetime(2026, 11, 24, 10, tzinfo=UTC), tick=False) as clock:
        yield clock


@pytest.fixture
def waiting(clock, karim, relay):
    revision = listings.start(owner=karim, kind="offer", lang="en")
    listings.save_answers(revision=revision, by=karim, title="Fix your own bike", body="Bring it.",
                          tags=[{"text": "bike"}], step=5)  # fmt: skip
    listings.send(revision=revision, by=karim)
    relay()
    return revision


def test_let_through_leads_to_the_public_page(waiting, huda, karim, relay, clock):
    moderation.let_through(revision=waiting, curator=huda)
    relay()
    notice = Notice.objects.get()
    assert (notice.person_id, notice.kind, notice.url) == (karim.pk, "accepted", waiting.listing.get_absolute_url())
    assert mailing.send_due(now=timezone.now()) == 0  # the curator may still change their mind
    assert mailing.send_due(now=timezone.now() + timedelta(minutes=10)) == 1
    assert clean(mail.outbox[0].subject) == "Public now: “Fix your own bike”"


def test_returned_says_why_in_the_authors_language(waiting, huda, relay, clock, karim, client_of):
    moderation.give_back(revision=waiting, curator=huda, reason="too_vague", note="When?")
    relay()
    mailing.send_due(now=timezone.now() + timedelta(minutes=10))
    assert "It is too general." in mail.outbox[0].body
    assert "When?" in mail.outbox[0].body
    assert "It is too general." in client_of(karim).get("/notices/").content.decode()


def test_undone_is_not_told(waiting, huda, relay, clock):
    decision = moderation.let_through(revision=waiting, curator=huda)
    relay()
    clock.shift(timedelta(minutes=2))
    moderation.undo(decision=decision, curator=huda)
    relay()
    assert not Notice.objects.exists()
    moderation.give_back(revision=waiting, curator=huda, reason="too_vague")
    relay()
    assert Notice.objects.get().kind == "returned"
