"""Reasons in both languages: three at most, counts in the right form, nothing said that did not count."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import explain, scoring
from matching.hints import Change

NAMES = explain.Names({1: "الخياطة", 2: "العود"}, {7: "النسيم"})
FACTS = {
    "taught": 1, "wished": 1, "road": "same", "two_way": [2, 2], "free": 1 << 8, "district": 7, "online": True,
    "languages": ["ar"], "answered": "2026-02-01",
}  # fmt: skip


def told(contributions, language="ar", reader="learner", today=date(2026, 2, 1)):
    return explain.reasons(contributions, FACTS, reader=reader, language=language, names=NAMES, today=today)


class TestReasons:
    @given(
        st.dictionaries(st.sampled_from(sorted(scoring.PRIOR)), st.floats(0, 0.4)),
        st.sampled_from(["ar", "en"]),
        st.sampled_from(["learner", "teacher"]),
    )
    def test_are_at_most_three_and_belong_to_what_counted(self, contributions, language, reader):
        said = told(contributions, language, reader)
        assert len(said) <= 3
        every = {
            told({name: 1.0}, language, reader)[0]
            for name, value in contributions.items()
            if value > 0 and told({name: 1.0}, language, reader)
        }
        assert set(said) <= every

    def test_begin_with_the_skill_and_go_on_with_the_strongest(self):
        assert told({"language": 0.04, "place": 0.2, "same_skill": 0.1}) == [
            "هنا من يعلّم ما كتبته في رغبتك: الخياطة.",
            "في حيّك نفسه: النسيم.",
            "تجمعكما لغة: العربية.",
        ]

    @pytest.mark.parametrize(
        ("today", "said"),
        [
            (date(2026, 2, 1), "تأكّد اليوم أن العرض ما زال قائمًا."),
            (date(2026, 2, 3), "تأكّد قبل يومين أن العرض ما زال قائمًا."),
            (date(2026, 2, 5), "تأكّد قبل 4 أيام أن العرض ما زال قائمًا."),
            (date(2026, 2, 20), "تأكّد قبل 19 يومًا أن العرض ما زال قائمًا."),
        ],
    )
    def test_count_days_when_they_are_read(self, today, said):
        assert told({"freshness": 0.03}, today=today) == [said]


class TestHint:
    @pytest.mark.parametrize("language", ["ar", "en"])
    @pytest.mark.parametrize("kind", ["hours", "say_hours", "online", "in_person", "language", "confirm"])
    def test_is_a_sentence_in_both_languages(self, kind, language):
        said = explain.hint(Change(kind, 10, bit=1 << 8, language="ar"), language=language)
        assert said.endswith(".")
        assert explain.hint(None, language=language) == ""

    def test_names_the_evening(self):
        change = Change("hours", 400, makes_possible=True, bit=1 << 8)
        assert explain.hint(change, language="ar") == "لو تفرّغت مساء الثلاثاء أيضًا لصار هذا ممكنًا."
        assert explain.hint(change, language="en") == "One more free time, Tuesday evening, would make this possible."


class TestArabicCounts:
    @pytest.mark.parametrize(
        ("number", "said"),
        [
            (1, "يوم"),
            (2, "يومين"),
            (3, "3 أيام"),
            (10, "10 أيام"),
            (11, "11 يومًا"),
            (99, "99 يومًا"),
            (100, "100 يوم"),
            (103, "103 أيام"),
        ],
    )
    def test_take_the_right_form(self, number, said):
        assert explain.count_ar(number, explain.DAYS_AR) == said
