"""Concepts with their names, and listings with the texts that wait to be let through.

A listing's public text lives on `Listing`. What its author writes lives on a `Revision` and is copied over when a
curator lets it through, so an edit never takes the published text away (docs/decisions, "An edit waits beside the
published text").
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from accounts.models import District, Person, blocked_ids
from accounts.rules import codes

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

LANGS = [("ar", "العربية"), ("en", "English")]


class ConceptQuerySet(models.QuerySet["Concept"]):
    """Which concepts."""

    def live(self) -> "ConceptQuerySet":
        """Leave out those that were merged into another."""
        return self.filter(merged_into=None)

    def below(self, concept: "Concept | int") -> "ConceptQuerySet":
        """Give a concept and everything narrower."""
        return self.filter(above__ancestor=concept)


class Concept(models.Model):
    """A skill, free of any language."""

    uri = models.CharField(max_length=200, unique=True)
    ar = models.CharField(max_length=200, blank=True)  # preferred labels, kept here so that a card needs no join
    en = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=60, blank=True)
    domain = models.CharField(max_length=40, blank=True, db_index=True)  # slug of the top concept: crafts, kitchen …
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged")

    objects = ConceptQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(ar="", en=""), name="concept_has_a_name")]

    def __str__(self) -> str:
        return self.name(translation.get_language() or "ar")

    def name(self, language: str) -> str:
        """Name in the reader's language, else in the other one."""
        return (self.ar or self.en) if language.startswith("ar") else (self.en or self.ar)


class Label(models.Model):
    """One name of a concept in one language."""

    concept = models.ForeignKey(Concept, on_delete=models.CASCADE, related_name="labels")
    lang = models.CharField(max_length=2, choices=LANGS)
    text = models.CharField(max_length=200)
    folded = models.CharField(max_length=200, db_index=True)
    is_preferred = models.BooleanField(default=False)
    source = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["concept", "lang", "text"], name="one_label_per_text"),
            models.UniqueConstraint(
                fields=["concept", "lang"], condition=Q(is_preferred=True), name="one_preferred_label_per_language"
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Link(models.Model):
    """That one concept is broader than, or related to, another."""

    class Kind(models.TextChoices):
        BROADER = "broader", _("broader")  # `concept` is narrower, `other` broader
        RELATED = "related", _("related")

    concept = models.ForeignKey(Concept, on_delete=models.CASCADE, related_name="links")
    other = models.ForeignKey(Concept, on_delete=models.CASCADE, related_name="links_in")
    kind = models.CharField(max_length=8, choices=Kind)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["concept", "other", "kind"], name="one_link_per_kind"),
            models.CheckConstraint(condition=~Q(concept=F("other")), name="no_concept_links_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.concept_id} {self.kind} {self.other_id}"


class Closure(models.Model):
    """Every concept with each of its ancestors, itself at distance 0; rebuilt when links change."""

    ancestor = models.ForeignKey(Concept, on_delete=models.CASCADE, related_name="below_rows")
    descendant = models.ForeignKey(Concept, on_delete=models.CASCADE, related_name="above")
    distance = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ancestor", "descendant"], name="one_closure_row_per_pair")]

    def __str__(self) -> str:
        return f"{self.ancestor_id} > {self.descendant_id}"


class ConceptsVersion(models.Model):
    """One row whose number grows with every change of names or links; each process compares it with its index."""

    number = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return str(self.number)


class Translation(models.Model):
    """That an Arabic and an English stem translate each other: learned when concepts are imported, open to review.

    A curator may strike one out; that outlives every later import.
    """

    ar = models.CharField(max_length=60)
    en = models.CharField(max_length=60)
    ar_en = models.FloatField()  # 0–1, of the English stem given the Arabic one
    en_ar = models.FloatField()
    is_struck = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ar", "en"], name="one_translation_per_pair")]

    def __str__(self) -> str:
        return f"{self.ar} = {self.en}"


class ConceptChange(models.Model):
    """What a curator did to a concept; append-only, an undo is recorded on the row that it takes back."""

    class Act(models.TextChoices):
        CREATED = "created", _("new skill")
        NAMED = "named", _("another name")
        RENAMED = "renamed", _("renamed")
        MERGED = "merged", _("merged")

    concept = models.ForeignKey(Concept, on_delete=models.SET_NULL, null=True, related_name="changes")
    act = models.CharField(max_length=8, choices=Act)
    curator = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    said = models.CharField(max_length=420)  # the names it was about, as they were then
    before = models.JSONField(default=dict)  # what an undo puts back: ids of labels, tags, links, words
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["-at"], name="concept_change_newest")]

    def __str__(self) -> str:
        return f"{self.act} {self.said}"


class ListingQuerySet(models.QuerySet["Listing"]):
    """Which listings."""

    def published(self) -> "ListingQuerySet":
        """Give those that are public now."""
        return self.filter(state=Listing.State.PUBLISHED)

    def visible_to(self, person: "Person | AnonymousUser | None") -> "ListingQuerySet":
        """Give what this person may read: public ones of nobody blocked, and all of their own.

        Curators read everything but drafts of others.
        """
        public = Q(state=Listing.State.PUBLISHED, owner__is_active=True)
        if person is None or not person.is_authenticated:
            return self.filter(public)
        if person.is_curator:
            return self.filter(~Q(state=Listing.State.DRAFT) | Q(owner=person))
        return self.filter((public & ~Q(owner__in=blocked_ids(person))) | Q(owner=person))

    def open_for(self, person: "Person | AnonymousUser | None") -> "ListingQuerySet":
        """Give what search and matching may show: published, owner not pausing, not blocked; own ones included."""
        rows = self.published().filter(owner__is_active=True, owner__profile__paused_at=None)
        if person is None or not person.is_authenticated:
            return rows
        return rows.exclude(owner__in=blocked_ids(person))

    def with_card(self) -> "ListingQuerySet":
        """Fetch what a card shows, in two queries however many rows."""
        rows = self.select_related("owner", "owner__district", "district", "main_concept")
        return rows.defer("title_tokens", "body_tokens", "concept_tokens").prefetch_related("tags")


class Content(models.Model):
    """What an author says about a lesson: the five answers. Shared by the public text and its revisions."""

    class Format(models.TextChoices):
        PLACE = "place", _("in person")
        ONLINE = "online", _("online")
        BOTH = "both", _("in person or online")

    class Return(models.TextChoices):
        GIFT = "gift", _("as a gift")
        HOURS = "hours", _("for an hour of time")
        SWAP = "swap", _("in exchange for another lesson")

    title = models.CharField(_("title"), max_length=90, blank=True)
    body = models.TextField(_("description"), max_length=3000, blank=True)
    lang = models.CharField(max_length=2, choices=LANGS, default="ar")  # language of the author's text
    format = models.CharField(max_length=6, choices=Format, default=Format.PLACE)
    place = models.CharField(_("place"), max_length=120, blank=True)
    district = models.ForeignKey(District, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    free_mask = models.PositiveIntegerField(default=0)  # accounts.rules.CODES; 0 = whenever the owner is free
    speaks = models.JSONField(default=list)  # languages the lesson can be held in
    in_return = models.CharField(max_length=5, choices=Return, default=Return.GIFT)
    in_return_note = models.CharField(max_length=160, blank=True)

    CONTENT_FIELDS = (
        "title", "body", "lang", "format", "place", "district_id", "free_mask", "speaks", "in_return", "in_return_note",
    )  # fmt: skip

    class Meta:
        abstract = True

    @property
    def free_codes(self) -> list[str]:
        """Weekly parts such as "tue-evening"."""
        return codes(self.free_mask)

    def content(self) -> dict[str, Any]:
        """Give the five answers as values that can be copied to another row."""
        return {name: getattr(self, name) for name in self.CONTENT_FIELDS}


class Listing(Content):
    """An Offer (what one can teach) or a Wish (what one wants to learn)."""

    class Kind(models.TextChoices):
        OFFER = "offer", _("offer")
        WISH = "wish", _("wish")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        IN_REVIEW = "in_review", _("with the curator")
        PUBLISHED = "published", _("published")
        PAUSED = "paused", _("paused")
        CLOSED = "closed", _("closed")
        EXPIRED = "expired", _("resting")

    kind = models.CharField(max_length=5, choices=Kind)
    owner = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="listings")
    key = models.CharField(max_length=100, null=True, blank=True, unique=True)  # given by import_listings
    state = models.CharField(max_length=9, choices=State, default=State.DRAFT)
    main_concept = models.ForeignKey(Concept, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)  # last time the author said "still true"
    asked_at = models.DateTimeField(null=True, blank=True)  # when "still true?" was asked and not yet answered
    changed_at = models.DateTimeField(default=timezone.now)
    search_rev = models.PositiveBigIntegerField(default=1)  # grows with every change that search must see
    # What full-text search reads, written with the text (exchange.lib.arabic.tokens):
    title_tokens = models.TextField(blank=True, default="")
    body_tokens = models.TextField(blank=True, default="")
    concept_tokens = models.TextField(blank=True, default="")

    objects = ListingQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["state", "kind", "-published_at"], name="listing_public"),
            models.Index(fields=["owner", "state"], name="listing_of_owner"),
            models.Index(fields=["district", "state"], name="listing_near"),
        ]

    def __str__(self) -> str:
        return self.title or str(_("Untitled"))

    def get_absolute_url(self) -> str:
        """Where the listing is read."""
        return reverse("listing", args=[self.pk])

    @property
    def is_offer(self) -> bool:
        """Whether something is taught here, rather than wished."""
        return self.kind == self.Kind.OFFER

    @property
    def is_published(self) -> bool:
        """Whether everyone may read it."""
        return self.state == self.State.PUBLISHED

    @property
    def stale_from(self) -> datetime | None:
        """When the author is to be asked whether it is still true."""
        since = self.confirmed_at or self.published_at
        return since + timedelta(days=settings.STALE_AFTER_DAYS) if since else None


class Tag(models.Model):
    """A skill of a listing: the author's words, and the concept they were mapped to, if any. Never dropped."""

    class By(models.TextChoices):
        AUTHOR = "author", _("author")
        TEXT = "text", _("found in the text")
        CURATOR = "curator", _("curator")

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="tags")
    text = models.CharField(max_length=120)
    lang = models.CharField(max_length=2, choices=LANGS)
    concept = models.ForeignKey(Concept, on_delete=models.SET_NULL, null=True, blank=True, related_name="tags")
    score = models.FloatField(default=1.0)  # 0–1, how sure the mapping is
    by = models.CharField(max_length=7, choices=By, default=By.AUTHOR)
    place = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["listing", "text"], name="one_tag_per_text"),
            models.UniqueConstraint(
                fields=["listing", "concept"], condition=Q(concept__isnull=False), name="one_tag_per_concept"
            ),
        ]

    def __str__(self) -> str:
        return self.text


class NotMeant(models.Model):
    """A skill that the system read from a listing's title and its author said is not meant."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="not_meant")
    concept = models.ForeignKey(Concept, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["listing", "concept"], name="not_meant_once")]

    def __str__(self) -> str:
        return str(self.concept)


class Unmapped(models.Model):
    """Words of an author that mapped to no concept, waiting for a curator to name them."""

    text = models.CharField(max_length=120)
    folded = models.CharField(max_length=120, unique=True)
    lang = models.CharField(max_length=2, choices=LANGS)
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    concept = models.ForeignKey(Concept, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return self.text


class Revision(Content):
    """A text of a listing that is being written or waits for a curator."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        IN_REVIEW = "in_review", _("with the curator")
        ACCEPTED = "accepted", _("let through")
        RETURNED = "returned", _("returned")
        WITHDRAWN = "withdrawn", _("withdrawn")

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="revisions")
    state = models.CharField(max_length=9, choices=State, default=State.DRAFT)
    tags = models.JSONField(default=list)  # [{"text", "lang", "uri" or null}], in the author's order
    step = models.PositiveSmallIntegerField(default=1)  # the question last answered, 1–5; 6 = all
    made_at = models.DateTimeField(default=timezone.now)
    saved_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    skipped_until = models.DateTimeField(null=True, blank=True)  # a curator put it back in the queue

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["listing"], condition=Q(state__in=["draft", "in_review"]), name="one_open_revision_per_listing"
            ),
        ]
        indexes = [models.Index(fields=["state", "sent_at"], name="revision_queue")]

    def __str__(self) -> str:
        return self.title or str(_("Untitled"))
