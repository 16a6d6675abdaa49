"""Lessons in one's own calendar: a file each, and a feed at a secret address."""

import hashlib
import math
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Person
from exchange.acts import act_of
from exchange.api.limits import address_of
from exchange.lessons.models import Feed, Lesson
from exchange.lessons.services import calendar as calendars
from exchange.limits import services as limits

KIND = "text/calendar; charset=utf-8"


@login_required
@require_safe
def lesson_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Give one lesson as a file for a calendar."""
    person = _person(request)
    lesson = get_object_or_404(Lesson.objects.for_member(person).with_people(), pk=pk)
    if not calendars.has_time(lesson):
        raise Http404
    answer = HttpResponse(calendars.file_of(lesson=lesson, person=person), content_type=KIND)
    answer["Content-Disposition"] = f'attachment; filename="lesson-{lesson.pk}.ics"'
    return answer


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Give the lessons of whoever this secret address is for; programs ask for it again and again."""
    person = calendars.owner_of(word=token)
    wait = limits.wait_for("calendar", person.pk) if person else limits.wait_for("api-address", address_of(request))
    if wait:
        answer = HttpResponse(status=429)
        answer["Retry-After"] = str(math.ceil(wait))
        return answer
    if person is None:
        raise Http404
    body = calendars.feed_of(person=person, now=timezone.now())
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    answer = HttpResponse(body, content_type=KIND, headers={"ETag": etag})
    answer["Cache-Control"] = "private, no-cache"
    answer["X-Robots-Tag"] = "noindex"
    return cast(HttpResponse, get_conditional_response(request, etag=etag, response=answer))


@login_required
@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Say how lessons come into one's calendar."""
    return _page(request)


@login_required
@act_of("calendar")
def make(request: HttpRequest) -> HttpResponse:
    """Make the address, or a new one in place of it; it is on this answer and nowhere else."""
    word = calendars.make_feed(person=_person(request))
    return _page(request, address=settings.SITE_URL + reverse("calendar_feed", args=[word]))


@login_required
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Let the address open nothing any more."""
    calendars.stop_feed(person=_person(request))
    messages.success(request, _("The address opens nothing any more."))
    return redirect("calendar")


def _page(request: HttpRequest, address: str = "") -> HttpResponse:
    context = {
        "address": address,
        "webcal": "webcal" + address.removeprefix("https").removeprefix("http") if address else "",
        "feed": Feed.objects.filter(person=_person(request)).first(),
        "place": "me",
    }
    return render(request, "lessons/calendar.html", context)


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)
