"""Texts as people send them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    ("words", "lang", "way"),
    [
        ("Excel من الصفر", "ar", "rtl"), ("Excel VBA من الصفر", "ar", "rtl"), ("C++", "ar", "ltr"),
        ("عود", "en", "rtl"),
        ("Learn عود", "en", "ltr"), ("2026", "ar", "rtl"), ("2026", "en", "ltr"), ("", "ar", "rtl"),
        ("Excel من الصفر", "", "rtl"), ("Go العود", "", "rtl"), ("Playing عود", "", "ltr"),
        ("", "", ""), ("2026 👍", "", ""),
    ],
)  # fmt: skip
def test_direction_is_that_of_the_only_script_or_of_the_language(words, lang, way):
    assert text.direction(words, lang) == way


@pytest.mark.parametrize(
    ("words", "lang", "opening"),
    [
        ("سلمى", "", "\u2068"),
        ("Karim", "ar", "\u2068"),
        ("Excel من الصفر", "ar", "\u2067"),
        ("Learn عود", "en", "\u2066"),
    ],
)
def test_isolated_keeps_a_name_apart_and_is_taken_out_again_by_clean(words, lang, opening):
    assert text.isolated(words, lang) == f"{opening}{words}\u2069"
    assert text.clean(text.isolated(words, lang)) == words


def test_isolated_of_nothing_is_nothing():
    assert text.isolated("") == ""


@pytest.mark.parametrize(
    ("words", "most", "short"),
    [
        ("خياطة", 10, "خياطة"), ("Fix your own bike", 14, "Fix your own…"), ("Fix your, own bike", 12, "Fix your…"),
        ("Donaudampfschiff", 8, "Donauda…"), ("a  b\nc", 9, "a b c"),
    ],
)  # fmt: skip
def test_brief_ends_after_a_word(words, most, short):
    assert text.brief(words, most) == short


@pytest.mark.parametrize(
    ("words", "direction"),
    [("Excel من الصفر يا خالة", "rtl"), ("learn عود please", "ltr"), ("2026-11-23 👍", ""), ("مرحبا", "rtl")],
)
def test_direction_follows_the_letters(words, direction):
    assert text.direction(words) == direction


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("يوم 2026-11-23 مساءً", [("turned", "2026-11-23")]),
        ("٢٠٢٦-١١-٢٣ أو 23/11", [("turned", "٢٠٢٦-١١-٢٣"), ("turned", "23/11")]),
        ("هاتفي +962 7 9123 4567.", [("turned", "+962 7 9123 4567")]),
        ("079 123 4567 صباحًا", [("turned", "079 123 4567")]),
        ("لغة C++ أو C#", [("turned", "C++"), ("turned", "C#")]),
        ("انظر https://rukn.example/a?b=1، ثم عد", [("turned", "https://rukn.example/a?b=1")]),
        ("عندي 5 10 تفاحات", []),
        ("اكتب `a + b` هنا", [("code", "a + b")]),
        ("```\nx = 1\n  y\n```", [("block", "x = 1\n  y")]),
        ("ثمن 5``` قطع", []),
    ],
)
def test_pieces_that_an_arabic_line_would_turn_round(words, found):
    assert [piece for piece in ((kind, part) for kind, part in text.pieces(words)) if piece[0]] == found


@given(st.text(alphabet="ab ١2-+`\n:/", max_size=40))
def test_pieces_lose_nothing_but_backticks(words):
    assert "".join(part for _kind, part in text.pieces(words)).replace("`", "").replace("\n", "") == words.replace(
        "`", ""
    ).replace("\n", "")
