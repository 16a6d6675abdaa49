"""The curators' page of skills: words without a skill, names, merges, the learned dictionary; undo for all."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from exchange.acts import act_of
from exchange.lib.errors import Refused
from exchange.lib.text import clean
from exchange.moderation.views import _person, curators_only
from skills.models import Concept, ConceptChange, Unmapped
from skills.services import concepts, curation, words

MOST_SHOWN = 100
MOST_OFFERED = 6


@curators_only
@require_safe
def skills(request: HttpRequest) -> HttpResponse:
    """List the words that wait for a skill, find a skill, and show what was done last."""
    asked = _asked(request)
    waiting = curation.waiting_words()
    context = {
        "words": waiting[:MOST_SHOWN],
        "total": waiting.count(),
        "asked": asked,
        "found": concepts.resolve_text(asked, limit=12, least=0.2) if asked else [],
        "changes": curation.newest_changes(12),
        "place": "desk",
    }
    return render(request, "moderation/skills.html", context)


@curators_only
@require_safe
def word(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one word with the skills it may be a name of."""
    return _word_page(request, get_object_or_404(Unmapped, pk=pk))


@curators_only
@act_of("desk_word", "pk")
def word_name(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a word for another name of a skill."""
    row = get_object_or_404(Unmapped, pk=pk)
    concept = Concept.objects.live().filter(pk=_number(request, "concept")).first()
    if concept is None:
        return _word_page(request, row, error=_("Choose a skill from the list, or search for it."))
    try:
        curation.add_name(concept=concept, text=row.text, lang=row.lang, by=_person(request), word=row)
    except Refused as refusal:
        return _word_page(request, row, error=str(refusal))
    messages.success(request, _("Named. The listings with this word can be found by it now."))
    return _next_word(request)


@curators_only
@act_of("desk_word", "pk")
def word_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a new skill of a word."""
    row = get_object_or_404(Unmapped, pk=pk)
    broader = Concept.objects.live().filter(pk=_number(request, "broader")).first()
    ar, en = clean(request.POST.get("ar", "")), clean(request.POST.get("en", ""))
    try:
        curation.add_skill(ar=ar, en=en, broader=broader, by=_person(request), word=row)
    except Refused as refusal:
        return _word_page(request, row, error=str(refusal), ar=ar, en=en)
    messages.success(request, _("A new skill. The listings with this word can be found by it now."))
    return _next_word(request)


@curators_only
@require_POST
def word_aside(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a word off the list."""
    curation.set_aside(word=get_object_or_404(Unmapped, pk=pk), by=_person(request))
    return _next_word(request)


@curators_only
@require_safe
def skill(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one skill with its names and what can be done to it."""
    return _skill_page(request, get_object_or_404(Concept.objects.live(), pk=pk))


@curators_only
@act_of("desk_skill", "pk")
def skill_name(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a skill another name."""
    return _change(
        request, pk, lambda row: curation.add_name(concept=row, text=request.POST.get("text", ""), by=_person(request))
    )


@curators_only
@act_of("desk_skill", "pk")
def skill_rename(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the preferred name in one language."""
    lang, text = request.POST.get("lang", ""), request.POST.get("text", "")
    return _change(request, pk, lambda row: curation.rename(concept=row, lang=lang, text=text, by=_person(request)))


@curators_only
@act_of("desk_skill", "pk")
def skill_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Merge a skill into another."""
    into = Concept.objects.live().filter(pk=_number(request, "into")).first()
    row = get_object_or_404(Concept.objects.live(), pk=pk)
    if into is None:
        return _skill_page(request, row, error=_("Choose another skill to merge it with."))
    try:
        change = curation.merge(concept=row, into=into, by=_person(request))
    except Refused as refusal:
        return _skill_page(request, row, error=str(refusal))
    messages.success(request, _("Merged. Both names lead to the same skill now."))
    return redirect("desk_skill", pk=change.concept_id)


@curators_only
@require_POST
def skill_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one act on a skill back."""
    try:
        curation.undo(change=get_object_or_404(ConceptChange, pk=pk), by=_person(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Taken back."))
    return redirect("desk_skills")


@curators_only
def dictionary(request: HttpRequest) -> HttpResponse:
    """Show what the system takes a word for in the other language; strike out what is wrong."""
    asked = _asked(request)
    if request.method == "POST":
        asked = clean(request.POST.get("q", ""))[:80]
        is_struck = request.POST.get("act") == "strike"
        curation.strike(
            ar=request.POST.get("ar", ""), en=request.POST.get("en", ""), by=_person(request), is_struck=is_struck
        )
        messages.success(request, _("Struck out.") if is_struck else _("It counts again."))
    context = {"asked": asked, "entries": words.about(asked)[:40] if asked else [], "place": "desk"}
    return render(request, "moderation/dictionary.html", context)


def _change(request: HttpRequest, pk: int, act: Callable[[Concept], object]) -> HttpResponse:
    row = get_object_or_404(Concept.objects.live(), pk=pk)
    try:
        act(row)
    except Refused as refusal:
        return _skill_page(request, row, error=str(refusal))
    messages.success(request, _("Done. It counts everywhere from now on."))
    return redirect("desk_skill", pk=pk)


def _word_page(request: HttpRequest, row: Unmapped, *, error: str = "", ar: str = "", en: str = "") -> HttpResponse:
    asked = _asked(request)
    offered = concepts.resolve_text(asked or row.text, None if asked else row.lang, limit=MOST_OFFERED, least=0.02)
    known = concepts.tree()
    tops = sorted(key for key in known.names if key not in known.broader and known.narrower.get(key))
    language = str(request.LANGUAGE_CODE)
    context = {
        "word": row,
        "asked": asked,
        "offered": [(place, hit, _above(hit.concept_id, language)) for place, hit in enumerate(offered, start=1)],
        "tops": sorted((known.hit(key).name(language), key) for key in tops)[:60],
        "ar": ar or (row.text if row.lang == "ar" and not error else ""),
        "en": en or (row.text if row.lang == "en" and not error else ""),
        "error": error,
        "place": "desk",
    }
    return render(request, "moderation/word.html", context, status=422 if error else 200)


def _skill_page(request: HttpRequest, row: Concept, *, error: str = "") -> HttpResponse:
    asked = _asked(request)
    others = concepts.resolve_text(asked or row.name("ar"), limit=MOST_OFFERED + 1, least=0.1)
    language = str(request.LANGUAGE_CODE)
    context = {
        "skill": row,
        "names": row.labels.order_by("lang", "-is_preferred", "text"),
        "also": Concept.objects.filter(merged_into=row),
        "above": _above(row.pk, language),
        "asked": asked,
        "others": [(hit, _above(hit.concept_id, language)) for hit in others if hit.concept_id != row.pk],
        "changes": row.changes.select_related("curator", "undone_by").order_by("-id")[:12],
        "error": error,
        "place": "desk",
    }
    return render(request, "moderation/skill.html", context, status=422 if error else 200)


def _next_word(request: HttpRequest) -> HttpResponse:
    following = curation.waiting_words().first()
    return redirect("desk_word", pk=following.pk) if following else redirect("desk_skills")


def _above(concept_id: int, language: str) -> str:
    known = concepts.tree()
    return next((known.hit(above).name(language) for above in known.broader.get(concept_id, ())), "")


def _asked(request: HttpRequest) -> str:
    return clean(request.GET.get("q", ""))[:80]


def _number(request: HttpRequest, name: str) -> int:
    value = request.POST.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0
