"""Saying hello."""

from typing import cast

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Person
from exchange.api.schema import described
from exchange.api.views import ApiView
from exchange.lessons import services as lessons
from exchange.lessons.serializers import HelloIn, LessonOut
from skills.models import Listing


class Hello(ApiView):
    """The first words."""

    scopes = {"POST": "talk"}

    @described(
        _("Say hello to the owner of a listing, which begins a talk"), takes=HelloIn, gives=LessonOut, tag="talks"
    )
    def post(self, request: Request, pk: int) -> Response:
        person = cast(Person, request.user)
        listing = get_object_or_404(Listing.objects.visible_to(person), pk=pk)
        return self.show(LessonOut, lessons.say_hello(listing=listing, by=person, **self.read(HelloIn)))
