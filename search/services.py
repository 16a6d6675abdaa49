"""Searching: questions go to the engine, answers come back through the permission door."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from rapidfuzz.distance import OSA

from accounts.models import Person, blocked_ids
from exchange.lib import arabic
from exchange.lib.errors import Refused
from exchange.outbox import services as outbox
from exchange.ready import Ready
from search import analysis
from search.backends import backend
from search.models import Met, SavedSearch
from search.query import PAGE, Found, Query
from skills import cards
from skills.cards import Snippet
from skills.filters import NEW_DAYS, ListingFilter
from skills.models import Listing
from skills.services import concepts
from skills.services.concepts import ConceptHit

Reader = Person | AnonymousUser
MOST_NEAR = 6
MOST_SAVED = 20
NOT_KEPT = {"page", "new"}  # what new listings always are, and where one was in the results


class TooManySaved(Refused):
    """More kept searches than one person may have."""

    code = "too_many_saved"


@dataclass(frozen=True)
class Results:
    """One page of an answer, as a page or the API shows it."""

    listings: list[Any]  # listings, or only what their cards show
    total: int
    facets: dict[str, dict[str, int]]
    corrected: str = ""
    is_basic: bool = False
    near: list[ConceptHit] = field(default_factory=list)  # offered when nothing was found
    meant: list[ConceptHit] = field(default_factory=list)  # concepts the words were understood as
    snippets: dict[int, Snippet] = field(default_factory=dict)  # listing id → the part of its text that was met


def query_of(filters: ListingFilter, *, reader: Reader, lang: str, page: int = 1) -> Query:
    """Read a valid FilterSet as a query for `reader`; invalid choices count as not made."""
    chosen: dict[str, Any] = filters.form.cleaned_data if filters.form.is_valid() else valid_part(filters)
    concept, district = chosen.get("concept"), chosen.get("district")
    return Query(
        text=chosen.get("q") or "",
        lang=lang,
        kind=chosen.get("kind") or "",
        concept=concept.pk if concept else None,
        district=district.pk if district else None,
        format=chosen.get("format") or "",
        speaks=chosen.get("speaks") or "",
        free_mask=filters.free_mask,
        since=timezone.now() - timedelta(days=NEW_DAYS) if chosen.get("new") else None,
        hidden_owners=hidden_from(reader),
        offset=(page - 1) * PAGE,
    )


def valid_part(filters: ListingFilter) -> dict[str, Any]:
    """Give the choices that could be read, when others could not."""
    return dict(getattr(filters.form, "cleaned_data", {}))


_blocked = Ready(lambda *, reader: blocked_ids(Person(pk=reader)).values_list("blocker_id"))


def hidden_from(reader: Reader) -> tuple[int, ...]:
    """Give owners whose listings this reader must not meet."""
    if not isinstance(reader, Person):
        return ()
    return tuple(sorted(row[0] for row in _blocked(reader=reader.pk)))


def make_ready() -> None:
    """Load what the first question needs: every name of every skill, some seconds of work."""
    concepts.tree()


def find(*, query: Query, person: Reader, for_cards: bool = False) -> Results:
    """Answer a question. The engine names ids; rows are read again, so what is hidden now never shows.

    `for_cards`: read no more of each listing than its card shows.
    """
    found = backend().find(query)
    listings = _read_again(found, person, for_cards=for_cards)
    meant = list(analysis.meant(query.text, query.lang)[:3]) if query.text else []
    return Results(
        listings=listings,
        total=found.total,
        facets=found.facets,
        corrected=found.corrected,
        is_basic=found.is_basic,
        near=[] if found.total else _near(query, meant),
        meant=meant,
        snippets=_snippets(query, found, listings),
    )


def suggest(*, text: str, lang: str, limit: int = 8) -> list[dict[str, Any]]:
    """Complete what is being typed: concepts first (they bridge the languages), then titles.

    Gives {"text", "concept" (id) or None}.
    """
    if not text.strip():
        return []
    out = [{"text": hit.name(lang), "concept": hit.concept_id} for hit in concepts.suggest(text, lang, limit=limit - 2)]
    seen = {arabic.fold(str(each["text"])) for each in out}
    for title in backend().suggest(text, limit=limit):
        if len(out) < limit and arabic.fold(title) not in seen:
            out.append({"text": title, "concept": None})
            seen.add(arabic.fold(title))
    return out


def is_kept(*, person: Person, query: str) -> bool:
    """Whether a person keeps this search already; `query` is what `kept_part` gives."""
    return SavedSearch.objects.filter(person=person, query=query).exists()


def keep(*, person: Person, filters: ListingFilter, name: str, lang: str) -> SavedSearch:
    """Keep a search for a person, who is told of each new listing that meets it; the same search is kept once.

    Where the engine helped with the spelling, the words that it took count beside those typed.
    Refused: `TooManySaved` (20 a person).
    """
    text = valid_part(filters).get("q") or ""
    reading = analysis.read(text, lang) if text.strip() else None
    words = [list(group) for group in reading.groups] if reading else []
    if reading is not None and not reading.means:
        asked = replace(query_of(filters, reader=person, lang=lang), limit=1, facets=False)
        words = _with_corrected(words, backend().find(asked).corrected.split())
    return _keep(person, kept_part(filters), name, words, reading)


@transaction.atomic
def _keep(
    person: Person, query: str, name: str, words: list[list[str]], reading: analysis.Reading | None
) -> SavedSearch:
    Person.objects.select_for_update().get(id=person.pk)  # two clicks at once count one after the other
    found = SavedSearch.objects.filter(person=person, query=query).first()
    if found is not None:
        return found
    if SavedSearch.objects.filter(person=person).count() >= MOST_SAVED:
        raise TooManySaved(_("You keep 20 searches already. Let one go first."))
    saved = SavedSearch.objects.create(person=person, name=name[:200], query=query, words=words)
    if reading is not None:
        saved.concepts.set(reading.means)
    return saved


def _with_corrected(words: list[list[str]], corrected: list[str]) -> list[list[str]]:
    """Give groups of words, each corrected word put to the group it is nearest to."""
    for word in corrected if words else ():
        nearest = min(words, key=lambda group: min(OSA.distance(word, each) for each in group))
        if word not in nearest:
            nearest.append(word)
    return words


def kept_part(filters: ListingFilter) -> str:
    """Give the choices of a search as one address, in one order, so that the same search reads the same."""
    chosen = QueryDict(mutable=True)
    for name in sorted(filters.base_filters):
        values = filters.data.getlist(name) if name not in NOT_KEPT else []
        if kept := sorted({value.strip() for value in values if value.strip()}):
            chosen.setlist(name, kept)
    return chosen.urlencode()[:600]


def let_go(*, person: Person, saved_id: int) -> None:
    """Forget a kept search of this person; one that is gone already is no fault."""
    SavedSearch.objects.filter(person=person, id=saved_id).delete()


def saved_of(person: Person) -> QuerySet[SavedSearch]:
    """Give the searches a person keeps, newest first."""
    return SavedSearch.objects.filter(person=person).order_by("-id")


@transaction.atomic
def tell_keepers(*, listing_id: int) -> int:
    """Note each kept search that a listing published since then meets, once, and say so; gives how many are new."""
    listing = Listing.objects.published().filter(id=listing_id).first()
    if listing is None or listing.published_at is None:
        return 0
    known = concepts.tree()
    about = {
        above
        for concept in listing.tags.values_list("concept_id", flat=True)
        for above in known.ancestors(concept or 0)
    }
    told_before = Met.objects.filter(saved=OuterRef("pk"), listing=listing)
    rows = SavedSearch.objects.exclude(person=listing.owner_id).filter(made_at__lte=listing.published_at)
    rows = rows.filter(~Exists(told_before), person__is_active=True).select_related("person")
    # A search kept for a skill that was merged since goes on for the one it became.
    of_skill = Q(concept__in=about) | Q(concept__merged_into__in=about)
    kept = SavedSearch.concepts.through.objects.filter(of_skill, savedsearch=OuterRef("pk"))
    rows = rows.annotate(is_about=Exists(kept))
    held = set(f"{listing.title_tokens} {listing.body_tokens} {listing.concept_tokens}".split())
    met = [row for row in rows if _words_meet(row, held) and _choices_meet(row, listing)]
    made = [Met.objects.get_or_create(saved=row, listing=listing) for row in met]
    new = [row for row, is_new in made if is_new]
    for row in new:
        outbox.emit("search.met", row)
    return len(new)


def _words_meet(saved: SavedSearch, held: set[str]) -> bool:
    if getattr(saved, "is_about", False):
        return True
    if not saved.words:
        return not QueryDict(saved.query).get("q")
    return all(held.intersection(group) for group in saved.words)


def _choices_meet(saved: SavedSearch, listing: Listing) -> bool:
    """Whether the other choices let the listing through, for this person and as it is now: the FilterSet decides."""
    rows = Listing.objects.open_for(saved.person).filter(id=listing.pk)
    return bool(ListingFilter(QueryDict(saved.query), queryset=rows).qs.exists())


def near_duplicates(*, title: str, body: str, but: int | None = None, kind: str = "", limit: int = 3) -> list[Listing]:
    """Give public listings that say almost the same, likest first (Jaccard over folded word pairs ≥ 0.35)."""
    found = backend().find(Query(like=f"{title} {body}", kind=kind, limit=30, facets=False))
    rows = (
        Listing.objects.filter(id__in=[hit.listing_id for hit in found.hits])
        .exclude(id=but or 0)
        .select_related("owner")
    )
    own = _shingles(f"{title} {body}")
    likeness: Callable[[Listing], float] = lambda row: _jaccard(own, _shingles(f"{row.title} {row.body}"))  # noqa: E731
    scored = sorted(((likeness(row), row.pk, row) for row in rows), reverse=True)
    return [row for score, _pk, row in scored[:limit] if score >= 0.35]


def _read_again(found: Found, person: Reader, *, for_cards: bool) -> list[Any]:
    ids = [hit.listing_id for hit in found.hits]
    rows: dict[int, Any]
    if for_cards:
        rows = cards.open_rows(ids, reader=person)
    else:
        rows = Listing.objects.open_for(person).with_card().in_bulk(ids)
    return [rows[listing_id] for listing_id in ids if listing_id in rows]


def _snippets(query: Query, found: Found, listings: list[Any]) -> dict[int, Snippet]:
    """Give what was met in each text; an engine that does not say so is helped out."""
    if not query.text:
        return {}
    said = {hit.listing_id: hit.snippet for hit in found.hits}
    stems = [arabic.stems(word) for word in arabic.content_words(f"{query.text} {found.corrected}")]
    return {row.pk: said.get(row.pk) or analysis.snippet(row.body, stems) for row in listings}


def _near(query: Query, meant: list[ConceptHit]) -> list[ConceptHit]:
    known = concepts.tree()
    starts = [query.concept] if query.concept else [hit.concept_id for hit in meant]
    if not starts and query.text:
        starts = [hit.concept_id for hit in concepts.resolve_text(query.text, query.lang, limit=2)]
    near: dict[int, None] = {}
    for start in starts:
        near.update(dict.fromkeys(known.near(start)) if start in known.names else {})
    return [known.hit(concept) for concept in list(near)[:MOST_NEAR]]


def _shingles(text: str) -> set[tuple[str, str]]:
    words = arabic.words(text)
    return set(pairwise(words))


def _jaccard(one: set[tuple[str, str]], other: set[tuple[str, str]]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0
