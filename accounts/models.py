"""People: who they are, how they like to read, when they are free, whom they keep away from."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from accounts.rules import SCOPES, codes
from exchange.lib.arabic import fold

SPOKEN = [  # languages a lesson can be held in
    ("ar", _("Arabic")),
    ("en", _("English")),
    ("fr", _("French")),
    ("ur", _("Urdu")),
    ("hi", _("Hindi")),
    ("tl", _("Filipino")),
]


class District(models.Model):
    """A part of the city; the finest place Rukn keeps of anyone."""

    slug = models.SlugField(unique=True)
    ar = models.CharField(max_length=80)
    en = models.CharField(max_length=80)
    x = models.FloatField(default=0)  # 0–100 on the city's own map, for "near"; 0, 0 where it was never said
    y = models.FloatField(default=0)

    def __str__(self) -> str:
        return self.ar if translation.get_language() == "ar" else self.en

    @property
    def position(self) -> tuple[float, float] | None:
        """Where it is on the city's map; none where it was never said."""
        return (self.x, self.y) if self.x or self.y else None

    def distance(self, other: "District") -> float:
        """Straight distance on the city's map, 0–141."""
        return float(((self.x - other.x) ** 2 + (self.y - other.y) ** 2) ** 0.5)


class PersonManager(BaseUserManager["Person"]):
    """Makes people."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """Create a person, with a profile, who signs in by e-mailed code (no password)."""
        person = self.model(email=self.normalize_email(email), **fields)
        person.set_unusable_password()
        person.save(using=self._db)
        Profile.objects.create(person=person)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """Create an administrator."""
        return self.create_user(email, role=Person.Role.ADMIN, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "Person":
        """Find by e-mail without regard to case."""
        return self.get(email__iexact=username)


class Person(AbstractBaseUser, PermissionsMixin):
    """Anyone with an account; may teach and learn."""

    class Role(models.TextChoices):
        RESIDENT = "resident", _("resident")
        CURATOR = "curator", _("curator")
        ADMIN = "admin", _("administrator")

    class Age(models.TextChoices):
        """What a person said of their age when they came; what it allows is in `accounts.policies`."""

        UNSAID = "", _("not said")
        ADULT = "18+", _("18 or older")
        YOUNG = "13-17", _("13 to 17")

    class TextSize(models.TextChoices):
        NORMAL = "normal", _("normal")
        LARGE = "large", _("large")
        LARGEST = "largest", _("largest")

    class Contrast(models.TextChoices):
        NORMAL = "normal", _("soft")
        HIGH = "high", _("strong")

    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=60, blank=True)
    district = models.ForeignKey(District, on_delete=models.PROTECT, null=True, blank=True, related_name="people")
    language = models.CharField(
        _("language"), max_length=2, choices=[("ar", "العربية"), ("en", "English")], default="ar"
    )
    role = models.CharField(max_length=10, choices=Role, default=Role.RESIDENT)
    text_size = models.CharField(max_length=8, choices=TextSize, default=TextSize.NORMAL)
    contrast = models.CharField(max_length=8, choices=Contrast, default=Contrast.NORMAL)
    age = models.CharField(max_length=5, choices=Age, default=Age.UNSAID, db_default="", blank=True)
    welcomed_at = models.DateTimeField(null=True, blank=True)  # when name, district and language were given
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_person_per_email")]

    def __str__(self) -> str:
        return self.name or str(_("A neighbour"))

    @property
    def first_name(self) -> str:
        """The first name, as shown to neighbours."""
        return first_name_of(self.name)

    @property
    def is_young(self) -> bool:
        """Whether this person is 13 to 17 and meets others only with a guardian."""
        return self.age == self.Age.YOUNG

    @property
    def is_curator(self) -> bool:
        """Whether this person looks after listings."""
        return self.role in (self.Role.CURATOR, self.Role.ADMIN)


# Words that are no name alone: a woman known as "أم علي" is called neither "أم" nor anything else.
NAME_BEGINS = frozenset({"ام", "ابو", "ابي", "ابا", "عبد", "um", "umm", "oum", "abu", "abou", "abd", "abdul", "abdel"})


def first_name_of(name: str) -> str:
    """Give the first name of a whole name, as shown to neighbours: one word, or more where a word begins a name."""
    words = name.split()
    if not words:
        return str(_("A neighbour"))
    last = 0
    while last < len(words) - 1 and fold(words[last]) in NAME_BEGINS:
        last += 1
    return " ".join(words[: last + 1])


class Profile(models.Model):
    """What neighbours may know of a person, and `age_band`, which nobody sees and nothing ranks by."""

    class AgeBand(models.TextChoices):
        UNSAID = "", _("I would rather not say")
        YOUNG = "18-24", _("18 to 24")
        ADULT = "25-44", _("25 to 44")
        MIDDLE = "45-64", _("45 to 64")
        OLDER = "65+", _("65 or older")

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="profile")
    about = models.TextField(_("about me"), max_length=1000, blank=True)
    about_lang = models.CharField(max_length=2, blank=True)
    speaks = models.JSONField(default=list)  # language codes, e.g. ["ar", "en"]
    max_learners = models.PositiveSmallIntegerField(_("learners at once"), default=2)
    paused_at = models.DateTimeField(null=True, blank=True)
    free_mask = models.PositiveIntegerField(default=0)  # 21 bits, accounts.rules.CODES; 0 = not said
    # Given freely, counted only in groups of five or more (matching, fairness report), never shown or scored:
    age_band = models.CharField(_("your age"), max_length=5, choices=AgeBand, default=AgeBand.UNSAID, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(max_learners__range=(0, 20)), name="learners_between_0_and_20")
        ]

    def __str__(self) -> str:
        return str(self.person)

    @property
    def is_paused(self) -> bool:
        """Whether the person asked not to be suggested or written to for now."""
        return self.paused_at is not None

    @property
    def free_codes(self) -> list[str]:
        """Weekly free parts such as "tue-evening"."""
        return codes(self.free_mask)


class BlockQuerySet(models.QuerySet["Block"]):
    """Which blocks."""

    def between(self, one: Person, other: Person) -> "BlockQuerySet":
        """Give blocks in either direction."""
        return self.filter(Q(blocker=one, blocked=other) | Q(blocker=other, blocked=one))


class Block(models.Model):
    """That one person does not wish to meet another; works both ways at once, silently."""

    blocker = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="blocks_made")
    blocked = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="blocks_met")
    at = models.DateTimeField(default=timezone.now)

    objects = BlockQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["blocker", "blocked"], name="one_block_per_pair"),
            models.CheckConstraint(condition=~Q(blocker=models.F("blocked")), name="nobody_blocks_themselves"),
        ]

    def __str__(self) -> str:
        return f"{self.blocker_id} / {self.blocked_id}"


def blocked_ids(person: Person) -> models.QuerySet[Any]:
    """Give ids of everyone whom `person` blocked or who blocked `person`, as one subquery."""
    made = Block.objects.filter(blocker=person).values("blocked_id")
    met = Block.objects.filter(blocked=person).values("blocker_id")
    return made.union(met)


class TokenQuerySet(models.QuerySet["Token"]):
    """Which keys."""

    def good(self) -> "TokenQuerySet":
        """Give those that open something now: not run out, of somebody who is here."""
        lasting = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        return self.filter(lasting, person__is_active=True)


def all_scopes() -> list[str]:
    """Give every permission, for keys made before there were any."""
    return list(SCOPES)


class Token(models.Model):
    """A key that opens the socket and the API for one person; only its digest is kept."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=60, blank=True)  # the person's own, to know it again
    ending = models.CharField(max_length=4, blank=True)  # last characters of the key, to know it again
    scopes = models.JSONField(default=all_scopes)  # accounts.rules.SCOPES
    made_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)  # to the minute
    expires_at = models.DateTimeField(null=True, blank=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "name"], condition=~Q(name=""), name="one_key_per_name")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.name or self.ending}"


class GuardianshipQuerySet(models.QuerySet["Guardianship"]):
    """Which guardianships."""

    def current(self) -> "GuardianshipQuerySet":
        """Give those that hold now."""
        return self.filter(accepted_at__isnull=False, ended_at=None, guardian__is_active=True)

    def asked(self) -> "GuardianshipQuerySet":
        """Give those that wait for an answer."""
        return self.filter(accepted_at=None, ended_at=None)


class Guardianship(models.Model):
    """That an adult looks after somebody of 13 to 17 here: asked for, accepted, ended. Rows stay, as its trace."""

    class Ended(models.TextChoices):
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("asked somebody else")
        STOPPED = "stopped", _("the guardian ended it")
        GROWN = "grown", _("18 by now")

    young = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="guardianships")
    email = models.EmailField()  # of whom was asked: only whoever comes in by a code sent there can accept
    guardian = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="wards")
    asked_at = models.DateTimeField(default=timezone.now)
    accepted_at = models.DateTimeField(null=True, blank=True)
    consent = models.TextField(blank=True)  # the sentences that were agreed to, as they were read
    ended_at = models.DateTimeField(null=True, blank=True)
    ended = models.CharField(max_length=9, choices=Ended, blank=True)

    objects = GuardianshipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["young"], condition=Q(ended_at=None), name="one_guardian_at_a_time"),
            models.CheckConstraint(condition=~Q(young=models.F("guardian")), name="nobody_guards_themselves"),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(guardian__isnull=False), name="accepted_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.guardian_id} for {self.young_id}"


class TrustedContact(models.Model):
    """Whom a person wants told when something went wrong; counts once they agreed themselves."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="trusted_contact")
    name = models.CharField(max_length=60)
    email = models.EmailField()
    asked_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"of {self.person_id}"


class OtherTimeQuerySet(models.QuerySet["OtherTime"]):
    """Which exceptions from a person's week."""

    def to_come(self) -> "OtherTimeQuerySet":
        """Give those that are not over, the soonest first."""
        return self.filter(ends_at__gt=timezone.now()).order_by("starts_at", "id")


class OtherTime(models.Model):
    """That a person is away for a while, or free besides their usual hours; away wins over all."""

    class Kind(models.TextChoices):
        AWAY = "away", _("away")
        FREE = "free", _("also free")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="other_times")
    kind = models.CharField(max_length=4, choices=Kind)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    objects = OtherTimeQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["person", "ends_at"], name="other_time_of_person")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="other_time_ends_after_start")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind} {self.starts_at:%Y-%m-%d}"

    @property
    def last_day(self) -> datetime:
        """The last moment of it, for showing whole days: away until the 10th ends as the 11th begins."""
        return self.ends_at - timedelta(minutes=1)
