"""What a person wrote in an answer by mail: without what they quoted, without signatures. Values in, values out.

Mail programs agree on nothing here, so the rules go from sure to likely: our own line above which to write, quoted
lines (">"), the line that introduces a quotation, header blocks of Outlook, signatures. In doubt words stay.
"""

import re
from dataclasses import dataclass
from email.message import EmailMessage
from html.parser import HTMLParser

MARK = "⟡⟡⟡"  # ends the line of our mails above which to write
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")  # mail programs set them around names
_ADDRESS = r"<?[\w.+=-]+@[\w.-]+>?"
_DATE = r"(?:\d|[٠-٩]|[۰-۹])"
# "On Tue, 24 Nov 2026 at 10:12, Rukn <…> wrote:" and its Arabic sisters; may be broken over three lines.
_INTRODUCTIONS = [
    re.compile(rf"^On\b.*{_DATE}.*\bwrote:$", re.IGNORECASE | re.DOTALL),
    re.compile(rf"^في\b.*{_DATE}.*(?:كتبت?|كتب/كتبت|كتب\(ت\)|تمت كتابة ما يلي بواسطة|قام)\b.*[:：]$", re.DOTALL),
    re.compile(rf"^بتاريخ\b.*{_DATE}.*(?:كتبت?|كتب/كتبت)\b.*[:：]$", re.DOTALL),
    re.compile(rf"^{_DATE}[^\n]*{_ADDRESS}.*[:：]$", re.DOTALL),
    re.compile(r"^(?:كتب|كتبت)\s.{0,120}[:：]$", re.DOTALL),
]
_RULE = re.compile(
    r"^[-_—\s]*(?:Original Message|Forwarded message|(?:ال)?رسالة (?:ال)?(?:أصلية|معاد توجيهها))[-_—\s]*$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^\*?(?:From|من)\s*[:：]\*?\s*\S")
_HEADER = re.compile(
    r"^\*?(?:Sent|Date|To|Cc|Subject|تاريخ الإرسال|تم الإرسال|التاريخ|أرسل|إلى|نسخة|الموضوع)\s*[:：]\*?"
)
_LONG_RULE = re.compile(r"^_{20,}$")
_SIGNATURE = re.compile(r"^--\s?$")
_MACHINES = r"iPhone|iPad|Galaxy|Samsung|Huawei|Xiaomi|Android|Outlook|Yahoo|Gmail|Mail|هاتف|جوال|جهاز|بريد|تطبيق|آيفون"
_DEVICES = re.compile(
    rf"^(?:Sent (?:from|with|via) .{{0,40}}\b(?:my|{_MACHINES}).{{0,40}}|Get Outlook for .{{0,30}}"
    rf"|(?:أُ?رسلت|أُ?رسل|مرسلة?|تم الإرسال|تم إرساله) (?:من|باستخدام|عبر) .{{0,20}}(?:{_MACHINES}).{{0,40}}"
    r"|(?:الحصول على|احصل على) Outlook .{0,40})$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Answer:
    """What was written, and whether something was attached that is left behind."""

    words: str
    has_attachments: bool


def answer_of(message: EmailMessage) -> Answer:
    """Give what a mail says by itself. The plain part is preferred; a mail of HTML alone is read for its words."""
    parts = [part for part in message.walk() if not part.is_multipart()]
    attached = [part for part in parts if part.get_content_disposition() == "attachment" or _is_file(part)]
    shown = [part for part in parts if part not in attached]
    plain = [part for part in shown if part.get_content_type() == "text/plain"]
    if plain:
        text = "\n".join(_flowed(part) for part in plain)
    else:
        text = "\n".join(words_of_html(_decoded(part)) for part in shown if part.get_content_type() == "text/html")
    return Answer(own_words(text), bool(attached))


def own_words(text: str) -> str:
    """Give a text without quotations and signatures."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    bare = [_INVISIBLE.sub("", line).replace("\u00a0", " ").strip() for line in lines]
    kept: list[str] = []
    place = 0
    while place < len(lines):
        if MARK in bare[place]:
            _drop_introduction(kept)
        if bare[place].startswith((">", "›")):
            place += 1
            continue
        if MARK in bare[place] or _ends_here(bare, place):
            break
        if length := _introduction(bare, place):
            if not _is_quoted_after(bare, place + length):
                break
            place += length
            continue
        kept.append(lines[place])
        place += 1
    while kept and (not _plain(kept[-1]) or _DEVICES.match(_plain(kept[-1]))):
        kept.pop()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in kept)).strip()


def words_of_html(html: str) -> str:
    """Give the words of HTML, without what it marks as quoted."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.out)


def _plain(line: str) -> str:
    return _INVISIBLE.sub("", line).replace("\u00a0", " ").strip()


def _ends_here(bare: list[str], place: int) -> bool:
    line = bare[place]
    if _SIGNATURE.match(line) or _RULE.match(line):
        return True
    following = [each for each in bare[place + 1 : place + 6] if each]
    if _FROM.match(line):
        return sum(bool(_HEADER.match(each)) for each in following[:4]) >= 2
    return bool(_LONG_RULE.match(line)) and bool(following) and bool(_FROM.match(following[0]))


def _introduction(bare: list[str], place: int) -> int:
    """Give how many lines from here introduce a quotation; 0: none does."""
    if not bare[place]:
        return 0
    for length in (1, 2, 3):
        run = bare[place : place + length]
        if len(run) < length or not run[-1]:
            return 0
        joined = " ".join(run)
        if len(joined) < 400 and any(pattern.match(joined) for pattern in _INTRODUCTIONS):
            return length
    return 0


def _drop_introduction(kept: list[str]) -> None:
    """Take away the last paragraph when it ends as introductions do: a quotation of ours begins, in some language."""
    lines = [_plain(line) for line in kept]
    while lines and not lines[-1]:
        lines.pop()
    begin = max((place + 1 for place, line in enumerate(lines) if not line), default=0)
    if begin and lines and lines[-1].endswith((":", "：")):
        del kept[begin:]


def _is_quoted_after(bare: list[str], place: int) -> bool:
    """Whether the quotation is marked line by line, so that words after it are the writer's own."""
    following = next((line for line in bare[place:] if line), "")
    return following.startswith((">", "›"))


def _is_file(part: EmailMessage) -> bool:
    return bool(part.get_filename()) or part.get_content_maintype() != "text"


def _decoded(part: EmailMessage) -> str:
    raw = part.get_payload(decode=True)
    data = raw if isinstance(raw, bytes) else b""
    try:
        return data.decode(part.get_content_charset("utf-8"), errors="replace")
    except LookupError:
        return data.decode("utf-8", errors="replace")


def _flowed(part: EmailMessage) -> str:
    """Join the lines that RFC 3676 broke."""
    text = _decoded(part).replace("\r\n", "\n")
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    glue = "" if str(part.get_param("delsp", "")).lower() == "yes" else " "
    out: list[str] = []
    is_open = False
    for line in text.split("\n"):
        soft = line.endswith(" ") and line != "-- " and not line.startswith(">")
        words = line.rstrip(" ") if soft else line
        if is_open and not line.startswith(">"):
            out[-1] = f"{out[-1]}{glue}{words}"
        else:
            out.append(words)
        is_open = soft
    return "\n".join(out)


class _Reader(HTMLParser):
    """Collects words; leaves out quotations, scripts and what is not shown."""

    breaks = frozenset(("br", "p", "div", "tr", "li", "h1", "h2", "h3", "blockquote", "hr"))
    silent = frozenset(("script", "style", "head", "title", "blockquote"))
    void = frozenset(("br", "hr", "img", "meta", "link", "input", "col", "area", "base", "wbr", "source", "embed"))
    quoted = re.compile(r"gmail_(?:quote|attr|signature)|yahoo_quoted|moz-cite-prefix")
    rest = re.compile(r"divRplyFwdMsg|appendonsend")  # Outlook: everything after this is the old mail

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.skipped: list[str] = []  # open elements inside what is left out, the outermost first
        self.is_over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        marks = " ".join(value or "" for name, value in attrs if name in ("class", "id"))
        self.is_over = self.is_over or bool(self.rest.search(marks))
        if self.skipped or tag in self.silent or self.quoted.search(marks):
            if tag not in self.void:
                self.skipped.append(tag)
            return
        if tag in self.breaks:
            self.out.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self.skipped:
            if tag in self.skipped:
                while self.skipped.pop() != tag:
                    pass
            return
        if tag in self.breaks and tag != "br":
            self.out.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.skipped and not self.is_over:
            self.out.append(re.sub(r"\s+", " ", data))
