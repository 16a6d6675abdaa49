"""The description of the API as a file, and the page made from it on the server: no scripts, no CDN."""

import json
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

ROOMS = {
    "search": _("Search"),
    "listings": _("Offers and wishes"),
    "concepts": _("Skills"),
    "my listings": _("My offers and wishes"),
    "matches": _("Matches"),
    "talks": _("Talks"),
    "lessons": _("Lessons"),
    "me": _("Me"),
    "people": _("People"),
    "desk": _("The curators’ desk"),
}


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show how to come in, and every operation by room."""
    context = {"rooms": _rooms(str(request.LANGUAGE_CODE)), "place": "", "site": request.build_absolute_uri("/api/")}
    return render(request, "api/docs.html", context)


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """Give the description as OpenAPI, in the reader's language."""
    return JsonResponse(_schema(str(request.LANGUAGE_CODE)), json_dumps_params={"ensure_ascii": False})


@lru_cache(maxsize=4)
def _schema(language: str) -> dict[str, Any]:
    """Give the description in the reader's language, which is active; made once, for it takes a second."""
    found = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return dict(json.loads(OpenApiJsonRenderer().render(found)))


@lru_cache(maxsize=4)
def _rooms(language: str) -> list[dict[str, Any]]:
    """Give the operations by room, in the reader's language."""
    schema = _schema(language)
    found: dict[str, list[dict[str, Any]]] = {tag: [] for tag in ROOMS}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append(_operation(schema, path, method, operation))
    return [{"name": str(ROOMS[tag]), "slug": tag.replace(" ", "-"), "operations": each} for tag, each in found.items()]


def _operation(schema: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    answers = {status: each for status, each in operation["responses"].items() if status.startswith("2")}
    status, answer = next(iter(answers.items()))
    shown = answer.get("content", {}).get("application/json", {}).get("schema")
    return {
        "path": path,
        "method": method.upper(),
        "summary": operation["summary"],
        "scope": operation["x-scope"],
        "is_open": {} in operation.get("security", ()),
        "query": [
            {"name": each["name"], "text": each.get("description", ""), "values": _values(each["schema"])}
            for each in operation.get("parameters", ())
            if each["in"] == "query"
        ],
        "body": _fields(schema, body),
        "status": status,
        "answer": _fields(schema, shown),
        "refusals": sorted(code for code in operation["responses"] if not code.startswith("2")),
    }


def _fields(schema: dict[str, Any], part: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Give the fields of an object one by one: name, kind, whether it must be there."""
    if part is None:
        return []
    whole = _resolved(schema, part)
    needed = set(whole.get("required", ()))
    return [
        {"name": name, "kind": _kind(schema, field), "is_needed": name in needed, "text": field.get("description", "")}
        for name, field in whole.get("properties", {}).items()
    ]


def _kind(schema: dict[str, Any], field: dict[str, Any]) -> str:
    named = _resolved(schema, field)
    if values := _values(named):
        return " | ".join(values)
    if named.get("type") == "array":
        return f"[{_kind(schema, named['items'])}]"
    if "properties" in named:
        return "{" + ", ".join(named["properties"]) + "}"
    kind = str(named.get("format") or named.get("type") or "object")
    longest = named.get("maxLength")
    return f"{kind} ≤ {longest}" if longest else kind


def _values(field: dict[str, Any]) -> list[str]:
    if "oneOf" in field:
        return []
    if field.get("type") == "array":
        return _values(field.get("items", {}))
    return [str(value) for value in field.get("enum", ()) if value is not None]


def _resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Follow references, also those that only add "or null" or a description."""
    while True:
        inner = part.get("allOf") or part.get("oneOf")
        if "$ref" in part:
            part = schema["components"]["schemas"][part["$ref"].rpartition("/")[2]]
        elif inner:
            part = inner[0]
        else:
            return part
