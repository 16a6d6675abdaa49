"""Pages about oneself: enter by code, welcome, profile, look, devices, blocks."""

from typing import Any, cast

from allauth.account.internal.stagekit import clear_login
from allauth.account.views import ConfirmLoginCodeView, RequestLoginCodeView
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import rules
from accounts import services as accounts
from accounts.forms import CHILD, SCOPE_WORDS, AppearanceForm, KeyForm, ProfileForm, WelcomeForm
from accounts.models import Person, Token
from accounts.services import care
from exchange.lib.errors import Refused


class Enter(RequestLoginCodeView):
    """Ask for the e-mail address; the code goes out either way."""

    template_name = "accounts/enter.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Begin anew: whoever comes back to this page wants another address, not the code of the last one."""
        clear_login(request)
        return cast(HttpResponse, super().dispatch(request, *args, **kwargs))

    def form_invalid(self, form: object) -> HttpResponse:
        return cast(HttpResponse, self.render_to_response(self.get_context_data(form=form), status=422))


class EnterCode(ConfirmLoginCodeView):
    """Ask for the six digits."""

    template_name = "accounts/code.html"

    def form_invalid(self, form: object) -> HttpResponse:
        response = super().form_invalid(form)
        if response.status_code == 200:
            response.status_code = 422
        return cast(HttpResponse, response)

    def form_valid(self, form: object) -> HttpResponse:
        response = super().form_valid(form)
        if self.request.user.is_authenticated:
            _remember_language(response, self.request.user.language)
            UserSession.objects.purge_and_list(self.request.user)  # rows of sessions that ended by themselves
        return cast(HttpResponse, response)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session and leave nothing private in the browser."""
    logout(request)
    return _leaving(redirect("home"))


@login_required
def welcome(request: HttpRequest) -> HttpResponse:
    """Name, district, language, 18 or not: then done. A child is sent away kindly, and nothing of them is kept."""
    person = _person(request)
    initial = {"name": person.name, "district": person.district_id, "language": request.LANGUAGE_CODE}
    form = WelcomeForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["age"] == CHILD:
            return child_goes(request, person)
        try:
            accounts.welcome(person=person, **form.cleaned_data)
        except Refused as refusal:
            form.add_error("age", str(refusal))
            return render(request, "accounts/welcome.html", {"form": form, "place": "me"}, status=422)
        response = redirect("safety" if person.is_young else "home")
        _remember_language(response, form.cleaned_data["language"])
        return response
    return render(request, "accounts/welcome.html", {"form": form, "place": "me"}, status=_status(form.is_bound))


def child_goes(request: HttpRequest, person: Person) -> HttpResponse:
    """Keep nothing of a child, sign them out, and say kindly what they can do."""
    care.let_child_go(person=person)
    logout(request)
    return _leaving(render(request, "accounts/child.html", {"place": ""}))


@login_required
def profile_edit(request: HttpRequest) -> HttpResponse:
    """Change what neighbours may know."""
    person = _person(request)
    start = {"name": person.name, "district": person.district_id}
    form = ProfileForm(request.POST or None, instance=person.profile, initial=start)
    if request.method == "POST" and form.is_valid():
        accounts.change_profile(person=person, about_lang=request.LANGUAGE_CODE, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("me")
    return render(request, "accounts/profile.html", {"form": form, "place": "me"}, status=_status(form.is_bound))


@login_required
def devices(request: HttpRequest) -> HttpResponse:
    """Show where one is signed in; end them all at once."""
    person = _person(request)
    if request.method == "POST":
        accounts.sign_out_everywhere(person=person)
        logout(request)
        messages.success(request, _("You are signed out on every device."))
        return _leaving(redirect("home"))
    own = request.session.session_key
    sessions = [
        {"name": rules.device_name(row.user_agent), "since": row.created_at, "is_current": row.session_key == own}
        for row in accounts.devices(person=person)
    ]
    return render(request, "accounts/devices.html", {"sessions": sessions, "place": "me"})


@login_required
@never_cache
def keys(request: HttpRequest) -> HttpResponse:
    """Show one's keys for programs and make one; the new key is on this answer and nowhere else."""
    person = _person(request)
    form = KeyForm(person, request.POST if request.method == "POST" else None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        try:
            secret = accounts.make_token(
                person=person, name=chosen["name"], scopes=chosen["scopes"], days=int(chosen["lasts"] or 0) or None
            )
        except Refused as refusal:
            form.add_error("name", str(refusal))
        else:
            form = KeyForm(person)
    context = {"form": form, "secret": secret, "keys": _shown_keys(person), "place": "me"}
    return render(request, "accounts/keys.html", context, status=_status(form.is_bound))


@login_required
@require_POST
def key_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a key away."""
    accounts.remove_token(person=_person(request), token_id=pk)
    messages.success(request, _("The key is removed. What used it no longer comes in."))
    return redirect("keys")


@login_required
@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    """Rest from suggestions and new hellos."""
    accounts.pause(person=_person(request))
    messages.success(
        request, _("Everything of yours rests: listings, suggestions, new hellos, mails. One tap brings it back.")
    )
    return redirect("me")


@login_required
@require_POST
def unpause(request: HttpRequest) -> HttpResponse:
    """Be there again."""
    try:
        accounts.resume(person=_person(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("safety")
    messages.success(request, _("Welcome back. Your listings can be found again."))
    return redirect("me")


@login_required
@require_POST
def person_block(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep someone away, both ways, silently."""
    other = get_object_or_404(Person, pk=pk, is_active=True)
    accounts.block(blocker=_person(request), blocked=other)
    messages.success(request, _("Done. You will not meet each other here any more; they are not told."))
    return redirect("talks")


@login_required
@require_POST
def person_unblock(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own block back."""
    accounts.unblock(blocker=_person(request), blocked=get_object_or_404(Person, pk=pk))
    messages.success(request, _("The block is taken back."))
    return redirect("me")


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language of pages and come back to the same page."""
    chosen = request.POST.get("lang", "")
    response = HttpResponseRedirect(_next(request))
    if chosen in dict(settings.LANGUAGES):
        _remember_language(response, chosen)
        if request.user.is_authenticated:
            accounts.set_language(person=_person(request), language=chosen)
    return response


@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Keep text size and contrast: with the person, and on this device for when they are signed out."""
    form = AppearanceForm(request.POST)
    response = (
        HttpResponse(status=204) if request.headers.get("X-Requested-With") else HttpResponseRedirect(_next(request))
    )
    if not form.is_valid():
        return response
    text, contrast = form.cleaned_data["text"] or None, form.cleaned_data["contrast"] or None
    for name, value in (("text", text), ("contrast", contrast)):
        if value:
            _remember(response, name, value)
    if request.user.is_authenticated:
        accounts.set_appearance(person=_person(request), text_size=text, contrast=contrast)
    return response


def _leaving(response: HttpResponse) -> HttpResponse:
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)


def _shown_keys(person: Person) -> list[Token]:
    """Give one's keys, newest first, each with what it may do in words and whether it has run out."""
    found = list(Token.objects.filter(person=person).order_by("-id"))
    for key in found:
        key.may = [SCOPE_WORDS[scope] for scope in key.scopes if scope != "curate" or person.is_curator]  # type: ignore[attr-defined]
        key.has_run_out = key.expires_at is not None and key.expires_at <= timezone.now()  # type: ignore[attr-defined]
    return found


def _next(request: HttpRequest) -> str:
    """Give the local page to return to; anything else leads home."""
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours and target.startswith("/") else "/"


def _remember_language(response: HttpResponse, code: str) -> None:
    _remember(response, settings.LANGUAGE_COOKIE_NAME, code)


def _remember(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        samesite="Lax",
        secure=settings.BEHIND_HTTPS,
        httponly=True,
    )


def _status(is_bound: bool) -> int:
    return 422 if is_bound else 200
