"""One's hours: the statement, gifts, and what curators do with the community pot."""

import csv
from collections.abc import Iterator
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import policies
from accounts.models import Person
from exchange.acts import act_of
from exchange.ledger import participation, statements
from exchange.ledger import services as ledger
from exchange.ledger.forms import GiveForm, ReverseForm, ShareForm
from exchange.ledger.words import Line, span
from exchange.lib.errors import Refused
from exchange.lib.text import isolated

LINES = 30
REVERSING = "right_%s"  # two forms on one page: each field has an id of its own
UNSAFE = "=+-@\t\r"  # a spreadsheet would compute what begins so


@login_required
@require_safe
def hours(request: HttpRequest) -> HttpResponse:
    """Show what I have, what is held, and every line; or only counts, where the city keeps no balances."""
    person = _person(request)
    if not ledger.is_on():
        return render(request, "ledger/participation.html", {"counts": participation.of(person), "place": "me"})
    found = statements.page(person=person, before=_before(request), limit=LINES)
    return render(request, "ledger/hours.html", {"statement": found, "place": "me"})


@login_required
@require_safe
def hours_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Give every line as a file for spreadsheets, oldest last."""
    if not ledger.is_on():
        raise Http404
    answer = StreamingHttpResponse(
        _csv(statements.lines(person=_person(request))), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = 'attachment; filename="hours.csv"'
    return answer


@login_required
def hours_give(request: HttpRequest) -> HttpResponse:
    """Give hours to a neighbour (`to`) or to the community pot."""
    person = _person(request)
    if not ledger.is_on():
        raise Http404
    receiver = _receiver(request, person)
    form = GiveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            ledger.give(
                giver=person,
                receiver=receiver,
                minutes=form.cleaned_data["amount"],
                note=form.cleaned_data["note"],
                key=f"give:{person.pk}:{form.once}",
            )
        except Refused as refusal:
            form.add_error("hours", str(refusal))
        else:
            messages.success(request, _thanks(form.cleaned_data["amount"], receiver))
            return redirect("hours")
    context = {"form": form, "receiver": receiver, "balance": ledger.balance_of(person=person), "place": "me"}
    return render(request, "ledger/give.html", context, status=422 if form.is_bound else 200)


@login_required
def pot(request: HttpRequest) -> HttpResponse:
    """Show curators the community pot, and let them give from it."""
    curator = _curator(request)
    form = ShareForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            ledger.share(
                receiver=given["email"],
                minutes=given["amount"],
                by=curator,
                note=given["note"],
                key=f"share:{curator.pk}:{form.once}",
            )
        except Refused as refusal:
            form.add_error("hours", str(refusal))
        else:
            messages.success(request, _thanks(given["amount"], given["email"]))
            return redirect("hours_pot")
    return _pot(request, form, ReverseForm(auto_id=REVERSING), status=422 if form.is_bound else 200)


@login_required
@act_of("hours_pot")
def hours_reverse(request: HttpRequest) -> HttpResponse:
    """Let a curator put an entry right by moving everything back."""
    curator = _curator(request)
    form = ReverseForm(request.POST, auto_id=REVERSING)
    if form.is_valid():
        transfer = statements.transfer(form.cleaned_data["entry"])
        if transfer is None:
            form.add_error("entry", _("There is no such entry."))
        else:
            try:
                ledger.reverse(
                    transfer=transfer,
                    by=curator,
                    reason=form.cleaned_data["reason"],
                    key=f"reverse:{transfer.pk}:{form.once}",
                )
            except Refused as refusal:
                form.add_error("entry", str(refusal))
            else:
                messages.success(request, _("Put right: both sides see it on their statements."))
                return redirect("hours_pot")
    return _pot(request, ShareForm(), form, status=422)


def _pot(request: HttpRequest, form: ShareForm, reversing: ReverseForm, *, status: int) -> HttpResponse:
    context = {"form": form, "reversing": reversing, "pot": statements.pot(limit=LINES), "is_on": ledger.is_on()}
    return render(request, "ledger/pot.html", {**context, "place": "desk"}, status=status)


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)


def _curator(request: HttpRequest) -> Person:
    person = _person(request)
    if not person.is_curator:
        raise Http404
    return person


def _receiver(request: HttpRequest, person: Person) -> Person | None:
    """Give the neighbour that is meant; someone blocked either way, or gone, is not there."""
    number = request.POST.get("to") or request.GET.get("to") or ""
    if not number:
        return None
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Http404
    found = get_object_or_404(Person, pk=int(number), is_active=True)
    if not policies.may_write_to(person, found):
        raise Http404
    return found


def _before(request: HttpRequest) -> int | None:
    number = request.GET.get("before", "")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None


def _thanks(minutes: int, receiver: Person | None) -> str:
    if receiver is None:
        return _("You gave %(span)s to the community pot. Thank you!") % {"span": span(minutes)}
    return _("%(name)s has got %(span)s.") % {"name": isolated(receiver.first_name), "span": span(minutes)}


class _Echo:
    def write(self, text: str) -> str:
        """Hand on what the writer of rows makes."""
        return text


def _csv(lines: Iterator[Line]) -> Iterator[str]:
    row = csv.writer(_Echo()).writerow
    heads = (_("Date"), _("Number"), _("What"), _("With"), _("About"), _("Words"), _("Minutes"), _("Balance"))
    yield "\ufeff" + cast(str, row([str(head) for head in heads]))
    for line in lines:
        day = timezone.localtime(line.at).strftime("%Y-%m-%d %H:%M")
        other = line.other.first_name if line.other else ""
        texts = [_plain(text) for text in (line.words, other, line.title, line.note_words)]
        yield cast(str, row([day, line.number, *texts, line.minutes, line.balance]))


def _plain(text: str) -> str:
    return f"'{text}" if text[:1] in UNSAFE and text else text
