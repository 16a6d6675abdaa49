"""Free text to concepts: spelling, phrase, exclusion, several at once, across the languages; and never an error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills import lexicon, phrases, rewordings, stand_ins
from skills.lexicon import Lexicon
from skills.resolution import Hit, LabelRow, Resolver
from skills.services import rerank, words
from skills.spelling import Spelling
from skills.vocabulary import Vocabulary

NAMES = {
    1: {"ar": ["الخياطة", "تخييط"], "en": ["sewing", "dressmaking"]},
    2: {"ar": ["التطريز", "تطريز يدوي"], "en": ["embroidery"]},
    3: {"ar": ["قيادة السيارة", "سواقة"], "en": ["driving", "driving a car"]},
    4: {"ar": ["العزف على العود", "عود"], "en": ["playing the oud", "oud"]},
    5: {"ar": ["الموسيقى"], "en": ["music"]},
    6: {"ar": ["الطبخ"], "en": ["cooking"]},
    7: {"ar": ["الخبيز", "خبز"], "en": ["baking"]},
    8: {"ar": ["خبز بدون غلوتين"], "en": ["baking without gluten"]},
    9: {"ar": ["محو الأمية"], "en": ["reading for grown-ups"]},
    10: {"en": ["earthquake preparedness"]},
    11: {"ar": ["المعلوماتية"]},
    12: {"ar": ["صيانة السيارات"], "en": ["car care"]},
    13: {"ar": ["رعاية الأطفال"], "en": ["looking after children"]},
    14: {"ar": ["تحكم"]},
    15: {"ar": ["تحكم آلي"]},
    16: {"ar": ["بحوث"]},
    17: {"ar": ["بحوث السلام"]},
    18: {"ar": ["علم النبات"]},
    19: {"ar": ["علم النبات النفسي"]},
    20: {"ar": ["تاريخ"]},
    21: {"ar": ["تأريخ"]},
    22: {"ar": ["صم"]},
    23: {"ar": ["قصص الصم"]},
}
ONE_SPELLING = {20, 21}
LABELS = [
    LabelRow(concept, lang, text, place == 0)
    for concept, names in NAMES.items()
    for lang, texts in names.items()
    for place, text in enumerate(texts)
]


@pytest.fixture(scope="module")
def resolver():
    pairs = [("زلزال", "earthquake", 1.0), ("استعداد", "preparedness", 1.0), ("زلزال كبير", "big earthquake", 1.0)]
    return Resolver(LABELS, [(2, 1), (4, 5)], [(6, 7)], Lexicon(lexicon.learn(pairs)))


def sure(resolver, text, lang=None):
    return [hit.concept for hit in resolver.resolve(text, lang, sure=True)]


class TestResolve:
    @pytest.mark.parametrize(
        "text",
        [
            "خياطة", "الخِياطة", "خياطه", "خيـــاطة", "أريد أن أتعلم الخياطة", "ابغى احد يعلمني خياطه",
            "بدي حدا يعلمني الخياطة",
            "عايزة اتعلم الخياطة ازاي", "نفسي أتعلم الخياطة", "can someone teach me sewing please",
            "I'd love to learn to sew",
            "خياطه للأطفال", "sewing for my kids", "دروس خياطة", "خباطة", "خاطية",
        ],
    )  # fmt: skip
    def test_finds_a_skill_however_it_is_asked_for(self, resolver, text):
        assert resolver.resolve(text)[0].concept == 1

    @pytest.mark.parametrize(
        ("text", "both"),
        [
            ("خياطة وتطريز", {1, 2}),
            ("sewing and embroidery", {1, 2}),
            ("cooking, baking", {6, 7}),
            ("oud أو خياطة", {1, 4}),
        ],
    )
    def test_finds_every_skill_of_a_text(self, resolver, text, both):
        assert {hit.concept for hit in resolver.resolve(text)[:2]} == both
        assert both <= set(sure(resolver, text))

    @pytest.mark.parametrize(
        ("text", "found", "gone"),
        [
            ("car care but not driving", 12, 3),
            ("everything about car care except driving", 12, 3),
            ("طبخ بدون موسيقى", 6, 5),
            ("خياطة مو تطريز", 1, 2),
            ("عايز صيانة السيارات مش سواقة", 12, 3),
            ("طبخ ما عدا الخبيز", 6, 7),
            ("أريد الطبخ لا الخياطة", 6, 1),
            ("طبخ لا خياطة", 6, 1),
            ("ما أحب الطبخ أبي خياطة", 1, 6),
            ("لا أحب الطبخ، أحب الخياطة", 1, 6),
            ("عود بدلا من الموسيقى", 4, 5),
            ("I hate cooking but love sewing", 1, 6),
            ("لا أريد الطبخ بل الخبيز", 7, 6),
            ("لا أريد الطبخ ولكن الخبيز", 7, 6),
            ("لا أريد الطبخ وأريد الخبيز", 7, 6),
            ("لا طبخ ولا تطريز، بل خياطة", 1, 2),
            ("ماشي خياطة، بغيت التطريز", 2, 1),
            ("neither cooking nor sewing but baking", 7, 1),
            ("not cooking, nor sewing, but baking", 7, 1),
        ],
    )
    def test_leaves_out_what_is_excluded(self, resolver, text, found, gone):
        hits = [hit.concept for hit in resolver.resolve(text)]
        assert hits[0] == found
        assert gone not in hits

    @pytest.mark.parametrize(
        "text",
        [
            "خياطة لبنتي عمرها ٧ سنين",
            "خياطة، عمري سبع وستون سنة",
            "sewing for my daughter, aged 7",
            "sewing for a 7-year-old",
            "sewing, I am 67 years old",
        ],
    )
    def test_hears_no_skill_in_how_old_somebody_is(self, text):
        words = [word.folded for word in phrases.read(text).words]
        assert not {"7", "67", "سبع", "ستون", "وستون", "عمرها", "عمري", "سنه", "year", "years", "old"} & set(words)
        assert words[0] in ("خياطه", "sewing")

    @pytest.mark.parametrize(
        "text", ["لا خياطة ولا تطريز", "غير الخياطة", "أي شيء غير خياطة", "neither embroidery nor sewing", "ماشي خياطة"]
    )
    def test_finds_nothing_where_all_is_excluded(self, resolver, text):
        assert resolver.resolve(text) == []

    @pytest.mark.parametrize(
        "text",
        [
            "I can not sew", "مش عارف خياطة", "not only sewing", "I do not know sewing", "لا أجيد الخياطة",
            "لا أعرف شيئًا عن الخياطة وأريد أن أتعلمها", "لا بأس بالخياطة", "خياطة بسعر غير مكلف", "ليس فقط الخياطة",
            "مش مبتدئة في الخياطة", "لست مبتدئة بالخياطة", "not a beginner in sewing", "I'm not new at sewing",
            "خياطة لغير المبتدئين", "ليس لدي خبرة في الخياطة", "I can neither sew nor mend", "ماشي، خياطة",
        ],
    )  # fmt: skip
    def test_takes_not_knowing_for_no_exclusion(self, resolver, text):
        assert resolver.resolve(text)[0].concept == 1

    def test_takes_a_word_with_non_before_it_for_no_exclusion(self):
        names = ["apply anti-oppressive practices", "apply paint"]
        found = Resolver([LabelRow(number, "en", name, True) for number, name in enumerate(names)])
        assert found.resolve("apply non-oppressive practices")[0].concept == 0

    @pytest.mark.parametrize(
        "text", ["خياطة ولا تطريز", "not only sewing but embroidery", "sewing, not only embroidery"]
    )
    def test_takes_or_and_also_for_no_exclusion(self, resolver, text):
        assert {hit.concept for hit in resolver.resolve(text)[:2]} == {1, 2}

    @pytest.mark.parametrize(
        "text",
        [
            "خياطة بعد صلاة العصر", "خياطة بعد المغرب", "خياطة يوم السبت في المكتبة", "دروس خياطة مساء الجمعة بالمقهى",
            "sewing after prayer time", "Sewing on Friday evenings at the library", "after work on Sundays, sewing",
            "sewing, every evening", "خياطة، أنا كبيرة في السن", "instead of cooking I'd like sewing",
        ],
    )  # fmt: skip
    def test_hears_no_skill_in_when_and_where(self, resolver, text):
        request = phrases.read(text)
        heavy = [word.folded for word in request.words if word.weight > phrases.AUDIENCE]
        assert [word for word in heavy if word not in ("دروس",)] in (["خياطه"], ["sewing"])
        assert sure(resolver, text) == [1]

    @pytest.mark.parametrize(
        "text",
        [
            "أنا سائق سيارات وأبغى أتعلم الخياطة", "زوجي طباخ وأنا أريد تعلم الخياطة",
            "I'm a driver and want to learn sewing", "My husband is a driving teacher and I would like to learn sewing",
        ],
    )  # fmt: skip
    def test_takes_no_skill_from_who_somebody_is(self, resolver, text):
        assert sure(resolver, text) == [1]

    @pytest.mark.parametrize("text", ["أنا أعلّم الخياطة وأريد تعلم الطبخ", "I teach sewing and want to learn cooking"])
    def test_takes_what_somebody_teaches_beside_what_they_want(self, resolver, text):
        assert {1, 6} <= set(sure(resolver, text))

    @pytest.mark.parametrize(
        "text", ["ابني يحتاج مساعدة في الخياطة وأريد أن يعلمه أحد", "My daughter sews, and I want her to learn more"]
    )
    def test_takes_what_is_said_first_where_nothing_else_is(self, resolver, text):
        assert resolver.resolve(text)[0].concept == 1

    def test_takes_members_of_a_list_with_strokes(self, resolver):
        assert {1, 2, 6} <= set(sure(resolver, "sewing / embroidery / cooking"))

    def test_takes_no_whole_field_besides_a_skill_of_it(self):
        labels = [LabelRow(0, "en", "reading", True), LabelRow(1, "en", "Braille", True)]
        found = Resolver(labels, broader=[(1, 0)])
        assert sure(found, "reading Braille") == [1]
        assert sure(found, "reading") == [0]

    def test_what_an_apostrophe_leaves_asks_for_nothing(self):
        assert [word.folded for word in phrases.read("identify customer's needs").words] == [
            "identify", "customer", "needs",
        ]  # fmt: skip
        assert [word.folded for word in phrases.read("I need sewing").words] == ["sewing"]

    @pytest.mark.parametrize("text", ["baking without gluten", "ابي اتعلم خبز بدون غلوتين"])
    def test_knows_a_name_that_itself_excludes(self, resolver, text):
        assert resolver.resolve(text)[0].concept == 8

    @pytest.mark.parametrize(
        ("text", "concept"),
        [
            ("تحكم آلي", 15), ("التحكم الآلي", 15), ("بحوث السلام", 17), ("علم النبات النفسى", 19),
            ("ابي اتعلم بحوث السلام", 17), ("حدا يعلمني علم النبات النفسي", 19), ("الصم", 22),
        ],
    )  # fmt: skip
    def test_takes_a_name_for_itself_though_its_words_would_ask_or_say_nothing(self, resolver, text, concept):
        assert sure(resolver, text)[0] == concept

    @pytest.mark.parametrize(("text", "first"), [("تاريخ", 20), ("تأريخ", 21), ("تَأْريخ", 21)])
    def test_settles_two_skills_of_one_spelling_by_what_was_typed(self, resolver, text, first):
        assert {hit.concept for hit in resolver.resolve(text)[:2]} == ONE_SPELLING
        assert resolver.resolve(text)[0].concept == first

    def test_meets_names_of_the_other_language_through_the_dictionary(self, resolver):
        assert resolver.resolve("استعداد للزلزال", "ar")[0].concept == 10

    def test_takes_a_guess_for_no_certainty(self, resolver):
        assert sure(resolver, "زقزقة برمائية") == []
        assert sure(resolver, "quux frobnication") == []

    def test_is_not_sure_of_one_word_that_only_shares_a_stem_or_is_a_slip_away(self):
        names = ["سكري", "الخياطة", "cello", "organic", "السباحة"]
        found = Resolver([LabelRow(number, "ar", name, True) for number, name in enumerate(names)])
        assert [sure(found, text) for text in ("سكر", "خباطة", "hello", "organ")] == [[], [], [], []]
        assert [sure(found, text) for text in ("سكري", "خياطات", "cellos", "والسباحة")] == [[0], [1], [2], [4]]

    def test_of_nothing_is_nothing(self, resolver):
        assert resolver.resolve("") == resolver.resolve("؟!،") == []
        assert Resolver([]).resolve("خياطة") == []
        assert Resolver([]).suggest("خي", "ar") == []

    @settings(max_examples=150, deadline=None)
    @given(st.one_of(st.text(max_size=60), st.text(alphabet="اأإآبتةىيءؤئ ًِّـ٣۴abc+#-،.لا مو بدون not", max_size=60)))
    def test_never_fails_and_gives_scores_from_0_to_1_best_first(self, resolver, text):
        scores = [hit.score for hit in resolver.resolve(text, None, threshold=0.0)]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_is_the_same_for_all_spellings_that_folding_joins(self, resolver, data):
        alone = [row.text for row in LABELS if row.lang == "ar" and row.concept not in ONE_SPELLING]
        text = data.draw(st.sampled_from(alone))
        spelt = "".join(
            char + data.draw(st.sampled_from(["", "", "\u064e", "\u0640", "\u0651"]))
            for char in text.translate(
                {ord("أ"): data.draw(st.sampled_from("اأإآ")), ord("ة"): data.draw(st.sampled_from("ةه"))}
            )
        )
        assert resolver.resolve(spelt) == resolver.resolve(text)


class TestRead:
    def test_keeps_a_subject_that_could_also_ask(self):
        assert [word.folded for word in phrases.read("show jumping").words] == ["show", "jumping"]
        assert [word.folded for word in phrases.read("please show me jumping").words] == ["jumping"]

    def test_counts_people_less_than_the_skill(self):
        weights = {word.folded: word.weight for word in phrases.read("خياطة للأطفال").words}
        assert weights["للاطفال"] < weights["خياطه"]


class TestLearn:
    def test_tells_words_apart_that_only_stood_together(self):
        pairs = [("زلزال كبير", "big earthquake", 1.0), ("زلزال", "earthquake", 1.0), ("بيت كبير", "big house", 1.0)]
        best = {}
        for entry in lexicon.learn(pairs):
            if entry.ar_en > best.get(entry.ar, ("", 0.0))[1]:
                best[entry.ar] = (entry.en, entry.ar_en)
        assert {ar: en for ar, (en, _) in best.items()} == {"زلزال": "earthquak", "كبير": "big", "بيت": "hous"}

    def test_does_not_depend_on_the_order_of_pairs(self):
        pairs = [("زلزال كبير", "big earthquake", 1.0), ("زلزال", "earthquake", 1.0), ("بيت كبير", "big house", 1.0)]
        assert lexicon.learn(pairs) == lexicon.learn(reversed(pairs))
        assert lexicon.learn([]) == []

    def test_words_that_sound_alike_share_a_key(self):
        assert set(lexicon.sound_keys("ديمقراطيه")) & set(lexicon.sound_keys("democrat"))
        assert lexicon.sound_keys("ما") == []

    def test_shipped_dictionary_is_what_its_files_teach(self):
        assert words.SHIPPED_WORDS.read_text(encoding="utf-8") == words.shipped_text(), "run manage.py learn_words"


class TestRerank:
    hits = [Hit(1, 0.5, "a", "en", exact=False), Hit(2, 0.45, "b", "en", exact=False)]

    def test_is_off_without_a_model(self, settings):
        assert settings.RESOLVE_RERANK == ""
        assert rerank.reranked("x", self.hits) == self.hits

    def test_puts_what_a_model_finds_nearer_first(self, settings, monkeypatch):
        class Fake:
            query = staticmethod(lambda _text: [1.0, 0.0])
            passage = staticmethod(lambda texts: [[float(text == "b"), float(text != "b")] for text in texts])

        monkeypatch.setattr(rerank, "_model", lambda _name: Fake)
        settings.RESOLVE_RERANK = "fake"
        assert [(hit.concept, hit.score) for hit in rerank.reranked("x", self.hits)] == [(2, 0.5), (1, 0.45)]

    @pytest.mark.parametrize("name", ["no_such_module", "json"])
    def test_goes_on_without_a_model_that_is_not_there_or_is_none_and_says_so_once(self, settings, caplog, name):
        settings.RESOLVE_RERANK = name
        rerank._model.cache_clear()
        assert rerank.reranked("x", self.hits) == rerank.reranked("y", self.hits) == self.hits
        assert len(caplog.records) == 1


class TestStandIns:
    NAMES = (
        (1, "en", ("sell", "hous")), (1, "en", ("market", "hous")),
        (2, "en", ("sell", "car")), (2, "en", ("market", "car")),
        (3, "en", ("mend", "shoe")), (3, "en", ("shoe",)),
        (4, "en", ("wash", "shoe")), (4, "ar", ("غسل", "حذا")),
    )  # fmt: skip

    def test_words_that_change_places_stand_for_each_other(self):
        learned = stand_ins.learn(self.NAMES)
        assert [stem for stem, _strength in learned.instead["market"]] == ["sell"]
        assert learned.instead["sell"][0][1] == pytest.approx(2 / 3.5)

    def test_no_word_stands_for_one_of_the_other_language(self):
        assert "غسل" not in stand_ins.learn(self.NAMES).instead

    def test_a_word_that_a_name_may_lack_counts_less(self):
        dropped = stand_ins.learn(self.NAMES).dropped
        assert dropped["mend"] > 0
        assert "sell" not in dropped

    def test_a_skill_is_found_by_a_name_that_nobody_wrote(self):
        texts = {1: ["sell houses", "market houses"], 2: ["sell cars", "market cars"]}
        texts |= {3: ["bake bread"], 4: ["cut bread"], 5: ["sell bread"]}
        found = Resolver([LabelRow(concept, "en", text, True) for concept, own in texts.items() for text in own])
        places = [hit.concept for hit in found.resolve("market bread")]
        assert places.index(5) < min(places.index(3), places.index(4))


class TestRewordings:
    TEXTS = {
        1: ["look after hens", "tend hens", "take care of hens"],
        2: ["look after bees", "take care of bees"],
        3: ["clean beehives"],
        4: ["tend goats"],
        5: ["look over goats"],
        6: ["market goats"],
    }

    @pytest.fixture
    def resolver(self):
        return Resolver([LabelRow(number, "en", text, True) for number, own in self.TEXTS.items() for text in own])

    @staticmethod
    def learn(*names):
        told = rewordings.learn([(number, lang, frozenset(text.split())) for number, lang, text in names])
        return {
            (" ".join(sorted(old)), " ".join(sorted(new))): share for old, ways in told.items() for new, share in ways
        }

    def test_a_few_words_stand_for_a_few_others_the_more_skills_say_so_the_surer(self):
        told = self.learn(
            (1, "en", "look after hens"), (1, "en", "tend hens"), (2, "en", "look after bees"), (2, "en", "tend bees"),
            (3, "en", "look after him"),
        )  # fmt: skip
        assert told["after look", "tend"] == pytest.approx(2 / (3 + rewordings.DOUBT))
        assert told["tend", "after look"] == pytest.approx(2 / (2 + rewordings.DOUBT))

    def test_words_may_come_and_go(self):
        told = self.learn((1, "en", "market research"), (1, "en", "perform market research"))
        assert set(told) == {("", "perform"), ("perform", "")}

    def test_nothing_is_learned_from_names_without_a_word_in_common_or_of_two_languages(self):
        assert not self.learn((1, "en", "mend"), (1, "en", "repair"), (1, "ar", "اصلاح"))
        assert not self.learn((1, "en", "mend css"), (1, "ar", "اصلاح css"))

    def test_a_long_name_teaches_nothing_and_a_long_question_is_not_reworded(self):
        long = "a b c d e f g h i"
        assert not self.learn((1, "en", long), (1, "en", f"{long} j"))
        rules = {frozenset("a"): [(frozenset("z"), 0.5)]}
        assert not list(rewordings.reword(frozenset(long.split()), rules))
        assert list(rewordings.reword(frozenset("ab"), rules)) == [(frozenset("zb"), 0.5)]

    def test_of_a_question_something_stays(self):
        assert not list(rewordings.reword(frozenset("a"), {frozenset("a"): [(frozenset("z"), 0.5)]}))

    def test_a_skill_is_found_by_what_its_name_would_be_in_other_words(self, resolver):
        assert resolver.resolve("take care of goats")[0].concept == 4

    def test_what_is_only_said_otherwise_is_not_taken_without_asking(self, resolver):
        assert not resolver.resolve("take care of goats", sure=True)

    def test_the_very_name_goes_first(self, resolver):
        assert resolver.resolve("look over goats")[0].concept == 5


class TestVocabulary:
    """Three concepts: one with words 0 and 1 in one name and 0 in another, one with word 2, one without a word."""

    @pytest.fixture
    def words(self):
        return Vocabulary(np.array([0, 1, 0, 2]), np.array([0, 0, 0, 1]), np.array([2, 1, 1]), 3)

    def test_tells_how_much_of_a_question_a_concept_says_and_in_how_many_of_its_names(self, words):
        told, core = words.told([({0: 1.0}, 3.0), ({1: 1.0}, 1.0)], [0, 1, 2])
        assert told.tolist() == [1, 0, 0]
        assert core.tolist() == [(3 * 1 + 1 * 0.5) / 4, 0, 0]

    def test_a_word_said_by_another_counts_less_and_is_no_core(self, words):
        told, core = words.told([({1: 1.0, 2: 0.5}, 1.0)], [1])
        assert (told.tolist(), core.tolist()) == ([0.5], [0])

    def test_of_nothing_is_nothing(self, words):
        assert not words.told([], [0, 1]).any()
        assert not words.told([({0: 1.0}, 1.0)], []).any()
        assert not Vocabulary(np.array([], int), np.array([], int), np.array([1]), 0).told([({}, 1.0)], [0]).any()


class TestSpelling:
    def test_words_one_slip_away_are_found_the_most_used_first(self):
        words = Spelling([("خياطه", 3), ("خياره", 9), ("سباكه", 1)])
        assert words.near("خياطخ") == ["خياطه"]
        assert words.near("خيااه") == ["خياره", "خياطه"]
        assert not words.near("خبز")

    @pytest.mark.parametrize("text", ["أريد أن أتعلم التطيرز", "أريد أن أتعمل التطريز", "اتعلم قيدة السيارة"])
    def test_a_slip_in_any_word_is_forgiven(self, resolver, text):
        assert resolver.resolve(text)[0].concept in (2, 3)

    def test_a_word_of_another_dialect_is_not_taken_for_its_neighbour(self, resolver):
        assert not resolver.resolve("بغيت نصاوب موتوري", sure=True)


class TestFirstLetters:
    NAMES = ("natural language processing", "CSS", "nature poetry", "lap swimming")

    @pytest.mark.parametrize(("text", "concept"), [("NLP", 0), ("nlp", 0), ("cascading style sheets", 1)])
    def test_stand_for_the_words_and_the_words_for_them(self, text, concept):
        names = [LabelRow(number, "en", name, preferred=True) for number, name in enumerate(self.NAMES)]
        hit = Resolver(names).resolve(text)[0]
        assert (hit.concept, hit.sure) == (concept, False)

    def test_say_nothing_where_too_many_names_have_them(self):
        names = [f"n{number} language practice" for number in range(60)]
        many = Resolver(LabelRow(number, "en", text, preferred=True) for number, text in enumerate(names))
        assert many.resolve("NLP") == []


class TestFrames:
    def test_what_many_names_have_around_them_tells_little(self):
        frame = "ability to comprehend spoken and written {0} and to speak and write in {0}"
        tongues = ["Welsh", "Danish", "Irish", "Latin", "Finnish"]
        rows = [
            LabelRow(number, "en", name, place == 0)
            for number, tongue in enumerate(tongues)
            for place, name in enumerate((tongue, frame.format(tongue)))
        ]
        rows += [LabelRow(10, "en", "Polish", True), LabelRow(11, "en", "comprehend spoken Slovak", True)]
        found = Resolver(rows).resolve(frame.format("Polish"), "en")
        assert 10 in [hit.concept for hit in found[:2]]
        assert found[0].concept == 10
