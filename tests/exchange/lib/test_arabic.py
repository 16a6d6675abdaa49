"""Folding and stems: one form for all spellings that people mix."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.lib import arabic

arabic_text = st.text(alphabet="اأإآبتثجحخدذرزسشصضطظعغفقكلمنهويىئؤءةًٌٍَُِّْـ ٠١٢٣۴ گچپ abcABC+#-،", max_size=40)
any_text = st.text(max_size=60)


class TestFold:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("أحمد", "احمد"),
            ("إصلاح", "اصلاح"),
            ("آلة", "اله"),
            ("خِيَاطَة", "خياطه"),
            ("خيـــاطة", "خياطة"),
            ("مستشفى", "مستشفي"),
            ("مؤذن", "موذن"),
            ("قراءة", "قراة"),
            ("٢٠٢٦", "2026"),
            ("۲۰۲۶", "2026"),
            ("کیک", "كيك"),
            ("Café", "cafe"),
            ("خيا\u200bطة\u202e", "خياطة"),
        ],
    )
    def test_brings_spellings_together(self, one, other):
        assert arabic.fold(one) == arabic.fold(other)

    @pytest.mark.parametrize(
        ("text", "folded"), [("C++", "c++"), ("C#", "c#"), ("أ-ب، ج", "ا ب ج"), ("#وسم", "وسم"), ("", "")]
    )
    def test_keeps_what_names_need(self, text, folded):
        assert arabic.fold(text) == folded

    @given(st.one_of(arabic_text, any_text))
    def test_is_idempotent(self, text):
        assert arabic.fold(arabic.fold(text)) == arabic.fold(text)

    @given(arabic_text, arabic_text)
    def test_of_two_texts_is_the_two_folded(self, one, other):
        assert arabic.words(f"{one} , {other}") == arabic.words(one) + arabic.words(other)

    def test_survives_surrogates_and_a_megabyte(self):
        started = time.monotonic()
        assert arabic.fold("\ud800خياطة\udfff\x00") == "خياطه"
        arabic.fold("خِياطة " * 150_000)
        assert time.monotonic() - started < 20


class TestStems:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("الدراجات", "دراجة"),
            ("والدراجات", "دراجة"),
            ("بالخياطة", "خياطة"),
            ("للمبتدئين", "مبتدئ"),
            ("وخياطة", "خياطة"),
            ("lessons", "lesson"),
            ("bicycles", "bicycle"),
            ("sewing", "sew"),
        ],
    )
    def test_meet_for_forms_of_a_word(self, one, other):
        stems = [set(arabic.tokens(word).split()) for word in (one, other)]
        assert stems[0] & stems[1]

    @pytest.mark.parametrize("word", ["بنت", "ماء", "نول", "عود", "خط"])
    def test_leave_short_words_alone(self, word):
        assert arabic.fold(word) in arabic.stems(arabic.fold(word))

    @pytest.mark.parametrize(
        ("one", "other"), [("زيتون", "زيت"), ("وزيتون", "زيت"), ("تمرين", "تمر"), ("لبناني", "لبن"), ("كرتون", "كرت")]
    )
    def test_keep_an_ending_that_is_the_words_own(self, one, other):
        assert not set(arabic.stems(one)) & set(arabic.stems(other))

    @pytest.mark.parametrize(("one", "other"), [("زيتونة", "الزيتون"), ("لبنانية", "لبنان"), ("امتحانات", "امتحان")])
    def test_of_such_words_meet_too(self, one, other):
        assert set(arabic.stems(arabic.fold(one))) & set(arabic.stems(arabic.fold(other)))

    @given(st.one_of(arabic_text, any_text))
    def test_never_raise_and_never_hold_a_blank(self, text):
        assert all(token and " " not in token for token in arabic.tokens(text).split())


class TestContentWords:
    @pytest.mark.parametrize(
        "text", ["أريد أن أتعلم خياطة", "عايز حد يعلمني خياطة", "بدي اتعلم خياطة", "ابغى اتعلم خياطة"]
    )
    def test_leave_out_the_request(self, text):
        assert arabic.content_words(text)[-1] == "خياطه"
        assert len(arabic.content_words(text)) <= 2

    def test_leave_out_the_english_request(self):
        assert arabic.content_words("Can someone please teach me how to sew?") == ["sew"]


class TestPattern:
    @pytest.mark.parametrize(
        ("word", "text"),
        [
            ("خياطه", "أحبّ الخِيَـاطَةَ كثيرًا"),
            ("مستشفي", "المستشفى الكبير"),
            ("مسوول", "من المسؤول؟"),
            ("قراه", "قراءة"),
            ("2026", "سنة ٢٠٢٦"),
            ("cafe", "un CAFÉ"),
            ("c++", "I write C++ and C#"),
            ("كتاب", "کتاب"),
        ],
    )
    def test_finds_every_spelling(self, word, text):
        assert re.search(arabic.pattern(word), text)

    @given(arabic_text, arabic_text)
    def test_agrees_with_fold(self, text, asked):
        for word in arabic.words(asked):
            if any(char in word for char in "#+"):
                continue  # signs stand for themselves only beside letters; the expression looks at letters alone
            for part in arabic.words(text):
                if word in part:
                    assert re.search(arabic.pattern(word), text), (word, text)

    def test_long_words_take_no_time(self):
        began = time.perf_counter()
        assert not re.search(arabic.pattern("ا" * 100 + "ب"), "اَ" * 4_000)
        assert time.perf_counter() - began < 1
