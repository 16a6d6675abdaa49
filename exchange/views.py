"""The front of the house: home, me, one person, one listing, help. They put rooms together and decide nothing."""

from typing import Any, cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import districts
from accounts.models import Block, Person, blocked_ids
from accounts.rules import PARTS, week_of
from exchange.chat import services as chat
from exchange.ledger import services as ledger
from exchange.lessons import services as lessons
from exchange.lessons.services import reading, sittings
from exchange.moderation import services as moderation
from exchange.passport import services as passports
from exchange.ready import Ready
from matching import services as matching
from matching.services import rings as ring_services
from matching.services import waiting
from skills import cards
from skills.cards import card_of, cards_for, row_beside, when_words
from skills.models import Listing, Revision
from skills.services import concepts
from skills.services.reading import Named, one_visible, skills_of

HOME_CARDS = 6
MY_LINE = ("title", "lang", "kind", "state", "published_at", "asked_at", "owner_id")
MORE_CARDS = 3
MOST_OF_A_SKILL = 2
LONG_VALUE = 20  # characters: what one would not like to type again
TOPICS = [
    f"rukn:{name}"
    for name in (
        "crafts", "kitchen", "repair", "garden", "languages", "reading", "arts", "care", "money", "digital", "work",
        "sport", "school", "community",
    )
]  # fmt: skip


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show at once what one can learn nearby, and what fits one's wishes."""
    language, person = str(request.LANGUAGE_CODE), request.user
    matches: list[Any] = []
    rings: list[Any] = []
    lessons_due: list[Any] = []
    if isinstance(person, Person):
        views = matching.suggestions_for(
            person=person, language=language, limit=HOME_CARDS, most_of_one_skill=MOST_OF_A_SKILL
        )
        matches = [card_of(view.listing, reader=person, language=language, reasons=view.reasons[:1]) for view in views]
        lessons_due = reading.calls_of(person=person, now=timezone.now())
        rings = ring_services.waiting_for(person=person)
    rows = cards.newest_offers(reader=person, most=HOME_CARDS)
    known = concepts.tree()
    context = {
        "matches": matches,
        "lessons_due": lessons_due,
        "rings": rings,
        "nearby": cards_for(rows, reader=person, language=language),
        "topics": [known.hit(known.ids[uri]) for uri in TOPICS if uri in known.ids],
        "place": "home",
    }
    return render(request, "home.html", context)


_own_lines = Ready(
    lambda *, owner: (
        Listing.objects.filter(owner=owner)
        .exclude(state=Listing.State.CLOSED)
        .only(*MY_LINE)
        .order_by("kind", "-changed_at")
    )
)


@login_required
@require_safe
def me(request: HttpRequest) -> HttpResponse:
    """Show what I teach, what I wish, and how I am seen."""
    person = cast(Person, request.user)
    language = str(request.LANGUAGE_CODE)
    rows = _own_lines(owner=person.pk)
    ids = [row.pk for row in rows]
    texts = Revision.objects.filter(listing__in=ids, state__in=[Revision.State.DRAFT, Revision.State.IN_REVIEW])
    open_texts = {text.listing_id: text for text in texts.only("listing_id", "title", "state")}
    returned = moderation.returned_reasons(listing_ids=ids, language=language)
    lines: list[dict[str, Any]] = [
        {
            "listing": row,
            "text": open_texts.get(row.pk),
            "returned": returned.get(row.pk, "") if row.pk not in open_texts else "",
        }
        for row in rows
    ]
    context = {
        "offers": [line for line in lines if line["listing"].is_offer],
        "wishes": [line for line in lines if not line["listing"].is_offer],
        "profile": person.profile,
        "when": when_words(person.profile.free_codes),
        "district": districts.known().get(person.district_id or 0),
        "hides_seen": chat.hides_seen(person=person),
        "blocks": Block.objects.filter(blocker=person).select_related("blocked").only("blocker_id", "blocked__name"),
        "place": "me",
    }
    return render(request, "me.html", context)


@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a neighbour: first name, district, own words, listings. Someone blocked is not there."""
    reader = request.user
    people = Person.objects.select_related("profile", "district").filter(is_active=True)
    if isinstance(reader, Person):
        people = people.exclude(id__in=blocked_ids(reader))
    other = get_object_or_404(people, pk=pk)
    rows = Listing.objects.open_for(reader).filter(owner=other).order_by("kind", "-published_at")
    context = {
        "other": other,
        "cards": cards_for(cards.rows(rows), reader=reader, language=str(request.LANGUAGE_CODE)),
        "when": when_words(other.profile.free_codes),
        "is_me": reader.pk == other.pk,
        "gives_hours": ledger.is_on(),
        "usual_answer": "" if reader.pk == other.pk else lessons.usual_answer(person=other),
        "thanks": passports.public(person=other, reader=reader, language=str(request.LANGUAGE_CODE)),
        "place": "find",
    }
    return render(request, "person.html", context)


@require_safe
def listing(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one listing whole, why this reader might meet its owner, and one button."""
    reader, language = request.user, str(request.LANGUAGE_CODE)
    row = one_visible(pk, reader=reader, beside=sittings.beside)
    if row is None:
        raise Http404
    reasons: list[str] = []
    enquiry = None
    if isinstance(reader, Person) and reader.pk != row.owner_id:
        reasons = matching.reasons_between(person=reader, listing_ids=[row.pk], language=language).get(row.pk, [])
        enquiry = lessons.enquiry_between(listing=row, person=reader)
    shows_outlook = reader.pk == row.owner_id and not row.is_offer
    held = skills_of(pk)
    context = {
        "listing": row,
        "card": card_of(row_beside(row, held[0].text if held else None), reader=reader, language=language),
        "skills": [_named(each, language) for each in held if not each.is_read],
        "understood": _understood(held, language) if reader.pk == row.owner_id else [],
        "reasons": reasons,
        "enquiry": enquiry,
        "usual_answer": ""
        if enquiry or reader.pk == row.owner_id
        else lessons.usual_answer(person=Person(pk=row.owner_id)),
        "when": when_words(row.free_codes),
        "days": week_of(settings.CITY["weekend"]),
        "parts": PARTS,
        "is_own": reader.pk == row.owner_id,
        "outlook": waiting.outlook(wish=row, now=timezone.now()) if shows_outlook else None,
        "more": cards_for(
            cards.more_of(owner=row.owner_id, but=pk, most=MORE_CARDS, reader=reader), reader=reader, language=language
        ),
        "place": "find",
    }
    return render(request, "listing.html", context)


def _named(skill: Named, language: str) -> tuple[str, str]:
    """Give the query that finds more of a skill, "" where it is no concept, and its name."""
    known = concepts.tree()
    if skill.concept_id not in known.names:
        return "", skill.text
    return f"?concept={skill.concept_id}", known.hit(skill.concept_id).name(language)


def _understood(held: list[Named], language: str) -> list[tuple[str, str]]:
    """Give what was read from the title of one's own listing, as (URI, name)."""
    known = concepts.tree()
    hits = [known.hit(each.concept_id) for each in held if each.is_read and each.concept_id in known.names]
    return [(hit.uri, hit.name(language)) for hit in hits]


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is out of date (signed in elsewhere, open for months) without losing what was typed.

    What was typed is offered for sending again only where the browser itself says that the form was ours.
    """
    is_ours = request.headers.get("Origin", "") == f"{request.scheme}://{request.get_host()}"
    typed = [
        (name, value)
        for name, values in (request.POST.lists() if is_ours and request.content_type != "application/json" else ())
        if name != "csrfmiddlewaretoken"
        for value in values
    ]
    context = {"typed": typed, "texts": [value for _name, value in typed if len(value) > LONG_VALUE], "place": ""}
    return render(request, "403_csrf.html", context, status=403)


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Say how it works and whom to call."""
    return render(request, "help.html", {"place": ""})
