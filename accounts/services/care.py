"""How old a person is, who looks after the young, and whom a person wants told when something went wrong."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.core import signing
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import Guardianship, Person, Profile, TrustedContact
from exchange.lib.errors import Refused
from exchange.lib.text import isolated
from exchange.outbox import services as outbox

MOST_ASKED_A_DAY = 5  # guardians one young person asks, and contacts one person names
MOST_WARDS = 10
TELL_AGAIN_AFTER = timedelta(minutes=15)
SALT = "rukn.accounts.trusted"


class AgeNotSaid(Refused):
    """The person has not said how old they are."""

    code = "age_not_said"


class NeedsGuardian(Refused):
    """Somebody of 13 to 17 without a guardian who has accepted, or without them in the talk."""

    code = "needs_guardian"


class GuardianDecides(Refused):
    """What only the guardian can change."""

    code = "guardian_decides"


class NotYourWard(Refused):
    """A request to look after somebody that was not made to this person, or is over."""

    code = "not_your_ward"


class TooOften(Refused):
    """More letters than anybody needs."""

    code = "too_often"


class NoContact(Refused):
    """There is nobody who agreed to be told."""

    code = "no_contact"


# --- age --------------------------------------------------------------------------------------------------------------


@transaction.atomic
def say_age(*, person: Person, age: str) -> None:
    """Keep whether a person is 18 or older, or 13 to 17; the young rest until a guardian accepts.

    Refused (`GuardianDecides`): who said they are 13 to 17 does not become 18 by their own word. `ValueError`: no age.
    """
    if age not in (Person.Age.ADULT, Person.Age.YOUNG):
        raise ValueError(f"not an age that can be kept: {age!r}")
    fresh = Person.objects.select_for_update().get(id=person.pk)
    if fresh.age == age:
        return
    if fresh.is_young:
        raise GuardianDecides(_("Your guardian can say that you are 18 by now."))
    _keep_age(person, age)
    if person.is_young:
        _rest(person, is_resting=True)


@transaction.atomic
def let_child_go(*, person: Person) -> None:
    """Keep nothing of somebody younger than 13: the account is deleted; where others' rows hang on it, its name and
    address are, and it opens nothing any more."""
    try:
        with transaction.atomic():
            Person.objects.filter(id=person.pk).delete()
    except models.ProtectedError:
        Person.objects.filter(id=person.pk).update(name="", email=f"gone-{person.pk}@invalid", is_active=False)
        Profile.objects.filter(person=person).update(about="", about_lang="", age_band="", paused_at=timezone.now())
        EmailAddress.objects.filter(user=person).delete()
        person.tokens.all().delete()
        outbox.emit("person.changed", person)


def require_may_meet(person: Person) -> None:
    """Refuse whoever may not begin anything with others now: `AgeNotSaid`, `NeedsGuardian`."""
    if not policies.may_answer_for_themselves(person):
        raise AgeNotSaid(_("Say first whether you are 18 or older, on the page “Safety”."))
    if policies.lacks_guardian(person):
        raise NeedsGuardian(_("First your guardian must agree. You ask them on the page “Safety”."))


# --- guardians --------------------------------------------------------------------------------------------------------


@transaction.atomic
def ask_guardian(*, young: Person, email: str) -> Guardianship:
    """Ask an adult by e-mail to look after this young person; whoever was asked before is asked no more.

    Refused: `GuardianDecides` (not young, one's own address, or a guardian is there), `TooOften` (five a day).
    """
    email = email.strip().lower()
    young = Person.objects.select_for_update().get(id=young.pk)
    if not young.is_young or email == young.email.lower():
        raise GuardianDecides(_("A guardian is an adult with an e-mail address of their own."))
    if Guardianship.objects.current().filter(young=young).exists():
        raise GuardianDecides(_("You have a guardian here. Only they can end that."))
    now = timezone.now()
    if Guardianship.objects.filter(young=young, asked_at__gt=now - timedelta(days=1)).count() >= MOST_ASKED_A_DAY:
        raise TooOften(_("That was often enough for today. Tomorrow you can ask again."))
    Guardianship.objects.filter(young=young, ended_at=None).update(ended_at=now, ended=Guardianship.Ended.WITHDRAWN)
    asked = Guardianship.objects.create(young=young, email=email)
    outbox.emit("guardian.asked", asked)
    return asked


def consent_words(young: Person) -> list[str]:
    """Give what a guardian agrees to, one sentence each, in the language of the page."""
    name = young.first_name
    return [
        _("I am 18 or older, and I am a parent or guardian of %(name)s.") % {"name": name},
        _("%(name)s is 13 to 17 years old.") % {"name": name},
        _("I am a third person in every talk of %(name)s here, and I see every message.") % {"name": name},
        _("Lessons are online or in a public place, and I know when and where.") % {"name": name},
        _("I can end this at any time; %(name)s then rests here until another guardian agrees.") % {"name": name},
    ]


@transaction.atomic
def accept_ward(*, guardianship_id: int, by: Person) -> Guardianship:
    """Become the guardian that one was asked to be; a second click changes nothing.

    Refused: `NotYourWard`, `AgeNotSaid`, `NeedsGuardian` (by somebody young), `TooOften` (ten wards).
    """
    asked = _for_guardian(guardianship_id, by)
    if asked.accepted_at is not None:
        return asked
    if not policies.may_answer_for_themselves(by):
        raise AgeNotSaid(_("Say first whether you are 18 or older, on the page “Safety”."))
    if by.is_young:
        raise NeedsGuardian(_("A guardian is 18 or older."))
    if Guardianship.objects.current().filter(guardian=by).count() >= MOST_WARDS:
        raise TooOften(_("You look after many young people already."))
    asked.guardian, asked.accepted_at = by, timezone.now()
    asked.consent = "\n".join(consent_words(asked.young))
    try:
        asked.save(update_fields=["guardian", "accepted_at", "consent"])
    except IntegrityError as error:
        raise NotYourWard(_("This request is over.")) from error
    _rest(asked.young, is_resting=False)
    outbox.emit("guardian.changed", asked)
    return asked


@transaction.atomic
def end_ward(*, guardianship_id: int, by: Person, is_grown: bool = False) -> None:
    """Decline a request, or end one's guardianship: the young person rests, or is 18 by now (`is_grown`).

    Refused: `NotYourWard`.
    """
    found = _for_guardian(guardianship_id, by)
    was_accepted = found.accepted_at is not None
    found.ended_at = timezone.now()
    found.ended = (
        Guardianship.Ended.DECLINED
        if not was_accepted
        else Guardianship.Ended.GROWN
        if is_grown
        else Guardianship.Ended.STOPPED
    )
    found.save(update_fields=["ended_at", "ended"])
    if was_accepted and is_grown:
        _keep_age(found.young, Person.Age.ADULT)
    elif was_accepted:
        _rest(found.young, is_resting=True)
    outbox.emit("guardian.changed", found)


def wards(*, guardian: Person) -> list[Guardianship]:
    """Give those whom a person looks after or is asked to, oldest first."""
    rows = Guardianship.objects.filter(ended_at=None).select_related("young")
    mine = models.Q(guardian=guardian) | models.Q(accepted_at=None, email__iexact=guardian.email)
    return list(rows.filter(mine).exclude(young=guardian).order_by("id"))


def requests_to(*, person: Person) -> list[Guardianship]:
    """Give the young who ask this person to be their guardian and wait for an answer, oldest first."""
    rows = Guardianship.objects.asked().filter(email=person.email.lower()).exclude(young=person)
    return list(rows.select_related("young").order_by("id"))


def guardianship_of(*, young: Person) -> Guardianship | None:
    """Give the guardianship that holds or waits for an answer."""
    return Guardianship.objects.filter(young=young, ended_at=None).select_related("guardian").first()


def _for_guardian(guardianship_id: int, by: Person) -> Guardianship:
    found = (
        Guardianship.objects.select_for_update(of=("self",))
        .select_related("young", "young__profile")
        .filter(id=guardianship_id, ended_at=None)
        .first()
    )
    is_theirs = found is not None and (
        found.guardian_id == by.pk if found.accepted_at else found.email.lower() == by.email.lower()
    )
    if found is None or not is_theirs or found.young_id == by.pk:
        raise NotYourWard(_("This request is over, or was made to somebody else."))
    return found


def _keep_age(person: Person, age: str) -> None:
    person.age = age
    person.save(update_fields=["age"])
    outbox.emit("person.age_said", person)
    outbox.emit("person.changed", person)


def _rest(person: Person, *, is_resting: bool) -> None:
    """The young without a guardian rest: what hides a resting person hides them, everywhere."""
    person.profile.paused_at = timezone.now() if is_resting else None
    person.profile.save(update_fields=["paused_at"])
    outbox.emit("person.changed", person)


# --- trusted contact --------------------------------------------------------------------------------------------------


@transaction.atomic
def name_contact(*, person: Person, name: str, email: str) -> TrustedContact:
    """Ask somebody whether they may be told when something went wrong; another one named before is let go.

    Refused: `NoContact` (one's own address), `TooOften` (the last one was asked a moment ago).
    """
    email = email.strip().lower()
    if email == person.email.lower():
        raise NoContact(_("Name somebody else: this is your own address."))
    now = timezone.now()
    before = TrustedContact.objects.select_for_update().filter(person=person).first()
    if before is not None and now - before.asked_at < TELL_AGAIN_AFTER:
        raise TooOften(_("We have written to somebody a moment ago. Try again in a quarter of an hour."))
    made, _is_new = TrustedContact.objects.update_or_create(
        person=person,
        defaults={"name": name, "email": email, "asked_at": now, "confirmed_at": None, "told_at": None},
    )
    outbox.emit("contact.named", person)
    return made


@transaction.atomic
def let_contact_go(*, person: Person) -> None:
    """Forget the trusted contact."""
    TrustedContact.objects.filter(person=person).delete()


def contact_token(contact: TrustedContact) -> str:
    """Give the signed word of the letter to a contact; it opens the answer for this address only."""
    return signing.dumps([contact.person_id, contact.email], salt=SALT)


def contact_by_token(token: str) -> TrustedContact | None:
    """Give whom a signed word names; None for a word that was not ours, or a contact who was let go."""
    try:
        person_id, email = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return TrustedContact.objects.select_related("person").filter(person=person_id, email=email).first()


@transaction.atomic
def answer_as_contact(*, token: str, is_yes: bool) -> TrustedContact:
    """Agree to be told, or not (any more), which forgets name and address. Refused (`NoContact`): it is over."""
    found = contact_by_token(token)
    if found is None:
        raise NoContact(_("This link is over: nobody asks you any more."))
    if is_yes:
        TrustedContact.objects.filter(pk=found.pk, confirmed_at=None).update(confirmed_at=timezone.now())
    else:
        TrustedContact.objects.filter(pk=found.pk).delete()
    return found


@transaction.atomic
def tell_contact(*, person: Person) -> None:
    """Let one's trusted contact know, by mail, that one wants to hear from them.

    Refused: `NoContact`, `TooOften` (told a quarter of an hour ago).
    """
    now = timezone.now()
    found = TrustedContact.objects.select_for_update().filter(person=person, confirmed_at__isnull=False).first()
    if found is None:
        raise NoContact(_("There is nobody yet who agreed to be told."))
    if found.told_at is not None and now - found.told_at < TELL_AGAIN_AFTER:
        raise TooOften(_("%(name)s was told a moment ago.") % {"name": isolated(found.name)})
    TrustedContact.objects.filter(pk=found.pk).update(told_at=now)
    outbox.emit("contact.told", person)
