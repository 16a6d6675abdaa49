"""What is told when rooms below have news."""

from contextlib import suppress

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Guardianship, Person, TrustedContact
from accounts.services import care
from exchange.ledger.models import Transfer
from exchange.lessons import rules as waiting
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson, Queued, Sitting
from exchange.lib.errors import Refused
from exchange.lib.text import brief, isolated
from exchange.notices import letters
from exchange.notices import services as notices
from exchange.notices.services import of_lessons, onward, telling
from exchange.outbox.models import Event
from exchange.outbox.services import on
from exchange.passport.models import Thanks
from exchange.payments.models import Dispute, Gift, Payment
from exchange.payments.services import fees
from matching import ladder
from matching.models import Climb, Ring
from matching.services import rings
from search.models import Met
from skills.models import Listing, Revision


@on("search.met")
def tell_of_new_listing(event: Event) -> None:
    """Something new meets a search that somebody keeps."""
    met = Met.objects.select_related("saved", "listing").filter(id=event.subject_id).first()
    if met is not None:
        notices.tell(
            people=[met.saved.person_id],
            kind="met",
            key=str(met.listing_id),  # two kept searches that meet one listing tell of it once
            url=met.listing.get_absolute_url(),
            listing_id=met.listing_id,
            search=met.saved.name,
        )


@on("wish.claimed")
def tell_of_claim(event: Event) -> None:
    """A neighbour took a wish and is about to write to its author."""
    wish = Listing.objects.filter(id=event.subject_id).first()
    if wish is not None:
        notices.tell(
            people=[wish.owner_id],
            kind="wish_claimed",
            key=str(event.pk),
            url=wish.get_absolute_url(),
            listing_id=wish.pk,
        )


@on("wish.climbed")
def tell_of_rung(event: Event) -> None:
    """More is done for a wish that waits; at the top a curator is told that it is theirs to look after."""
    climb = Climb.objects.filter(wish=int(event.subject_id)).select_related("wish").first()
    if climb is None or climb.ended_at is not None:
        return
    rung, wish = event.payload["rung"], climb.wish
    told = [(wish.owner_id, "wish_climbed")]
    if climb.steward_id and rung == ladder.STEWARD:
        told.append((climb.steward_id, "wish_given"))
    for person, kind in told:
        notices.tell(
            people=[person], kind=kind, key=str(event.pk), url=wish.get_absolute_url(), listing_id=wish.pk, rung=rung
        )


@on("ring.proposed", "ring.agreed", "ring.stands", "ring.broken")
def tell_of_ring(event: Event) -> None:
    """A ring waits for answers or times, stands, or broke; of one that nobody was asked about nobody is told."""
    ring = Ring.objects.filter(id=event.subject_id).first()
    if ring is None or ring.state == Ring.State.HELD or not event.payload.get("was_sent", True):
        return
    people = ring.answers.all() if event.name != "ring.broken" else ring.answers.exclude(is_yes=False)
    told = set(people.values_list("person_id", flat=True))
    for part, members in rings.parts_in(ring=ring).items():
        notices.tell(
            people=told.intersection(members),
            kind=event.name.replace(".", "_"),
            key=str(ring.pk),
            url=ring.get_absolute_url(),
            part=part,
        )


@on("hours.given", "hours.reversed")
def tell_of_hours(event: Event) -> None:
    """Somebody got hours as a gift, or an entry of theirs was moved back by a curator."""
    act = Transfer.objects.select_related("payer", "payee").filter(id=event.subject_id).first()
    if act is None:
        return
    is_reversed = act.kind == Transfer.Kind.REVERSE
    sides = [act.payer.person_id, act.payee.person_id] if is_reversed else [act.payee.person_id]
    notices.tell(
        people=[side for side in sides if side is not None],
        kind="hours",
        key=str(act.pk),
        url=reverse("hours"),
        act=act.kind,
        minutes=act.minutes,
    )


@on("hours.floor_changed")
def tell_of_floor(event: Event) -> None:
    """Somebody's account may go deeper below zero, or less deep: they are told, with the reason."""
    notices.tell(
        people=[int(event.payload["person"])],
        kind="hours",
        key=f"floor:{event.pk}",
        url=reverse("hours"),
        act="floor",
        minutes=event.payload["minutes"],
        reason=event.payload["reason"],
    )


@on("report.decided")
def tell_reporter(event: Event) -> None:
    """A curator has decided about a report. Its room is a stranger to this one, so the event says all there is."""
    notices.tell(
        people=[int(event.payload["reporter"])],
        kind="report",
        key=event.subject_id,
        url=reverse("talk", args=[event.payload["conversation"]]),
        verdict=event.payload["verdict"],
    )


@on("lesson.confirmed", "lesson.resolved")
def invite_to_thank(event: Event) -> None:
    """A lesson is confirmed: both may say what was learned, and thank each other."""
    lesson = Lesson.objects.filter(id=int(event.subject_id), state=Lesson.State.CONFIRMED).first()
    if lesson is not None:
        for person, other in ((lesson.teacher_id, lesson.learner_id), (lesson.learner_id, lesson.teacher_id)):
            _tell_of_story(lesson, person=person, other=other, kind="thanks_may")


@on("thanks.opened")
def tell_of_thanks(event: Event) -> None:
    """The seal of a story is broken: whoever was thanked is told that it can be read, but not what it says."""
    for row in Thanks.objects.opened().filter(story=int(event.subject_id)).select_related("story__lesson"):
        _tell_of_story(row.story.lesson, person=row.receiver_id, other=row.writer_id, kind="thanks_opened")


def _tell_of_story(lesson: Lesson, *, person: int, other: int, kind: str) -> None:
    notices.tell(
        people=[person],
        kind=kind,
        key=str(lesson.pk),
        url=reverse("thanks", args=[lesson.pk]),
        talk_id=lesson.conversation_id,
        sender=other,
    )


@on("thanks.decided")
def tell_of_decided_thanks(event: Event) -> None:
    """A curator decided about reported thanks: who reported hears it, and whose words were taken down hears why."""
    told = event.payload
    notices.tell(
        people=[int(told["reporter"])],
        kind="report",
        key=f"thanks:{event.subject_id}",
        url=reverse("person", args=[told["receiver"]]),
        verdict=told["verdict"],
    )
    if told["writer"] is not None:
        notices.tell(
            people=[int(told["writer"])],
            kind="thanks_taken",
            key=event.subject_id,
            url=reverse("thanks", args=[told["lesson"]]),
            why=told["why"],
        )


@on("note.read")
def tell_of_read_note(event: Event) -> None:
    """A curator looked after what somebody told them about a lesson."""
    notices.tell(
        people=[int(event.payload["writer"])],
        kind="report",
        key=f"note:{event.subject_id}",
        url=reverse("thanks", args=[event.payload["lesson"]]),
        verdict="read",
    )


@on("listing.asked")
def ask_still_true(event: Event) -> None:
    """A listing is old: its owner is asked whether it is still true, unless they said so meanwhile."""
    listing = Listing.objects.filter(id=int(event.subject_id)).first()
    if listing is not None and listing.asked_at is not None:
        notices.tell(
            people=[listing.owner_id],
            kind="still_true",
            key=f"{listing.pk}:{listing.asked_at:%Y-%m-%d}",
            url=reverse("me"),
            listing_id=listing.pk,
        )


@on("message.sent", many=True)
def tell_of_messages(events: list[Event]) -> None:
    """Somebody wrote: whoever has not seen it is told, once until they look."""
    telling.tell_of_messages(conversation_ids=[int(event.subject_id) for event in events])


@on("listing.decided")
def tell_of_decision(event: Event) -> None:
    """A curator decided about a text, or took that back."""
    revision = Revision.objects.select_related("listing").filter(id=int(event.subject_id)).first()
    if revision is None:
        return
    verdict, key = event.payload["verdict"], str(event.payload["decision"])
    if event.payload["is_undone"]:
        telling.take_back(kind=verdict, key=key)
        return
    listing = revision.listing
    notices.tell(
        people=[listing.owner_id],
        kind=verdict,
        key=key,
        url=listing.get_absolute_url() if verdict == "accepted" else reverse("me"),
        title=revision.title,
        why=event.payload["why"],
        note=event.payload["note"],
    )


@on("enquiry.waits")
def tell_of_waiting(event: Event) -> None:
    """A hello has no answer: who was asked is reminded, unless they rest; at last who asked is shown others."""
    lesson = Lesson.objects.select_related("conversation", "opened_by").filter(id=int(event.subject_id)).first()
    if lesson is None or lesson.full_at is not None or lessons.is_answered(lesson):
        return
    rung = event.payload["rung"]
    if rung == waiting.ONWARD:
        onward.offer_others(lesson=lesson)
        return
    asked = Person.objects.filter(id=lesson.asked_id, profile__paused_at=None).first()
    if asked is not None:
        notices.tell(
            people=[asked.pk],
            kind="hello_waits",
            key=f"{lesson.pk}:{rung}",
            url=lesson.conversation.get_absolute_url(),
            talk_id=lesson.conversation_id,
            sender=lesson.opened_by_id,
            since=lesson.made_at.isoformat(),
        )


@on("enquiry.deferred")
def tell_of_full(event: Event) -> None:
    """A teacher is full for now: who asked is told until when, and shown others."""
    lesson = Lesson.objects.select_related("conversation", "opened_by").filter(id=int(event.subject_id)).first()
    if lesson is not None:
        for rung, _after in waiting.RUNGS:
            telling.take_back(kind="hello_waits", key=f"{lesson.pk}:{rung}")
        onward.offer_others(lesson=lesson)


@on("enquiry.again")
def tell_of_room(event: Event) -> None:
    """The time is over for which a teacher was full: who asked may ask again."""
    lesson = Lesson.objects.select_related("conversation").filter(id=int(event.subject_id)).first()
    if lesson is not None and not lessons.is_answered(lesson):
        notices.tell(
            people=[lesson.opened_by_id],
            kind="hello_again",
            key=str(lesson.pk),
            url=lesson.conversation.get_absolute_url(),
            talk_id=lesson.conversation_id,
            sender=lesson.asked_id,
        )


@on(
    "lesson.asked", "lesson.countered", "lesson.move_asked", "lesson.booked", "lesson.moved", "lesson.move_declined",
    "lesson.move_withdrawn", "lesson.move_lapsed", "lesson.declined", "lesson.withdrawn", "lesson.cancelled",
    "lesson.lapsed", "lesson.due_soon", "lesson.held", "lesson.said", "lesson.confirmed", "lesson.missed",
    "lesson.disputed", "lesson.resolved", "lesson.choose_anew",
)  # fmt: skip
def tell_of_lesson(event: Event) -> None:
    """Something happened to a lesson: whom it concerns is told, and what was told before is news no longer."""
    of_lessons.follow(
        lesson_id=int(event.subject_id),
        act=event.name.removeprefix("lesson."),
        occasion=str(event.pk),
        facts=event.payload,
    )


@on("seat.offered")
def tell_of_seat(event: Event) -> None:
    """A seat in a group lesson is kept for somebody who waited."""
    place = Queued.objects.select_related("sitting").filter(id=int(event.subject_id)).first()
    if place is not None and place.offered_until is not None and place.sitting.is_open:
        notices.tell(
            people=[place.person_id],
            kind="seat",
            key=f"{place.pk}",
            url=place.sitting.get_absolute_url(),
            act="offered",
            title=place.sitting.title,
        )


@on("sitting.cancelled")
def tell_who_waited(event: Event) -> None:
    """A group lesson was called off: who waited for a seat is told; who had one hears of their lesson."""
    sitting = Sitting.objects.filter(id=int(event.subject_id)).first()
    if sitting is not None:
        notices.tell(
            people=event.payload["waiting"],
            kind="seat",
            key=f"off:{sitting.pk}",
            url=sitting.get_absolute_url(),
            act="off",
            title=sitting.title,
        )


@on("guardian.asked")
def write_to_guardian(event: Event) -> None:
    """Somebody of 13 to 17 asks an adult to be their guardian, who may have no account yet."""
    asked = Guardianship.objects.asked().select_related("young").filter(id=int(event.subject_id)).first()
    if asked is None:
        return
    name = isolated(brief(asked.young.first_name, 24))
    with translation.override(asked.young.language):
        letters.send(
            to=asked.email,
            subject=_("%(name)s asks you to be their guardian at Rukn") % {"name": name},
            lines=[
                _("Hello,"),
                _("%(name)s wants to learn at Rukn, the skill exchange of your city, and named you as their guardian.")
                % {"name": name},
                _("At 13 to 17 one does so only with a guardian, who is in every talk and sees every message."),
                _("Come in with this very address; we send you a code. Then read what it means, and agree or decline."),
                _("If you do not know this person, do nothing: without you nothing happens."),
            ],
            path=reverse("ward", args=[asked.pk]),
            button=_("Read and answer"),
        )


@on("guardian.asked")
def tell_guardian(event: Event) -> None:
    """Who is asked and has an account finds it on the page too; whoever was asked before is asked no more."""
    asked = Guardianship.objects.asked().select_related("young").filter(id=int(event.subject_id)).first()
    if asked is None:
        return
    _forget_asking(asked.young_id)
    guardian = Person.objects.filter(email=asked.email).first()
    if guardian is not None:
        _tell_asked(asked, guardian)


@on("person.welcomed")
def tell_newcomer_of_wards(event: Event) -> None:
    """Somebody came in for the first time: the young who named them as their guardian are waiting."""
    person = Person.objects.filter(id=int(event.subject_id)).first()
    if person is not None:
        for asked in care.requests_to(person=person):
            _tell_asked(asked, person)


def _tell_asked(asked: Guardianship, guardian: Person) -> None:
    notices.tell(
        people=[guardian.pk],
        kind="ward_asked",
        key=f"{asked.pk}:asked",
        url=reverse("ward", args=[asked.pk]),
        name=asked.young.first_name,
    )


def _forget_asking(young_id: int) -> None:
    """Let what was told of requests of this one be news no longer where they are answered or over."""
    for over in Guardianship.objects.filter(young=young_id).exclude(accepted_at=None, ended_at=None):
        people = Person.objects.filter(email=over.email).values_list("id", flat=True)
        telling.overtake(kinds=["ward_asked"], about=f"{over.pk}:", people=people)


@on("guardian.changed")
def tell_young(event: Event) -> None:
    """A guardian agreed, declined or ended it."""
    found = Guardianship.objects.filter(id=int(event.subject_id)).first()
    if found is not None:
        _forget_asking(found.young_id)
        said = found.ended or "accepted"
        notices.tell(
            people=[found.young_id], kind="guardian", key=f"{found.pk}:{said}", url=reverse("safety"), said=said
        )


@on("contact.named")
def write_to_contact(event: Event) -> None:
    """A person named somebody they trust, who is asked whether they agree."""
    contact = TrustedContact.objects.select_related("person").filter(person=int(event.subject_id)).first()
    if contact is None or contact.confirmed_at is not None:
        return
    name = isolated(brief(contact.person.first_name, 24))
    with translation.override(contact.person.language):
        letters.send(
            to=contact.email,
            subject=_("%(name)s trusts you") % {"name": name},
            lines=[
                _("Hello %(name)s,") % {"name": isolated(contact.name)},
                _("%(name)s learns at Rukn, the skill exchange of your city, and named you as their trusted contact.")
                % {"name": name},
                _("If you agree, we write to you when something goes wrong there, and ask you to call. Nothing else."),
            ],
            path=reverse("contact_answer", args=[care.contact_token(contact)]),
            button=_("Answer"),
        )


@on("contact.told")
def tell_trusted_contact(event: Event) -> None:
    """A person wants to hear from their trusted contact. What happened is for that person to tell."""
    contact = TrustedContact.objects.select_related("person").filter(person=int(event.subject_id)).first()
    if contact is None or contact.confirmed_at is None:
        return
    name = isolated(brief(contact.person.first_name, 24))
    with translation.override(contact.person.language):
        letters.send(
            to=contact.email,
            subject=_("Please call %(name)s") % {"name": name},
            lines=[
                _("Hello %(name)s,") % {"name": isolated(contact.name)},
                _("%(name)s asked us to let you know that something at Rukn was not right. Please call them.")
                % {"name": name},
                _("We do not tell what was written. If somebody is in danger now, call the emergency number."),
            ],
            path=reverse("contact_answer", args=[care.contact_token(contact)]),
            button=_("No more such letters"),
            is_quiet=True,
        )


@on("talk.reported")
def tell_contact_of_report(event: Event) -> None:
    """Who reported somebody has their trusted contact told, if one agreed to that."""
    person = Person.objects.filter(id=event.payload.get("reporter")).first()
    if person is not None:
        with suppress(Refused):  # none named, none agreed, or told a moment ago
            care.tell_contact(person=person)


@on("payment.due", "payment.due_soon")
def tell_of_fee(event: Event) -> None:
    """A lesson for a fee is booked: the learner is asked to pay, and once more before the time to do so is over."""
    payment = Payment.objects.filter(id=int(event.subject_id)).first()
    if payment is not None and payment.is_due:
        notices.tell(
            people=[payment.payer_id],
            kind="pay_due",
            key=str(payment.pk) if event.name == "payment.due" else f"{payment.pk}:soon",
            url=reverse("lesson_pay", args=[payment.lesson_id]),
            until=payment.due_at.isoformat(),
            **fees.facts_of(payment),
        )


@on("payment.paid", "payment.settled")
def tell_of_payment(event: Event) -> None:
    """A fee was paid, handed on, given back or is with a bank: both are told, with the receipt."""
    payment = Payment.objects.filter(id=int(event.subject_id)).first()
    if payment is None:
        return
    _take_fee_back(payment.pk)
    is_paid = event.name == "payment.paid"
    for person in (payment.payer_id, payment.payee_id):
        notices.tell(
            people=[person],
            kind="fee_paid" if is_paid else "fee_settled",
            key=f"{payment.pk}:{'paid' if is_paid else event.payload['state']}",
            url=payment.get_absolute_url(),
            is_payer=person == payment.payer_id,
            state=payment.state if is_paid else event.payload["state"],
            **fees.facts_of(payment),
        )


@on("payment.void")
def take_fee_back(event: Event) -> None:
    """A fee is not to be paid any more: nobody is asked for it."""
    _take_fee_back(int(event.subject_id))


def _take_fee_back(number: int) -> None:
    for key in (str(number), f"{number}:soon"):
        telling.take_back(kind="pay_due", key=key)


@on("gift.arrived")
def thank_for_gift(event: Event) -> None:
    """A gift to the fund arrived, or came once more: its giver is thanked, where we know them."""
    gift = Gift.objects.filter(id=int(event.subject_id)).first()
    if gift is not None and gift.person_id is not None:
        notices.tell(
            people=[gift.person_id],
            kind="gift_arrived",
            key=f"{gift.pk}:{event.payload['sum']}",
            url=gift.get_absolute_url(),
            amount=gift.amount,
            currency=gift.currency,
        )


@on("payment.disputed")
def tell_curators_of_dispute(event: Event) -> None:
    """Somebody asked their bank to take a payment back: every curator is told."""
    dispute = Dispute.objects.filter(id=int(event.subject_id)).first()
    if dispute is not None:
        curators = Person.objects.filter(role__in=[Person.Role.CURATOR, Person.Role.ADMIN], is_active=True)
        notices.tell(
            people=curators.values_list("id", flat=True),
            kind="money_disputed",
            key=str(dispute.pk),
            url=reverse("desk_payments"),
        )
