"""Why two people might meet, in at most three sentences of the reader's language, made from the ranking numbers.

Sentences live here and not in the message catalogue because commands, pages and notices ask for both languages at
once, and because Arabic counts need their own forms (CLDR: zero, one, two, few, many, other).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.rules import DAYS, codes
from matching.hints import Change
from matching.scoring import SKILL
from matching.similarity import LEAST, Likeness

MOST_REASONS = 3

DAY_NAMES = {
    "ar": dict(zip(DAYS, "الأحد الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت".split(), strict=True)),  # noqa: SIM905
    "en": dict(zip(DAYS, "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(), strict=True)),  # noqa: SIM905
}
PARTS_AR = {"morning": "صباح", "afternoon": "ظهيرة", "evening": "مساء"}
LANGUAGES = {
    "ar": {"ar": "العربية", "en": "الإنجليزية", "fr": "الفرنسية", "ur": "الأردية", "tl": "الفلبينية", "hi": "الهندية"},
    "en": {"ar": "Arabic", "en": "English", "fr": "French", "ur": "Urdu", "tl": "Filipino", "hi": "Hindi"},
}
TIMES_AR = ("وقت مشترك", "وقتان مشتركان", "{n} أوقات مشتركة", "{n} وقتًا مشتركًا")
DAYS_AR = ("يوم", "يومين", "{n} أيام", "{n} يومًا")

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Names:
    """Names that sentences use, in one language: concept id → name, district id → name."""

    concepts: Mapping[int, str]
    districts: Mapping[int, str]

    def concept(self, concept_id: object) -> str:
        """Name of a concept, or nothing."""
        return self.concepts.get(concept_id, "") if isinstance(concept_id, int) else ""


@dataclass(frozen=True)
class Told:
    """What one sentence is told from."""

    facts: Facts
    names: Names
    is_learner: bool
    today: date

    @property
    def taught(self) -> str:
        """Name of the skill that is taught."""
        return self.names.concept(self.facts.get("taught"))

    @property
    def wished(self) -> str:
        """Name of the skill that is wished."""
        return self.names.concept(self.facts.get("wished"))

    @property
    def back(self) -> str:
        """Name of the skill that would flow back."""
        pair = self.facts.get("two_way") or [None]
        return self.names.concept(pair[0])

    @property
    def days(self) -> int:
        """Days since the offer was last confirmed."""
        return max(0, (self.today - date.fromisoformat(self.facts["answered"])).days)

    @property
    def district(self) -> str:
        """Name of the district, the reader's own or one near by."""
        return self.names.districts.get(self.facts.get("district") or self.facts.get("near") or 0, "")


Sentence = Callable[[Told], str]


def reasons(
    contributions: Mapping[str, float], facts: Facts, *, reader: str, language: str, names: Names, today: date
) -> list[str]:
    """Give at most three sentences: the skill, then the strongest first; `reader` is "learner" or "teacher".

    Each sentence belongs to one contribution that is above zero; what did not count is never said.
    """
    told = Told(facts, names, reader == "learner", today)
    sentences = SENTENCES[language]
    ranked = sorted(contributions.items(), key=lambda item: (item[0] not in SKILL, -item[1], item[0]))
    said = [sentences[name](told) for name, value in ranked if value > 0 and name in sentences]
    return [sentence for sentence in said if sentence][:MOST_REASONS]


def hint(change: Change | None, *, language: str) -> str:
    """Say the one change of the reader's side that would make the pair possible or easier; nothing for None."""
    if change is None:
        return ""
    when = times(change.bit, language)[0] if change.bit else ""
    spoken = LANGUAGES[language].get(change.language, change.language)
    if language == "ar":
        end = "لصار هذا ممكنًا" if change.makes_possible else "لصار الاتفاق على موعد أسهل"
        return {
            "hours": f"لو تفرّغت {when} أيضًا {end}.",
            "say_hours": f"ذكر أوقات فراغك يسهّل الاتفاق: {when} مثلًا وقت يناسب الطرف الآخر.",
            "online": f"لو أمكنك اللقاء عن بُعد أيضًا {end}.",
            "in_person": f"لو أمكنك اللقاء وجهًا لوجه أيضًا {end}.",
            "language": f"ذكر اللغات التي تناسبك يسهّل الاتفاق: {spoken} لغة الطرف الآخر.",
            "confirm": "تأكيد أن عرضك ما زال قائمًا يقوّي هذا التوافق.",
        }[change.kind]
    end = "would make this possible" if change.makes_possible else "would make a date easier"
    return {
        "hours": f"One more free time, {when}, {end}.",
        "say_hours": f"Saying when you are free would help: {when}, for one, suits the other side.",
        "online": f"Meeting online too {end}.",
        "in_person": f"Meeting in person too {end}.",
        "language": f"Saying which languages suit you would help: the other side speaks {spoken}.",
        "confirm": "Confirming that your offer is still true would strengthen this match.",
    }[change.kind]


def nearness(*, theirs: str, own: str, field: str, likeness: Likeness, is_learner: bool, language: str) -> str:
    """Say how a listing of the wider circle is near: close enough for a reason, or only of one field (`field`)."""
    if likeness.value >= LEAST or not field:
        taught, wished = (theirs, own) if is_learner else (own, theirs)
        told = Told(
            {"taught": 1, "wished": 2, "road": likeness.road}, Names({1: taught, 2: wished}, {}), is_learner, date.min
        )
        return SENTENCES[language]["related_skill"](told)
    if language == "ar":
        return f"ليست المهارة نفسها، لكن «{theirs}» و«{own}» من باب واحد: {field}."
    return f"Not the same, but “{theirs}” and “{own}” are of one field: {field}."


def count_ar(number: int, forms: tuple[str, str, str, str]) -> str:
    """Say a count in Arabic; `forms` are one, two, few (3–10) and many (11–99) as counted nouns, "{n}" where it shows.

    From 100 on the noun follows the last two digits; a round hundred takes the bare singular.
    """
    one, two, few, many = forms
    if number in (1, 2):
        return (one, two)[number - 1]
    last = number % 100
    if 3 <= last <= 10:
        return few.format(n=number)
    if last >= 11:
        return many.format(n=number)
    return f"{number} {one}"


def times(mask: int, language: str) -> list[str]:
    """Give parts of the week in words: "Tuesday evening", «مساء الثلاثاء»."""
    pairs = [code.split("-") for code in codes(mask)]
    if language == "ar":
        return [f"{PARTS_AR[part]} {DAY_NAMES['ar'][day]}" for day, part in pairs]
    return [f"{DAY_NAMES['en'][day]} {part}" for day, part in pairs]


def _same_ar(told: Told) -> str:
    if told.is_learner:
        return f"هنا من يعلّم ما كتبته في رغبتك: {told.taught}."
    return f"هنا من يرغب في تعلّم ما في عرضك: {told.taught}."


def _same_en(told: Told) -> str:
    return f"Teaches what you wish to learn: {told.taught}." if told.is_learner else (
        f"Wishes to learn what you teach: {told.taught}."
    )  # fmt: skip


def _related_ar(told: Told) -> str:
    near = (
        f"مهارة «{told.taught}» قريبة من رغبتك «{told.wished}»"
        if told.is_learner
        else f"الرغبة «{told.wished}» قريبة من عرضك «{told.taught}»"
    )
    return f"{near}، وكثيرًا ما تجتمعان." if told.facts.get("road") == "together" else f"{near}."


def _related_en(told: Told) -> str:
    near = (
        f"“{told.taught}” is close to your wish “{told.wished}”"
        if told.is_learner
        else f"Their wish “{told.wished}” is close to what you teach: “{told.taught}”"
    )
    return f"{near}; neighbours often do both." if told.facts.get("road") == "together" else f"{near}."


def _two_way_ar(told: Told) -> str:
    if told.is_learner:
        return f"والفائدة متبادلة: في عروضك ما يلبّي رغبة الطرف الآخر ({told.back})."
    return f"والفائدة متبادلة: عند الطرف الآخر ما يلبّي رغبتك ({told.back})."


def _two_way_en(told: Told) -> str:
    if told.is_learner:
        return f"It goes both ways: what you teach ({told.back}) meets a wish of theirs."
    return f"It goes both ways: they can teach you something you wish for ({told.back})."


def _free_ar(told: Told) -> str:
    spoken = times(told.facts["free"], "ar")
    if len(spoken) <= 2:
        return f"وقتكما المشترك: {' و'.join(spoken)}."
    return f"بينكما {count_ar(len(spoken), TIMES_AR)}، منها {spoken[0]}."


def _free_en(told: Told) -> str:
    spoken = times(told.facts["free"], "en")
    if len(spoken) <= 2:
        return f"You are both free on {' and '.join(spoken)}."
    return f"You share {len(spoken)} free times, among them {spoken[0]}."


def _place_ar(told: Told) -> str:
    return f"في حيّك نفسه: {told.district}." if told.facts.get("district") else f"قريب منك: {told.district}."


def _place_en(told: Told) -> str:
    return (
        f"In your own district: {told.district}."
        if told.facts.get("district")
        else f"Not far from you: {told.district}."
    )


def _language(told: Told, language: str) -> list[str]:
    return [LANGUAGES[language].get(code, code) for code in told.facts.get("languages", ())]


def _fresh_ar(told: Told) -> str:
    if not told.is_learner:
        return ""  # a mentor knows of their own offer
    days = told.days
    return (
        "تأكّد اليوم أن العرض ما زال قائمًا."
        if days == 0
        else f"تأكّد قبل {count_ar(days, DAYS_AR)} أن العرض ما زال قائمًا."
    )


def _fresh_en(told: Told) -> str:
    if not told.is_learner:
        return ""
    days = told.days
    return (
        "Confirmed as still true today." if days == 0 else f"Confirmed as still true {days} day{'s' * (days > 1)} ago."
    )


SENTENCES: dict[str, dict[str, Sentence]] = {
    "ar": {
        "same_skill": _same_ar,
        "related_skill": _related_ar,
        "text": lambda told: "في النصّين كلمات مشتركة.",
        "two_way": _two_way_ar,
        "free_hours": _free_ar,
        "place": _place_ar,
        "language": lambda told: f"تجمعكما لغة: {' و'.join(_language(told, 'ar'))}.",
        "format": lambda told: "يمكن أن يكون اللقاء عن بُعد." if told.facts.get("online") else "",
        "room": lambda told: "المكان متاح الآن لمتعلّم جديد." if told.is_learner else "",
        "freshness": _fresh_ar,
    },
    "en": {
        "same_skill": _same_en,
        "related_skill": _related_en,
        "text": lambda told: "Both texts share words.",
        "two_way": _two_way_en,
        "free_hours": _free_en,
        "place": _place_en,
        "language": lambda told: f"You both speak {' and '.join(_language(told, 'en'))}.",
        "format": lambda told: "It can be held online." if told.facts.get("online") else "",
        "room": lambda told: "There is room for another learner now." if told.is_learner else "",
        "freshness": _fresh_en,
    },
}
