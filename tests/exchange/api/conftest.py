"""A city small enough to know by heart, and programs that call the API for its people."""

import json
import uuid
from datetime import timedelta

import pytest
from django.test import Client

from accounts import services as accounts
from exchange.chat import services as chat
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from exchange.lessons.services import sittings
from exchange.moderation import services as moderation
from skills.models import Listing
from skills.services import listings


class Program:
    """A program with somebody's key, or with none."""

    def __init__(self, key=None, *, language="en"):
        self.client = Client(headers={"accept-language": language})
        self.headers = {"authorization": f"Token {key}"} if key else {}

    def __call__(self, method, path, body=None, **more):
        """Call an operation; gives the answer, whose JSON is `.json()`."""
        headers = {**self.headers, **more.pop("headers", {})}
        if body is not None:
            more.setdefault("content_type", "application/json")
            more["data"] = body if isinstance(body, (str, bytes)) else json.dumps(body)
        return self.client.generic(method, f"/api/{path}", headers=headers, **more)


@pytest.fixture
def program():
    """Give a program for a person: program(salma), program(salma, "read"), program()."""

    def make(person=None, *scopes, **more):
        key = accounts.make_token(person=person, **({"scopes": scopes} if scopes else {})) if person else None
        return Program(key, **more)

    return make


@pytest.fixture
def town(make_offer, make_wish, cast, relay):
    """Salma teaches sewing, Yusuf wishes it and said hello; Karim is blocked by Salma; one text waits for Huda,
    and a dispute of Salma and Yusuf."""
    salma, yusuf, karim, huda = (cast[name] for name in ("salma", "yusuf", "karim", "huda"))
    offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
    wish = make_wish(yusuf, "أتعلم خياطة", ["خياطة"])
    bikes = make_offer(karim, "Fix your own bike", ["bike repair"])
    lesson = lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا", client_id=uuid.uuid4())
    accounts.block(blocker=salma, blocked=karim)
    waiting = _text(karim, "wish", "Learn the oud", "oud")
    listings.send(revision=waiting, by=karim)
    decided = _text(karim, "wish", "Bake bread", "bread")
    listings.send(revision=decided, by=karim)
    decision = moderation.let_through(revision=decided, curator=huda)
    draft = _text(salma, "offer", "تطريز", "تطريز")
    paused = make_offer(salma, "تقصير الثياب", ["rukn:sewing"])
    listings.pause(listing=paused, by=salma)
    relay()
    dispute = Lesson.objects.create(
        teacher=salma, learner=yusuf, opened_by=yusuf, conversation=lesson.conversation, follows=lesson,
        state="disputed",
        starts_at=lesson.made_at - timedelta(hours=3), ends_at=lesson.made_at - timedelta(hours=2), minutes=60,
        disputed_at=lesson.made_at,
    )  # fmt: skip
    sitting = sittings.announce(
        listing=offer, by=salma, starts_at=lesson.made_at + timedelta(days=20), minutes=60, seats=4, format="online"
    )
    return {
        "lesson": lesson, "dispute": dispute, "sitting": sitting,
        "offer": offer, "wish": wish, "bikes": bikes, "talk": chat.Conversation(pk=lesson.conversation_id),
        "waiting": waiting, "decision": decision, "draft": Listing(pk=draft.listing_id), "paused": paused, **cast,
    }  # fmt: skip


def _text(owner, kind, title, skill):
    revision = listings.start(owner=owner, kind=kind, lang=owner.language)
    answers = {"title": title, "body": f"{title}.", "tags": [{"text": skill}]}
    return listings.save_answers(revision=revision, by=owner, step=5, **answers)
