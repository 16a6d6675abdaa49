"""The view behind every operation: method, who, how often, may they; then the operation itself."""

from typing import Any, ClassVar, cast

from django.utils.translation import gettext as _
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated, NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from exchange.api import limits
from exchange.api.errors import ScopeMissing, WelcomeFirst


class ApiView(APIView):
    """One address. `scopes`: method → what a key needs; `is_open`: whoever may GET it, signed in or not."""

    scopes: ClassVar[dict[str, str]] = {}
    is_open: ClassVar[bool] = False
    for_curators: ClassVar[bool] = False
    format_kwarg = None
    http_method_names: ClassVar[list[str]] = ["get", "post", "put", "patch", "delete", "head"]  # type: ignore[misc]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let the request in, or say why not: the method first, then who it is, how often, and what they may."""
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        if str(request.method).lower() not in self.http_method_names or not hasattr(self, str(request.method).lower()):
            raise MethodNotAllowed(str(request.method))
        self.perform_authentication(request)
        limits.count(request)
        self._admit(request)

    def _admit(self, request: Request) -> None:
        is_open = self.is_open and request.method in limits.SAFE
        person, key = request.user, cast(Any, request.auth)
        if not person.is_authenticated:
            if is_open:
                return
            raise NotAuthenticated
        scope = self.scope_of(str(request.method))
        if key is not None and scope and scope not in key.scopes:
            raise ScopeMissing(_("This key does not have the permission “%(scope)s”.") % {"scope": scope})
        if self.for_curators and not person.is_curator:
            raise NotFound
        if not is_open and person.welcomed_at is None:
            raise WelcomeFirst(_("Tell us your name, district and language first, on the page “Welcome”."))

    @classmethod
    def scope_of(cls, method: str) -> str:
        """Give the permission a key needs for a method."""
        return cls.scopes.get("GET" if method == "HEAD" else method, "")

    def language(self) -> str:
        """Give the reader's language, "ar" or "en"."""
        return "ar" if str(getattr(self.request, "LANGUAGE_CODE", "ar")).startswith("ar") else "en"

    def read(self, serializer_class: Any, **kwargs: Any) -> dict[str, Any]:
        """Give the valid fields of the body; raises a validation error (422) otherwise. Other fields are ignored."""
        serializer = serializer_class(data=self.request.data, **kwargs)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def show(self, serializer_class: Any, value: Any, *, status: int = 200, **context: Any) -> Response:
        """Answer with one object."""
        context = {"language": self.language(), "reader": self.request.user, **context}
        return Response(serializer_class(value, context=context).data, status=status)

    def show_page(self, serializer_class: Any, rows: Any, cursor: str | None, **context: Any) -> Response:
        """Answer with one page of a list and the cursor of the next one."""
        context = {"language": self.language(), "reader": self.request.user, **context}
        return Response({"results": serializer_class(rows, many=True, context=context).data, "next": cursor})


class Nowhere(ApiView):
    """Any other address under /api/: the same answer as for what one may not see."""

    is_open = True
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        self.perform_authentication(request)
        limits.count(request)
        raise NotFound
