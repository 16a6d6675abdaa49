"""What search remembers: searches that people keep, and how far the building of an index came."""

from django.db import models
from django.utils import timezone

from accounts.models import Person
from skills.models import Concept, Listing


class IndexBuild(models.Model):
    """One index of the search engine: while it is filled, and that it was."""

    name = models.CharField(max_length=120, unique=True)
    shape = models.CharField(max_length=8)  # mark of the shape it was made with
    last_id = models.BigIntegerField(default=0)  # every listing up to here was written
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class SavedSearch(models.Model):
    """A search that a person keeps: told of each new listing that meets it."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="saved_searches")
    name = models.CharField(max_length=200)  # how its choices read, in the person's language when it was kept
    query = models.CharField(max_length=600)  # the address's part after "?", in one order
    words = models.JSONField(default=list)  # the typed words as groups of stems, all of which a listing must hold …
    concepts = models.ManyToManyField(Concept, related_name="+")  # … unless it is about one of these
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "query"], name="one_saved_search_per_query")]

    def __str__(self) -> str:
        return self.name


class Met(models.Model):
    """That a new listing met a kept search: told once, however often the listing changes."""

    saved = models.ForeignKey(SavedSearch, on_delete=models.CASCADE, related_name="met")
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["saved", "listing"], name="one_telling_per_listing")]

    def __str__(self) -> str:
        return f"{self.saved_id} ~ {self.listing_id}"
