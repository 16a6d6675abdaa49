"""A city small enough to know and full enough to touch every page: what the crawls of this folder walk through."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from exchange.lessons.models import Lesson


@dataclass
class Town:
    """Rows that addresses point at; Salma owns them unless the name says otherwise."""

    offer: Any
    wish: Any
    paused: Any
    draft: Any
    waiting: Any
    talk: int
    lesson: int
    ring: int
    saved: int
    word: int
    concept: int
    ward: int
    enquiry: int
    met: int  # a confirmed lesson of the two, of which neither has written
    thanks: int  # the member's to the owner, of another one, shown to everyone
    sitting: int


def routes() -> dict[str, str]:
    """Give name → pattern of every address of the house; the administrators' own pages count as one.

    Without the API, whose doors are asked one by one in tests/exchange/api.
    """
    found: dict[str, str] = {}

    def walk(patterns: list[Any], prefix: str) -> None:
        for pattern in patterns:
            where = prefix + str(pattern.pattern)
            if where.startswith("api/"):
                continue
            if isinstance(pattern, URLResolver):
                if pattern.namespace == "admin":
                    found["admin:index"] = where
                else:
                    walk(pattern.url_patterns, where)
            elif isinstance(pattern, URLPattern):
                found[pattern.name or where] = where

    walk(get_resolver().url_patterns, "")
    return found


def arguments(town: Town) -> dict[str, tuple[Any, ...]]:
    """Give the arguments of every address that takes some."""
    offer, draft, waiting = town.offer.pk, town.draft.listing_id, town.waiting.pk
    return {
        **dict.fromkeys(
            ("listing", "listing_edit", "listing_sent", "listing_pause", "listing_confirm", "listing_close",
             "listing_matches", "listing_not_meant", "hello"), (offer,)
        ),
        **dict.fromkeys(("listing_check", "listing_send", "listing_autosave", "listing_withdraw"), (draft,)),
        "listing_resume": (town.paused.pk,),
        "listing_step": (draft, 1),
        **dict.fromkeys(("person", "person_block", "person_unblock"), (town.offer.owner_id,)),
        **dict.fromkeys(
            ("talk", "talk_files", "talk_full", "talk_leave", "talk_messages", "talk_search", "talk_seen", "report"),
            (town.talk,),
        ),
        **dict.fromkeys(("wish_take", "wish_let_go", "wish_still_looking"), (town.wish.pk,)),
        **dict.fromkeys(("ring", "ring_answer", "desk_ring"), (town.ring,)),
        **dict.fromkeys(
            ("lesson", "lesson_ask", "lesson_answer", "lesson_withdraw", "lesson_cancel", "lesson_confirm",
             "lesson_missed", "lesson_dispute", "lesson_again"), (town.lesson,)
        ),
        "saved_let_go": (town.saved,),
        "ward": (town.ward,),
        "swap": (town.enquiry,),
        **dict.fromkeys(("thanks", "private_note"), (town.met,)),
        **dict.fromkeys(("thanks_show", "thanks_delete", "thanks_report"), (town.thanks,)),
        **dict.fromkeys(("desk_thanks_report", "desk_note"), (1,)),
        "contact_answer": ("no-word-of-ours",),
        "key_remove": (1,),
        "time_remove": (1,),
        **dict.fromkeys(
            ("sitting", "sitting_seat", "sitting_queue", "sitting_leave", "sitting_cancel"), (town.sitting,)
        ),
        "sitting_new": (offer,),
        "lesson_ics": (987_654,),
        "calendar_feed": ("no-word-of-ours",),
        "desk_skill_undo": (1,),
        **dict.fromkeys(("desk_word", "desk_word_name", "desk_word_new", "desk_word_aside"), (town.word,)),
        **dict.fromkeys(("desk_skill", "desk_skill_name", "desk_skill_rename", "desk_skill_merge"), (town.concept,)),
        "desk_held": (1,),
        "desk_lesson": (1,),
        "desk_report": (1,),
        "desk_file": (1, 1),
        **dict.fromkeys(("talk_delete", "talk_file", "talk_small"), (town.talk, 1)),
        "notice_stop": ("no-word-of-ours",),
        **dict.fromkeys(("gift", "gift_stop"), ("no-word-of-ours",)),
        **dict.fromkeys(("payment", "lesson_pay"), (1,)),
        **dict.fromkeys(("desk_item", "desk_accept", "desk_return", "desk_skip"), (waiting,)),
    }  # fmt: skip


def met(hello, *, days):
    """A confirmed lesson of the same two, so many days ago."""
    starts_at = timezone.now() - timedelta(days=days)
    return Lesson.objects.create(
        state="confirmed",
        teacher=hello.teacher,
        learner=hello.learner,
        opened_by=hello.opened_by,
        listing=hello.listing,
        conversation=hello.conversation,
        follows=hello,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        minutes=60,
    )
