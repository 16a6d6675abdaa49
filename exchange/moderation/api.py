"""The curators' desk: what waits, one text, the decisions. For everyone else these addresses do not exist."""

from datetime import datetime
from typing import Any, cast

from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Person
from exchange.api import paging
from exchange.api.schema import described, page_of, paged
from exchange.api.views import ApiView
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from exchange.lessons.serializers import LessonWholeOut, ResolveIn
from exchange.moderation import services as moderation
from exchange.moderation.models import Decision
from exchange.moderation.rules import REASONS
from exchange.moderation.serializers import DecisionOut, ItemOut, ReasonOut, ReturnIn, WaitingOut
from skills.models import Revision

DESK = "desk"


class DeskView(ApiView):
    """What all of the desk shares."""

    for_curators = True

    @property
    def curator(self) -> Person:
        """Whoever asks."""
        return cast(Person, self.request.user)


class Desk(DeskView):
    """The queue."""

    scopes = {"GET": "curate"}

    @described(_("What waits at the desk, oldest first"), gives=page_of(WaitingOut), query=paged(), tag=DESK)
    def get(self, request: Request) -> Response:
        wanted = paging.asked(request, str, datetime, int)
        rows = moderation.queue(curator=self.curator)
        if wanted.after is not None:
            rows = rows.filter(_behind(wanted.after))
        found, cursor = paging.cut(
            list(rows[: wanted.limit + 1]),
            wanted.limit,
            lambda row: [row.skipped_until.isoformat() if row.skipped_until else "", row.sent_at, row.pk],
        )
        return self.show_page(WaitingOut, found, cursor)


class DisputedLessons(DeskView):
    """Lessons that wait for a decision."""

    scopes = {"GET": "curate"}

    @described(_("Lessons that wait for a curator, the longest first"), gives=page_of(LessonWholeOut), query=paged(),
               tag=DESK)  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = Lesson.objects.disputed_for(self.curator).prefetch_related("proposals", "steps")
        found = paging.page(rows, paging.asked(request, datetime, int), "disputed_at", "id")
        return self.show_page(LessonWholeOut, *found)


class ResolveLesson(DeskView):
    """A decision about the hours."""

    scopes = {"POST": "curate"}

    @described(_("Decide a dispute: pay the teacher, return to the learner, or half each"), takes=ResolveIn,
               gives=LessonWholeOut, tag=DESK)  # fmt: skip
    def post(self, request: Request, pk: int) -> Response:
        lesson = get_object_or_404(Lesson.objects.exclude(disputed_at=None), pk=pk)
        given = self.read(ResolveIn)
        if "key" in given:
            given["key"] = str(given["key"])
        return self.show(LessonWholeOut, lessons.resolve(lesson=lesson, by=self.curator, **given))


class Item(DeskView):
    """One text."""

    scopes = {"GET": "curate"}

    @described(_("One text with what changed and near duplicates"), gives=ItemOut, tag=DESK)
    def get(self, request: Request, pk: int) -> Response:
        revision = get_object_or_404(moderation.queue(curator=self.curator), pk=pk)
        return self.show(ItemOut, moderation.item(revision=revision))


class Accept(DeskView):
    """Letting through."""

    scopes = {"POST": "curate"}

    @described(_("Let a text through"), gives=DecisionOut, tag=DESK)
    def post(self, request: Request, pk: int) -> Response:
        revision = get_object_or_404(Revision, pk=pk)
        return self.show(DecisionOut, moderation.let_through(revision=revision, curator=self.curator))


class Return(DeskView):
    """Giving back."""

    scopes = {"POST": "curate"}

    @described(_("Return a text with a reason that its author reads"), takes=ReturnIn, gives=DecisionOut, tag=DESK)
    def post(self, request: Request, pk: int) -> Response:
        revision = get_object_or_404(Revision, pk=pk)
        why = self.read(ReturnIn)
        return self.show(DecisionOut, moderation.give_back(revision=revision, curator=self.curator, **why))


class Skip(DeskView):
    """Putting to the end."""

    scopes = {"POST": "curate"}

    @described(_("Put a text at the end of the queue for half an hour"), status=204, tag=DESK)
    def post(self, request: Request, pk: int) -> Response:
        moderation.skip(revision=get_object_or_404(Revision, pk=pk), curator=self.curator)
        return Response(status=204)


class Decisions(DeskView):
    """One's own decisions."""

    scopes = {"GET": "curate"}

    @described(_("My decisions, newest first"), gives=page_of(DecisionOut), query=paged(), tag=DESK)
    def get(self, request: Request) -> Response:
        rows = Decision.objects.filter(curator=self.curator)
        return self.show_page(DecisionOut, *paging.page(rows, paging.asked(request, int), "-id"))


class Undo(DeskView):
    """Taking back."""

    scopes = {"POST": "curate"}

    @described(_("Take a decision back within ten minutes"), gives=DecisionOut, tag=DESK)
    def post(self, request: Request, pk: int) -> Response:
        decision = get_object_or_404(Decision, pk=pk, curator=self.curator)
        moderation.undo(decision=decision, curator=self.curator)
        decision.refresh_from_db()
        return self.show(DecisionOut, decision)


class Reasons(DeskView):
    """The short list of reasons."""

    scopes = {"GET": "curate"}

    @described(_("The reasons a text may be returned for"), gives=page_of(ReasonOut), tag=DESK)
    def get(self, request: Request) -> Response:
        rows: list[dict[str, Any]] = [{"code": code, **words} for code, words in REASONS.items()]
        return self.show_page(ReasonOut, rows, None)


def _behind(after: tuple[Any, ...]) -> Q:
    """Say what stands behind a place of the queue: those never skipped come first, then by when they come back."""
    skipped, sent_at, number = after
    later = Q(sent_at__gte=sent_at) & (Q(sent_at__gt=sent_at) | Q(id__gt=number))
    if not skipped:
        return (Q(skipped_until=None) & later) | Q(skipped_until__isnull=False)
    (until,) = paging.read(paging.write(skipped), datetime)
    return Q(skipped_until__gt=until) | (Q(skipped_until=until) & later)
