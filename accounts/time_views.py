"""The page “My free hours”: the ordinary week, and exceptions from it."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import services as accounts
from accounts.forms import AlsoFreeForm, AwayForm, FreeHoursForm
from accounts.models import OtherTime, Person
from accounts.rules import PARTS, week_of
from accounts.services import other_times
from exchange.acts import act_of
from exchange.lib.errors import Refused


@login_required
def free_hours(request: HttpRequest) -> HttpResponse:
    """Tick the parts of the week that are usually free, and see the exceptions."""
    form = FreeHoursForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        accounts.set_free_hours(person=_person(request), codes=form.cleaned_data["free"])
        messages.success(request, _("Saved."))
        return redirect("me")
    return _page(request, form=form)


@login_required
@act_of("free_hours")
def away(request: HttpRequest) -> HttpResponse:
    """Be away from one day to another."""
    return _add(request, OtherTime.Kind.AWAY, away=AwayForm(request.POST, prefix="away"))


@login_required
@act_of("free_hours")
def also_free(request: HttpRequest) -> HttpResponse:
    """Be free besides the ordinary week."""
    return _add(request, OtherTime.Kind.FREE, also=AlsoFreeForm(request.POST, prefix="also"))


@login_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an exception away."""
    other_times.remove(person=_person(request), number=pk)
    messages.success(request, _("Removed."))
    return redirect("free_hours")


def _add(request: HttpRequest, kind: str, **forms_by_name: forms.Form) -> HttpResponse:
    (form,) = forms_by_name.values()
    if form.is_valid():
        given = form.cleaned_data
        try:
            other_times.add(person=_person(request), kind=kind, starts_at=given["starts_at"], ends_at=given["ends_at"])
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("free_hours")
    return _page(request, **forms_by_name)


def _page(request: HttpRequest, **given: Any) -> HttpResponse:
    person = _person(request)
    wrong = next((each for each in given.values() if each.is_bound), None)
    chosen = (
        set(request.POST.getlist("free")) if wrong and wrong is given.get("form") else set(person.profile.free_codes)
    )
    context = {
        "form": wrong,
        "away": given.get("away") or AwayForm(prefix="away"),
        "also": given.get("also") or AlsoFreeForm(prefix="also"),
        "exceptions": OtherTime.objects.filter(person=person).to_come(),
        "days": week_of(settings.CITY["weekend"]),
        "parts": PARTS,
        "chosen": chosen,
        "place": "me",
    }
    return render(request, "accounts/free_hours.html", context, status=422 if wrong else 200)


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)
