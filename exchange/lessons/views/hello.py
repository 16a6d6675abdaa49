"""Saying hello."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import policies
from accounts.forms import CHILD, AgeForm
from accounts.models import Person
from accounts.services import care
from accounts.views import child_goes
from exchange.chat.models import Conversation
from exchange.lessons import rules
from exchange.lessons import services as lessons
from exchange.lessons.forms import HelloForm
from exchange.lib.errors import Refused
from skills.models import Listing


@login_required
def hello(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a ready sentence; send it and go to the talk."""
    person = cast(Person, request.user)
    listing = get_object_or_404(Listing.objects.visible_to(person).with_card(), pk=pk)
    if listing.owner_id == person.pk and request.method != "POST":
        return redirect(listing)
    existing = lessons.enquiry_between(listing=listing, person=person)
    if existing is not None:
        return redirect(existing.conversation)
    form = HelloForm(request.POST or None, initial={"body": _ready_words(listing, person)})
    ages = AgeForm(request.POST or None) if not person.age else None
    if request.method == "POST" and form.is_valid() and (ages is None or ages.is_valid()):
        try:
            if ages is not None and ages.cleaned_data["age"] == CHILD:
                return child_goes(request, person)
            if ages is not None:
                care.say_age(person=person, age=ages.cleaned_data["age"])
                ages = None
            lesson = lessons.say_hello(listing=listing, by=person, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(lesson.conversation)
    status = 422 if form.is_bound else 200
    context = {
        "listing": listing,
        "form": form,
        "ages": ages,
        "needs_guardian": policies.lacks_guardian(person),
        "usual_answer": lessons.usual_answer(person=listing.owner),
        "place": "find",
    }
    return render(request, "lessons/hello.html", context, status=status)


@login_required
@require_POST
def full(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a hello with "full now, ask me after …", and show the talk again."""
    person = cast(Person, request.user)
    talk = get_object_or_404(Conversation.objects.for_member(person), pk=pk)
    days = request.POST.get("days", "")
    lesson = lessons.unanswered(conversation_id=talk.pk, person=person)
    if lesson is None or days not in {str(each) for each in rules.FULL_DAYS}:
        messages.error(request, _("This can be said to a hello that you have not answered yet."))
        return redirect(talk)
    try:
        lessons.be_full(lesson=lesson, by=person, days=int(days))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(talk)


def _ready_words(listing: Listing, person: Person) -> str:
    name, title = listing.owner.first_name, listing.title
    if listing.is_offer:
        return _("Hello %(name)s, I am %(me)s. I would like to learn: %(title)s. When would suit you?") % {
            "name": name, "me": person.first_name, "title": title,
        }  # fmt: skip
    return _("Hello %(name)s, I am %(me)s. I can help you with: %(title)s. When would suit you?") % {
        "name": name, "me": person.first_name, "title": title,
    }  # fmt: skip
