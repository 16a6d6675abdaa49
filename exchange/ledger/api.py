"""One's own hours."""

from typing import cast

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Person
from exchange.api import paging
from exchange.api.schema import described, page_of, paged
from exchange.api.views import ApiView
from exchange.ledger import services as ledger
from exchange.ledger import statements
from exchange.ledger.serializers import BalanceOut, LineOut


class HoursView(ApiView):
    """What both share: where a city keeps no balances, neither is there."""

    scopes = {"GET": "read"}

    @property
    def person(self) -> Person:
        """Whoever asks."""
        if not ledger.is_on():
            raise Http404
        return cast(Person, self.request.user)


class Balance(HoursView):
    """What I have."""

    @described(_("My hours, in minutes: what I have, what is held, how far down I may go"), gives=BalanceOut, tag="me")
    def get(self, request: Request) -> Response:
        return self.show(BalanceOut, statements.page(person=self.person, before=None, limit=0))


class StatementLines(HoursView):
    """What came and went."""

    @described(_("What came and went on my account, newest first"), gives=page_of(LineOut), query=paged(), tag="me")
    def get(self, request: Request) -> Response:
        wanted = paging.asked(request, int)
        before = wanted.after[0] if wanted.after is not None else None
        found = statements.page(person=self.person, before=before, limit=wanted.limit)
        return self.show_page(LineOut, found.lines, paging.write(found.before) if found.before else None)
