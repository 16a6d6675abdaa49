"""Every act of a curator on concepts: name a word, add a name, rename, merge, and take each back.

Each act is a row of ConceptChange that knows what to put back, and lets every process know at once.
"""

import re
import secrets
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.lib import arabic
from exchange.lib.errors import Refused
from exchange.lib.text import clean, guess_lang
from exchange.outbox import services as outbox
from skills import phrases
from skills.models import Concept, ConceptChange, Label, Link, Listing, Tag, Translation, Unmapped
from skills.services import concepts, words

LONGEST_NAME = 120


class NotACurator(Refused):
    """Only curators change concepts."""

    code = "not_a_curator"


class BadName(Refused):
    """A name that is empty, too long, or already another concept's preferred one."""

    code = "bad_name"


class CannotMerge(Refused):
    """Two concepts that cannot become one."""

    code = "cannot_merge"


class CannotUndo(Refused):
    """An act that was taken back already, or on which later ones rest."""

    code = "cannot_undo"


@transaction.atomic
def add_skill(*, ar: str, en: str, broader: Concept | None, by: Person, word: Unmapped | None = None) -> ConceptChange:
    """Make a new concept with a name in one or both languages; `word` is what a resident wrote for it, if anything.

    Refused: `NotACurator`, `BadName` without any name or when another concept is called so.
    """
    _require_curator(by)
    names = {lang: _checked(text) for lang, text in (("ar", ar), ("en", en)) if text.strip()}
    if not names:
        raise BadName(_("Give the skill a name in at least one language."))
    for lang, text in names.items():
        other = Concept.objects.live().filter(**{f"{lang}__iexact": text}).first()
        if other is not None:
            raise BadName(_("There is a skill with this name already: %(name)s") % {"name": text})
    concept = Concept.objects.create(
        uri=_free_uri(names.get("en", "")),
        ar=names.get("ar", ""),
        en=names.get("en", ""),
        source=concepts.BY_CURATOR,
        domain=broader.domain if broader else "",
    )
    for lang, text in names.items():
        _label(concept, lang, text, is_preferred=True)
    texts = list(names.values())
    if word is not None and word.text not in texts:
        _label(concept, word.lang, word.text[:LONGEST_NAME])
        texts.append(word.text)
    if broader is not None:
        Link.objects.create(concept=concept, other=broader, kind=Link.Kind.BROADER)
    concepts.refresh_tree()
    before = _settle(concept, texts)
    return _record(concept, ConceptChange.Act.CREATED, by, " / ".join(texts), before)


@transaction.atomic
def add_name(
    *, concept: Concept, text: str, by: Person, lang: str | None = None, word: Unmapped | None = None
) -> ConceptChange:
    """Give a concept another name; words that wait for it, and the listings they stand in, are mapped at once.

    Refused: `NotACurator`, `BadName` when it has this name already.
    """
    _require_curator(by)
    concept = _locked(concept)
    text = _checked(text)
    lang = lang if lang in ("ar", "en") else guess_lang(text)
    if concept.labels.filter(lang=lang, text=text).exists() and word is None:
        raise BadName(_("It has this name already."))
    made = [] if concept.labels.filter(lang=lang, text=text).exists() else [_label(concept, lang, text).pk]
    before = {"labels": made, **_settle(concept, [text, *([word.text] if word else [])])}
    concepts.bump()
    return _record(concept, ConceptChange.Act.NAMED, by, text, before)


@transaction.atomic
def rename(*, concept: Concept, lang: str, text: str, by: Person) -> ConceptChange:
    """Change the preferred name in one language; the old one stays as another name, so that nobody loses it.

    Refused: `NotACurator`, `BadName`.
    """
    _require_curator(by)
    concept = _locked(concept)
    text = _checked(text)
    if lang not in ("ar", "en"):
        raise BadName(_("Choose a language."))
    old = getattr(concept, lang)
    if old == text:
        raise BadName(_("It has this name already."))
    if Concept.objects.live().filter(**{f"{lang}__iexact": text}).exclude(pk=concept.pk).exists():
        raise BadName(_("There is a skill with this name already: %(name)s") % {"name": text})
    preferred = concept.labels.filter(lang=lang, is_preferred=True).first()
    _set_preferred(concept, lang, text)
    before = {"lang": lang, "old": old, "old_source": preferred.source if preferred else "", **_settle(concept, [text])}
    concepts.bump()
    return _record(concept, ConceptChange.Act.RENAMED, by, f"{old or '—'} ← {text}", before)


@transaction.atomic
def merge(*, concept: Concept, into: Concept, by: Person) -> ConceptChange:
    """Make one concept a part of another: its listings go over; its names, links and URI lead there from now on.

    Names and links stay rows of the merged concept (a later import finds them there); the tree reads them as the
    other's. A concept that is broader than the other one stays, whichever way they were named.

    Refused: `NotACurator`, `CannotMerge` for a concept and itself, or one that was merged already.
    """
    _require_curator(by)
    rows = {
        row.pk: row for row in Concept.objects.select_for_update().filter(pk__in=[concept.pk, into.pk]).order_by("pk")
    }
    if len(rows) < 2:
        raise CannotMerge(_("Choose another skill to merge it with."))
    one, target = rows[concept.pk], rows[into.pk]
    if one.merged_into_id or target.merged_into_id:
        raise CannotMerge(_("One of these skills was merged already."))
    if Link.objects.filter(concept=target, other=one, kind=Link.Kind.BROADER).exists():
        one, target = target, one  # the wider one stays
    taken = Tag.objects.filter(concept=target).values("listing")
    tags = list(Tag.objects.filter(concept=one).exclude(listing__in=taken).values_list("id", flat=True))
    Tag.objects.filter(pk__in=tags).update(concept=target)
    mains = list(Listing.objects.filter(main_concept=one).values_list("id", flat=True))
    Listing.objects.filter(pk__in=mains).update(main_concept=target)
    filled = {lang: getattr(one, lang) for lang in ("ar", "en") if getattr(one, lang) and not getattr(target, lang)}
    for lang, text in filled.items():
        setattr(target, lang, text)
    target.save(update_fields=list(filled))
    earlier = list(Concept.objects.filter(merged_into=one).values_list("id", flat=True))
    Concept.objects.filter(pk__in=[one.pk, *earlier]).update(merged_into=target)
    concepts.refresh_tree()
    before = {"merged": one.pk, "tags": tags, "mains": mains, "filled": list(filled), "earlier": earlier}
    said = f"{one} → {target}"
    return _record(target, ConceptChange.Act.MERGED, by, said, before)


@transaction.atomic
def undo(*, change: ConceptChange, by: Person) -> ConceptChange:
    """Take an act back, whenever: what it changed is as before, the row stays and says who took it back.

    Refused: `NotACurator`, `CannotUndo` when it was taken back already or a later act on the concept still stands.
    """
    _require_curator(by)
    change = ConceptChange.objects.select_for_update(of=("self",)).select_related("concept").get(pk=change.pk)
    if change.undone_at is not None:
        raise CannotUndo(_("This was taken back already."))
    concept, before = change.concept, change.before
    if concept is None:
        raise CannotUndo(_("This skill is no longer there."))
    later = ConceptChange.objects.filter(concept=concept, undone_at=None, id__gt=change.pk)
    if later.exists() or concept.merged_into_id:
        raise CannotUndo(_("Take back what was done to this skill later, first."))
    _unsettle(before)
    if change.act == ConceptChange.Act.NAMED:
        Label.objects.filter(pk__in=before["labels"]).delete()
    elif change.act == ConceptChange.Act.RENAMED:
        _take_back_name(concept, before)
    elif change.act == ConceptChange.Act.MERGED:
        _part(concept, before)
    change.undone_at, change.undone_by = timezone.now(), by
    change.save(update_fields=["undone_at", "undone_by"])
    if change.act == ConceptChange.Act.CREATED:
        concept.delete()
    if change.act in (ConceptChange.Act.CREATED, ConceptChange.Act.MERGED):
        concepts.refresh_tree()
    else:
        concepts.bump()
    return change


@transaction.atomic
def strike(*, ar: str, en: str, by: Person, is_struck: bool) -> None:
    """Strike a learned translation out for good, or let it count again. Refused: `NotACurator`."""
    _require_curator(by)
    rows = Translation.objects.filter(ar=ar, en=en)
    if is_struck:
        entry = next((entry for entry in words.entries() if (entry.ar, entry.en) == (ar, en)), None)
        if entry is not None:
            defaults = {"is_struck": True, "ar_en": entry.ar_en, "en_ar": entry.en_ar}
            Translation.objects.update_or_create(ar=ar, en=en, defaults=defaults)
    elif Translation.objects.filter(is_struck=False).exists():
        rows.update(is_struck=False)
    else:
        rows.delete()  # the shipped dictionary still has it
    concepts.bump()


@transaction.atomic
def set_aside(*, word: Unmapped, by: Person) -> None:
    """Take a word off the list without naming it; it comes back when someone writes it again."""
    _require_curator(by)
    Unmapped.objects.filter(pk=word.pk).update(settled_at=timezone.now())


def waiting_words() -> "QuerySet[Unmapped]":
    """Give the words without a skill, those that most people wrote first."""
    return Unmapped.objects.filter(settled_at=None).order_by("-times", "id")


def newest_changes(limit: int = 20) -> "QuerySet[ConceptChange]":
    """Give the latest acts on concepts, newest first."""
    return ConceptChange.objects.select_related("concept", "curator", "undone_by").order_by("-at", "-id")[:limit]


def _require_curator(person: Person) -> None:
    if not person.is_curator:
        raise NotACurator(_("This desk is for curators."))


def _checked(text: str) -> str:
    text = " ".join(clean(text).split())
    if not text or not arabic.fold(text):
        raise BadName(_("Write the name first."))
    if len(text) > LONGEST_NAME:
        raise BadName(_("Shorter, please: 120 characters at most."))
    return text


def _free_uri(english: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", english.lower()).strip("-")[:60] or secrets.token_hex(4)
    uri = f"rukn:{slug}"
    return f"{uri}-{secrets.token_hex(2)}" if Concept.objects.filter(uri=uri).exists() else uri


def _locked(concept: Concept) -> Concept:
    fresh = Concept.objects.select_for_update().get(pk=concept.pk)
    if fresh.merged_into_id:
        raise CannotMerge(_("One of these skills was merged already."))
    return fresh


def _label(concept: Concept, lang: str, text: str, *, is_preferred: bool = False) -> Label:
    return Label.objects.create(
        concept=concept,
        lang=lang,
        text=text,
        folded=arabic.fold(text)[:200],
        is_preferred=is_preferred,
        source=concepts.BY_CURATOR,
    )


def _set_preferred(concept: Concept, lang: str, text: str) -> None:
    concept.labels.filter(lang=lang, is_preferred=True).update(is_preferred=False)
    known = concept.labels.filter(lang=lang, text=text).first()
    if known is None:
        _label(concept, lang, text, is_preferred=True)
    else:
        Label.objects.filter(pk=known.pk).update(is_preferred=True, source=concepts.BY_CURATOR)
    setattr(concept, lang, text)
    concept.save(update_fields=[lang])


def _key(text: str) -> tuple[str, ...]:
    """Give what two spellings of one name share: its stems, in any order."""
    return tuple(sorted({arabic.stems(word)[0] for word in phrases.name_words(arabic.fold(text))}))


def _settle(concept: Concept, texts: list[str]) -> dict[str, Any]:
    """Map what waits for these names to the concept; gives what an undo puts back."""
    keys = {_key(text) for text in texts}
    settled = [row.pk for row in Unmapped.objects.filter(settled_at=None) if _key(row.text) in keys]
    Unmapped.objects.filter(pk__in=settled).update(settled_at=timezone.now(), concept=concept)
    taken = set(Tag.objects.filter(concept=concept).values_list("listing_id", flat=True))
    tags: list[int] = []
    mains: list[int] = []
    for tag in Tag.objects.filter(concept=None).select_related("listing").order_by("listing_id", "place"):
        if _key(tag.text) not in keys or tag.listing_id in taken:
            continue
        taken.add(tag.listing_id)
        tags.append(tag.pk)
        if tag.listing.main_concept_id is None:
            mains.append(tag.listing_id)
    Tag.objects.filter(pk__in=tags).update(concept=concept)
    Listing.objects.filter(pk__in=mains).update(main_concept=concept)
    return {"words": settled, "mapped": tags, "first": mains}


def _unsettle(before: dict[str, Any]) -> None:
    Unmapped.objects.filter(pk__in=before.get("words", ())).update(settled_at=None, concept=None)
    Tag.objects.filter(pk__in=before.get("mapped", ())).update(concept=None)
    Listing.objects.filter(pk__in=before.get("first", ())).update(main_concept=None)


def _take_back_name(concept: Concept, before: dict[str, Any]) -> None:
    lang = before["lang"]
    if before["old"]:
        concept.labels.filter(lang=lang, is_preferred=True).update(is_preferred=False)
        concept.labels.filter(lang=lang, text=before["old"]).update(is_preferred=True, source=before["old_source"])
    else:
        concept.labels.filter(lang=lang, is_preferred=True).delete()
    setattr(concept, lang, before["old"])
    concept.save(update_fields=[lang])


def _part(target: Concept, before: dict[str, Any]) -> None:
    """Put a merged concept back with everything that was its own."""
    one = Concept.objects.get(pk=before["merged"])
    one.merged_into = None
    one.save(update_fields=["merged_into"])
    for lang in before["filled"]:
        setattr(target, lang, "")
    target.save(update_fields=before["filled"])
    Tag.objects.filter(pk__in=before["tags"], concept=target).update(concept=one)
    Listing.objects.filter(pk__in=before["mains"], main_concept=target).update(main_concept=one)
    Concept.objects.filter(pk__in=before["earlier"]).update(merged_into=one)


def _record(concept: Concept, act: str, by: Person, said: str, before: dict[str, Any]) -> ConceptChange:
    change = ConceptChange.objects.create(concept=concept, act=act, curator=by, said=said[:420], before=before)
    outbox.emit("concept.curated", change)
    return change
