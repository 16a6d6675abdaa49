"""Texts as people send them."""

import pytest

from exchange.lib import text


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [("a\x00b", "ab"), ("\u202eevil\u202c", "evil"), ("ا\u200bب", "اب"), ("x\ud800y", "xy"), ("  خ \r\n م ", "خ \n م")],
)
def test_clean_takes_out_what_cannot_be_seen(dirty, clean):
    assert text.clean(dirty) == clean


def test_clean_keeps_joined_emoji_whole():
    assert text.clean("👩‍🍳") == "👩‍🍳"


@pytest.mark.parametrize("nothing", ["\u200b\u200d", "\u200c", "\u3164", "\u00ad \ufe0f", "\u064b"])
def test_a_text_in_which_nothing_can_be_seen_is_empty(nothing):
    assert text.clean(nothing) == ""


@pytest.mark.parametrize(("words", "lang"), [("أتعلم Excel إكسل", "ar"), ("learn عود please", "en"), ("123", "en")])
def test_language_follows_the_letters(words, lang):
    assert text.guess_lang(words) == lang
