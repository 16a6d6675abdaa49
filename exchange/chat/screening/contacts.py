"""Contact data in a folded text, however it is dressed: phones, mails, links, names on other networks."""

import re
from collections.abc import Iterator
from itertools import pairwise

Span = tuple[int, int]

# --- Numbers ---------------------------------------------------------------------------------------------------------
_UNITS = {
    "صفر": "0", "زيرو": "0", "واحد": "1", "واحده": "1", "وحده": "1", "اثنين": "2", "اثنان": "2", "اثنتين": "2",
    "ثنين": "2", "اتنين": "2", "تنين": "2", "ثلاثه": "3", "ثلاث": "3", "تلاته": "3", "تلات": "3", "اربعه": "4",
    "اربع": "4", "خمسه": "5", "خمس": "5", "سته": "6", "ست": "6", "سبعه": "7", "سبع": "7", "ثمانيه": "8", "ثمان": "8",
    "ثماني": "8", "تمانيه": "8", "تمن": "8", "تمنيه": "8", "تسعه": "9", "تسع": "9",
    "zero": "0", "oh": "0", "nought": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_TENS = {
    "عشره": "10", "عشرين": "20", "ثلاثين": "30", "تلاتين": "30", "اربعين": "40", "خمسين": "50", "ستين": "60",
    "سبعين": "70", "ثمانين": "80", "تمانين": "80", "تسعين": "90", "ten": "10", "twenty": "20", "thirty": "30",
    "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
}  # fmt: skip
_TIMES = {"double": 2, "triple": 3, "دبل": 2, "مرتين": 2}
_SPOKEN = re.compile(r"[^\W\d_]+|\d+|\+")
_FEWEST_SPOKEN = 7
_RUN = re.compile(r"(?<![\w.,:])(?:\+|00)?\(?\d(?:[ \-._()/*~|,،]{0,3}\d){6,17}(?![\w:])")
_DATE = re.compile(
    r"\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2(?:\d{4}|\d{2})(?!\d)|(?:19|20)\d\d\s*[-–/]\s*(?:19|20)\d\d"
)
_UNIT_AFTER = re.compile(
    r"\s*(?:%|٪|دينار|دنانير|ريال|ريالات|درهم|دراهم|جنيه|ليره|دولار|يورو|فلس|قرش|نسمه|شخص|متر|كيلو|كم|غرام|جرام|لتر|"
    r"سعره|خطوه|كلمه|صفحه|سنه|عام|jd|jod|sar|aed|egp|usd|eur|kwd|qar|omr|bhd|dinars?|riyals?|dirhams?|dollars?|pounds?|"
    r"euros?|people|metres?|meters?|km|kg|grams?|litres?|liters?|steps|words|pages|years|points|rows|followers)\b"
)
_UNIT_BEFORE = re.compile(
    r"(?:[$€£]|jd|jod|usd|sar|aed|isbn|iso|رقم المرجع|ردمك|سعر|سعرها|سعره|بسعر|مبلغ|الثمن|ثمن|order no|order number|"
    r"invoice|الفاتوره رقم|فاتوره رقم|model|موديل|serial)\s*:?\s*$"
)
_GROUPED = re.compile(r"^\d{1,3}(?:[,. ،]\d{3})+$")
_WEEK = re.compile(r"^(?:\d{1,2}(?:\s*[-–,،./]\s*|\s+)){3,}\d{1,2}$")  # "3 4 5 6" and "1-2-3": counts and lists


def numbers(text: str) -> Iterator[Span]:
    """Give phone numbers written in digits: not dates, times, prices, counts or grouped amounts."""
    for found in _RUN.finditer(text):
        written, digits = found.group(), re.sub(r"\D", "", found.group())
        if _DATE.search(written) or not 7 <= len(digits) <= 15:
            continue
        if _UNIT_AFTER.match(text, found.end()) or _UNIT_BEFORE.search(text[: found.start()]):
            continue
        is_marked = written.startswith(("+", "0", "(0"))
        if not is_marked and (_GROUPED.match(written) or _counts(written)):
            continue
        if is_marked and _counts(written) and len(digits) < 9:
            continue
        yield found.span()


def _counts(written: str) -> bool:
    """Whether digits only count on: 1 2 3 4 5 6 7 8, 10 20 30 40, or a list of small numbers."""
    parts = [int(part) for part in re.findall(r"\d+", written)]
    if len(parts) < 3:
        digits = "".join(re.findall(r"\d", written))
        return digits in "01234567890123456789" and len(parts) == 1
    steps = {after - before for before, after in pairwise(parts)}
    return len(steps) == 1 and steps != {0}


def spoken(text: str) -> Iterator[Span]:
    """Give phone numbers said in words, mixed with digits or not: «صفر سبعة تسعة …», "oh seven nine double five …"."""
    words = list(_SPOKEN.finditer(text))
    start = 0
    while start < len(words):
        end, digits, said = _spoken_from(words, start)
        if said >= 2 and len(digits) >= _FEWEST_SPOKEN and not _counts(" ".join(digits)):
            yield words[start].start(), words[end - 1].end()
        start = max(end, start + 1)


def _spoken_from(words: list["re.Match[str]"], start: int) -> tuple[int, str, int]:
    """Give (place after the run, its digits, how many of its words were said and not written in digits)."""
    digits, said, times, place = "", 0, 1, start
    last = start
    while place < len(words):
        word = words[place].group()
        bare = word.removeprefix("و") if word not in _UNITS and len(word) > 3 else word
        if word in _TIMES:
            times, place = _TIMES[word], place + 1
            continue
        value = word if word.isdigit() else _UNITS.get(bare) or _TENS.get(bare)
        if value is None:
            if word in ("و", "and", "ثم", "then", "dash", "شرطه", "plus", "زائد", "بلس", "+") and place > start:
                place += 1
                continue
            break
        if bare in _TENS and word != bare and digits:  # «تسعة وسبعين»: 79
            digits = digits[:-1] + str(int(value) + int(digits[-1]))
        else:
            digits += value * times
        times, said, place = 1, said + (not word.isdigit()), place + 1
        last = place
    return last, digits, said


# --- Mails, links, names ---------------------------------------------------------------------------------------------
_AT = r"(?:@|\(\s*(?:at|ات)\s*\)|\[\s*(?:at|ات)\s*\]|\{\s*at\s*\}|\s(?:at|ات)\s)"
_DOT = r"(?:\.|\(\s*(?:dot|نقطه|دوت)\s*\)|\[\s*(?:dot|نقطه)\s*\]|\s*(?:dot|نقطه|دوت)\s*)"
_ENDING = (
    r"(?:com|net|org|info|biz|online|site|shop|store|app|me|ly|io|co|gl|link|page|xyz|edu|gov|tv|cc|to|us|uk|jo|sa|ae|"
    r"eg|kw|qa|om|bh|ps|lb|sy|iq|ma|tn|dz|ly|كوم|نت|اورغ|اورج)"
)
_HOUSES = (
    r"(?:gmail|g mail|googlemail|hotmail|hot mail|outlook|yahoo|ymail|icloud|live|proton(?:mail)?|"
    r"جيميل|جي ميل|هوتميل|هوت ميل|ياهو|اوتلوك|ايكلاود)"
)
MAIL = [
    re.compile(r"[a-z0-9][a-z0-9._%+\-]*\s*@\s*[a-z0-9\-]+(?:\s*\.\s*[a-z0-9\-]+)+"),
    re.compile(rf"[a-z0-9][\w.%+\-]*\s*{_AT}\s*[a-z0-9\-]{{2,}}\s*{_DOT}\s*{_ENDING}\b"),
    re.compile(rf"(?:[a-z0-9][\w.%+\-]*\s*)?{_AT}?\s*{_HOUSES}\s*{_DOT}\s*(?:com|net|كوم|نت)\b"),
    re.compile(rf"[a-z0-9][\w.%+\-]*\s*{_AT}\s*{_HOUSES}\b"),
]
LINK = [
    re.compile(r"(?:https?|hxxps?)\s*:\s*/\s*/\s*\S+"),
    re.compile(r"\bwww\s*[.\s]\s*[a-z0-9\-]{2,}\S*"),
    re.compile(
        rf"(?<![\w@.])(?!asp\.net|vb\.net|ado\.net|\.net)[a-z0-9\-]{{2,}}(?:\.[a-z0-9\-]+)*\.{_ENDING}(?![\w])(?:/\S*)?"
    ),
    re.compile(
        rf"(?<!\w)[a-z0-9\-]{{2,}}\s*(?:\(\s*(?:dot|نقطه|دوت)\s*\)|\[\s*dot\s*\]|\s(?:dot|نقطه|دوت)\s)\s*{_ENDING}\b(?:\s*/\s*\S+)?"
    ),
]
_NETWORKS = (
    r"(?:whats\s?app|wats\s?app|telegram|insta(?:gram)?|snap(?:chat)?|face\s?book|fb|tik\s?tok|twitter|signal|discord|"
    r"skype|viber|imo|line|wechat|messenger|linkedin|واتس(?:اب|\sاب)?|واتساب|وتساب|تلي?[غجق]رام|تيلي?[غجق]رام|انست[اغق]"
    r"(?:رام|قرام|غرام|جرام)?|انستا|سناب(?:\s?شات)?|فيس(?:بوك|\sبوك)?|تيك\s?توك|تويتر|سي[غجق]نال|ديسكورد|سكايب|فايبر|"
    r"ايمو|ماسنجر|لينكد\s?ان)"
)
_NAME = r"[a-z0-9][a-z0-9._\-]{2,}"
HANDLE = [
    re.compile(rf"(?<![\w.])@\s?{_NAME}"),
    re.compile(
        rf"(?:my|our|the)\s+(?:{_NETWORKS}|user(?:name)?|handle|id|account|channel)(?:\s+(?:user(?:name)?|handle|id|"
        rf"account|name))?\s*(?:is|=|:|-|>)+\s*@?{_NAME}"
    ),
    re.compile(
        rf"(?:حسابي|يوزري|اليوزر|سنابي|انستاي|انستقرامي|قناتي|معرفي|اسمي|ايميلي|بريدي|ايدي|الايدي)"
        rf"(?:\s+(?:علي|في|ع|بال|ب))?(?:\s*{_NETWORKS})?\s*(?:هو|=|:|-|>)?\s*@?{_NAME}"
    ),
    re.compile(rf"{_NETWORKS}\s*(?:[:=>\-]+|user|id|يوزر|حساب|معرف)\s*@?(?=[a-z0-9._\-]*[0-9_.])?{_NAME}"),
    re.compile(
        rf"(?:add me|find me|dm me|message me|text me|follow me|ضيفني|ضيفيني|اضفني|تابعني|كلمني|راسلني|ابحث عني)"
        rf"\s+(?:on|at|in|علي|في|ع|ب|بال)?\s*(?:ال)?{_NETWORKS}\s*[:,\-]?\s*(?:as|باسم|اسمي|علي|@)?\s*@?"
        rf"(?=[a-z0-9._\-]*[0-9_.])({_NAME})"
    ),
]


def found(text: str) -> dict[str, list[Span]]:
    """Give rule → spans of contact data in a folded text."""
    mails = _spans(MAIL, text)
    links = [span for span in _spans(LINK, text) if not _inside(span, mails)]
    handles = [span for span in _spans(HANDLE, text) if not _inside(span, mails + links)]
    phones = [span for span in (*numbers(text), *spoken(text)) if not _inside(span, mails + links)]
    kinds = {"phone": phones, "mail": mails, "link": links, "handle": handles}
    return {rule: spans for rule, spans in kinds.items() if spans}


def _spans(patterns: list["re.Pattern[str]"], text: str) -> list[Span]:
    return [match.span() for pattern in patterns for match in pattern.finditer(text)]


def _inside(span: Span, others: list[Span]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in others)
