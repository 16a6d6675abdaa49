"""Plant the city into an empty database, through the same services that people use, or in bulk where it is large."""

import json
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from accounts import services as accounts
from accounts.models import District, Person, Profile
from accounts.rules import CODES, mask
from exchange.chat.models import Conversation, Member, Message
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from exchange.lib import arabic
from exchange.management.seed import history
from matching import services as matching
from matching.models import Climb
from matching.services import likeness, rings, waiting
from skills.forms import split_tags
from skills.models import Listing, Revision, Tag
from skills.services import concepts, listings

HERE = Path(__file__).resolve().parent
SIZES = {"small": (240, 340), "city": (6_000, 20_000)}  # residents, listings
BATCH = 500
WRITTEN_DAYS = 20  # what people wrote by hand is younger than this, the rest older: first pages show real voices
MINUTES_PER_DAY_AGO = WRITTEN_DAYS * 1440 // 51  # "days_ago" runs to 50
PLANTED_KEY = "offer-001"
ANSWERED_SHARE = 0.8  # of older wishes
MOST_CLIMBING = 150

Say = Callable[[str], None]
Progress = Callable[[int], None]


@dataclass
class City:
    """What was planted so far."""

    rng: random.Random
    now: datetime
    people: dict[str, Person]
    districts: dict[str, District]


def is_planted() -> bool:
    """Whether the demo's people are there already."""
    return Listing.objects.filter(key=PLANTED_KEY).exists()


@transaction.atomic
def plant(*, size: str, seed: int, progress: Progress) -> dict[str, int]:
    """Plant a whole city. The same seed gives the same city (times count from now)."""
    concepts.ensure_shipped()
    rng = random.Random(seed)  # noqa: S311 - a toy city, no secret
    now = timezone.now().replace(second=0, microsecond=0)
    city = City(rng, now, {}, _districts())
    _personas(city)
    written = _written_listings(city, progress)
    residents, wanted = SIZES[size]
    _residents(city, residents - len(city.people), progress)
    _generated(city, max(0, wanted - written), progress)
    history.remember(seed=seed, people=city.people, now=now)
    talks = _conversations(city)
    return {"people": Person.objects.count(), "listings": Listing.objects.count(), "talks": talks}


def match_all(*, progress: Progress) -> None:
    """Find everybody's matches."""
    likeness.recount()
    matching.rematch(progress=progress)


def let_climb(*, seed: int) -> int:
    """Give the city a past: most older wishes have found an answer, the others have climbed; gives how many rings wait.

    Matches must be there. What is told of it all is left to the outbox of a living city.
    """
    rng, now = random.Random(seed), timezone.now()  # noqa: S311 - a toy city, no secret
    wishes = Listing.objects.published().filter(kind=Listing.Kind.WISH)
    generated = wishes.filter(key__startswith="gen-", published_at__lt=now - timedelta(days=3)).order_by("id")
    past = []
    for wish_id, since in generated.values_list("id", "published_at"):
        wait = timedelta(days=rng.lognormvariate(1.1, 0.8))
        if since is not None and since + wait < now and rng.random() < ANSWERED_SHARE:
            past.append(Climb(wish_id=wish_id, rung="suggested", since=since, ended="answered", ended_at=since + wait))
    Climb.objects.bulk_create(past, batch_size=BATCH)
    for wish_id in list(wishes.filter(climb=None).values_list("id", flat=True)[:MOST_CLIMBING]):
        waiting.follow(wish_id=wish_id, now=now)
    while waiting.climb_due(now=now):
        pass
    return len(rings.look(now=now, with_gifts=False)) + len(rings.look(now=now))


def _read(name: str) -> Any:
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def _lines(name: str) -> Iterator[dict[str, Any]]:
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def _districts() -> dict[str, District]:
    for row in _read("districts.json"):
        fields = {name: row[name] for name in ("ar", "en", "x", "y")}
        District.objects.update_or_create(slug=row["slug"], defaults=fields)
    return {row.slug: row for row in District.objects.all()}


def _personas(city: City) -> None:
    roles = {"huda": Person.Role.CURATOR, "amal": Person.Role.ADMIN}
    for who in _read("people.json")["personas"]:
        language = who["language"]
        city.people[who["key"]] = accounts.make_person(
            email=who["email"],
            name=who["name_ar"] if language == "ar" else who["name_en"],
            district=city.districts[who["district"]],
            language=language,
            role=roles.get(who["key"], Person.Role.RESIDENT),
            speaks=who["speaks"],
            free_codes=who["free"],
            about=who["about"],
            max_learners=who.get("max_learners", 2),
        )


def _written_listings(city: City, progress: Progress) -> int:
    count = 0
    for row in _lines("listings.jsonl"):
        owner = city.people[row["owner"]]
        content = {
            "title": row["title"][:90],
            "body": row["body"],
            "lang": row["lang"],
            "format": row["format"],
            "place": row.get("place", "")[:120],
            "district_id": city.districts[row["district"]].pk,
            "free_mask": mask(row.get("free", ())),
            "speaks": row.get("speaks") or [row["lang"]],
            "in_return": row.get("in_return", "gift"),
            "in_return_note": row.get("in_return_note", "")[:160],
        }
        tags = [tag for text in row["skills"] for tag in split_tags(text)]
        at = city.now - timedelta(minutes=row.get("days_ago", 5) * MINUTES_PER_DAY_AGO + city.rng.randrange(200))
        if row["state"] in ("in_review", "draft"):
            revision = listings.start(owner=owner, kind=row["kind"], lang=row["lang"])
            listings.save_answers(revision=revision, by=owner, step=5, tags=tags, **content)
            Listing.objects.filter(id=revision.listing_id).update(key=row["key"])
            if row["state"] == "in_review":
                listings.send(revision=revision, by=owner)
                sent = city.now - timedelta(minutes=30 + 47 * count % 1300)
                Revision.objects.filter(id=revision.pk).update(sent_at=sent)
        else:
            listing = listings.publish_directly(
                owner=owner, kind=row["kind"], key=row["key"], tags=tags, at=at, **content
            )
            if row["state"] == "paused":
                listings.pause(listing=listing, by=owner)
        count += 1
        progress(1)
    return count


def _residents(city: City, wanted: int, progress: Progress) -> None:
    names = _read("people.json")
    firsts, families = names["first_names"], names["family_names"]
    slugs = list(city.districts)
    people, start = [], len(city.people)
    for number in range(max(0, wanted)):
        first, family = city.rng.choice(firsts), city.rng.choice(families)
        language = "ar" if city.rng.random() < 0.72 else "en"
        person = Person(
            email=f"resident{start + number:05}@example.org",
            name=f"{first[language]} {family[language]}"[:60],
            district=city.districts[city.rng.choice(slugs)],
            language=language,
            welcomed_at=city.now,
            joined_at=city.now - timedelta(days=city.rng.randrange(400)),
        )
        person.set_unusable_password()
        people.append(person)
        progress(0)
    made = Person.objects.bulk_create(people, batch_size=BATCH)
    EmailAddress.objects.bulk_create(
        [EmailAddress(user=person, email=person.email, verified=True, primary=True) for person in made],
        batch_size=BATCH,
    )
    Profile.objects.bulk_create(
        [
            Profile(
                person=person,
                speaks=["ar", "en"] if city.rng.random() < 0.4 else [person.language],
                max_learners=city.rng.choice((1, 2, 2, 3, 4)),
                free_mask=mask(city.rng.sample(CODES, city.rng.randrange(1, 6))),
            )
            for person in made
        ],
        batch_size=BATCH,
    )
    city.people.update({person.email: person for person in made})


def _generated(city: City, wanted: int, progress: Progress) -> None:
    """Write believable listings in bulk; each text is a whole hand-written sentence with another place in it."""
    material = _read("generated.json")
    skills = material["skills"]
    resolved = {(skill["ar"], skill["en"]): _tags_for(skill) for skill in skills}
    people = [person for key, person in city.people.items() if key.startswith("resident")]
    profiles = {profile.person_id: profile for profile in Profile.objects.all()}
    for start in range(0, wanted if people else 0, BATCH):
        rows, tags = [], []
        for number in range(start, min(start + BATCH, wanted)):
            skill = city.rng.choice(skills)
            owner = city.rng.choice(people)
            row = _generated_row(city, material, skill, owner, profiles[owner.pk], number)
            found = resolved[skill["ar"], skill["en"]]
            row.main_concept_id = found[0].concept_id if found else None
            row.title_tokens = arabic.tokens(row.title)
            row.body_tokens = arabic.tokens(f"{row.body} {row.place}")
            row.concept_tokens = _concept_tokens(found)
            rows.append(row)
            tags.append(found)
        made = Listing.objects.bulk_create(rows)
        Tag.objects.bulk_create(
            Tag(listing=row, text=tag.text, lang=row.lang, concept_id=tag.concept_id, score=tag.score, place=place)
            for row, found in zip(made, tags, strict=True)
            for place, tag in enumerate(found)
        )
        progress(len(rows))


def _generated_row(
    city: City, material: dict[str, Any], skill: dict[str, Any], owner: Person, profile: Profile, number: int
) -> Listing:
    language = owner.language
    kind = Listing.Kind.OFFER if city.rng.random() < 0.6 else Listing.Kind.WISH
    prefix = "" if kind == Listing.Kind.OFFER else "wish_"
    place = city.rng.choice(material.get(f"places_{language}") or [""])
    title = city.rng.choice(skill[f"{prefix}titles_{language}"]).replace("{place}", place)
    body = city.rng.choice(material[f"{prefix}bodies_{language}"]).replace("{place}", place)
    at = city.now - timedelta(minutes=city.rng.randrange(WRITTEN_DAYS * 1440, 55 * 1440))
    return Listing(
        kind=kind,
        owner=owner,
        key=f"gen-{number:05}",
        state=Listing.State.PUBLISHED,
        title=title[:90],
        body=body,
        lang=language,
        format=city.rng.choice(("place", "place", "both", "online")),
        place=place[:120],
        district_id=owner.district_id,
        free_mask=profile.free_mask,
        speaks=profile.speaks,
        in_return=city.rng.choice(("gift", "gift", "hours", "swap")),
        made_at=at,
        published_at=at,
        confirmed_at=at,
        changed_at=at,
    )


@dataclass(frozen=True)
class _Found:
    text: str
    concept_id: int | None
    score: float


def _tags_for(skill: dict[str, Any]) -> list[_Found]:
    known = concepts.tree().ids
    tags = listings.mapped_tags([{"text": skill["ar"], "lang": "ar"}])
    if not tags[0]["uri"]:
        tags = listings.mapped_tags([{"text": skill["en"], "lang": "en"}])
    return [_Found(tag["text"], known.get(tag["uri"] or ""), float(tag["score"])) for tag in tags]


_tokens: dict[tuple[int | None, ...], str] = {}


def _concept_tokens(found: list[_Found]) -> str:
    key = tuple(tag.concept_id for tag in found)
    if key not in _tokens:
        _tokens[key] = listings.concept_tokens_of(
            [tag.concept_id for tag in found if tag.concept_id], [tag.text for tag in found]
        )
    return _tokens[key]


def _conversations(city: City) -> int:
    count = 0
    for number, talk in enumerate(_lines("conversations.jsonl")):
        listing = Listing.objects.filter(key=talk["listing"]).select_related("owner").first()
        other = city.people.get(talk["with"])
        if listing is None or other is None or other.pk == listing.owner_id or not talk["messages"]:
            continue
        people = {key: person for key, person in city.people.items() if person.pk in (listing.owner_id, other.pk)}
        lesson = _talk(city, listing, other, people, talk["messages"], number)
        if "lesson" in talk:
            _agree(city, lesson, **talk["lesson"])
        count += 1
    return count


def _agree(
    city: City, lesson: Lesson, *, by: str, in_days: int, hour: int, times: int = 1, accepted: bool = False,
    confirmed: bool = False, disputed: str = "", **terms: Any,
) -> None:  # fmt: skip
    """Let a pair agree on a lesson in so many days, and for one that is over bring it to its end."""
    asker = city.people[by]
    day = timezone.localtime(city.now).replace(hour=hour, minute=0) + timedelta(days=in_days)
    spans = [lessons.Span(day + timedelta(days=more), day + timedelta(days=more, hours=1)) for more in range(times)]
    asked_at = min(city.now, day) - timedelta(days=1)
    lessons.ask(lesson=lesson, by=asker, times=spans, minutes=60, format="place", now=asked_at, **terms)
    if not accepted:
        return
    answerer = lesson.other(asker)
    proposal = lesson.proposals.get()
    lessons.accept(lesson=lesson, by=answerer, proposal=proposal, now=asked_at + timedelta(hours=2))
    lessons.keep_time(now=min(city.now, proposal.ends_at))  # the clock saw its end when it came, not today
    if confirmed:
        lessons.confirm(lesson=lesson, by=lesson.learner, now=proposal.ends_at + timedelta(hours=1))
    elif disputed:
        lessons.dispute(lesson=lesson, by=asker, note=disputed, now=city.now - timedelta(hours=3))


def _talk(
    city: City, listing: Listing, other: Person, people: dict[str, Person], messages: list[dict[str, Any]], number: int
) -> Lesson:
    last_at = city.now - timedelta(minutes=messages[-1]["minutes_ago"])
    conversation = Conversation.objects.create(
        subject=listing.title, subject_lang=listing.lang, last_seq=len(messages), last_at=last_at,
        about_url=listing.get_absolute_url(),
    )  # fmt: skip
    first = {message["from"]: seq for seq, message in reversed(list(enumerate(messages, start=1)))}
    if len(first) > 1:
        conversation.met_at = last_at
        conversation.save(update_fields=["met_at"])
    last_sender = people[messages[-1]["from"]]
    for person in (listing.owner, other):
        seen = len(messages) if person.pk == last_sender.pk or number % 3 else max(0, len(messages) - 1)
        key = next(key for key, each in people.items() if each.pk == person.pk)
        Member.objects.create(conversation=conversation, person=person, seen_seq=seen, first_seq=first.get(key))
    Message.objects.bulk_create(
        Message(
            conversation=conversation,
            seq=seq,
            sender=people[message["from"]],
            client_id=uuid.UUID(int=city.rng.getrandbits(128), version=4),
            body=message["body"],
            at=city.now - timedelta(minutes=message["minutes_ago"]),
        )
        for seq, message in enumerate(messages, start=1)
    )
    teacher, learner = (listing.owner, other) if listing.is_offer else (other, listing.owner)
    return Lesson.objects.create(
        teacher=teacher, learner=learner, opened_by=other, listing=listing, conversation=conversation, made_at=last_at
    )
