"""The bell, how one wants to hear, and one-click stop."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from exchange.notices.forms import OWN, NoticeForm
from exchange.notices.models import zone_of
from exchange.notices.services import choosing, pushing, telling


@login_required
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """List what was told, newest first."""
    lines = telling.latest(person=_person(request))
    has_new = any(line.is_new for line in lines)
    return render(request, "notices/notices.html", {"lines": lines, "has_new": has_new, "place": "notices"})


@login_required
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    telling.mark_read(person=_person(request))
    return redirect("notices")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: HttpRequest) -> HttpResponse:
    """Choose what comes where, and when."""
    person = _person(request)
    hours = choosing.habits(person=person)
    form = NoticeForm(
        request.POST if request.method == "POST" else None,
        choices=choosing.choices_of(person=person),
        hours=hours,
        devices=choosing.device_choices_of(person=person) if pushing.is_on() else {},
    )
    if form.is_valid():
        choosing.choose(person=person, mail=form.chosen_mail, on_page=form.chosen_pages, on_devices=form.chosen_devices,
                        hours=form.hours)  # fmt: skip
        messages.success(request, _("Kept."))
        return redirect("notice_settings")
    context = {
        "form": form,
        "kinds": [
            (
                form[f"mail_{kind}"],
                [form[name] for name in (f"page_{kind}", f"push_{kind}") if name in form.fields],
                f"notices/names/{kind}.html",
            )
            for kind in form.kinds
        ],
        "push_key": settings.VAPID_PUBLIC_KEY,
        "is_own": form["mail"].value() == OWN,
        "now": timezone.now(),
        "place": "me",
    }
    with timezone.override(zone_of(hours)):
        return render(request, "notices/settings.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def device(request: HttpRequest) -> HttpResponse:
    """Keep or forget where this browser is reached; asked by devices.js only."""
    fields = {name: request.POST.get(name, "") for name in ("endpoint", "p256dh", "auth")}
    if request.POST.get("remove"):
        pushing.remove_device(person=_person(request), endpoint=fields["endpoint"])
        return HttpResponse(status=204)
    try:
        pushing.add_device(person=_person(request), session_key=request.session.session_key or "", **fields)
    except pushing.NotADevice as refusal:
        return JsonResponse({"code": refusal.code, "text": str(refusal)}, status=422)
    return HttpResponse(status=204)


@csrf_exempt  # RFC 8058: the mail program posts here by itself; the signed word is the key
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, then stop mailing one kind; a GET never stops anything, because mail scanners open every link."""
    found = choosing.read_token(token)
    if found is None:
        return render(request, "notices/stop.html", {"state": "unknown"}, status=404)
    name = f"notices/names/{found[1]}.html"
    if request.method == "POST":
        choosing.stop_by_token(token)
        return render(request, "notices/stop.html", {"state": "stopped", "name": name})
    return render(request, "notices/stop.html", {"state": "ask", "name": name})


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)
