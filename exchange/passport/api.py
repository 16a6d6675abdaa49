"""One's own passport."""

from datetime import datetime
from typing import cast

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Person
from exchange.api import paging
from exchange.api.schema import described, page_of, paged
from exchange.api.views import ApiView
from exchange.passport import services as passports
from exchange.passport.serializers import StoryOut


class Passport(ApiView):
    """All confirmed lessons of mine as stories."""

    scopes = {"GET": "read"}

    @described(
        _("My passport: the lessons I had, the newest first"), gives=page_of(StoryOut), query=paged(), tag="lessons"
    )
    def get(self, request: Request) -> Response:
        person = cast(Person, request.user)
        wanted = paging.asked(request, datetime, int)
        lessons, cursor = paging.page(passports.confirmed(person=person), wanted, "-starts_at", "-id")
        stories = passports.passport(lessons=lessons, person=person, language=self.language())
        return self.show_page(StoryOut, stories, cursor)
