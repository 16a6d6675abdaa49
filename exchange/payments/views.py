"""A learner pays, both see how it stands, a mentor connects an account; and what Stripe tells."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from exchange.lib.errors import Refused
from exchange.payments import gateway
from exchange.payments.doors import leads_to_stripe, person_of, with_keys
from exchange.payments.models import Gift, Payment
from exchange.payments.services import fees, inbox, mentors

SHOWN = 50


@csrf_exempt
@require_POST
@with_keys
def webhook(request: HttpRequest) -> HttpResponse:
    """Keep what Stripe tells and answer at once; what it means is looked into later."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or int(length) > gateway.LARGEST_BODY:
        inbox.refuse("large")
        return HttpResponse(status=413)
    body = request.read(gateway.LARGEST_BODY + 1)
    if len(body) > gateway.LARGEST_BODY:
        inbox.refuse("large")
        return HttpResponse(status=413)
    try:
        inbox.take(body=body, signature=request.headers.get("Stripe-Signature", ""))
    except inbox.NotBelieved:
        return HttpResponse(status=400)
    return HttpResponse(status=200)


@with_keys
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what is paid, until when and what then; lead to the page where it is."""
    person = person_of(request)
    rows = Payment.objects.select_related("lesson__listing", "payee", "payer")
    payment = get_object_or_404(rows, lesson=pk, payer=person)
    error = ""
    if request.method == "POST":
        receipt = settings.SITE_URL + payment.get_absolute_url()
        leave = settings.SITE_URL + reverse("lesson_pay", args=[pk]) + "?left=1"
        try:
            return redirect(fees.pay(payment=payment, by=person, back=f"{receipt}?back=1", leave=leave))
        except Refused as refusal:
            error = str(refusal)
            payment.refresh_from_db()
    context = {
        "payment": payment,
        "error": error,
        "is_open": payment.is_due and payment.due_at > timezone.now(),
        "left": "left" in request.GET,
        "late_hours": settings.LATE_CANCEL_HOURS,
        "place": "me",
    }
    return leads_to_stripe(render(request, "payments/pay.html", context, status=409 if error else 200))


@with_keys
@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List what a person pays, is paid and gives; and whether they can ask for a fee."""
    person = person_of(request)
    rows = Payment.objects.of(person).select_related("lesson__listing", "payee", "payer").order_by("-id")[:SHOWN]
    account, is_unsure = mentors.account_of(person=person), False
    if "back" in request.GET and account is not None and account.account_id and not account.is_ready:
        try:  # news of it may be a minute away
            mentors.look(account_id=account.account_id)
            account = mentors.account_of(person=person)
        except Refused:
            is_unsure = True
    context = {
        "due": [row for row in rows if row.is_due and row.payer_id == person.pk],
        "others": [row for row in rows if not (row.is_due and row.payer_id == person.pk)],
        "gifts": Gift.objects.filter(person=person).order_by("-id")[:SHOWN],
        "account": account,
        "is_unsure": is_unsure,
        "place": "me",
    }
    return leads_to_stripe(render(request, "payments/payments.html", context))


@with_keys
@login_required
@require_safe
def receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one payment to its two people, fit to be printed."""
    person = person_of(request)
    rows = Payment.objects.of(person).select_related("lesson__listing", "payee", "payer")
    payment = get_object_or_404(rows, pk=pk)
    context = {
        "payment": payment,
        "is_payer": payment.payer_id == person.pk,
        "came_back": "back" in request.GET,
        "place": "me",
    }
    return leads_to_stripe(render(request, "payments/receipt.html", context))


@with_keys
@login_required
@require_POST
def connect(request: HttpRequest) -> HttpResponse:
    """Lead a mentor to where Stripe asks who they are."""
    try:
        back = settings.SITE_URL + reverse("payments") + "?back=1"
        return redirect(mentors.connect(person=person_of(request), back=back))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("payments")


@with_keys
@login_required
@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Ask Stripe anew how a mentor's account stands."""
    account = mentors.account_of(person=person_of(request))
    try:
        if account is not None and account.account_id:
            mentors.look(account_id=account.account_id)
            messages.success(request, _("Looked. This is how it stands now."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("payments")
