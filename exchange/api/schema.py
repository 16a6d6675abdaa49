"""The description of the API: what every operation answers, and in which words."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar, cast

import django_filters
from django.utils.translation import gettext_lazy as _
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers

from exchange.api.paging import DEFAULT, MOST
from exchange.api.views import ApiView

Method = TypeVar("Method", bound=Callable[..., Any])


class Problem(serializers.Serializer):  # type: ignore[type-arg]
    """Why something did not work: a word for machines, a sentence for the reader."""

    code = serializers.CharField()
    text = serializers.CharField()


class Invalid(Problem):
    """What cannot be used: each field with its sentences."""

    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), required=False
    )


class Operation(AutoSchema):
    """Adds to each operation the answers that all have, and the permission a key needs."""

    def get_auth(self) -> list[dict[str, Any]]:
        ways = [way for way in super().get_auth() if way]
        return [*ways, {}] if self._is_open() else ways

    def get_operation_id(self) -> str:
        words = [part.strip("{}") for part in self.path.removeprefix("/api/").strip("/").split("/")]
        return "_".join([self.method.lower(), *words])

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        found: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if found is None:
            return None
        found["summary"] = str(
            found.get("summary", "")
        )  # lazy until here: the description speaks the reader's language
        for each in found.get("parameters", ()):
            if "description" in each:
                each["description"] = str(each["description"])
        found["x-scope"] = cast(ApiView, self.view).scope_of(self.method)
        statuses = ["401", "403", "404", "429"]
        statuses += ["400", "413", "415"] if "requestBody" in found else []
        statuses += [] if self._is_open() else ["409"]
        for status in statuses:
            found["responses"].setdefault(status, self._problem(Problem, status))
        if "requestBody" in found or any(each["in"] == "query" for each in found.get("parameters", ())):
            found["responses"].setdefault("422", self._problem(Invalid, "422"))
        elif not self._is_open():
            found["responses"].setdefault("422", self._problem(Problem, "422"))
        return found

    def _problem(self, serializer: type[Problem], status: str) -> dict[str, Any]:
        answer = dict(self._get_response_for_code(serializer, status))  # type: ignore[no-untyped-call]
        if status == "429":
            answer["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds to wait"}}
        return {**answer, "description": str(_MEANINGS[status])}

    def _is_open(self) -> bool:
        return cast(ApiView, self.view).is_open and self.method == "GET"


_MEANINGS = {
    "400": _("not JSON that can be read"),
    "401": _("nobody is signed in, or the key opens nothing"),
    "403": _("the key lacks a permission, or the CSRF token is missing"),
    "404": _("not there, or not for you: both look the same"),
    "409": _("refused as things stand now"),
    "413": _("more than 128 kB"),
    "415": _("not sent as JSON"),
    "422": _("something that was sent cannot be used"),
    "429": _("too many requests"),
}


def described(
    summary: Any, *, gives: Any = None, takes: Any = None, status: int = 200, query: Sequence[OpenApiParameter] = (),
    tag: str,
) -> Callable[[Method], Method]:  # fmt: skip
    """Describe an operation: what it does in a sentence, what it takes and gives (None: no body)."""
    return extend_schema(summary=summary, request=takes, responses={status: gives}, parameters=list(query), tags=[tag])


@cache
def page_of(serializer: type[serializers.Serializer[Any]]) -> Any:
    """Give the serializer of one page of a list."""
    return inline_serializer(
        f"{serializer.__name__}Page",
        {
            "results": serializer(many=True),
            "next": serializers.CharField(allow_null=True, help_text="cursor of the next page, null on the last"),
        },
    )


def parameter(name: str, kind: type, text: Any, *, values: Sequence[str] = (), many: bool = False) -> OpenApiParameter:
    """Describe one parameter of the query."""
    return OpenApiParameter(
        name, kind, description=text, enum=list(values) or None, many=many, explode=True if many else None
    )


def paged(*, most: int = MOST) -> list[OpenApiParameter]:
    """Describe ?cursor= and ?limit=."""
    limit = {"type": "integer", "minimum": 1, "maximum": most, "default": min(DEFAULT, most)}
    return [
        parameter("cursor", str, _("“next” of the page before")),
        OpenApiParameter("limit", limit, description=_("how many on a page")),
    ]


def filters_of(filterset: type[django_filters.FilterSet]) -> list[OpenApiParameter]:
    """Describe every filter of a FilterSet, so that pages and API cannot say different things."""
    found = []
    for name, each in filterset.base_filters.items():
        label = each.extra.get("label") or each.label or name
        values = [str(value) for value, _words in each.extra.get("choices", ())]
        kind: type = str
        if isinstance(each, django_filters.BooleanFilter):
            kind = bool
        elif isinstance(each, django_filters.ModelChoiceFilter):
            kind = int
        many = isinstance(each, django_filters.MultipleChoiceFilter)
        found.append(parameter(name, kind, label, values=values, many=many))
    return found
