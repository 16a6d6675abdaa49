"""The page “Safety”: age, guardians, the trusted contact, and rest."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms import CHILD, AgeForm, ContactForm, GuardianForm
from accounts.models import Person, TrustedContact
from accounts.services import care
from accounts.views import child_goes
from exchange.acts import act_of
from exchange.lib.errors import Refused


@login_required
@require_safe
def safety(request: HttpRequest) -> HttpResponse:
    """Show all that keeps one safe, on one page."""
    return _page(request)


@login_required
@act_of("safety")
def age(request: HttpRequest) -> HttpResponse:
    """Say how old one is, once."""
    person, form = _person(request), AgeForm(request.POST)
    if not form.is_valid():
        return _page(request, age_form=form, status=422)
    if form.cleaned_data["age"] == CHILD:
        return child_goes(request, person)
    try:
        care.say_age(person=person, age=form.cleaned_data["age"])
    except Refused as refusal:
        form.add_error("age", str(refusal))
        return _page(request, age_form=form, status=422)
    messages.success(request, _("Thank you."))
    return redirect("safety")


@login_required
@act_of("safety")
def guardian_ask(request: HttpRequest) -> HttpResponse:
    """Ask a guardian by e-mail."""
    form = GuardianForm(request.POST)
    if form.is_valid():
        try:
            care.ask_guardian(young=_person(request), email=form.cleaned_data["email"])
        except Refused as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, _("We have written to your guardian. You hear from us when they have agreed."))
            return redirect("safety")
    return _page(request, guardian_form=form, status=422)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ward(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a guardian agrees to; agree, decline, or end it."""
    person = _person(request)
    found = next((each for each in care.wards(guardian=person) if each.pk == pk), None)
    if found is None:
        raise Http404
    if request.method == "POST":
        answer = request.POST.get("answer", "")
        try:
            if answer == "yes" and not request.POST.get("agreed"):
                messages.error(request, _("Tick that you agree, or decline."))
                return redirect("ward", pk)
            if answer == "yes":
                care.accept_ward(guardianship_id=pk, by=person)
                messages.success(request, _("Thank you. From now on you are in every talk of theirs."))
            elif answer in ("no", "grown"):
                care.end_ward(guardianship_id=pk, by=person, is_grown=answer == "grown")
                messages.success(request, _("Done."))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("safety")
    words = care.consent_words(found.young)
    return render(request, "accounts/ward.html", {"ward": found, "words": words, "place": "me"})


@login_required
@act_of("safety")
def contact_name(request: HttpRequest) -> HttpResponse:
    """Name a trusted contact."""
    form = ContactForm(request.POST)
    if form.is_valid():
        try:
            care.name_contact(person=_person(request), **form.cleaned_data)
        except Refused as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, _("We have written to them. They count once they have agreed."))
            return redirect("safety")
    return _page(request, contact_form=form, status=422)


@login_required
@require_POST
def contact_let_go(request: HttpRequest) -> HttpResponse:
    """Forget the trusted contact."""
    care.let_contact_go(person=_person(request))
    messages.success(request, _("Done."))
    return redirect("safety")


@login_required
@require_POST
def contact_tell(request: HttpRequest) -> HttpResponse:
    """Let the trusted contact know now."""
    try:
        care.tell_contact(person=_person(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("We are writing to them now, and ask them to call you."))
    return redirect("safety")


@require_http_methods(["GET", "HEAD", "POST"])
def contact_answer(request: HttpRequest, token: str) -> HttpResponse:
    """What the letter to a contact opens, without an account: yes, or no (any more)."""
    found = care.contact_by_token(token)
    if found is None:
        raise Http404
    said = ""
    if request.method == "POST" and request.POST.get("answer") in ("yes", "no"):
        said = request.POST["answer"]
        care.answer_as_contact(token=token, is_yes=said == "yes")
    return render(request, "accounts/contact.html", {"contact": found, "said": said, "place": ""})


def _page(request: HttpRequest, *, status: int = 200, **forms: Any) -> HttpResponse:
    person = _person(request)
    form = next(iter(forms.values()), None)
    context = {
        "age_form": AgeForm() if not person.age else None,
        "guardian_form": GuardianForm() if person.is_young else None,
        "guardianship": care.guardianship_of(young=person) if person.is_young else None,
        "wards": care.wards(guardian=person),
        "contact": TrustedContact.objects.filter(person=person).first(),
        "contact_form": ContactForm(),
        "profile": person.profile,
        "form": form,
        "place": "me",
        **forms,
    }
    return render(request, "accounts/safety.html", context, status=status)


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)
