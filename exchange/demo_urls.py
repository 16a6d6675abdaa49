"""One-click entrances of the demo; included only where DEMO is set."""

from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from accounts import services as accounts
from accounts.models import Person

PERSONAS: dict[str, dict[str, Any]] = {
    "teacher": {"email": "salma@example.org", "ar": "المعلّمة (متقاعدة)", "en": "The teacher (retired)"},
    "learner": {"email": "yusuf@example.org", "ar": "المتعلّم", "en": "The learner"},
    "curator": {"email": "huda@example.org", "ar": "المنسّقة", "en": "The curator"},
    "admin": {"email": "amal@example.org", "ar": "المديرة", "en": "The administrator"},
}


@require_safe
def entrances(request: HttpRequest) -> HttpResponse:
    """Show the four doors."""
    people = {row.email: row for row in Person.objects.filter(email__in=[each["email"] for each in PERSONAS.values()])}
    language = str(request.LANGUAGE_CODE)
    doors = [
        {"key": key, "role": each[language], "person": people.get(each["email"])} for key, each in PERSONAS.items()
    ]
    return render(request, "demo.html", {"doors": doors, "place": ""})


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, key: str) -> HttpResponse:
    """Sign in as a persona. GET works too, so that a printed address is one click; it exists only in the demo."""
    if not settings.DEMO or key not in PERSONAS:
        raise Http404
    person = get_object_or_404(Person, email=PERSONAS[key]["email"])
    login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
    UserSession.objects.create_from_request(request)  # so that "sign out everywhere" knows of it
    response = redirect("desk" if key == "curator" else "home")
    asked = request.GET.get("lang", "")
    language = asked if asked in dict(settings.LANGUAGES) else person.language
    if language != person.language:  # as the switch does: what is told, mailed and refused comes in it too
        accounts.set_language(person=person, language=language)
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, samesite="Lax")
    return response


urlpatterns = [
    path("", entrances, name="demo"),
    path("enter/<slug:key>/", enter, name="demo_enter"),
]
