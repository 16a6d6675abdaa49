"""The Arabic catalogue: one word for one thing, its own marks, and forms that fit whoever is named."""

import re

import pytest
from babel.messages.pofile import read_po
from django.conf import settings

WRITERS = r"%\((?:name|teacher|learner|payer|payee|writer|receiver|other|young)\)s"
# A verb in the masculine beside a name: it would be wrong of half of those who are named.
BEFORE = re.compile(rf"(?:^|[\s،.:])[وف]?(?:ي\S+|لجارك|جارك)\s+(?:<b>)?(?:<bdi[^>]*>)?{WRITERS}")
AFTER = re.compile(rf"{WRITERS}(?:</bdi>)?(?:</b>)?\s+ي\S+")


@pytest.fixture(scope="module")
def sentences():
    with (settings.LOCALE_PATHS[0] / "ar/LC_MESSAGES/django.po").open("rb") as stream:
        catalogue = read_po(stream, locale="ar")
    return [
        (str(message.id), text)
        for message in catalogue
        if message.id
        for text in (message.string if isinstance(message.string, tuple) else (message.string,))
    ]


def test_no_verb_beside_a_name_says_he(sentences):
    assert [text for _id, text in sentences if BEFORE.search(text) or AFTER.search(text)] == []


def test_words_stand_in_arabic_marks(sentences):
    assert [text for _id, text in sentences if re.search("[“”]", text)] == []


def test_talks_are_called_by_one_word(sentences):
    assert [text for _id, text in sentences if "محادثات" in text] == []


def test_what_is_counted_is_not_put_after_a_word_that_would_bend_it(sentences):
    assert [text for _id, text in sentences if re.search(r"بمقدار|بقدر", text) and "%" in text] == []


def test_no_page_sets_a_latin_comma_between_two_values():
    found = []
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        if path.parent.name == "emails":
            continue
        text = re.sub(
            r"{% blocktranslate.*?{% endblocktranslate %}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL
        )
        found += [path.name for _each in re.findall(r"}}, {{", text)]
    assert found == []
