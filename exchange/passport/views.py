"""Saying thank you, and looking back."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from exchange.lessons.models import Lesson
from exchange.lib.errors import Refused
from exchange.passport import services as passports
from exchange.passport.forms import ShowForm, ThanksForm
from exchange.passport.models import Thanks


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def thanks(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the story of a lesson; write one's own words in it while it is sealed."""
    person = cast(Person, request.user)
    lesson = passports.lesson_for(lesson_id=pk, person=person)
    if lesson is None:
        words = passports.watched(lesson_id=pk, guardian=person)
        if words is None or request.method == "POST":
            raise Http404
        return render(request, "passport/watched.html", {"words": words, "place": "me"})
    told = passports.told_of(lesson=lesson, person=person, language=str(request.LANGUAGE_CODE))
    written = {"learned": told.mine.learned, "thanks": told.mine.thanks} if told.mine else {}
    form = ThanksForm(request.POST if request.method == "POST" else None, initial=written)
    if request.method == "POST" and form.is_valid():
        try:
            passports.write(lesson=lesson, by=person, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Kept. Thank you for saying thank you."))
            return redirect("thanks", pk=pk)
    context = {
        "told": told,
        "form": form,
        "places": Thanks.Shown.choices,
        "is_confirmed": lesson.state == Lesson.State.CONFIRMED,
        "place": "me",
    }
    return render(request, "passport/thanks.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def thanks_show(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose where a thank-you to oneself is shown."""
    person = cast(Person, request.user)
    row = get_object_or_404(Thanks.objects.opened().select_related("story"), pk=pk, receiver=person)
    form = ShowForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose where it is shown."))
        return redirect("thanks", pk=row.story.lesson_id)
    try:
        passports.show(thanks=row, by=person, shown=form.cleaned_data["shown"])
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("thanks", pk=row.story.lesson_id)


@login_required
@require_POST
def thanks_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own words back."""
    person = cast(Person, request.user)
    row = get_object_or_404(Thanks.objects.select_related("story"), pk=pk, writer=person)
    passports.take_back(thanks_id=row.pk, by=person)
    messages.success(request, _("Your words are taken back."))
    return redirect("thanks", pk=row.story.lesson_id)


@login_required
@require_safe
def passport(request: HttpRequest) -> HttpResponse:
    """Show all lessons one had as stories; on paper, one page."""
    person = cast(Person, request.user)
    lessons = passports.confirmed(person=person)
    stories = passports.passport(lessons=lessons, person=person, language=str(request.LANGUAGE_CODE))
    context = {
        "learned": [told for told in stories if not told.i_taught],
        "taught": [told for told in stories if told.i_taught],
        "place": "me",
    }
    return render(request, "passport/passport.html", context)
