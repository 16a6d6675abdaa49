"""How a notice reads: in the reader's direction, names and titles apart in it; a subject in few words."""

from datetime import UTC, datetime
from itertools import product
from types import SimpleNamespace

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from exchange.chat.models import Conversation, Message
from exchange.lessons.models import Lesson
from exchange.lib.text import clean, isolated
from exchange.notices import letters
from exchange.notices.models import Notice
from exchange.notices.rules import KINDS
from exchange.notices.services.telling import Told
from skills.models import Listing

AT = datetime(2026, 11, 24, 10, tzinfo=UTC)
LONG_NAME, LONG_TITLE = (
    "Abdurrahmanuddin-Alexander",
    "Excel من الصفر حتى الاحتراف مع تمارين من العمل اليومي في المكتب والبيت معًا",
)
ACTS = {
    "lesson_asked": ("asked", "countered", "move_asked", "choose_anew"),
    "lesson_booked": ("booked", "moved", "move_lapsed"),
    "lesson_off": ("declined", "withdrawn", "lapsed", "cancelled"),
    "lesson_trouble": ("said", "missed", "disputed", "resolved"),
    "ward_lesson": ("asked", "countered", "move_asked", "booked", "moved", "cancelled", "declined"),
    "seat": ("offered", "off"),
    "hours": ("gift", "share", "floor", "reverse"),
}
OF_LISTINGS = ("met", "wish_claimed", "wish_climbed", "wish_given", "still_true")
NAMES_THE_OTHER = ("enquiry", "hello_waits", "hello_again", "lesson_soon", "lesson_held", "thanks_may", "thanks_opened")


def person(name):
    return SimpleNamespace(pk=1, first_name=name)


def told(kind, act="", *, name="سلمى", title="Excel من الصفر", lang="ar", **facts):
    """Give a notice of this kind as it would be read from rows."""
    talk = Conversation(pk=7, subject=title, subject_lang=lang)
    is_lesson, of_listing = kind.startswith(("lesson_", "ward_lesson")), kind in OF_LISTINGS
    facts = {
        "act": act, "count": 3, "writers": 1, "many": 1, "minutes": 90, "search": title, "reason": "why", "name": name,
        "since": AT.isoformat(), "until": AT.isoformat(), "full_until": "", "rung": "wider", "said": "accepted",
        "verdict": "kept", "why": {"ar": "لأنه عامّ", "en": "It is too general"}, "note": "", "title": title,
        "amount": 7500, "transferred": 7500, "refunded": 7500, "currency": "JOD", "state": "released", "is_payer": True,
        "ward": 1,
    } | facts  # fmt: skip
    row = Notice(pk=1, kind=kind, key="1", url="/", facts=facts, made_at=AT)
    lesson = None
    if is_lesson:
        lesson = Lesson(pk=1, conversation=talk, starts_at=AT, ends_at=AT, teacher_id=1, learner_id=2)
        lesson._state.fields_cache["teacher"] = person(name)
    listing = Listing(pk=1, title=title, lang=lang, kind="offer") if of_listing else None
    return Told(
        notice=row, lesson=lesson, listing=listing, sender=person(name), is_new=True,
        talk=None if is_lesson or of_listing else talk,
    )  # fmt: skip


def subject_of(line):
    return " ".join(render_to_string("emails/notice_subject.txt", {"lines": [line], "line": line}).split())


def sentence_of(line):
    return render_to_string("notices/push.txt", {"line": line}).strip()


@pytest.mark.parametrize(("kind", "language"), list(product(KINDS, ("ar", "en"))))
class TestEveryKind:
    def test_has_a_short_subject_that_is_no_sentence(self, kind, language):
        more = (
            {},
            {"writers": 2, "full_until": AT.isoformat(), "said": "", "verdict": "read", "state": "", "is_payer": 0},
        )
        with translation.override(language):
            for act, facts in product(ACTS.get(kind, ("",)), more):
                subject = clean(subject_of(told(kind, act, name=LONG_NAME, title=LONG_TITLE, **facts)))
                assert 5 < len(subject) <= 70, subject
                assert subject[-1] not in ".!:،؛", subject

    def test_keeps_names_and_titles_apart_in_sentence_and_subject(self, kind, language):
        with translation.override(language):
            for act in ACTS.get(kind, ("",)):
                line = told(kind, act)
                for text in (sentence_of(line), subject_of(line)):
                    for said, lang in (("سلمى", ""), ("Excel من الصفر", "ar")):
                        assert text.count(said) == text.count(isolated(said, lang)), text


@pytest.mark.parametrize("kind", NAMES_THE_OTHER)
def test_an_arabic_sentence_says_no_verb_of_whoever_is_named(kind):
    with translation.override("ar"):
        text = clean(sentence_of(told(kind)))
    assert "سلمى" in text
    assert not text.startswith("سلمى")


def test_the_page_reads_in_the_readers_direction_whatever_the_name(client_of, make_offer, salma, karim, relay):
    from exchange.lessons import services as lessons

    lessons.say_hello(listing=make_offer(karim, "Fix your own bike", ["bike repair"]), by=salma, body="مرحبًا")
    relay()
    page = client_of(karim).get("/notices/").content.decode()
    assert "<span>\u2068سلمى\u2069 says hello to you about “\u2068Fix your own bike\u2069”.</span>" in " ".join(
        page.split()
    ).replace("<span> ", "<span>").replace(" </span>", "</span>")


class TestMail:
    @pytest.fixture
    def mail(self, yusuf):
        def run(language, kind="message", bodies=("Hello!\nAre you there?", "أهلًا"), **facts):
            yusuf.language = language
            line = told(kind, **facts)
            words = [Message(sender_id=1, body=body) for body in bodies]
            for message in words:
                message._state.fields_cache["sender"] = person("سلمى")
            line.words.extend(words)
            message = letters.write([line], yusuf, "token")
            return message, message.alternatives[0][0]

        return run

    def test_without_markup_quotes_each_line_under_its_writer_and_links_stand_alone(self, mail):
        message, _html = mail("en")
        lines = message.body.splitlines()
        begins = lines.index("سلمى:")
        assert lines[begins : begins + 4] == ["سلمى:", "> Hello!", "> Are you there?", ""]
        assert "> أهلًا" in lines
        for number, line in enumerate(lines):
            if "http" in line:
                assert line.startswith("http")
                assert lines[number - 1].endswith(":")
        assert "\u2068" not in "".join(line for line in lines if line.startswith(("http", ">")))

    @pytest.mark.parametrize(("language", "way", "side"), [("ar", "rtl", "right"), ("en", "ltr", "left")])
    def test_has_the_look_of_the_house_in_the_readers_direction(self, mail, language, way, side):
        _message, html = mail(language)
        assert html.count(f'dir="{way}"') == 2  # mail programs drop the one of <html>
        assert f"border-{side}: 5px solid #0a544e" in html
        assert f"text-align: {side}" in html
        assert 'name="color-scheme" content="light dark"' in html
        assert "max-width: 560px" in html
        assert "src=" not in html
        assert "url(" not in html

    def test_leaves_nothing_of_its_own_to_the_first_letter(self, mail):
        _message, html = mail("en", bodies=())
        assert 'dir="auto"' not in html
