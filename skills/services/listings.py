"""Every change of a listing: written, sent, let through, paused, asked whether it is still true."""

from collections.abc import Iterable, Sequence, Set
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import Person
from exchange.lib import arabic
from exchange.lib.errors import Refused
from exchange.outbox import services as outbox
from skills.models import Concept, Content, Label, Listing, NotMeant, Revision, Tag, Unmapped
from skills.services import concepts
from skills.services.concepts import ConceptHit

MOST_TAGS = 6
MOST_FROM_TITLE = 2
MOST_OF_TITLE = 3
MOST_OPEN_LISTINGS = 40
LAST_STEP = 5
ANSWERS = Content.CONTENT_FIELDS


class NotYours(Refused):
    """Someone else's listing."""

    code = "not_yours"


class WrongState(Refused):
    """The listing is not where this act begins."""

    code = "wrong_state"


class Incomplete(Refused):
    """A question that must be answered is not."""

    code = "incomplete"


class NotForYoung(Refused):
    """Somebody of 13 to 17 teaches and learns online or in a public place."""

    code = "not_for_young"


class TooMany(Refused):
    """More listings than one person can keep."""

    code = "too_many"


@transaction.atomic
def start(*, owner: Person, kind: str, lang: str) -> Revision:
    """Begin a new Offer or Wish as a draft; an untouched draft of the same kind is taken up again.

    Refused (`TooMany`) when the person keeps more than 40 listings that are not closed.
    """
    empty = Revision.objects.filter(
        listing__owner=owner, listing__kind=kind, state=Revision.State.DRAFT, title="", tags=[]
    )
    untouched = empty.filter(listing__state=Listing.State.DRAFT).order_by("-id").first()
    if untouched is not None:
        return untouched
    if Listing.objects.filter(owner=owner).exclude(state=Listing.State.CLOSED).count() >= MOST_OPEN_LISTINGS:
        raise TooMany(_("You already keep many listings. Close one that you no longer need, then add a new one."))
    profile = owner.profile
    listing = Listing.objects.create(owner=owner, kind=kind, lang=lang)
    outbox.emit("listing.stale", listing)
    return Revision.objects.create(
        listing=listing,
        lang=lang,
        district=owner.district,
        free_mask=profile.free_mask,
        speaks=profile.speaks or [lang],
    )


@transaction.atomic
def edit(*, listing: Listing, by: Person) -> Revision:
    """Give the open revision of a listing, or begin one as a copy of the public text, which stays up meanwhile.

    A revision that already waits for the curator is taken back into the author's hands.
    """
    listing = _locked(listing, by)
    if listing.state == Listing.State.CLOSED:
        raise WrongState(_("This listing is closed. Start a new one instead."))
    open_states = (Revision.State.DRAFT, Revision.State.IN_REVIEW)
    revision = Revision.objects.filter(listing=listing, state__in=open_states).first()
    if revision is None:
        last = Revision.objects.filter(listing=listing, state=Revision.State.RETURNED).order_by("-id").first()
        if last is not None and last.sent_at and (not listing.published_at or last.sent_at > listing.changed_at):
            content, tags = last.content(), last.tags
        else:
            content, tags = listing.content(), _tags_of(listing)
        return Revision.objects.create(listing=listing, step=LAST_STEP + 1, tags=tags, **content)
    if revision.state == Revision.State.IN_REVIEW:
        _take_back(listing, revision)
    return revision


@transaction.atomic
def save_answers(*, revision: Revision, by: Person, step: int | None = None, **answers: Any) -> Revision:
    """Keep what the author has written so far. `answers` are content fields and `tags` [{"text","lang","uri"?}].

    Used by each question and by autosave. Refused (`WrongState`) once it was sent.
    """
    revision = _locked_revision(revision, by)
    if revision.state != Revision.State.DRAFT:
        raise WrongState(_("This text was already sent. Open it again to change it."))
    if "tags" in answers:
        revision.tags = mapped_tags(_as_chosen(answers.pop("tags"), revision.tags))
    for name, value in answers.items():
        if name not in ANSWERS and name != "district":
            raise TypeError(f"{name} is not an answer")
        setattr(revision, name, value)
    if step is not None:
        revision.step = max(revision.step, step)
    revision.saved_at = timezone.now()
    revision.save()
    return revision


@transaction.atomic
def send(*, revision: Revision, by: Person) -> Revision:
    """Send a text to the curator. Words that map to no concept are queued for them too.

    Refused: `Incomplete` when title, description or skill is missing; `NotForYoung` by the place.
    """
    revision = _locked_revision(revision, by)
    if revision.state == Revision.State.IN_REVIEW:
        return revision  # a second click
    if revision.state != Revision.State.DRAFT:
        raise WrongState(_("This text was already sent. Open it again to change it."))
    if not revision.title.strip():
        raise Incomplete(_("Say in a few words what it is about."))
    if not revision.body.strip():
        raise Incomplete(_("Describe it in a sentence or two."))
    if not revision.tags:
        raise Incomplete(_("Name at least one skill."))
    _require_place(by, revision.format, revision.place)
    revision.state, revision.sent_at = Revision.State.IN_REVIEW, timezone.now()
    revision.save(update_fields=["state", "sent_at"])
    listing = revision.listing
    if listing.state in (Listing.State.DRAFT, Listing.State.EXPIRED):
        _move(listing, Listing.State.IN_REVIEW)
    _queue_unmapped(revision.tags)
    outbox.emit("listing.sent", revision)
    return revision


@transaction.atomic
def withdraw(*, revision: Revision, by: Person) -> None:
    """Throw an unsent or waiting text away; a published one stays as it is, a new listing is deleted."""
    revision = _locked_revision(revision, by)
    listing = revision.listing
    if revision.state not in (Revision.State.DRAFT, Revision.State.IN_REVIEW):
        raise WrongState(_("There is nothing left to take back."))
    if listing.published_at is None:
        outbox.emit("listing.stale", listing)
        listing.delete()
        return
    revision.state = Revision.State.WITHDRAWN
    revision.save(update_fields=["state"])


@transaction.atomic
def accept(*, revision: Revision) -> Listing:
    """Make a waiting text the public one. Called by the curators' desk only, which records the decision."""
    listing = Listing.objects.select_for_update().get(id=revision.listing_id)
    _require_waiting(revision)
    revision.state = Revision.State.ACCEPTED
    revision.save(update_fields=["state"])
    return _publish(listing, revision.content(), mapped_tags(revision.tags))  # curators may have named words meanwhile


@transaction.atomic
def give_back(*, revision: Revision) -> Listing:
    """Return a waiting text to its author; what is public stays public."""
    listing = Listing.objects.select_for_update().get(id=revision.listing_id)
    _require_waiting(revision)
    revision.state = Revision.State.RETURNED
    revision.save(update_fields=["state"])
    if listing.state == Listing.State.IN_REVIEW:
        _move(listing, Listing.State.DRAFT)
    return listing


@transaction.atomic
def restore(*, revision: Revision, before: dict[str, Any]) -> Listing:
    """Undo a decision: the text waits again, and the public side is as `before` (from `snapshot`) says.

    Refused (`WrongState`) when the author has already begun another text.
    """
    listing = Listing.objects.select_for_update().get(id=revision.listing_id)
    open_states = (Revision.State.DRAFT, Revision.State.IN_REVIEW)
    if Revision.objects.filter(listing=listing, state__in=open_states).exclude(id=revision.pk).exists():
        raise WrongState(_("The author is already writing a new text, so this decision stays."))
    revision.state = Revision.State.IN_REVIEW
    revision.save(update_fields=["state"])
    if before["published_at"] is not None:
        _publish(listing, before["content"], before["tags"], state=before["state"])
    else:
        _move(listing, before["state"])
        Listing.objects.filter(id=listing.pk).update(published_at=None, confirmed_at=None)
    return listing


def snapshot(listing: Listing) -> dict[str, Any]:
    """Give the public side of a listing as JSON, for `restore`."""
    published = listing.published_at.isoformat() if listing.published_at else None
    return {"state": listing.state, "published_at": published, "content": listing.content(), "tags": _tags_of(listing)}


@transaction.atomic
def pause(*, listing: Listing, by: Person) -> None:
    """Take a published listing out of sight until its author resumes it."""
    _step(listing, by, {Listing.State.PUBLISHED, Listing.State.EXPIRED}, Listing.State.PAUSED)


@transaction.atomic
def resume(*, listing: Listing, by: Person) -> None:
    """Bring a paused or resting listing back; that also says it is still true."""
    _require_place(by, listing.format, listing.place)
    listing = _step(listing, by, {Listing.State.PAUSED, Listing.State.EXPIRED}, Listing.State.PUBLISHED)
    Listing.objects.filter(id=listing.pk).update(confirmed_at=timezone.now(), asked_at=None)


@transaction.atomic
def pause_unfit_for_young(*, person: Person) -> None:
    """Take listings in private places out of sight once their owner has said that they are 13 to 17."""
    for listing in Listing.objects.filter(owner=person, state=Listing.State.PUBLISHED) if person.is_young else ():
        if not policies.suits_the_young(format=listing.format, place=listing.place):
            _move(listing, Listing.State.PAUSED)


@transaction.atomic
def close(*, listing: Listing, by: Person) -> None:
    """End a listing for good; its talks stay."""
    listing = _locked(listing, by)
    Revision.objects.filter(listing=listing, state__in=(Revision.State.DRAFT, Revision.State.IN_REVIEW)).update(
        state=Revision.State.WITHDRAWN
    )
    _move(listing, Listing.State.CLOSED)


@transaction.atomic
def confirm(*, listing: Listing, by: Person) -> None:
    """Answer "still true?" with yes, in one tap."""
    listing = _locked(listing, by)
    if listing.state not in (Listing.State.PUBLISHED, Listing.State.EXPIRED):
        raise WrongState(_("This listing is not public now."))
    _require_place(by, listing.format, listing.place)
    Listing.objects.filter(id=listing.pk).update(confirmed_at=timezone.now(), asked_at=None)
    _move(listing, Listing.State.PUBLISHED)


@transaction.atomic
def rest_stale(*, now: datetime) -> dict[str, int]:
    """Ask owners of listings older than 60 days whether they are still true; let the unanswered rest after 14 more.

    Gives {"asked", "rested"}.
    """
    stale_before = now - timedelta(days=settings.STALE_AFTER_DAYS)
    rows = Listing.objects.published()
    rest_before = now - timedelta(days=settings.EXPIRE_AFTER_DAYS)
    resting = list(rows.filter(asked_at__lt=rest_before))
    for listing in resting:
        _move(listing, Listing.State.EXPIRED)
    is_old = Q(confirmed_at__lt=stale_before) | Q(confirmed_at=None, published_at__lt=stale_before)
    asked = list(rows.filter(is_old, asked_at=None))
    Listing.objects.filter(id__in=[listing.pk for listing in asked]).update(asked_at=now)
    for listing in asked:
        outbox.emit("listing.asked", listing)
    return {"asked": len(asked), "rested": len(resting)}


@transaction.atomic
def publish_directly(
    *, owner: Person, kind: str, tags: Iterable[dict[str, Any]], key: str | None = None, at: datetime | None = None,
    **content: Any,
) -> Listing:  # fmt: skip
    """Publish a text without a curator: for seeds and trusted imports, idempotent by `key`."""
    listing = Listing.objects.filter(key=key).first() if key else None
    if listing is None:
        listing = Listing(owner=owner, kind=kind, key=key)
        listing.lang = content.get("lang", "ar")
        listing.save()
    elif (listing.owner_id, listing.kind) != (owner.pk, kind):
        raise WrongState(_("This key already belongs to another listing."))
    full = {**Revision().content(), **content}
    full["district_id"] = full.get("district_id") or owner.district_id
    mapped = mapped_tags(tags)
    _queue_unmapped(mapped)
    return _publish(listing, full, mapped, at=at)


@transaction.atomic
def rewrite_tokens(*, concept_ids: Sequence[int] | None = None) -> int:
    """Write again what search reads of listings whose concepts changed their names. Gives how many."""
    rows = (
        Listing.objects.all()
        if concept_ids is None
        else Listing.objects.filter(tags__concept__in=concept_ids).distinct()
    )
    count = 0
    for listing in rows.prefetch_related("tags").iterator(chunk_size=200):
        before = listing.concept_tokens
        _write_tokens(listing, listing.tags.all())
        if listing.concept_tokens != before:
            _touch(listing, ["title_tokens", "body_tokens", "concept_tokens"])
            count += 1
    return count


def mapped_tags(tags: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give tags with the concept each one maps to ("uri", "score") or none; nothing is dropped, doubles are joined.

    A tag whose "uri" the author chose keeps it; one that the author said is none of those offered ("chosen" without
    "uri") waits for the curator.
    """
    known = concepts.tree()
    out: list[dict[str, Any]] = []
    seen: set[str] = set()
    for tag in list(tags)[: MOST_TAGS * 2]:
        text = " ".join(str(tag.get("text", "")).split())[:120]
        uri = tag.get("uri") or None
        if uri is not None and uri not in known.ids:
            uri = None
        if not text and uri is not None:
            text = known.hit(known.ids[uri]).name(tag.get("lang") or "ar")
        mark = uri or arabic.fold(text)
        if not text or mark in seen:
            continue
        lang = tag.get("lang") or ("ar" if any("\u0600" <= char <= "\u06ff" for char in text) else "en")
        score = float(tag.get("score", 1.0))
        is_chosen = bool(tag.get("chosen"))
        if uri is not None:
            uri = known.hit(known.ids[uri]).uri  # merged since
        elif not is_chosen:
            best = next(iter(concepts.resolve_text(text, lang, limit=1, sure=True)), None)
            if best is not None:
                uri, score = best.uri, round(best.score, 3)
            if uri in seen:
                continue
        seen.update({mark, uri or mark})
        out.append({"text": text, "lang": lang, "uri": uri, "score": score, **({"chosen": True} if is_chosen else {})})
    return out[:MOST_TAGS]


def tags_of_title(title: str, lang: str) -> list[dict[str, Any]]:
    """Give the skills that a title surely names as an author's tags; else its own words, to be asked about."""
    hits = [] if concepts.meanings(title, lang) else concepts.resolve_text(title, lang, limit=MOST_OF_TITLE, sure=True)
    return as_tags(hits, lang) or [{"text": title, "lang": lang}]


def as_tags(hits: Iterable[ConceptHit], lang: str) -> list[dict[str, Any]]:
    """Give what was understood as tags, named in a language."""
    return [{"text": hit.name(lang)[:120], "lang": lang, "uri": hit.uri, "score": hit.score} for hit in hits]


def _as_chosen(tags: Iterable[dict[str, Any]], before: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the tags with what their author chose for the same words before, where they say nothing new."""
    chosen = {arabic.fold(tag["text"]): tag.get("uri") for tag in before if tag.get("chosen")}
    out = []
    for tag in tags:
        mark = arabic.fold(str(tag.get("text", "")))
        is_old = mark in chosen and not tag.get("chosen") and not tag.get("uri")
        out.append({**tag, "uri": chosen[mark], "chosen": True} if is_old else tag)
    return out


def _publish(
    listing: Listing,
    content: dict[str, Any],
    tags: list[dict[str, Any]],
    *,
    state: str | None = None,
    at: datetime | None = None,
) -> Listing:
    now = timezone.now()
    _require_place(listing.owner, content["format"], content["place"])
    for name in ANSWERS:
        setattr(listing, name, content[name])
    listing.published_at = at or listing.published_at or now
    listing.confirmed_at, listing.asked_at = at or now, None
    if state is None:
        state = Listing.State.PAUSED if listing.state == Listing.State.PAUSED else Listing.State.PUBLISHED
    listing.state = state
    _write_tokens(listing, _replace_tags(listing, tags))
    _touch(listing)
    return listing


def _replace_tags(listing: Listing, tags: list[dict[str, Any]]) -> list[Tag]:
    ids = concepts.tree().ids
    Tag.objects.filter(listing=listing).delete()
    rows: list[Tag] = []
    taken: set[int] = set()
    for place, tag in enumerate(tags):
        concept = ids.get(tag.get("uri") or "")
        rows.append(
            Tag(
                listing=listing,
                text=tag["text"],
                lang=tag["lang"],
                concept_id=None if concept in taken else concept,
                score=tag.get("score", 1.0),
                by=tag.get("by", Tag.By.AUTHOR),
                place=place,
            )
        )
        taken.update({concept} if concept else ())
    texts = {row.text for row in rows}
    for hit in _read_from_title(listing, listing.title, listing.lang, taken):
        text = hit.name(listing.lang)[:120]
        if text not in texts:
            rows.append(
                Tag(
                    listing=listing,
                    text=text,
                    lang=listing.lang,
                    concept_id=hit.concept_id,
                    score=hit.score,
                    by=Tag.By.TEXT,
                    place=len(rows),
                )
            )
    Tag.objects.bulk_create(rows)
    listing.main_concept_id = next((row.concept_id for row in rows if row.concept_id), None)
    return rows


def understood(revision: Revision) -> list[ConceptHit]:
    """Give the skills that would be read from the title of an unpublished text, beside those its author named."""
    ids = concepts.tree().ids
    taken = {ids[tag["uri"]] for tag in revision.tags if tag.get("uri") in ids}
    return _read_from_title(revision.listing, revision.title, revision.lang, taken)


@transaction.atomic
def say_not_meant(*, listing: Listing, by: Person, concept_id: int) -> None:
    """Keep that a skill read from the words of a listing is not meant: it goes at once and is not read again.

    A skill that its author named stays: it is theirs to change.
    """
    listing = _locked(listing, by)
    NotMeant.objects.get_or_create(listing=listing, concept_id=concept_id)
    if not Tag.objects.filter(listing=listing, concept=concept_id, by=Tag.By.TEXT).delete()[0]:
        return
    left = list(listing.tags.order_by("place", "id"))
    listing.main_concept_id = next((tag.concept_id for tag in left if tag.concept_id), None)
    _write_tokens(listing, left)
    _touch(listing, ["main_concept", "title_tokens", "body_tokens", "concept_tokens"])


def _read_from_title(listing: Listing, title: str, lang: str, taken: Set[int]) -> list[ConceptHit]:
    """Give the skills that a title names whole, but those taken already and those that its author did not mean."""
    hits = concepts.resolve_text(title, lang, limit=MOST_OF_TITLE, sure=True)
    found = [hit for hit in hits if hit.is_exact and hit.concept_id not in taken]
    if found:
        ids = concepts.tree().ids  # a skill that was merged since leads to the one it became
        refused = {ids.get(uri) for uri in listing.not_meant.values_list("concept__uri", flat=True)}
        found = [hit for hit in found if hit.concept_id not in refused]
    return found[:MOST_FROM_TITLE]


def concept_tokens_of(concept_ids: Sequence[int], texts: Iterable[str]) -> str:
    """Give what full-text search reads of concepts: every name in both languages, names of what is just above.

    Ends with a mark for each concept and ancestor ("#12"): whatever changes in the tree above a listing changes its
    tokens, so that search hears of it. Nobody can type such a mark, folding takes a lonely # away.
    """
    known = concepts.tree()
    # Which concepts is asked inside, on their own indexes: an OR across the join reads every label there is.
    merged_too = Concept.objects.filter(Q(id__in=concept_ids) | Q(merged_into__in=concept_ids)).order_by().values("id")
    own = Label.objects.filter(concept__in=merged_too).order_by("id")
    names = list(own.values_list("text", flat=True)) if concept_ids else []
    for concept_id in concept_ids:
        for parent in known.broader.get(concept_id, ()):
            names.extend(name for name in known.names[parent][1:] if name)
    marks = sorted({above for concept_id in concept_ids for above in known.ancestors(concept_id)})
    return " ".join([arabic.tokens(" ".join(dict.fromkeys([*names, *texts]))), *(f"#{mark}" for mark in marks)]).strip()


def _write_tokens(listing: Listing, tags: Iterable[Tag]) -> None:
    """Write what full-text search reads: own words, and every name of the concepts in both languages."""
    tags = list(tags)
    listing.title_tokens = arabic.tokens(listing.title)
    listing.body_tokens = arabic.tokens(f"{listing.body} {listing.place} {listing.in_return_note}")
    ids = [tag.concept_id for tag in tags if tag.concept_id]
    listing.concept_tokens = concept_tokens_of(ids, [tag.text for tag in tags])


def _tags_of(listing: Listing) -> list[dict[str, Any]]:
    rows = listing.tags.exclude(by=Tag.By.TEXT).select_related("concept").order_by("place", "id")
    return [
        {"text": row.text, "lang": row.lang, "uri": row.concept.uri if row.concept else None, "score": row.score}
        for row in rows
    ]


def _queue_unmapped(tags: list[dict[str, Any]]) -> None:
    for tag in tags:
        if tag.get("uri"):
            continue
        row, is_new = Unmapped.objects.get_or_create(
            folded=arabic.fold(tag["text"])[:120], defaults={"text": tag["text"], "lang": tag["lang"]}
        )
        if not is_new:
            Unmapped.objects.filter(id=row.pk).update(times=F("times") + 1, settled_at=None)


def _require_place(owner: Person, format: str, place: str) -> None:
    if owner.is_young and not policies.suits_the_young(format=format, place=place):
        raise NotForYoung(
            _("At 13 to 17 you meet online or in a public place. Name the place: a library, a park, a school, a café …")
        )


def _take_back(listing: Listing, revision: Revision) -> None:
    revision.state, revision.sent_at = Revision.State.DRAFT, None
    revision.save(update_fields=["state", "sent_at"])
    if listing.state == Listing.State.IN_REVIEW:
        _move(listing, Listing.State.DRAFT)


def _require_waiting(revision: Revision) -> None:
    revision.refresh_from_db(fields=["state"])
    if revision.state != Revision.State.IN_REVIEW:
        raise WrongState(_("This text is no longer waiting: it was decided or taken back meanwhile."))


def _step(listing: Listing, by: Person, origin: set[Listing.State], target: Listing.State) -> Listing:
    listing = _locked(listing, by)
    if listing.state == target:
        return listing  # a second click
    if listing.state not in origin:
        raise WrongState(_("That cannot be done with this listing now."))
    return _move(listing, target)


def _move(listing: Listing, state: str) -> Listing:
    listing.state = state
    _touch(listing, ["state"])
    return listing


def _touch(listing: Listing, fields: list[str] | None = None) -> None:
    listing.changed_at = timezone.now()
    listing.search_rev += 1
    listing.save(update_fields=[*fields, "changed_at", "search_rev"] if fields else None)
    outbox.emit("listing.changed", listing)


def _locked(listing: Listing, by: Person) -> Listing:
    fresh = Listing.objects.select_for_update().get(id=listing.pk)  # SQLite locks by BEGIN IMMEDIATE instead
    if fresh.owner_id != by.pk:
        raise NotYours(_("This listing belongs to someone else."))
    return fresh


def _locked_revision(revision: Revision, by: Person) -> Revision:
    listing = _locked(revision.listing, by)
    fresh = Revision.objects.get(id=revision.pk)
    fresh.listing = listing
    return fresh


def concepts_of(listing: Listing) -> list[Concept]:
    """Give the concepts a listing is about, the author's first ones first."""
    return [tag.concept for tag in sorted(listing.tags.all(), key=lambda tag: tag.place) if tag.concept]
