"""Writing a listing: five questions, check, send; and the owner's later acts on it."""

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Person
from accounts.rules import PARTS, codes, week_of
from exchange.acts import act_of
from exchange.lib.errors import Refused
from exchange.lib.text import clean, guess_lang
from skills.forms import FORMS, STEPS, meaning_field, split_tags
from skills.models import Listing, Revision
from skills.services import concepts, listings

OPEN = (Revision.State.DRAFT, Revision.State.IN_REVIEW)


@login_required
def offer_new(request: HttpRequest) -> HttpResponse:
    """Begin an offer."""
    return _begin(request, Listing.Kind.OFFER)


@login_required
def wish_new(request: HttpRequest) -> HttpResponse:
    """Begin a wish; ?q= (what was searched in vain) is its first words."""
    return _begin(request, Listing.Kind.WISH)


@login_required
def listing_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a listing for change and show all answers."""
    listing = get_object_or_404(Listing, pk=pk, owner=_person(request))
    if request.method == "POST":
        listings.edit(listing=listing, by=_person(request))
        return redirect("listing_check", pk=pk)
    return render(request, "skills/edit.html", {"listing": listing, "place": "me"})


@login_required
def listing_step(request: HttpRequest, pk: int, step: int) -> HttpResponse:
    """Ask one of the five questions."""
    revision = _draft(request, pk)
    if step not in FORMS:
        raise Http404
    form = FORMS[step](request.POST or None, initial=FORMS[step].initial_of(revision))
    if request.method == "POST" and (form.is_valid() if request.POST else False):
        answers = form.answers()
        if step == 1:
            tags = answers["tags"] or listings.tags_of_title(answers["title"], answers["lang"])
            answers["tags"] = _with_meanings(request, tags)
        saved = listings.save_answers(revision=revision, by=_person(request), step=step, **answers)
        questions = _questions(request, saved) if step == 1 else []
        if questions and request.POST.get("then") != "later":
            return _ask_meaning(request, form, saved, questions)
        revision = saved
        if request.POST.get("then") == "later":
            messages.success(request, _("Saved. You can go on whenever you like."))
            return redirect("me")
        if revision.step > STEPS or step == STEPS:
            return redirect("listing_check", pk=pk)
        return redirect("listing_step", pk=pk, step=step + 1)
    chosen = set(form.data.getlist("free")) if form.is_bound and step == 4 else set(codes(revision.free_mask))
    context = {
        "form": form,
        "revision": revision,
        "listing": revision.listing,
        "step": step,
        "steps": STEPS,
        "days": week_of(settings.CITY["weekend"]),
        "parts": PARTS,
        "chosen": chosen,
        "tags": revision.tags,
        "place": "me",
    }
    return render(request, f"skills/step_{step}.html", context, status=422 if form.is_bound else 200)


@login_required
@require_safe
def listing_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Show all answers before they go to the curator."""
    return _check_page(request, _draft(request, pk))


@login_required
@act_of("listing_check", "pk")
def listing_send(request: HttpRequest, pk: int) -> HttpResponse:
    """Send to the curator."""
    person = _person(request)
    revision = get_object_or_404(
        Revision.objects.select_related("listing"), listing_id=pk, listing__owner=person, state__in=OPEN
    )
    try:
        listings.send(revision=revision, by=person)
    except listings.Incomplete as refusal:
        return _check_page(request, revision, error=str(refusal), status=422)
    return redirect("listing_sent", pk=pk)


@login_required
@require_safe
def listing_sent(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what happens next."""
    listing = get_object_or_404(Listing, pk=pk, owner=_person(request))
    return render(request, "skills/sent.html", {"listing": listing, "place": "me"})


@login_required
@require_POST
def listing_autosave(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what is being typed, as it is: a killed tab loses at most two seconds."""
    person = _person(request)
    revision = get_object_or_404(
        Revision.objects.select_related("listing"), listing_id=pk, listing__owner=person, state=Revision.State.DRAFT
    )
    listings.save_answers(revision=revision, by=person, **_unfinished(request))
    revision.refresh_from_db(fields=["tags"])
    return JsonResponse({"saved": True, "tags": _shown_tags(revision, str(request.LANGUAGE_CODE))})


@login_required
@require_safe
def concept_suggest(request: HttpRequest) -> HttpResponse:
    """Complete a skill while it is typed, in both languages."""
    language = str(request.LANGUAGE_CODE)
    hits = concepts.suggest(clean(request.GET.get("q", ""))[:80], language, limit=8)
    return JsonResponse(
        {
            "concepts": [
                {"uri": hit.uri, "name": hit.name(language), "other": hit.en if language == "ar" else hit.ar}
                for hit in hits
            ]
        }
    )


@login_required
@act_of("listing", "pk")
def listing_not_meant(request: HttpRequest, pk: int) -> HttpResponse:
    """Take "not this" under what was read from the words of one's own listing, and lead back to where it stood."""
    person = _person(request)
    listing = get_object_or_404(Listing, pk=pk, owner=person)
    concept = concepts.tree().ids.get(request.POST.get("uri", ""))
    if concept is not None:
        listings.say_not_meant(listing=listing, by=person, concept_id=concept)
    return redirect("listing_check" if request.POST.get("on") == "check" else "listing", pk=pk)


@login_required
@require_POST
def listing_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Pause, resume, close, confirm or withdraw one's own listing."""
    person = _person(request)
    listing = get_object_or_404(Listing, pk=pk, owner=person)
    ACTS[act](listing, person)
    messages.success(request, SAID[act]())
    return redirect("me")


def _withdraw(listing: Listing, person: Person) -> None:
    revision = Revision.objects.filter(listing=listing, state__in=OPEN).select_related("listing").first()
    if revision is not None:
        listings.withdraw(revision=revision, by=person)


ACTS: dict[str, Callable[[Listing, Person], None]] = {
    "pause": lambda listing, person: listings.pause(listing=listing, by=person),
    "resume": lambda listing, person: listings.resume(listing=listing, by=person),
    "close": lambda listing, person: listings.close(listing=listing, by=person),
    "confirm": lambda listing, person: listings.confirm(listing=listing, by=person),
    "withdraw": _withdraw,
}
SAID: dict[str, Callable[[], str]] = {
    "pause": lambda: _("Your listing rests. Bring it back whenever you like."),
    "resume": lambda: _("Your listing can be found again."),
    "close": lambda: _("Your listing is closed."),
    "confirm": lambda: _("Thank you. Neighbours see that it is still true."),
    "withdraw": lambda: _("The text is thrown away."),
}


def _begin(request: HttpRequest, kind: Listing.Kind) -> HttpResponse:
    """Show examples; begin by POST, so that a link that is only looked at writes nothing."""
    words = clean(request.GET.get("q", "") or request.POST.get("q", ""))[:90]
    if request.method == "POST":
        person = _person(request)
        try:
            revision = listings.start(owner=person, kind=kind, lang=str(request.LANGUAGE_CODE))
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("me")
        if words and not revision.title:
            tags = split_tags(words)
            listings.save_answers(revision=revision, by=person, title=words, tags=tags, lang=guess_lang(words))
        return redirect("listing_step", pk=revision.listing_id, step=1)
    return render(request, "skills/begin.html", {"kind": kind.value, "words": words, "place": "me"})


def _draft(request: HttpRequest, pk: int) -> Revision:
    rows = Revision.objects.select_related("listing", "district")
    return get_object_or_404(rows, listing_id=pk, listing__owner=_person(request), state=Revision.State.DRAFT)


def _check_page(request: HttpRequest, revision: Revision, *, error: str = "", status: int = 200) -> HttpResponse:
    language = str(request.LANGUAGE_CODE)
    context = {
        "revision": revision,
        "listing": revision.listing,
        "tags": _shown_tags(revision, language),
        "understood": [(hit.uri, hit.name(language)) for hit in listings.understood(revision)],
        "error": error,
        "place": "me",
        "here": reverse("listing_check", args=[revision.listing_id]),
    }
    return render(request, "skills/check.html", context, status=status)


def _with_meanings(request: HttpRequest, tags: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the tags with what the author chose where a word means several skills; an empty choice is "none of them"."""
    out = []
    for tag in tags:
        field = meaning_field(tag["text"])
        out.append({**tag, "uri": request.POST[field] or None, "chosen": True} if field in request.POST else tag)
    return out


def _questions(request: HttpRequest, revision: Revision) -> list[dict[str, Any]]:
    """Give the words whose meaning only the author knows, with the skills to choose from; each is asked once."""
    language = str(request.LANGUAGE_CODE)
    asked = set(request.POST.getlist("asked"))
    known = concepts.tree()
    out = []
    for tag in revision.tags:
        field = meaning_field(tag["text"])
        if tag.get("chosen") or field in asked:
            continue
        choices = [
            (
                hit.uri,
                hit.name(language),
                " · ".join(known.hit(up).name(language) for up in known.broader.get(hit.concept_id, ())),
            )
            for hit in concepts.meanings(tag["text"], tag["lang"])
        ]
        if choices:
            out.append({"text": tag["text"], "field": field, "choices": choices})
    return out


def _ask_meaning(request: HttpRequest, form: Any, revision: Revision, questions: list[dict[str, Any]]) -> HttpResponse:
    """Show the first question again with "Which do you mean?"; what was typed is saved already."""
    context = {
        "form": form,
        "revision": revision,
        "listing": revision.listing,
        "step": 1,
        "steps": STEPS,
        "tags": revision.tags,
        "questions": questions,
        "place": "me",
    }
    return render(request, "skills/step_1.html", context)


def _shown_tags(revision: Revision, language: str) -> list[dict[str, Any]]:
    """Give each tag with the concept it was understood as, or none."""
    known = concepts.tree()
    out = []
    for tag in revision.tags:
        concept = known.ids.get(tag.get("uri") or "")
        out.append({"text": tag["text"], "concept": known.hit(concept).name(language) if concept else ""})
    return out


def _unfinished(request: HttpRequest) -> dict[str, Any]:
    """Give the answers of a half-typed form, without judging them yet."""
    answers: dict[str, Any] = {}
    for name, most in (("title", 90), ("body", 3000), ("place", 120), ("in_return_note", 160)):
        if name in request.POST:
            answers[name] = clean(request.POST[name])[:most]
    if answers.get("title"):
        answers["lang"] = guess_lang(answers["title"])
    if "skills" in request.POST:
        answers["tags"] = split_tags(clean(request.POST["skills"])[:400])
    for name, known in (("format", Revision.Format.values), ("in_return", Revision.Return.values)):
        if request.POST.get(name) in known:
            answers[name] = request.POST[name]
    return answers


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)
