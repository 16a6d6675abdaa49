"""Every change of a person: welcome, profile, free hours, look, blocks, keys."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import policies, rules
from accounts.models import Block, District, Person, Profile, Token
from accounts.services import care
from accounts.services.care import NeedsGuardian
from exchange.lib.errors import Refused
from exchange.outbox import services as outbox

PROFILE_FIELDS = {"about", "about_lang", "speaks", "max_learners", "age_band"}
PERSON_FIELDS = {"name", "district", "language"}
MOST_KEYS = 20


class NotPossible(Refused):
    """An act on oneself or on someone who is gone."""

    code = "not_possible"


class NameTaken(Refused):
    """Two keys with one name could not be told apart."""

    code = "name_taken"


class TooManyKeys(Refused):
    """More keys than anyone looks after."""

    code = "too_many"


@transaction.atomic
def make_person(
    *,
    email: str,
    name: str = "",
    district: District | None = None,
    language: str = "ar",
    role: str = Person.Role.RESIDENT,
    speaks: Iterable[str] = (),
    free_codes: Iterable[str] = (),
    about: str = "",
    max_learners: int = 2,
    welcomed: bool = True,
    age: str = Person.Age.ADULT,
) -> Person:
    """Find a person by e-mail, or make one whose address counts as verified. A person found is left as they are.

    `age`: what whoever makes them says for them; "" when nobody has asked.
    """
    email = email.strip().lower()
    found = Person.objects.filter(email__iexact=email).select_related("profile").first()
    if found is not None:
        return found
    person = Person.objects.create_user(
        email,
        name=name,
        district=district,
        language=language,
        role=role,
        age=age,
        is_staff=role == Person.Role.ADMIN,
        is_superuser=role == Person.Role.ADMIN,
        welcomed_at=timezone.now() if welcomed else None,
    )
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    Profile.objects.filter(person=person).update(
        speaks=list(speaks) or [language],
        free_mask=rules.mask(free_codes),
        about=about,
        about_lang=language if about else "",
        max_learners=max_learners,
    )
    person.profile.refresh_from_db()
    return person


@transaction.atomic
def welcome(*, person: Person, name: str, district: District, language: str, age: str) -> None:
    """Take the first answers: name, district, language, and whether 18 or older or 13 to 17 (`care.say_age`)."""
    care.say_age(person=person, age=age)
    person.name, person.district, person.language = name, district, language
    is_new = person.welcomed_at is None
    person.welcomed_at = person.welcomed_at or timezone.now()
    person.save(update_fields=["name", "district", "language", "welcomed_at"])
    Profile.objects.filter(person=person, speaks=[]).update(speaks=[language])
    outbox.emit("person.changed", person)
    if is_new:
        outbox.emit("person.welcomed", person)


@transaction.atomic
def change_profile(*, person: Person, **fields: Any) -> None:
    """Change name, district, language, about, languages spoken, learners at once."""
    unknown = fields.keys() - PROFILE_FIELDS - PERSON_FIELDS
    if unknown:
        raise TypeError(f"not part of a profile: {sorted(unknown)}")
    own = {name: value for name, value in fields.items() if name in PERSON_FIELDS}
    if own:
        for name, value in own.items():
            setattr(person, name, value)
        person.save(update_fields=list(own))
    shown = {name: value for name, value in fields.items() if name in PROFILE_FIELDS}
    if shown:
        for name, value in shown.items():
            setattr(person.profile, name, value)
        person.profile.save(update_fields=list(shown))
    outbox.emit("person.changed", person)


@transaction.atomic
def set_free_hours(*, person: Person, codes: Iterable[str]) -> None:
    """Set the weekly free parts, codes such as "tue-evening". Raises `ValueError` for an unknown code."""
    person.profile.free_mask = rules.mask(codes)
    person.profile.save(update_fields=["free_mask"])
    outbox.emit("person.changed", person)


@transaction.atomic
def pause(*, person: Person) -> None:
    """Rest: listings out of sight, no suggestions, no new hellos, no mails; talks go on."""
    _set_pause(person, paused=True)


@transaction.atomic
def resume(*, person: Person) -> None:
    """Be there again. Refused (`NeedsGuardian`): somebody young whose guardian has not agreed."""
    if policies.lacks_guardian(person):
        raise NeedsGuardian(_("First your guardian must agree. You ask them on the page “Safety”."))
    _set_pause(person, paused=False)


@transaction.atomic
def set_appearance(*, person: Person, text_size: str | None = None, contrast: str | None = None) -> None:
    """Keep how the person likes pages to look, on every device."""
    if text_size in Person.TextSize.values:
        person.text_size = text_size
    if contrast in Person.Contrast.values:
        person.contrast = contrast
    person.save(update_fields=["text_size", "contrast"])


@transaction.atomic
def set_language(*, person: Person, language: str) -> None:
    """Keep the language of pages and notices."""
    person.language = language
    person.save(update_fields=["language"])


@transaction.atomic
def block(*, blocker: Person, blocked: Person) -> None:
    """Keep two people apart, both ways, at once and silently."""
    if blocker.pk == blocked.pk:
        raise NotPossible(_("That is you."))
    Block.objects.get_or_create(blocker=blocker, blocked=blocked)
    outbox.emit("person.blocked", blocker, other=blocked.pk)


@transaction.atomic
def unblock(*, blocker: Person, blocked: Person) -> None:
    """Take one's own block back; a block by the other stays."""
    Block.objects.filter(blocker=blocker, blocked=blocked).delete()
    outbox.emit("person.blocked", blocker, other=blocked.pk)


def devices(*, person: Person) -> list[UserSession]:
    """Give where a person is signed in, the newest first; in two queries, writing nothing."""
    rows = list(UserSession.objects.filter(user=person).order_by("-created_at"))
    alive = set(
        Session.objects.filter(
            session_key__in=[row.session_key for row in rows], expire_date__gt=timezone.now()
        ).values_list("session_key", flat=True)
    )
    return [row for row in rows if row.session_key in alive]


def sign_out_everywhere(*, person: Person) -> int:
    """End every session and key of a person; gives how many. Open sockets notice within their next round."""
    sessions = list(UserSession.objects.filter(user=person))
    for session in sessions:
        session.end()
    tokens, _rows = Token.objects.filter(person=person).delete()
    return len(sessions) + tokens


@transaction.atomic
def make_token(*, person: Person, name: str = "", scopes: Iterable[str] = rules.SCOPES, days: int | None = None) -> str:
    """Make a key for the socket and the API (256 random bits); only its digest is kept, so it is shown once.

    `days`: how long it lasts, None for ever. Refused: `NameTaken`, `TooManyKeys` (20 are kept). `ValueError` for an
    unknown permission.
    """
    chosen = set(scopes)
    if not chosen <= set(rules.SCOPES):
        raise ValueError(f"unknown permission: {sorted(chosen - set(rules.SCOPES))}")
    Person.objects.select_for_update().get(id=person.pk)  # two clicks at once make one key
    if name and Token.objects.filter(person=person, name=name).exists():
        raise NameTaken(_("You already have a key with this name. Take another name, or remove that key first."))
    if name and Token.objects.filter(person=person).count() >= MOST_KEYS:
        raise TooManyKeys(_("You already have many keys. Remove one that you no longer need."))
    secret = secrets.token_urlsafe(32)
    Token.objects.create(
        person=person,
        digest=_digest(secret),
        name=name,
        ending=secret[-4:],
        scopes=[scope for scope in rules.SCOPES if scope in chosen],
        expires_at=timezone.now() + timedelta(days=days) if days else None,
    )
    return secret


def remove_token(*, person: Person, token_id: int) -> None:
    """Take a key away; what it holds open notices within its next round. A second click finds nothing to do."""
    Token.objects.filter(person=person, id=token_id).delete()


def key_of(secret: str) -> Token | None:
    """Give the key with its person, or nothing when it opens nothing (any more); notes the use, to the minute."""
    token = Token.objects.good().select_related("person", "person__profile").filter(digest=_digest(secret)).first()
    now = timezone.now()
    if token is not None and (token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1)):
        Token.objects.filter(id=token.pk).update(last_used_at=now)
    return token


def _set_pause(person: Person, *, paused: bool) -> None:
    if person.profile.is_paused == paused:
        return
    person.profile.paused_at = timezone.now() if paused else None
    person.profile.save(update_fields=["paused_at"])
    outbox.emit("person.changed", person)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


@transaction.atomic
def person_for_entry(*, email: str) -> Person:
    """Give the person behind an address, or make one who counts only once the e-mailed code was given."""
    email = email.strip().lower()
    found = Person.objects.filter(email__iexact=email).first()
    if found is not None:
        return found
    person = Person.objects.create_user(email, language=_language())
    EmailAddress.objects.create(user=person, email=email, verified=False, primary=True)
    return person


def _language() -> str:
    return "ar" if (get_language() or "ar").startswith("ar") else "en"
