"""What of money needs a curator: payments that a bank took back, and what failed, with a fresh start for it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from exchange.payments.doors import person_of, with_keys
from exchange.payments.models import Dispute, Errand, News
from exchange.payments.services import errands, inbox

SHOWN = 50


@with_keys
@login_required
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """List disputes, the open ones first, and what failed."""
    _curators_only(request)
    people = "payment__payer", "payment__payee", "payment__lesson__listing"
    disputes = Dispute.objects.select_related(*people, "gift")
    context = {
        "open": disputes.filter(closed_at=None).order_by("-id")[:SHOWN],
        "closed": disputes.exclude(closed_at=None).order_by("-closed_at")[:10],
        "errands": Errand.objects.flagged().select_related("payment__payee", "payment__payer", "gift")[:SHOWN],
        "news": News.objects.flagged()[:SHOWN],
        "place": "desk",
    }
    return render(request, "payments/desk.html", context)


@with_keys
@login_required
@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Give one thing that failed, or all, a fresh start; it is done within half a minute."""
    _curators_only(request)
    number = request.POST.get("number", "")
    one = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None
    what = request.POST.get("what", "")
    again = 0
    if what == "errand" and one is not None:
        again = errands.retry(errand_id=one)
    elif what == "news" and one is not None:
        again = inbox.retry(news_id=one)
    elif what == "all":
        again = errands.retry() + inbox.retry()
    if again:
        messages.success(request, _("It is tried again within a minute."))
    return redirect("desk_payments")


def _curators_only(request: HttpRequest) -> None:
    if not person_of(request).is_curator:
        raise Http404
