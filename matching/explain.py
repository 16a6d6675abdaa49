"""Why two people might meet, in at most three sentences of the reader's language, made from the ranking numbers.

Sentences live here and not in the message catalogue because commands, pages and notices ask for both languages at
once, and because Arabic counts need their own forms (CLDR: zero, one, two, few, many, other).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.rules import codes

MOST_REASONS = 3

DAYS = {
    "ar": dict(zip(("sun", "mon", "tue", "wed", "thu", "fri", "sat"), ("الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"), strict=True)),
    "en": dict(zip(("sun", "mon", "tue", "wed", "thu", "fri", "sat"), ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"), strict=True)),
}  # fmt: skip
PARTS = {"morning": "صباح", "afternoon": "ظهر", "evening": "مساء"}
LANGUAGES = {
    "ar": {"ar": "العربية", "en": "الإنجليزية", "fr": "الفرنسية", "ur": "الأردية", "tl": "الفلبينية", "hi": "الهندية"},
    "en": {"ar": "Arabic", "en": "English", "fr": "French", "ur": "Urdu", "tl": "Filipino", "hi": "Hindi"},
}


@dataclass(frozen=True)
class Names:
    """Names that sentences use, in one language: concept id → name, district id → name."""

    concepts: Mapping[int, str]
    districts: Mapping[int, str]


def reasons(
    contributions: Mapping[str, float], facts: Mapping[str, Any], *, reader: str, language: str, names: Names
) -> list[str]:
    """Give at most three sentences, the strongest contribution first; `reader` is "learner" or "teacher".

    Each sentence belongs to one contribution that is above zero; what did not count is never said.
    """
    tell = _arabic if language == "ar" else _english
    ranked = sorted(contributions.items(), key=lambda item: (-item[1], item[0]))
    told = [sentence for name, value in ranked if value > 0 and (sentence := tell(name, facts, reader, names))]
    return told[:MOST_REASONS]


def hint(contributions: Mapping[str, float], facts: Mapping[str, Any], *, language: str) -> str:
    """Give one thing that would make the pair easier, or nothing."""
    if "free_hours" in contributions:
        return ""
    if language == "ar":
        return "لو وجدتما وقتًا مشتركًا في الأسبوع لصار اللقاء أسهل."
    return "One shared free time in the week would make this easier."


def count_ar(number: int, forms: tuple[str, str, str, str]) -> str:
    """Say a count in Arabic; `forms` are one, two, few (3–10) and many (11–99) as a counted noun, "{n}" where it shows."""
    one, two, few, many = forms
    last = number % 100
    if number == 1:
        return one
    if number == 2:
        return two
    if 3 <= last <= 10:
        return few.format(n=number)
    if last >= 11:
        return many.format(n=number)
    return one if number == 0 else f"{number} {one}"


def times(mask: int, language: str) -> list[str]:
    """Give parts of the week in words: "Tuesday evening", «مساء الثلاثاء»."""
    out = []
    for code in codes(mask):
        day, part = code.split("-")
        out.append(f"{PARTS[part]} {DAYS['ar'][day]}" if language == "ar" else f"{DAYS['en'][day]} {part}")
    return out


def _arabic(name: str, facts: Mapping[str, Any], reader: str, names: Names) -> str:
    is_learner = reader == "learner"
    skill, wished = names.concepts.get(facts.get("taught", 0), ""), names.concepts.get(facts.get("wished", 0), "")
    match name:
        case "same_skill" if skill:
            return f"هنا من يعلّم ما ترغب في تعلّمه: {skill}." if is_learner else f"هنا من يرغب في تعلّم ما تعلّمه: {skill}."
        case "related_skill" if skill and wished:
            near = f"«{skill}» قريبة من رغبتك «{wished}»" if is_learner else f"الرغبة «{wished}» قريبة مما تعلّمه: «{skill}»"
            return f"{near}، وكثيرًا ما تجتمعان." if facts.get("road") == "together" else f"{near}."
        case "text" if facts.get("words"):
            return "في النصّين كلمات مشتركة."
        case "two_way" if facts.get("two_way"):
            mine, theirs = (names.concepts.get(concept, "") for concept in facts["two_way"])
            return f"والفائدة متبادلة: ما تعلّمه ({mine}) يلبّي رغبة عند الطرف الآخر." if is_learner else (
                f"والفائدة متبادلة: يمكنك أن تتعلّم بدورك ({theirs if theirs == mine else mine})."
            )
        case "free_hours" if facts.get("free"):
            spoken = times(facts["free"], "ar")
            if len(spoken) <= 2:
                return f"كلاكما متفرّغ {' و'.join(spoken)}."
            counted = count_ar(len(spoken), ("وقت مشترك", "وقتان مشتركان", "{n} أوقات مشتركة", "{n} وقتًا مشتركًا"))
            return f"بينكما {counted}، منها {spoken[0]}."
        case "place" if facts.get("district"):
            return f"في حيّك نفسه: {names.districts.get(facts['district'], '')}."
        case "place" if facts.get("near"):
            return f"قريب منك: {names.districts.get(facts['near'], '')}."
        case "language" if facts.get("languages"):
            return f"تجمعكما لغة: {' و'.join(LANGUAGES['ar'].get(code, code) for code in facts['languages'])}."
        case "format" if facts.get("online"):
            return "يمكن أن يكون اللقاء عن بُعد."
        case "freshness" if "days" in facts:
            days = facts["days"]
            if days == 0:
                return "تأكّد اليوم أن العرض ما زال قائمًا."
            counted = count_ar(days, ("يوم", "يومين", "{n} أيام", "{n} يومًا"))
            return f"تأكّد قبل {counted} أن العرض ما زال قائمًا."
    return ""


def _english(name: str, facts: Mapping[str, Any], reader: str, names: Names) -> str:
    is_learner = reader == "learner"
    skill, wished = names.concepts.get(facts.get("taught", 0), ""), names.concepts.get(facts.get("wished", 0), "")
    match name:
        case "same_skill" if skill:
            return f"Teaches what you wish to learn: {skill}." if is_learner else f"Wishes to learn what you teach: {skill}."
        case "related_skill" if skill and wished:
            near = f"“{skill}” is close to your wish “{wished}”" if is_learner else f"Their wish “{wished}” is close to what you teach: “{skill}”"
            return f"{near}; neighbours often do both." if facts.get("road") == "together" else f"{near}."
        case "text" if facts.get("words"):
            return "Both texts share words."
        case "two_way" if facts.get("two_way"):
            mine, _theirs = (names.concepts.get(concept, "") for concept in facts["two_way"])
            return (
                f"It goes both ways: what you teach ({mine}) meets a wish of theirs."
                if is_learner
                else f"It goes both ways: they can teach you something you wish for ({mine})."
            )
        case "free_hours" if facts.get("free"):
            spoken = times(facts["free"], "en")
            if len(spoken) <= 2:
                return f"You are both free on {' and '.join(spoken)}."
            return f"You share {len(spoken)} free times, among them {spoken[0]}."
        case "place" if facts.get("district"):
            return f"In your own district: {names.districts.get(facts['district'], '')}."
        case "place" if facts.get("near"):
            return f"Not far from you: {names.districts.get(facts['near'], '')}."
        case "language" if facts.get("languages"):
            return f"You both speak {' and '.join(LANGUAGES['en'].get(code, code) for code in facts['languages'])}."
        case "format" if facts.get("online"):
            return "It can be held online."
        case "freshness" if "days" in facts:
            days = facts["days"]
            return "Confirmed as still true today." if days == 0 else f"Confirmed as still true {days} day{'s' if days > 1 else ''} ago."
    return ""
