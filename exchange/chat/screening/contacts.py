"""Contact data in a folded text, however it is dressed: phones, mails, links, names on other networks."""

import re
from collections.abc import Iterator
from itertools import pairwise

Span = tuple[int, int]

_UNITS = {
    "صفر": "0", "زيرو": "0", "واحد": "1", "واحده": "1", "وحده": "1", "اثنين": "2", "اثنان": "2", "اثنتين": "2",
    "ثنين": "2", "اتنين": "2", "تنين": "2", "جوج": "2", "ثلاثه": "3", "ثلاث": "3", "تلاته": "3", "تلات": "3",
    "اربعه": "4", "اربع": "4", "ربعه": "4", "خمسه": "5", "خمس": "5", "سته": "6", "ست": "6", "سبعه": "7", "سبع": "7",
    "ثمانيه": "8", "ثمان": "8", "ثماني": "8", "تمانيه": "8", "تمن": "8", "تمنيه": "8", "تسعه": "9", "تسع": "9",
    "تسعود": "9", "ون": "1", "وان": "1", "تو": "2", "ثري": "3", "تري": "3", "فور": "4", "فايف": "5", "سكس": "6",
    "سفن": "7", "ايت": "8", "ناين": "9",
    "zero": "0", "oh": "0", "nought": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_TEENS = {
    "احدعش": "11", "حداشر": "11", "حدعش": "11", "اتناش": "12", "اتناشر": "12", "اثنعش": "12", "طنعش": "12",
    "تلتاش": "13", "تلتاشر": "13", "ثلاثطعش": "13", "اربعتاش": "14", "اربعتاشر": "14", "اربعطعش": "14",
    "خمستاش": "15", "خمستاشر": "15", "خمسطعش": "15", "ستاش": "16", "ستاشر": "16", "سطعش": "16", "سبعتاش": "17",
    "سبعتاشر": "17", "سبعطعش": "17", "تمنتاش": "18", "تمنتاشر": "18", "ثمنطعش": "18", "تسعتاش": "19",
    "تسعتاشر": "19", "تسعطعش": "19", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14",
    "fifteen": "15", "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19",
}  # fmt: skip
_TENS = {
    "عشره": "10", "عشرين": "20", "ثلاثين": "30", "تلاتين": "30", "اربعين": "40", "خمسين": "50", "ستين": "60",
    "سبعين": "70", "ثمانين": "80", "تمانين": "80", "تسعين": "90", "عشرون": "20", "ثلاثون": "30", "اربعون": "40",
    "خمسون": "50", "ستون": "60", "سبعون": "70", "ثمانون": "80", "تسعون": "90", "ten": "10", "twenty": "20",
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
}  # fmt: skip
_TIMES = {"double": 2, "triple": 3, "دبل": 2, "مرتين": 2}
_BETWEEN = {
    "و", "and", "ثم", "then", "dash", "شرطه", "plus", "زائد",
    "بلس", "وبعدها", "بعدها", "وبعدين", "بعدين", "وبعده", "continues", "starts",
    "بعده",
}  # fmt: skip
_LEET = str.maketrans("013457", "oieast")
_SPOKEN = re.compile(r"[^\W_]+|[+,،;:/]")
_FEWEST = 7
_RUN = re.compile(r"(?<![\w.,:])(?:\+|00)?\(?\d(?:[ \-._()/*~|,،]{0,3}\d){6,17}(?![\w:])")
# What may hide a number in plain sight is taken for one only where nothing announces a telephone.
_DAY, _MONTH = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_NOT_A_PHONE = [
    re.compile(rf"(?<![\d/.\-])(?:19|20)\d\d([\-/.]){_MONTH}\1{_DAY}(?![\d/.\-])"),
    re.compile(rf"(?<![\d/.\-]){_DAY}([\-/.]){_MONTH}\1(?:(?:19|20)\d\d|\d\d)(?![\d/.\-])"),
    re.compile(rf"(?<![\d/.\-]){_DAY}/{_MONTH}(?![\d/])"),
    re.compile(r"(?<!\d)(?:[01]?\d|2[0-3]):[0-5]\d(?!\d)"),
    re.compile(r"(?<!\d)(?:19|20)\d\d\s*[-–/]\s*(?:19|20)\d\d(?!\d)"),
    re.compile(rf"(?<![\d.])(?:{_OCTET}\.){{3}}{_OCTET}(?![\d.])"),
]
_ANNOUNCED = re.compile(
    r"(?:رقمي|رقم (?:ال)?(?:جوال|هاتف|تلفون|تليفون|موبايل|بيت)|جوالي|تلفون|تليفون|هاتفي|موبايلي|نمرتي|نمره|اتصل|"
    r"كلمني|كلميني|راسلني|رن علي|عيط|واتس|الرقم|my (?:phone|mobile|cell|number|digits)|phone|call me|text me|ring me|"
    r"reach me|number is|mobile|landline|whats ?app)"
)
_ANNOUNCED_WITHIN = 40
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
_DRESSED = re.compile(r"(?<!\w)(?=[a-z]*\d)[0-9oilsb]{7,15}(?!\w)")
_UNDRESS = str.maketrans("oilsb", "01158")
_BEFORE = 30  # as far as a unit in front of a number is looked for


def numbers(text: str) -> Iterator[Span]:
    """Give phone numbers written in digits: not dates, times, addresses of machines, prices, counts or amounts."""
    text = _DRESSED.sub(_undressed, text)
    plain = text
    for pattern in _NOT_A_PHONE:
        plain = pattern.sub(lambda each: "x" * len(each.group()), plain)
    seen: list[Span] = []
    for reading in (plain, text):
        for run in _RUN.finditer(reading):
            if any(start < run.end() and run.start() < end for start, end in seen):
                continue
            if _is_phone(text, run.group(), run.start(), run.end(), must_be_announced=reading is not plain):
                seen.append(run.span())
                yield run.span()


def _is_phone(text: str, written: str, start: int, end: int, *, must_be_announced: bool) -> bool:
    digits = re.sub(r"\D", "", written)
    if not _FEWEST <= len(digits) <= 15 or _UNIT_AFTER.match(text, end):
        return False
    if _is_announced(text, start, end):
        return True
    if must_be_announced or _UNIT_BEFORE.search(text[max(0, start - _BEFORE) : start]):
        return False
    is_marked = written.startswith(("+", "0", "(0"))
    if not is_marked and (_GROUPED.match(written) or _counts(written)):
        return False
    return not (is_marked and _counts(written) and len(digits) < 9)


def _is_announced(text: str, start: int, end: int) -> bool:
    """Whether words close by say that this is a telephone: "call me on", «رقمي»."""
    around = text[max(0, start - _ANNOUNCED_WITHIN) : start] + " " + text[end : end + _ANNOUNCED_WITHIN // 2]
    return _ANNOUNCED.search(around) is not None


def _undressed(word: "re.Match[str]") -> str:
    """Read O79l234567 as digits, when most of it are digits."""
    digits = sum(char.isdigit() for char in word.group())
    return word.group().translate(_UNDRESS) if digits * 3 >= len(word.group()) * 2 else word.group()


def _counts(written: str) -> bool:
    """Whether digits only count on: 1 2 3 4 5 6 7 8, 10 20 30 40, or a list of small numbers."""
    parts = [int(part) for part in re.findall(r"\d+", written)]
    if len(parts) < 3:
        digits = "".join(re.findall(r"\d", written))
        return digits in "01234567890123456789" and len(parts) == 1
    steps = {after - before for before, after in pairwise(parts)}
    return len(steps) == 1 and steps != {0}


def spoken(text: str) -> Iterator[Span]:
    """Give phone numbers said in words or in pieces: «صفر سبعة تسعة …», "oh seven nine double five", "079 then 12"."""
    words = list(_SPOKEN.finditer(text))
    start = 0
    while start < len(words):
        end, digits, said, joins = _spoken_from(words, start)
        is_number = said >= 2 or (joins and digits[:1] and digits[0].startswith("0"))
        if is_number and sum(map(len, digits)) >= _FEWEST and not _counts(" ".join(digits)):
            yield words[start].start(), words[end - 1].end()
        start = max(end, start + 1)


def _spoken_from(words: list["re.Match[str]"], start: int) -> tuple[int, list[str], int, int]:
    """Give (place after the run, its numbers, how many of its words were said, how many "then" stood between)."""
    digits: list[str] = []
    said, joins, times, place, last = 0, 0, 1, start, start
    while place < len(words):
        word = words[place].group()
        if word in _TIMES:
            times = _TIMES[word]
        elif word in _BETWEEN or not word[0].isalnum():
            if place == start:
                break
            joins += word in _BETWEEN
        else:
            value, is_tens = _value(word)
            if value is None:
                break
            before = digits[-1] if digits else ""
            if is_tens and word.startswith("و") and len(before) == 1:  # «تسعة وسبعين»: 79
                digits[-1] = str(int(value) + int(before))
            elif before in _TENS.values() and len(value) == 1 and words[place - 1].group() in _TENS:  # "thirty four"
                digits[-1] = str(int(before) + int(value))
            else:
                digits += [value] * times
            times, said, last = 1, said + (not word.isdigit()), place + 1
        place += 1
    return (last if digits else place), digits, said, joins


def _value(word: str) -> tuple[str | None, bool]:
    """Give the digits a word stands for, and whether it is one of the tens."""
    if word.isdigit():
        return (word if len(word) <= 12 else None), False
    if any(char.isdigit() for char in word):
        word = word.translate(_LEET)
    for each in (word, word.removeprefix("و")):
        if each in _TENS:
            return _TENS[each], True
        if found := _UNITS.get(each) or _TEENS.get(each):
            return found, False
    return None, False


def _bounded(words: str) -> "re.Pattern[str]":
    """Compile a pattern in which nothing repeats without end: the time a text takes grows with its length only."""
    for endless, most in _BOUNDS.items():
        words = words.replace(endless, most)
    return re.compile(words)


_BOUNDS = {
    r"\s*": r"\s{0,5}", r"\s+": r"\s{1,5}", "]*": "]{0,64}", "]+": "]{1,64}", "{2,}": "{2,64}", "{3,}": "{3,64}",
}  # fmt: skip
_AT = r"(?:@|\(\s*(?:at?|ات)\s*\)|\[\s*(?:at?|ات)\s*\]|\{\s*at\s*\}|\s(?:at|ات|عند)\s)"
_DOT = r"(?:\.|\(\s*(?:dot|نقطه|دوت)\s*\)|\[\s*(?:dot|نقطه)\s*\]|\s*(?:dot|نقطه|دوت)\s*)"
_ENDING = (
    r"(?:com|net|org|gg|info|biz|online|site|shop|store|app|me|ly|io|co|gl|link|page|xyz|edu|gov|tv|cc|to|us|uk|jo|sa|ae|"
    r"eg|kw|qa|om|bh|ps|lb|sy|iq|ma|tn|dz|ly|كوم|نت|اورغ|اورج)"
)
_HOUSES = (
    r"(?:gmail|g mail|googlemail|hotmail|hot mail|outlook|yahoo|ymail|icloud|live|proton(?:mail)?|"
    r"جيميل|جي ميل|هوتميل|هوت ميل|ياهو|اوتلوك|ايكلاود)"
)
MAIL = [
    _bounded(r"(?<![\w.])[a-z0-9][a-z0-9._%+\-]*\s*@\s*[a-z0-9\-]+(?:\s*\.\s*[a-z0-9\-]+)+"),
    _bounded(rf"(?<![\w.])[a-z0-9][\w.%+\-]*\s*{_AT}\s*[a-z0-9\-]{{2,}}\s*{_DOT}\s*{_ENDING}\b"),
    _bounded(
        rf"(?<![\w.])[a-z0-9][\w%+\-]*\s*[(\[]\s*dot\s*[)\]]\s*[\w%+\-]+\s*{_AT}\s*[a-z0-9\-]{{2,}}\s*{_DOT}\s*{_ENDING}\b"
    ),
    _bounded(rf"(?<![\w.])(?:[a-z0-9][\w.%+\-]*\s*)?{_AT}?\s*{_HOUSES}\s*{_DOT}\s*(?:com|net|كوم|نت)\b"),
    _bounded(
        rf"(?<![\w.])[a-z0-9][\w.%+\-]*\s*(?:{_AT}|\s(?:علي|في)\s)\s*(?:ال)?{_HOUSES}(?:\s*{_DOT}\s*(?:com|net|كوم|نت))?\b"
    ),
    _bounded(rf"(?<![\w.])[a-z0-9][\w.%+\-]{{2,}}\s+{_HOUSES}\s+(?:com|كوم)\b"),
    _bounded(
        rf"(?<!\w)(?:ال)?(?:ايميلي?|بريدي|e-?mail|mail)\s(?:(?:is|هو|الالكتروني)\s){{0,2}}(?P<it>(?:[^\W\d_]+\s){{0,3}}[a-z0-9][a-z0-9._\-]{{2,}}\s.{{0,30}}?"
        rf"(?:ال)?{_HOUSES}(?:\s*{_DOT}\s*(?:com|net|كوم|نت))?)"
    ),
]
LINK = [
    _bounded(r"(?<![\w@.\-])(?:[a-z0-9\-]+\.){1,4}[a-z]{2,6}/[\w+]\S*"),
    _bounded(r"(?<![\w\-])[a-z0-9\-]{2,}(?:\s\.\s[a-z0-9\-]{2,}){0,3}\s\.\s(?:com|net|org)\b"),
    _bounded(r"(?:https?|hxxps?)\s*:\s*/\s*/\s*\S+"),
    _bounded(r"\bwww\s*[.\s]\s*[a-z0-9\-]{2,}\S*"),
    _bounded(
        rf"(?<![\w@.\-])(?!asp\.net|vb\.net|ado\.net|\.net)[a-z0-9\-]{{2,}}(?:\.[a-z0-9\-]+)*\.{_ENDING}(?![\w])(?:/\S*)?"
    ),
    _bounded(
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
_INVENTED = (
    r"(?=[a-z0-9._\-]*[a-z])(?=[a-z0-9._\-]*[0-9_.][a-z0-9_\-]?)[a-z0-9][a-z0-9._\-]{1,40}[a-z0-9_]"  # no plain word
)
_INVENTED_AR = (
    r"(?!(?:ال)?(?:ساعه|يوم|رقم|صف|صفحه|درس|مستوي|سنه)\d)[\u0621-\u064a]{2,20}(?:[0-9_]|\.[\u0621-\u064a])\w{0,20}"
)
_SPACED = r"(?:[a-z0-9] ){4,20}[a-z0-9]\b"
_LITTLE = (
    r"(?:\W{0,3}\b(?:is|id|user|username|name|account|channel|handle|my|s(?! \w \w\b)|as|on|حقي|حقتي|تبعي|تبعتي|ديالي|"
    r"هو|هي|باسم|اسمي|اسم|يوزر|يوزري|حساب|حسابي|معرف|علي|كلمني|live)\b){0,3}\W{1,5}"
)
# What announces a name is needed to find it and stays readable; the name itself is the group "it".
HANDLE = [
    _bounded(rf"(?<![\w.])@(?:\s?{_NAME}|{_INVENTED_AR})"),
    _bounded(r"(?<![\w.])[a-z0-9][a-z0-9._]{1,31}#\d{4}\b"),
    _bounded(
        rf"\b(?:my|our|the)\s+(?:{_NETWORKS}|ig|user(?:name)?|handle|account|channel)(?:\s+(?:user(?:name)?|handle|id|"
        rf"account|name))?\s*(?:is\b|=|:|>)+\s*(?P<it>@?{_NAME})"
    ),
    _bounded(
        rf"(?:(?<!\w)[بعفل]?(?:ال)?{_NETWORKS}(?:ي|ه)?|\big)\b{_LITTLE}(?P<it>@?(?:{_INVENTED}|{_INVENTED_AR}|{_SPACED}))"
    ),
    _bounded(
        rf"(?<!\w)(?:حسابي|يوزري|اليوزر|سنابي|انستاي|انستقرامي|قناتي|معرفي|ايميلي|بريدي|ايدي|الايدي){_LITTLE}(?P<it>@?(?:{_INVENTED}|{_INVENTED_AR}))"
    ),
    _bounded(
        rf"(?<!\w)(?:حسابي|يوزري|سنابي|انستاي|قناتي|معرفي)(?:\s(?:علي|في)\s(?:ال)?{_NETWORKS})?\s*(?:هو\s|=|:)\s*(?P<it>@?{_NAME})"
    ),
    _bounded(rf"(?<!\w)(?:ال)?{_NETWORKS}\s*(?:[:=>]+|\s(?:user|id|username|يوزر)\s)\s*(?P<it>@?{_NAME})"),
    _bounded(
        rf"(?:add me|find me|dm me|message me|text me|follow me|ضيفني|ضيفيني|اضفني|تابعني|كلمني|راسلني|ابحث عني)"
        rf"\s+(?:on |at |in |علي |في |ع |ب)?(?:ال)?{_NETWORKS}\s+(?P<it>(?:[a-z]+\s){{0,3}}{_INVENTED})"
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
    """Give what to cover: of a pattern that has a group "it" only that."""
    parts = [(pattern, "it" if "it" in pattern.groupindex else 0) for pattern in patterns]
    return [match.span(part) for pattern, part in parts for match in pattern.finditer(text)]


def _inside(span: Span, others: list[Span]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in others)
