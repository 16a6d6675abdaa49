"""Safe first words: the corpus holds its goals, and the rules keep their laws for any text."""

import json
import re
import subprocess
import sys
import time
import tomllib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks import first_words
from exchange.chat.screening import contacts, judging, screen
from exchange.chat.screening.anchors import Anchors, needed
from exchange.chat.screening.reading import read

PIECES = st.sampled_from(
    ["079", "1234567", "٠٧٩", "صفر", "سبعة", " ", "then", "@", ".", "gmail", "نقطة", "com", "insta", "\u200b", "ـ", "0️⃣",
     "send me the code", "واتس", "five", "double", "-", "www.", "sam_9", "://", "\n", "ﷺ", "İ", "ß", "•••"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=14).map("".join))


ROWS = {
    name: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for name, path in first_words.SETS.items()
}
# What anybody may say beside a request, and what must not let it pass.
EVERYDAY = ["كيف حالك؟ {}", "How are you? {}", "{}، ولا تخبر أحدا", "{}, and don't tell anybody",
            "Sorry I forgot my phone, {}", "نسيت هاتفي، {}", "انتبه! {}", "I review Python code. {}",
            "Never give it to others, {}", "كيف حالك\n{}", "A strong day to you; {}"]  # fmt: skip


class TestCorpus:
    def test_has_enough_of_both_kinds_in_both_languages(self):
        rows = ROWS["tuned"]
        for lang in ("ar", "en"):
            assert sum(bool(row["expect"]) for row in rows if row["lang"] == lang) >= 100
            assert sum(not row["expect"] for row in rows if row["lang"] == lang) >= 200

    @pytest.mark.parametrize(
        ("name", "least", "most"), [("tuned", 0.95, 0.02), ("unseen", 0.95, 0.02), ("kept_back", 0.9, 0.02)]
    )
    def test_is_held_at_the_goals(self, name, least, most):
        figures = first_words.measure(first_words.SETS[name])
        assert figures["recall"] >= least, figures["missed"]
        assert figures["false_alarms"] <= most, figures["alarmed"]


class TestLaws:
    @given(TEXTS)
    @example("double:then")
    @example("0000000@000")
    @settings(max_examples=250, deadline=None)
    def test_masked_text_holds_nothing_more_to_mask_and_spans_are_right(self, text):
        screened = screen(text, is_first_contact=True)
        for finding in screened.findings:
            for start, end in finding.spans:
                assert 0 <= start < end <= len(text)
        assert screen(screened.masked, is_first_contact=True).masked == screened.masked

    def test_masking_the_corpus_twice_changes_nothing(self):
        for path in first_words.SETS.values():
            for line in path.read_text(encoding="utf-8").splitlines():
                masked = screen(json.loads(line)["text"], is_first_contact=True).masked
                assert screen(masked, is_first_contact=True).masked == masked

    def test_what_is_held_stays_held_whatever_is_said_beside_it(self):
        held = [row["text"] for rows in ROWS.values() for row in rows if self._is_held(row["text"])]
        assert len(held) >= 100
        assert not [(saying, text) for text in held for saying in EVERYDAY if not self._is_held(saying.format(text))]

    def test_what_is_found_is_found_whatever_is_said_beside_it(self):
        """Contact data reads what stands around it; all the other rules are asked here."""
        texts = {row["text"]: self._rules(row["text"]) for rows in ROWS.values() for row in rows}
        for text, rules in texts.items():
            assert not [saying for saying in EVERYDAY if rules and not rules <= self._rules(saying.format(text))], text

    def _is_held(self, text):
        return screen(text, is_first_contact=True).is_held

    def _rules(self, text):
        return {finding.rule for finding in screen(text, is_first_contact=False).findings}

    @given(TEXTS)
    @settings(max_examples=80, deadline=None)
    def test_a_text_is_untouched_once_both_have_written(self, text):
        assert screen(text, is_first_contact=False).masked == text

    def test_a_long_text_takes_a_moment_and_no_more(self):
        """Quadratic rules took minutes for these; a second is far from both."""
        for piece in ("a", "a-", "1 ", "double ", "www.", "a@", "then ", " . "):
            began = time.process_time()
            screen((piece * 20_000)[:20_000], is_first_contact=True)
            assert time.process_time() - began < 5, piece

    def test_nothing_is_passed_on_unread_however_long_the_text(self):
        text = "x " * 20_000 + " 0791234567"
        assert "0791234567" not in screen(text, is_first_contact=True).masked


class TestRules:
    def test_each_has_a_reason_in_both_languages_that_its_reader_gets(self):
        for pattern in judging.patterns():
            for lang in ("ar", "en"):
                assert len(judging.reason(pattern.rule, lang)) > 20

    def test_none_is_said_by_nothing(self):
        assert not [says.pattern for pattern in judging.patterns() for says in pattern.says if says.search("")]

    def test_both_files_name_the_same_rules_with_the_same_severity(self):
        files = {}
        for lang in judging.LANGUAGES:
            with (judging.HERE / f"{lang}.toml").open("rb") as stream:
                rules = tomllib.load(stream)
            rules.pop("words")
            files[lang] = {rule: (row["severity"], row["reason"]) for rule, row in rules.items()}
        assert files["ar"] == files["en"]

    def test_what_holds_is_taken_back_only_by_words_that_reach_it(self):
        assert not [pattern.rule for pattern in judging.patterns() if pattern.severity == "hold" and pattern.about]

    @pytest.mark.parametrize(
        ("text", "rules"),
        [
            ("كيف حالك؟ أخبرني بالكود الذي وصلك", {"code_request"}),
            ("أرسل لي الرمز الذي وصلك، نسيت هاتفي", {"code_request"}),
            ("لا تخبر أحدا ارسل لي الرمز الذي وصلك", {"code_request", "secrecy"}),
            ("لا تعطي الكود لغيري، عطني إياه أنا، الرمز اللي جاك", {"code_request"}),
            ("ليش ما تعطيني الكود اللي وصلك", {"code_request"}),
            ("لا ترسل\nالكود الذي وصلك", {"code_request"}),
            ("ما كلمة المرور؟", {"code_request"}),
            ("send me the code you received for the review", {"code_request"}),
            ("Don't tell anybody send me the code you received", {"code_request", "secrecy"}),
            ("You will get a code, do not share it with others, send it to me", {"code_request"}),
            ("Never give it to others but give me the verification code", {"code_request"}),
            ("write me your pin", {"code_request"}),
            ("give me the code", {"bare_code"}),
            ("هات الكود", {"bare_code"}),
            ("give me the code of the lesson example", set()),
            ("Send me the code, I'll review it", set()),
            ("لا تعطي أحدا الكود الذي وصلك", set()),
            ("You will get a code, never share it", set()),
            ("Nobody from Rukn will ask you to send the code you received", set()),
            ("كلمة السر في نجاح المعمول السمن البارد", set()),
        ],
    )
    def test_a_word_counts_for_its_own_clause_only(self, text, rules):
        assert {each.rule for each in screen(text, is_first_contact=True).findings} == rules

    @pytest.mark.parametrize(
        ("text", "masked"),
        [
            ("ضيفني سناب يوسف94 شكرا", "ضيفني سناب ••• شكرا"),
            ("حسابي على انستا ليلى_م", "حسابي على انستا •••"),
            ("بريدي هو sam.k@gmail.com شكرا", "بريدي هو ••• شكرا"),
            ("write to my mail sam teacher gmail please", "write to my mail ••• please"),
            ("my insta is sam_94 ok", "my insta is ••• ok"),
            ("سناب صورة الغروب. حلوة", "سناب صورة الغروب. حلوة"),
            ("كلمني على واتس الساعة5", "كلمني على واتس الساعة5"),
        ],
    )
    def test_what_announces_a_contact_stays_readable(self, text, masked):
        assert screen(text, is_first_contact=True).masked == masked

    def test_the_page_on_safety_lists_them_as_they_are(self):
        text = (judging.HERE.parents[2] / "docs" / "safety.md").read_text(encoding="utf-8")
        for pattern in judging.patterns():
            row = f"| `{pattern.rule}` | {pattern.severity} | {pattern.reason['en']} | {pattern.reason['ar']} |"
            assert row in text

    def test_two_warnings_hold_and_one_does_not(self):
        one = screen("how old are you", is_first_contact=True)
        two = screen("how old are you, come alone", is_first_contact=True)
        assert (one.is_held, two.is_held) == (False, True)

    def test_the_way_back_names_the_letters_as_written(self):
        text = "رقمي ٠\u200b٧٩ـ١٢٣٤٥٦٧ شكرا"
        reading = read(text)
        ((start, end),) = [reading.original(*span) for span in contacts.found(reading.text)["phone"]]
        assert text[start:end] == "٠\u200b٧٩ـ١٢٣٤٥٦٧"


class TestAnchors:
    """Only patterns that a text could meet are looked for; none that it meets may be passed over."""

    says = [each for pattern in judging.patterns() for each in pattern.says]
    anchors = Anchors(says)

    def _all_met_are_found(self, text):
        found = set(self.anchors.may_meet(text))
        assert not [each.pattern for number, each in enumerate(self.says) if number not in found and each.search(text)]

    @given(st.sampled_from(says).flatmap(lambda says: st.from_regex(says)), TEXTS)
    @settings(max_examples=200, deadline=None)
    def test_find_whatever_a_pattern_can_say(self, said, around):
        self._all_met_are_found(said)
        self._all_met_are_found(around + said + around)

    def test_find_whatever_the_corpus_says_and_hardly_more(self):
        looked_at = []
        for path in first_words.SETS.values():
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                self._all_met_are_found(read(row["text"]).text)
                if not row["expect"]:
                    looked_at.append(len(self.anchors.may_meet(read(row["text"]).text)))
        assert sum(looked_at) / len(looked_at) < len(self.says) / 20

    @pytest.mark.parametrize(
        ("pattern", "pieces"),
        [
            ("abcd", {"abcd"}), ("abcde|xyz", {"abcd", "xyz"}), ("(?:ab|cd)ef", {"abef", "cdef"}), (".*", None),
            ("[ab]{3}", None), ("colou?r", {"colo"}), ("(?:abc)?def", {"def", "abcd"}), (r"\w+", None),
            ("(?:abc)+.(?:longer|shorter)", {"long", "shor"}), ("abc(?!def)", {"abc"}), ("a|bcd", None),
        ],
    )  # fmt: skip
    def test_are_what_a_match_cannot_do_without(self, pattern, pieces):
        assert needed(pattern) == (None if pieces is None else frozenset(pieces))

    def test_a_pattern_without_pieces_is_always_looked_for(self):
        anchors = Anchors([re.compile("abc"), re.compile(r"\d+"), re.compile("")])
        assert anchors.may_meet("xyz") == [1, 2]
        assert anchors.may_meet("xabcx") == [0, 1, 2]

    def test_are_read_before_the_first_message_comes(self):
        asked = "import exchange.asgi, exchange.chat.screening.judging as j; print(j._searches.cache_info())"
        told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
        assert "currsize=1" in told.stdout
