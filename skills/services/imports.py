"""Listings that arrive in files, with owners and districts made where they are missing."""

import hashlib
import re
from collections.abc import Container

from django.db import transaction

from accounts import services as accounts
from accounts.models import District
from exchange.lib import arabic
from skills import rules
from skills.models import Listing
from skills.services import concepts, listings


def checked(row: rules.ListingRow, known: Container[str] | None = None) -> rules.ListingRow:
    """Give the row when its concepts' URIs are known; raises `ValueError` naming the first that is not."""
    known = concepts.tree().ids if known is None else known
    for tag in row.concepts:
        if rules.URI_PATTERN.match(tag) and tag not in known:
            raise ValueError(f"unknown concept {tag}")
    return row


@transaction.atomic
def take_in(*, row: rules.ListingRow) -> Listing:
    """Publish one row, idempotently by its key; what it does not say is taken from its text."""
    district = _district(row.district) if row.district else None
    owner = accounts.make_person(
        email=address(row.owner), name=_display(row.owner), district=district, language=row.lang
    )
    tags = [_tag(tag, row.lang) for tag in row.concepts] or tags_of_text(
        f"{row.title}\n{row.body}", row.title, row.lang
    )
    return listings.publish_directly(
        owner=owner,
        kind=row.kind,
        key=row.key,
        tags=tags,
        title=row.title[:90],
        body=row.body,
        lang=row.lang,
        format=row.format,
        district_id=district.pk if district else None,
        free_mask=row.free,
        speaks=[],  # not known: a language is a hard limit only where someone said so
    )


def tags_of_text(text: str, title: str, lang: str) -> list[dict[str, object]]:
    """Give the skills a text surely names; where there is none, its title is kept as words for the curator."""
    hits = concepts.resolve_text(title, lang, limit=3, sure=True) or concepts.resolve_text(
        text[:600], lang, limit=2, sure=True
    )
    if hits:
        return listings.as_tags(hits, lang)
    return [{"text": title[:120], "lang": lang}]


def _tag(tag: str, lang: str) -> dict[str, object]:
    if rules.URI_PATTERN.match(tag):
        return {"text": "", "lang": lang, "uri": tag}
    return {"text": tag, "lang": lang}


def _district(name: str) -> District:
    found = District.objects.filter(slug=name).first() or District.objects.filter(en__iexact=name).first()
    found = found or District.objects.filter(ar=name).first()
    if found:
        return found
    slug = _told_apart(name, "-", most=50) or f"d-{_short_hash(name)}"
    return District.objects.get_or_create(slug=slug, defaults={"ar": name, "en": name})[0]


def _told_apart(name: str, marks: str, *, most: int) -> str:
    """Give a name in small Latin letters, figures and `marks`; a hash tells it apart where that lost some of it.

    Empty where nothing of it is left.
    """
    plain = re.sub(f"[^a-z0-9{marks}]+", "-", name.lower()).strip("-.")
    if len(plain) <= most and not re.search(rf"[^a-z0-9\s{marks}]", name.lower()):
        return plain
    tail = _short_hash(name)
    kept = plain[: most - len(tail) - 1].strip("-.")
    return kept and f"{kept}-{tail}"


def _short_hash(text: str) -> str:
    """Stand in, the same in every process, for a name without Latin letters."""
    return hashlib.sha256(arabic.fold(text).encode()).hexdigest()[:12]


def address(owner: str) -> str:
    """Give the e-mail address that stands for an owner's name in a file."""
    if re.match(r"^[^@\s]+@[^@\s]+$", owner):
        return owner
    local = _told_apart(owner, "._-", most=60) or f"p{_short_hash(owner)}"
    return f"{local}@import.invalid"


def _display(owner: str) -> str:
    return owner.split("@", 1)[0][:60]
