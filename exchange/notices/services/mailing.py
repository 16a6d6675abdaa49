"""Mailing what is due: claimed as rows, sent, noted. Any number of workers may do so at once."""

import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from accounts.models import Person
from exchange.chat import services as chat
from exchange.notices import letters, rules
from exchange.notices.models import Notice, habits_of, zone_of
from exchange.notices.rules import OF_TALKS, next_try
from exchange.notices.services import telling
from exchange.notices.services.choosing import ALL_COLLECTED, stop_token
from exchange.notices.services.telling import Told

log = logging.getLogger(__name__)

QUOTED = 5  # messages whose words a mail carries


def send_due(*, now: datetime, limit: int = 50) -> int:
    """Mail what is due; gives how many mails went out.

    A notice, or all that a person gets collected, is claimed by a conditional UPDATE before it is sent and noted after;
    a worker that dies in between repeats at most the one mail it held (mail knows no exactly-once), under the same
    Message-ID, by which mail programs show it once.
    """
    sent, began = 0, time.monotonic()
    for notice in Notice.objects.to_mail(now).of_those_awake()[:limit]:
        # A slow mail server makes a round long: a claim stamped with its start would look like a dead worker's.
        moment = now + timedelta(seconds=time.monotonic() - began)
        if held := _claim(notice, moment):
            sent += _mail(held, moment)
    return sent


def _claim(notice: Notice, moment: datetime) -> list[Notice]:
    """Take a notice, or all that its person gets collected now; empty when another worker was faster."""
    free = Notice.objects.to_mail(moment)
    own = free.filter(person=notice.person_id, is_digest=True) if notice.is_digest else free.filter(id=notice.pk)
    claim = uuid.uuid4()
    if not own.update(claimed_at=moment, claim=claim):
        return []
    rows = Notice.objects.filter(claim=claim).select_related("person", "person__notice_habit")
    return list(rows.order_by("id"))


def _mail(held: Sequence[Notice], moment: datetime) -> int:
    """Send what was claimed as one mail; 1 when it went out."""
    rows = Notice.objects.filter(id__in=[notice.pk for notice in held], claim=held[0].claim)
    late = _waits_for_morning(held, moment)
    if late is not None:
        rows.update(mail_due_at=late, claimed_at=None, claim=None)
        return 0
    try:
        lines = _worth_a_mail(held)
        if lines:
            _message(lines).send()
    except Exception as error:  # one that cannot be written, or is refused, must not hold the others
        tries = max(notice.tries for notice in held) + 1
        rows.update(
            tries=tries,
            claimed_at=None,
            claim=None,
            reason=f"{type(error).__name__}: {error}"[:300],
            mail_due_at=next_try(tries, now=timezone.now()),
        )
        log.warning("A notice could not be mailed: %s", type(error).__name__)
        return 0
    told = {line.notice.pk for line in lines}
    rows.exclude(id__in=told).update(mail_due_at=None, claimed_at=None, claim=None)  # withdrawn: nothing left to tell
    for line in lines:
        # Its facts as the mail told them: what was written while it was on its way found its notice still waiting,
        # and is in no mail yet.
        facts = line.notice.facts
        Notice.objects.filter(id=line.notice.pk).update(
            mailed_at=timezone.now(), claimed_at=None, claim=None, reason="", facts=facts
        )
    telling.tell_of_messages(conversation_ids=[line.notice.talk_id for line in lines if line.notice.talk_id])
    return int(bool(lines))


def _waits_for_morning(held: Sequence[Notice], moment: datetime) -> datetime | None:
    """When a late mail is sent that would now come in the quiet hours of its person; None: it need not wait.

    A digest asked for within the quiet hours comes when it was asked for.
    """
    habits = habits_of(held[0].person)
    zone = zone_of(habits)
    due = max((notice.mail_due_at for notice in held if notice.mail_due_at), default=moment)
    if rules.is_quiet(due, habits, zone) or not rules.is_quiet(moment, habits, zone):
        return None
    return rules.after_quiet(moment, habits, zone)


def _worth_a_mail(held: Sequence[Notice]) -> list[Told]:
    """Give what is still to be told: who has looked meanwhile, blocked somebody or left, needs no mail."""
    person = held[0].person
    if not person.is_active:
        return []
    lines = [line for line in telling.told(held, person) if line.is_new and not line.is_gone]
    if len(lines) == 1 and lines[0].notice.kind in OF_TALKS:
        return _with_words(lines[0], person)
    return lines


def _with_words(line: Told, person: Person) -> list[Told]:
    """Give a notice of a talk with what was written; none when it was all taken back."""
    talk, facts = line.notice.talk_id or 0, line.notice.facts
    unseen = chat.messages_after(person=person, conversation_id=talk, seq=facts["since"])
    others = [message for message in unseen if message.sender_id != person.pk and message.deleted_at is None]
    if not others:
        return []
    # The mail tells these and no later ones, whatever is written before it is noted as sent.
    line.notice.facts = {**facts, "count": len(others), "last": unseen[-1].seq}
    return [replace(line, words=others[-QUOTED:])]


def _message(lines: Sequence[Told]) -> EmailMultiAlternatives:
    """Write some notices of one person as one mail in their language."""
    first = lines[0].notice
    kind = ALL_COLLECTED if first.is_digest else first.kind
    return letters.write(lines, first.person, stop_token(person_id=first.person_id, kind=kind))
