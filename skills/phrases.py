"""How a request is put: what asks, what is excluded, whom it is for, and what it is about.

Pure: text in, words out. "I want to learn", «ابغى احد يعلمني» say nothing of the subject; "not beginners" and
«بدون موسيقى» name what is not meant; "for kids", «للأطفال» name people, who must not win over the skill.
"""

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from exchange.lib import arabic

MOST_WORDS = 60  # content words of a text that are read
MOST_CHARACTERS = 20_000
LONGEST_EXCLUSION = 4  # content words
# Weights of words that hardly tell skills apart, against 1 for the subject.
SOFT, AUDIENCE, ASK_AS_SUBJECT = 0.5, 0.3, 0.6
SPOKEN_WORDS = 8  # a text of so many words is put as people speak
SHORTEST_AND = 4  # letters of a word whose first may be «و», "and"


def _folded(words: str) -> frozenset[str]:
    return frozenset(arabic.fold(words).split())


# Words that ask. Never the subject of a request in themselves; a name may hold them.
ASK = _folded("""
    أريد نريد تريد يريد أرغب رغبة راغب راغبة أتمنى أود نود احتاج نحتاج محتاج محتاجة محتاجين أبحث ادور ادوّر أبغى
    أبغا ابغي
    أبي نبي نبغى بدي بدنا بدها بدو بده وده عايز عايزة عاوز عاوزة حابب حابة حاب حابين أحب نحب نفسي ودي وديي خاطري
    اتعلم نتعلم يتعلم تتعلم اعلم يعلم يعلمني تعلمني علمني علموني يعلمنا تعلمنا يعلمها يعلمه علمونا يعلمون
    يتعلمون يدرسني
    تدرسني يدرسنا يدرس تدرس يدرسها يفهمني تفهمني فهمني فهموني يشرح يشرحلي اشرح اشرحولي تشرح شرح يوريني توريني
    وريني يورينا
    يدربني تدربني دربني درّبوني يساعدني تساعدني ساعدني ساعدوني يساعدنا مساعدة يقدر تقدر اقدر نقدر أستطيع استطيع يستطيع
    اعرف نعرف عارف عارفة بعرف فاهم
    شخص أحد احد حد حدا واحد مين من منو يمكن ممكن سمحت سمحتم سمحتوا رجاء رجاءً لطفا فضلك فضلكم تكفى تكفون الله يخليكم
    كيف كيفية كيفيه ازاي إزاي ازاى شلون كيفاش وش ايش شو ايه شنو متى اين وين ليش لماذا هل ماذا حق مال تبع
    مرحبا السلام عليكم صباح مساء الخير شكرا هلا اهلا
    انا أنا احنا إحنا نحن انت انتم لي لنا لك لكم عندي عندنا معي معنا فيني فيي اني إني لأنني لاني
    كمان عشان علشان لأجل بشكل جدا شوية شوي كتير كثير هنا هناك اليوم بكرة الآن الان فقط بس لو اذا إذا ايضا أيضا
    زي عنده عندها عندهم له لها بنفسي لحالي لوحدي ولا يعرف تعرف
    بغيت بغينا نبغي باغي باغية حبيت واش شكون ديال بل ولكن شيئا اتعلمها اتعلمه نتعلمها نتعلمه
    بيعرف بتعرف بتعرفوا بيقدر بيعلم بيعلمني بعلّم يعلّمني بتعلم مقابل المقابل متاح متاحة شي شيء أي اشي زي بتاع بتوع تاع
    اعمل نعمل يعمل اسوي نسوي يسوي
    عبر
    ناوي ناوية جاي قررت نويت صار لازم مهتم مهتمة مهتمين اهتمام أفضل
    want wants wanted wish wishes wishing like love would could can may might should must will shall need needs needed
    looking look search searching seeking seek hoping hope interested keen
    learn learns teach teaches taught show shows explain help helps helping someone somebody anyone anybody
    person please
    how what when where who which why do does did am was were been being have has had
    i me we us you he she it they them m ve d ll re s t im my mine
    hi hello hey thanks thank there here some any all also just so if about get getting know knowing able
    return exchange swap others together hang gets easily enough anything something available
    neither nor free properly again finally really very too much many lot bit
""")
# Words that hardly tell skills apart: how it is taught, and at which level.
SOFT_WORDS = _folded("""
    تعلم تعليم التعلم التعليم معلم معلمة مدرس مدرسة مدرب مدربة دروس درس دورة دورات كورس كورسات حصص حصة ورشة ورش تدريب
    مبتدئ مبتدئة مبتدئين مبتدئات اساسيات أساسيات أساسية مبادئ مقدمة البداية الصفر صفر خطوة احتراف احترافي متقدم
    متقدمة مستوى
    بسيط بسيطة بسرعة سهل سهلة طريقة طرق معرفة مهارة مهارات تقوية مراجعة خصوصي جماعي اونلاين حضوري
    learning teaching lesson lessons course courses class classes tutor tutoring tuition coaching training workshop
    beginner beginners basic basics introduction introductory intro starting start scratch advanced intermediate level
    skill skills absolute simple easy easily quick quickly new first good better best using use make making work working
    way ways
""")
# People a lesson is for.
PEOPLE = _folded("""
    أطفال اطفال طفل طفلي طفلتي اطفالي أولاد اولادي أولادي ولدي ابني ابنتي بنتي بناتي بنات نساء سيدات رجال شباب
    كبار السن مسنين
    المسنين كبيرات صغار الصغار أمهات امهات آباء والدتي والدي امي أمي أبي ابويا جدتي جدي ستي اختي أختي أخي زوجي زوجتي
    عائلتي عائلات اهلي أهلي بيتي جيراني صديقي
    kid kids child children son daughter boys girls women ladies men adults adult seniors elderly elders teens
    teenagers
    mum mom mother father dad grandmother grandma grandfather grandpa grandchildren wife husband sister brother
    toddlers parents family families newcomers
""")
# Where people meet; said after "at" or «في», it is not the skill.
PLACES = _folded("""
    المكتبة المقهى القهوة الكافيه المسجد الجامع الكنيسة النادي الحديقة المركز
    library café cafe mosque church club park centre center
""")
# After these, what follows is not meant.
_EXCEPT = _folded("بدون بلا عدا ماعدا باستثناء سوى without except excluding minus")
_NEITHER = "neither"
# These deny only a thing («لا الخياطة»), not what somebody does or is («لا أعرف», «غير مكلف»).
_DENY_A_THING = _folded("لا ماشي غير")
_OTHER_THAN = "غير"
# These go on where something was denied; else they are a dialect's "or", and "nor can I sew".
_DENY_ON = _folded("ولا nor")
_PEOPLE_ENDINGS = ("ين", "ون")  # «غير الناطقين بها» are people
_NOT_MEANT = tuple(
    tuple(arabic.fold(phrase).split())
    for phrase in (
        "ما عدا", "من غير", "من دون", "وليس", "وليست", "ليس", "ليست", "وليس لل", "لا أريد", "لا اريد", "لا نريد",
        "ما ابي",
        "ما ابغى",
        "ما أبغى", "ما بدي", "ما بدنا", "مابي", "مابغى", "مش عايز", "مش عايزة", "مش عاوز", "مو", "موب", "مهب",
        "مش", "مب", "موش", "ما بغيت", "ما بغيتش", "مابغيتش",
        "ما أحب", "لا أحب", "ولا أحب", "ما بحب", "ما احبش", "مش بحب", "ما نحب", "بدلا من", "بدلا عن", "عوضا عن",
        "كل شي إلا", "كل شيء إلا", "hate", "dislike",
        "ماهو", "لا احتاج", "لا أحتاج", "وبدون", "وبلا", "بعيدا عن", "but not", "not", "no", "other than",
        "rather than",
        "instead of", "apart from", "anything but", "do not want", "don't want", "do not need", "don't need",
        "don't like",
    )
)  # fmt: skip
# "I cannot swim" wants swimming; "not only bread" wants bread.
_NOT_AFTER = _folded("""
    can could do does did am is are was were has have will would cannot know knows why if whether or
""")
_NOT_BEFORE = _folded("""
    only just know knowing sure able yet really good afraid understand understanding bad problem matter worries
    one idea
    experience previous prior knowledge background
    عارف عارفة عارفين فاهم فاهمة قادر قادرة قادرين بعرف اعرف نعرف ادري دارية فقط بس كده كدا شرط مهم مشكلة متعود
    متعودة متأكد متاكد شاطر شاطرة كويس كويسة زين خبرة سابقة قدرة قدره علم فكرة لدي لدينا عندي عندنا لي
    بأس شك بد مانع داعي سيما شيء شي احد أحد حدود الحال
""")
_CLAUSE = re.compile(r"[.!?؟،,;؛:\n()\[\]«»\"“”…–—]|\s[-/]\s")
# How old somebody is says nothing of the skill: «عمره ٧ سنين» is no Umrah.
_YEARS = "(?:سن[ةه]|سنين|سنوات|عام|عاما|أعوام|شهر|شهور|أشهر)"
_AGE = re.compile(
    rf"\bعمر(?:ه|ها|هم|ي|و|نا)\s+(?:\d+(?:\s+{_YEARS}\b)?|(?:\S+\s+){{1,2}}{_YEARS}\b)"
    r"|\bكبير[ةه]?\s+(?:في\s+|ب)السن\b"
    r"|\baged?\s+\d+(?:\s+years?)?\b|\b\d+[\s-]+years?[\s-]+old\b",
    re.IGNORECASE,
)
# Nor does when it shall be: «بعد صلاة العصر» is no prayer to learn, «يوم السبت» and "Friday evening" no skill.
_DAYS = "(?:السبت|الأحد|الاحد|الاثنين|الإثنين|الثلاثاء|الأربعاء|الاربعاء|الخميس|الجمع[ةه])"
_TIMES = "(?:الفجر|الظهر|العصر|المغرب|العشاء?|التراويح|الجمع[ةه]|الدوام|الشغل|العمل|الغداء?|الإفطار|الفطور)"
_WHEN = re.compile(
    rf"\b(?:بعد|قبل)\s+(?:صلا[ةه]\s+|أذان\s+|اذان\s+)?{_TIMES}\b"
    rf"|\b(?:يوم|أيام|ايام|مساء|صباح|ظهر|ظهيرة|عصر|ليل[ةه]?)\s+{_DAYS}\b"
    r"|\b(?:on\s+)?(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b(?:\s+(?:morning|afternoon|evening|night)s?\b)?"
    r"|\b(?:after|before)\s+(?:work|lunch|dinner|iftar|(?:(?:maghrib|asr|isha|fajr|dhuhr)\b\s*)?prayers?(?:\s+time)?"
    r"|maghrib|asr|isha|fajr|dhuhr)\b"
    r"|\b(?:in\s+the|every)\s+(?:morning|afternoon|evening)s?\b|\bat\s+(?:the\s+)?weekends?\b",
    re.IGNORECASE,
)
_TURN = _folded("but only and want i بل بس لكن انما إنما بدي ابي أبغى ابغى اريد نريد بغيت عايز عايزة عاوز")
_FOR = ("لل", "ل")
_OF_IT = _folded("في in at with")
_AND = _folded("and or و او أو ثم then plus")


@dataclass(frozen=True)
class Word:
    """One word of a request: itself without article, the stems it may be found under, how much it tells (0–1).

    `part` numbers the clauses and the members of an enumeration: "yoga, and bread" has two. `near` are stems of known
    words one slip of the finger away, where the word itself is not known.
    """

    folded: str
    bare: str
    stems: tuple[str, ...]
    weight: float
    part: int = 0
    near: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """What a text asks for, and what it says it does not mean, both in reading order.

    `is_spoken`: it is put as a person asks, and not just a name ("history of music").
    """

    words: tuple[Word, ...]
    excluded: tuple[tuple[Word, ...], ...] = ()
    is_spoken: bool = False


# Asking words that are subjects too ("help visitors", "show jumping"): they count unless someone clearly asks.
ASK_OR_SUBJECT = _folded("""
    help helps helping show shows explain search searching seek seeking love like need needs get getting free
    about show
    interest interested hope open again finally really know knowing
    مساعدة شخص اعلم يعلم احد واحد حق مال اهتمام صباح مساء الخير اليوم فقط معرفة افضل أفضل
""")


# These say who somebody is, at the start of a part; those ask to be taught what stands beside them.
_WHO = _folded("""
    انا اني زوجي زوجتي ابني ابنتي بنتي ولدي امي والدتي والدي اختي اخوي اخي جدتي جدي
    i m am s my is husband wife son daughter mother father mum mom dad sister brother
""")
_LEARN = _folded("اتعلم تعلم نتعلم يتعلم تتعلم يعلمني تعلمني علموني يعلمه يعلمها يعلمهم learn")
_LEFT_BY_APOSTROPHES = frozenset(["m", "ve", "d", "ll", "re", "s", "t"])


def read(
    text: str,
    *,
    name_at: Callable[[Sequence[str], int], int] = lambda _words, _place: 0,
    is_skill_at: Callable[[Sequence[str], int], bool] = lambda _words, _place: False,
) -> Request:
    """Read a request in either language.

    `name_at` says how many of the folded words from a place on are a skill's own name that holds words which ask or
    exclude («بدون» in "baking without sugar", «السلام» in «بحوث السلام»), so that they are taken for its words.
    `is_skill_at` says whether any skill's name begins at a place: «لا» before it denies the skill.
    """
    wanted: list[str] = []
    named: list[bool] = []
    excluded: list[list[str]] = []
    every: list[str] = []
    parts: list[int] = []
    for clause in _CLAUSE.split(_WHEN.sub(" ", _AGE.sub(" ", text[:MOST_CHARACTERS]))):
        folded = arabic.words(clause)
        every.extend(folded)
        held = {place + step for place in range(len(folded)) for step in range(name_at(folded, place))}
        kept, out = _without_exclusions(folded, held, is_skill_at, goes_on=bool(excluded))
        keep = [folded[place] for place in kept]
        parts.extend(_parts(keep, parts[-1] + 1 if parts else 0))
        wanted.extend(keep)
        named.extend(place in held for place in kept)
        excluded.extend(out)
        if len(wanted) > MOST_WORDS * 4:
            break
    words = _content(wanted, named, parts)
    if not words and not excluded:
        # «دروس» or "help" alone: every word asks, so they are all there is to go by.
        things = [word for word in every if arabic.without_article(word) in arabic.THINGS_TOO]
        words = [_word(word, 1.0) for word in things or every if len(word) > 2]
    gone = [tuple(_content(run)) for run in excluded]
    is_spoken = len(every) >= SPOKEN_WORDS or any(
        _clearly_asks(word) and not is_named for word, is_named in zip(wanted, named, strict=True)
    )
    return Request(tuple(words[:MOST_WORDS]), tuple(run for run in gone if run), is_spoken)


def name(folded: str) -> tuple[Word, ...]:
    """Give the words of a text that is a name, whatever its words would say in a request."""
    return tuple(_word(word, softness(word)) for word in name_words(folded))


def is_veiled(word: str) -> bool:
    """Whether a folded word of a name would be taken for one that asks or excludes."""
    return _asks(word) or word in _EXCEPT or word in _DENY_A_THING or (word,) in _NOT_MEANT


def _parts(folded: Sequence[str], first: int) -> list[int]:
    """Number the members of an enumeration: a new one begins after "and", "or", «أو», and at a word with «و» before."""
    out: list[int] = []
    for place, word in enumerate(folded):
        begins = place and (folded[place - 1] in _AND or (word.startswith("و") and len(word) >= SHORTEST_AND))
        first += bool(begins)
        out.append(first)
    return out


def name_words(folded: str) -> list[str]:
    """Give the words of a folded name that count: without particles, or all of it when nothing else is left."""
    words = folded.split()
    return [word for word in words if word not in arabic.PARTICLES] or words


def softness(word: str) -> float:
    """Give how much a folded word tells of a skill: 1 for most, less for how it is taught and to whom."""
    bare = arabic.without_article(word)
    return SOFT if word in SOFT_WORDS or bare in SOFT_WORDS else 1.0


def _content(folded: Sequence[str], named: Sequence[bool] = (), parts: Sequence[int] = ()) -> list[Word]:
    out = []
    asks = any(_clearly_asks(word) for word in folded)
    who = _introductions(folded, parts) if parts else frozenset()
    for place, word in enumerate(folded):
        asking = _asks(word) and not (named and named[place])
        if word in arabic.PARTICLES or (asking and (asks or word not in ASK_OR_SUBJECT)):
            continue
        weight = ASK_AS_SUBJECT if asking else softness(word)
        if _is_audience(folded, place) or _is_where(folded, place) or (parts and parts[place] in who):
            weight = AUDIENCE
        out.append(_word(word, weight, parts[place] if parts else 0))
    return out


def _introductions(folded: Sequence[str], parts: Sequence[int]) -> frozenset[int]:
    """Give the parts that only say who somebody is, where a later one says what is to be learned.

    «أنا ممرضة وأبغى أتعلم العود», "my husband is a cook and I want to learn photography".
    """
    by_part: dict[int, list[str]] = {}
    for word, part in zip(folded, parts, strict=True):
        by_part.setdefault(part, []).append(word[1:] if word.startswith("و") and word[1:] in ASK else word)
    last = -1
    for part, words in by_part.items():
        if not _LEARN.isdisjoint(words) and any(not _asks(word) and not _is_level(word) for word in words):
            last = part
    return frozenset(
        part
        for part, words in by_part.items()
        if part < last and words[0] in _WHO and all(word in _WHO for word in words if _asks(word))
    )


def _clearly_asks(word: str) -> bool:
    """Whether a word asks and is no subject: what an apostrophe leaves ("customer's needs") does not ask by itself."""
    return _asks(word) and word not in ASK_OR_SUBJECT and word not in _LEFT_BY_APOSTROPHES


def _asks(word: str) -> bool:
    """Whether a word asks, with «و» or an article before it or not: «وابغى»."""
    bare = arabic.without_article(word)
    if bare != word and bare in arabic.THINGS_TOO:
        return False
    return word in ASK or bare in ASK or (word.startswith("و") and word[1:] in ASK)


def _word(folded: str, weight: float, part: int = 0) -> Word:
    return Word(folded, arabic.without_article(folded), arabic.stems(folded), weight, part)


def _is_audience(folded: Sequence[str], place: int) -> bool:
    """Whether people are named as those it is for: «للأطفال», «لابني», "for my kids"."""
    word = folded[place]
    if word in PEOPLE and word.endswith("ي"):
        return True  # «أولادي», «أمي»: mine, so not the skill
    if arabic.is_arabic(word):
        return any(
            word.startswith(start) and (word[len(start) :] in PEOPLE or "ا" + word[len(start) :] in PEOPLE)
            for start in _FOR
        )
    return word in PEOPLE and any(folded[before] in ("for", "with") for before in range(max(0, place - 3), place))


def _is_where(folded: Sequence[str], place: int) -> bool:
    """Whether a place is named as where to meet: «في المكتبة», «بالمقهى», "at the library", "in a café"."""
    word = folded[place]
    before = folded[max(0, place - 2) : place]
    if arabic.is_arabic(word):
        if word.startswith("بال") and word[1:] in PLACES:
            return True
        return word in PLACES and before[-1:] == ["في"]
    return word in PLACES and any(each in ("at", "in", "near") for each in before)


def _without_exclusions(
    folded: Sequence[str], held: Set[int], is_skill_at: Callable[[Sequence[str], int], bool], *, goes_on: bool
) -> tuple[list[int], list[list[str]]]:
    """Give the places of words that are meant and the runs that are not; what a name holds excludes nothing.

    `goes_on`: a clause before this one has excluded something.
    """
    keep: list[int] = []
    excluded: list[list[str]] = []
    place = 0
    while place < len(folded):
        length = 0
        if place not in held:
            length = _denies(folded, place) or int(_denies_a_thing(folded, place, is_skill_at))
            length = length or int(folded[place] in _DENY_ON and (goes_on or bool(excluded)))
        if not length:
            keep.append(place)
            place += 1
            continue
        place += length
        run: list[str] = []
        content = 0
        while place < len(folded) and content < LONGEST_EXCLUSION and not _turns(folded[place]):
            if content and _is_of_it(folded[place]) and all(_is_level(word) for word in run):
                break  # "not a beginner in chess", «مش مبتدئ في الشطرنج»: the level is denied, not the skill
            content += folded[place] not in arabic.PARTICLES and folded[place] not in ASK
            run.append(folded[place])
            place += 1
        excluded.append(run)
    return keep, excluded


def _is_of_it(word: str) -> bool:
    """Whether what a level is a level of comes here: "in chess", «في الشطرنج», «بالشطرنج»."""
    return word in _OF_IT or (word.startswith("بال") and len(word) > SHORTEST_AND)


def _is_level(word: str) -> bool:
    return word in SOFT_WORDS or arabic.without_article(word) in SOFT_WORDS or word in arabic.PARTICLES or word in ASK


def _turns(word: str) -> bool:
    """Whether a word ends what is excluded, with «و» before it or not: «ولكن», «وأريد»."""
    return word in _TURN or (word.startswith("و") and word[1:] in _TURN)


def _denies_a_thing(folded: Sequence[str], place: int, is_skill_at: Callable[[Sequence[str], int], bool]) -> bool:
    """Whether «لا», «غير» or «ماشي» stands here before a noun with its article or before a skill."""
    if folded[place] not in _DENY_A_THING or place + 1 == len(folded):
        return False
    after = folded[place + 1]
    if after in _NOT_BEFORE or _asks(after):
        return False
    bare = arabic.without_article(after)
    if folded[place] == _OTHER_THAN and bare.endswith(_PEOPLE_ENDINGS):
        return False
    return bare != after or is_skill_at(folded, place + 1)


def _denies(folded: Sequence[str], place: int) -> int:
    """Give how many words from here on say "not this"; 0 when none do."""
    here = folded[place]
    if here == _NEITHER:
        return int(place + 1 < len(folded) and not (place and folded[place - 1] in _NOT_AFTER))
    for phrase in _NOT_MEANT:
        if tuple(folded[place : place + len(phrase)]) != phrase:
            continue
        after = folded[place + len(phrase)] if place + len(phrase) < len(folded) else ""
        if after in _NOT_BEFORE or not after:
            continue
        if phrase in (("not",), ("no",), ("مش",), ("مو",)) and place and folded[place - 1] in _NOT_AFTER:
            continue
        return len(phrase)
    return int(here in _EXCEPT and place + 1 < len(folded))
