"""The one box: results with filters, counts and chips, and suggestions while typing."""

from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Person
from exchange.lib.text import clean
from search import services as search
from search.query import PAGE
from skills.cards import cards_for
from skills.filters import ListingFilter
from skills.models import Listing
from skills.services import concepts

LAST_PAGE = 50
GROUPS = {"kind": "radio", "format": "radio", "speaks": "radio", "day": "checkbox", "part": "checkbox"}


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Answer a question; a choice that is not on offer is said beside its field, the rest is answered."""
    filters = ListingFilter(request.GET, queryset=Listing.objects.none())
    page = _page(request)
    query = search.query_of(filters, reader=request.user, lang=str(request.LANGUAGE_CODE), page=page)
    results = search.find(query=query, person=request.user, for_cards=True)
    is_valid = filters.form.is_valid()
    context = {
        "filters": filters,
        "form": filters.form,
        "results": results,
        "cards": cards_for(
            results.listings, reader=request.user, language=str(request.LANGUAGE_CODE), snippets=results.snippets
        ),
        "chips": _chips(request, filters),
        "facets": results.facets,
        "panel": lambda: _panel(filters, results.facets),  # asked for only where it is drawn
        "districts": lambda: _choices(filters, "district", results.facets),
        "text": query.text,
        "kept_query": (kept := search.kept_part(filters)),
        "is_kept": bool(kept) and isinstance(request.user, Person) and search.is_kept(person=request.user, query=kept),
        "page": page,
        "previous": _url(request, page=page - 1) if page > 1 else "",
        "next": _url(request, page=page + 1) if page * PAGE < results.total and page < LAST_PAGE else "",
        "place": "find",
    }
    template = "search/find.html#page" if request.htmx else "search/find.html"  # type: ignore[attr-defined]
    return render(request, template, context, status=200 if is_valid else 422)


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Complete what is being typed, as JSON for the box."""
    text = clean(request.GET.get("q", ""))[:80]
    found = search.suggest(text=text, lang=str(request.LANGUAGE_CODE))
    return JsonResponse({"suggestions": found})


@login_required
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keep the search that the form names, and go back to it."""
    asked = QueryDict(request.POST.get("query", "")[:2000])
    filters = ListingFilter(asked, queryset=Listing.objects.none())
    language = str(request.LANGUAGE_CODE)
    name = " · ".join(chip["label"] for chip in _chips(request, filters)) if filters.form.is_valid() else ""
    text = search.valid_part(filters).get("q") or ""
    name = " · ".join(filter(None, [text, name])) or _("Everything new")
    search.keep(person=_person(request), filters=filters, name=name, lang=language)
    messages.success(request, _("We tell you when something new meets this search."))
    return redirect(_address(asked.urlencode()))


@login_required
@require_safe
def saved(request: HttpRequest) -> HttpResponse:
    """List the searches one keeps."""
    return render(request, "search/saved.html", {"rows": search.saved_of(_person(request)), "place": "me"})


@login_required
@require_POST
def let_go(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a search no more."""
    search.let_go(person=_person(request), saved_id=pk)
    return redirect("saved_searches")


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)


def _panel(filters: ListingFilter, facets: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    """Give the groups of choices of the filter panel, each choice with how many listings it would give."""
    return [
        {"name": name, "type": kind, "legend": filters.form[name].label, "choices": _choices(filters, name, facets)}
        for name, kind in GROUPS.items()
    ]


def _choices(filters: ListingFilter, name: str, facets: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    bound, counts = filters.form[name], facets.get(name, {})
    value = bound.value()
    chosen = set(value) if isinstance(value, list) else {value or ""}
    return [
        {
            "value": str(key),
            "id": f"id_{name}_{key or 'any'}",
            "label": str(label),
            "count": counts.get(str(key), 0) if key else None,
            "is_chosen": str(key) in chosen,
        }
        for key, label in bound.field.choices
    ]


def _page(request: HttpRequest) -> int:
    number = request.GET.get("page", "1")
    return min(max(int(number), 1), LAST_PAGE) if number.isascii() and number.isdigit() and len(number) < 5 else 1


def _chips(request: HttpRequest, filters: ListingFilter) -> list[dict[str, Any]]:
    """Give each choice made, in words, with the address without it."""
    if not filters.form.is_valid():
        return []
    chosen = filters.form.cleaned_data
    chips = []
    for name, field in filters.form.fields.items():
        values = chosen.get(name)
        if name == "q" or not values:
            continue
        if name == "concept":
            known = concepts.tree()
            label = known.hit(values.pk).name(str(request.LANGUAGE_CODE)) if values.pk in known.names else str(values)
            chips.append({"label": label, "url": _without(request, name)})
        elif name == "new":
            chips.append({"label": _("New this week"), "url": _without(request, name)})
        elif name == "district":
            chips.append({"label": str(values), "url": _without(request, name)})
        else:
            words = dict(field.choices)
            listed = values if isinstance(values, list) else [values]
            chips += [
                {"label": str(words.get(value, value)), "url": _without(request, name, value)} for value in listed
            ]
    return chips


def _without(request: HttpRequest, name: str, value: str | None = None) -> str:
    kept = [each for each in request.GET.getlist(name) if value is not None and each != value]
    return _changed(request, name, kept)


def _url(request: HttpRequest, *, page: int) -> str:
    return _changed(request, "page", [str(page)])


def _changed(request: HttpRequest, name: str, values: list[str]) -> str:
    """Give the address of this search with other values of one field, from its first page on."""
    rest = [(key, values) for key, values in request.GET.lists() if key not in ("page", name)]
    return _address(urlencode([*rest, (name, values)], doseq=True))


def _address(text: str) -> str:
    return f"/find/?{text}" if text else "/find/"
