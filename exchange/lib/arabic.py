"""Reading Arabic and English forgivingly: folding for matching, light stems, words that carry no content.

Folded text is for comparing only and never shown.
"""

import re
import unicodedata
from collections import defaultdict
from functools import cache, lru_cache

import snowballstemmer

MARKS_PATTERN = (
    "[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u08d3-\u08ff]"  # tashkeel, Qur'anic signs, tatweel
)
_MARKS = re.compile(MARKS_PATTERN)
_HIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b-\u200f\u061c\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
# Seats of the hamza and look-alikes become one letter; a hamza alone is dropped, because people leave it out at will.
# Persian and Gulf letters become the Arabic ones that Arab keyboards lack a neighbour for.
_LETTERS = {ord(old): new for old, new in zip("أإآٱؤئىةیےکگڤپچژ", "ااااوييهييككفبجز", strict=True)}
_LETTERS.update({ord(old): str(place % 10) for place, old in enumerate("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹")})
_LETTERS[ord("ء")] = ""
LETTER_PAIRS = tuple((chr(old), new) for old, new in _LETTERS.items())  # for engines that fold by themselves
_ACCENTS = {char: None for char in range(0x300, 0x1F000) if unicodedata.combining(chr(char))}
_LAST = {**_ACCENTS, **_LETTERS}  # in one pass, because folding is most of the cost of an index
_BREAKS = re.compile(r"[^\w+#]+|_+")
_LONELY_SIGNS = re.compile(r"(?<![a-z0-9+#])[+#]+|[+#]+(?=\w)")
_ARABIC = re.compile("[\u0621-\u064a]")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_en_stemmer = snowballstemmer.stemmer("english")

ARABIC_STOP = _set("""
    في من على الى عن مع او ام ثم ان انه انها هذا هذه ذلك تلك التي الذي ما ماذا هل لا لم لن قد كل بعض اي كيف
    كيفيه متي اين انا انت هو هي نحن هم لي لك له لها لنا و يا عند عندي بين بعد قبل حتي لكن ايضا جدا كان كانت
    يكون تكون غير فقط حول اذا لو اريد نريد تريد يريد ارغب رغبه اتمني اود احتاج محتاج محتاجه ابحث ابغي ابغا
    ابي نبي بدي بدنا عايز عايزه عاوز عاوزه حابب حابه حاب احب نفسي ودي اتعلم تعلم نتعلم يتعلم تتعلم التعلم
    اعلم علم يعلم يعلمني تعلمني علمني يعلمنا تعليم التعليم اعرف معرفه معلم معلمه مدرس مدرسه دروس درس دوره
    دورات كورس حصص حصه شخص احد حد حدا مين منو ممكن سمحت سمحتم رجاء مساعده ساعدني يساعدني تساعدني مبتدي
    مبتديه مبتدين مبتديين للمبتديين للمبتدين للمبتديات اساسيات شويه شوي كمان عشان علشان لاجل ازاي شلون وش
    ايش شو ايه هنا هناك اليوم بكره اسبوع يوم وقت ساعه
""")
THINGS_TOO = _set("كمان")  # "too" in many dialects; with its article, or where nothing else is said, the violin
ENGLISH_STOP = _set("""
    a an the and or of to in on at for from with without by is am are be been was were do does did can could would will
    should may might must i me my mine we us our you your he she it they them his her their this that these those there
    here what how when where who which some any all no not only also very just so if as about into over than then more
    most want wants wish wishes like love need needs looking look search learn learns learning teach teaches teaching
    taught show someone somebody anyone anybody person people help please lesson lessons course courses class classes
    tutor tutoring beginner beginners basic basics start starting get know knowing ve d m ll re s t
""")
# Words of grammar alone: what a name or a request can lose without losing its subject.
PARTICLES = _set("""
    في من على علي الى الي عن مع او ام ثم ان انه انها هذا هذه ذلك تلك التي الذي ما هل لا لم لن قد كل بعض و يا بين عند
    حتي لكن هو هي نحن هم كما مثل ذات ذو خلال ضد لدي غير
    a an the and or of to in on at for from with by is are be as into its their his her our your my this that
    these those
""")
_PREFIXES = ("وبال", "وال", "فال", "بال", "كال", "ولل", "ال", "لل")
_SHORTEST_AFTER_ARTICLE = 3
_ENDINGS = ("ياتها", "اتها", "يات", "ات", "ون", "ين", "ان", "يه", "ها", "ه", "ي")
_SHORTEST_STEM = 3
# Words whose ون, ين or ان is their own: without it olives are oil, exercises are dates, and Lebanon is yoghurt.
WHOLE = _set("""
    زيتون ليمون صابون قانون تلفزيون تلفون تليفون بالون بلكون كرتون باترون بنطلون صالون سيفون سيليكون سلكون ايفون
    اكورديون درون ماراثون زبون طبلون جرسون كرواسون ماكرون صمون بايثون بشتون عربون
    تمرين تدوين تلوين تخزين تزيين تدخين تامين تحسين تكوين عجين سكين بنزين سكرين فلسطين ياسمين اكسجين انسولين طاجين شاهين
    لبنان عنوان بستان فستان ميزان حيوان انسان اسنان الوان الحان حصان رمان دهان دخان دكان ضمان خزان ريحان زعفران باذنجان
    خيزران برطمان بركان مهرجان قرصان طيران ميدان ديوان روبيان ربيان زربيان رومان يونان امتحان اعلان استبيان قفطان فنجان
    كتان رمضان شعبان نسيان سرطان ادمان ايمان اوزان اديان سودان جدران حيطان جيران غثيان فيضان مرجان وجدان برهان سلطان
    ثعبان كرواسان باكستان فقدان
""")


def fold(text: str) -> str:
    """Give the text as it is compared: one form for all spellings that people mix, words parted by one blank.

    NFKC; tashkeel, tatweel and hidden characters go; hamza seats, alef maqsura, ta marbuta, Persian kaf and ya and both
    sets of Arabic digits become one letter each; case is folded. Folding twice changes nothing.
    """
    if text.isascii():
        return " ".join(_LONELY_SIGNS.sub(" ", _BREAKS.sub(" ", _HIDDEN.sub("", text).lower())).split())
    text = unicodedata.normalize("NFKC", _HIDDEN.sub("", text))
    text = _HIDDEN.sub("", text)
    text = _MARKS.sub("", text).casefold()
    text = unicodedata.normalize("NFKD", text).translate(_LAST)
    return " ".join(_LONELY_SIGNS.sub(" ", _BREAKS.sub(" ", text)).split())


def words(text: str) -> list[str]:
    """Give the folded words of a text."""
    return fold(text).split()


def content_words(text: str) -> list[str]:
    """Give the folded words that say what it is about: no particles, no "I want to learn"."""
    found = words(text)
    return [word for word in found if not is_stop(word)] or [word for word in found if word in THINGS_TOO]


def is_stop(word: str) -> bool:
    """Whether a folded word carries no content in either language."""
    bare = without_article(word)
    is_thing = bare != word and bare in THINGS_TOO
    return word in ARABIC_STOP or word in ENGLISH_STOP or (bare in ARABIC_STOP and not is_thing)


def is_arabic(word: str) -> bool:
    """Whether a folded word is written in Arabic letters."""
    return _ARABIC.search(word) is not None


def without_article(word: str) -> str:
    """Give a folded Arabic word without its definite article and what hangs before it: والخياطة → خياطه."""
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= _SHORTEST_AFTER_ARTICLE:
            return word[len(prefix) :]
    return word


def same_written(folded: str) -> tuple[str, ...]:
    """Give the words of a folded text in a form that is the same with and without articles: «صم», «الصم»."""
    bare = (without_article(word) for word in folded.split())
    return tuple(word[2:] if word.startswith("ال") and len(word) > 3 else word for word in bare)


@lru_cache(maxsize=200_000)
def stems(word: str) -> tuple[str, ...]:
    """Give the forms under which a folded word is found, the likeliest first.

    English by Snowball. Arabic by our own light stem: Snowball's cuts سيارات to يارا and keeps a leading و
    (measured; docs/decisions, "Arabic has its own light stem").
    """
    if not _ARABIC.search(word):
        return (_en_stemmer.stemWord(word),)
    bare = without_article(word)
    if bare[:1] == "و" and bare[1:] in WHOLE:
        return (bare[1:],)
    forms = [light(bare)]
    if bare.startswith("و") and len(bare) >= 5:
        forms.append(light(without_article(bare[1:])))
    return tuple(dict.fromkeys(forms))


def light(word: str) -> str:
    """Give a folded Arabic word without plural, dual and feminine endings, never shorter than three letters.

    Endings go until none is left, so that «مبتدئين» and «مبتدئ» meet, or what is left is a word of its own (`WHOLE`).
    """
    if word in WHOLE:
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return light(word[: len(word) - len(ending)])
    return word


def tokens(text: str) -> str:
    """Give what full-text search reads and asks: all stems of all words, parted by blanks."""
    return " ".join(form for word in words(text) for form in stems(word))


def grams(text: str, size: int = 3) -> list[str]:
    """Give the character grams of a folded text, each word with its borders marked."""
    out: list[str] = []
    for word in fold(text).split():
        marked = f" {word} "
        out.extend(marked[place : place + size] for place in range(max(1, len(marked) - size + 1)))
    return out


def pattern(word: str) -> str:
    """Give a regular expression that finds a folded word in text as people wrote it, every spelling that folds to it.

    For texts whose folded form is not kept: each letter stands for all that fold to it, and signs that folding drops
    may stand between. Understood by Python and PostgreSQL alike; linear, as no two neighbours share a character.
    """
    known = _spellings()
    return _BETWEEN.join(f"[{known[char]}]" if char in known else re.escape(char) for char in word)


_BETWEEN = "[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u08d3-\u08ff\u0621\u0300-\u036f\u200c\u200d]*"
_WRITTEN = (range(0x30, 0x250), range(0x620, 0x700), range(0x750, 0x780), range(0xFB50, 0xFE00), range(0xFE70, 0xFF5F))


@cache
def _spellings() -> dict[str, str]:
    """Give each folded letter with all characters that fold to it: the very fold, turned around."""
    found: dict[str, str] = defaultdict(str)
    for char in (chr(number) for numbers in _WRITTEN for number in numbers):
        folded = fold(char)
        if len(folded) == 1 and (folded.isalnum()):
            found[folded] += char
    return dict(found)
