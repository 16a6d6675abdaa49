"""The bell, what is mailed, and one-click stop."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Person
from exchange.notices import services
from exchange.notices.rules import KINDS


@login_required
@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """List what was told, newest first."""
    lines = services.latest(person=_person(request))
    has_new = any(line.notice.read_at is None for line in lines)
    return render(request, "notices/notices.html", {"lines": lines, "has_new": has_new, "place": "notices"})


@login_required
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    services.mark_read(person=_person(request))
    return redirect("notices")


@login_required
@require_http_methods(["GET", "POST"])
def choices(request: HttpRequest) -> HttpResponse:
    """Choose what comes by mail."""
    if request.method == "POST":
        wanted = set(request.POST.getlist("mail"))
        services.choose_mail(person=_person(request), choices={kind: kind in wanted for kind in KINDS})
        messages.success(request, _("Kept."))
        return redirect("notice_settings")
    kinds = [
        (kind, f"notices/names/{kind}.html", is_on)
        for kind, is_on in services.mail_choices(person=_person(request)).items()
    ]
    return render(request, "notices/settings.html", {"kinds": kinds, "place": "me"})


@csrf_exempt  # RFC 8058: the mail program posts here by itself; the signed word is the key
@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, then stop mailing one kind; a GET never stops anything, because mail scanners open every link."""
    found = services.read_token(token)
    if found is None:
        return render(request, "notices/stop.html", {"state": "unknown"}, status=404)
    name = f"notices/names/{found[1]}.html"
    if request.method == "POST":
        services.stop_by_token(token)
        return render(request, "notices/stop.html", {"state": "stopped", "name": name})
    return render(request, "notices/stop.html", {"state": "ask", "name": name})


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)
