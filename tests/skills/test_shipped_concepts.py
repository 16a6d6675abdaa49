"""The shipped concepts are whole, reviewed in form, and natural requests find them."""

import json
from collections import Counter
from pathlib import Path

import pytest

from exchange.lib import arabic
from skills.lexicon import Lexicon
from skills.resolution import LabelRow, Resolver
from skills.services import concepts, words

REQUESTS = Path(__file__).parent.parent / "data" / "requests.jsonl"


@pytest.fixture(scope="module")
def rows():
    return concepts.shipped_rows()


@pytest.fixture(scope="module")
def resolver(rows):
    labels = [
        LabelRow(place, lang, text, text == names.label)
        for place, row in enumerate(rows)
        for lang, names in row.names.items()
        for text in (names.label, *names.others)
    ]
    return Resolver(labels, lexicon=Lexicon(words.shipped_entries()))


class TestForm:
    def test_there_are_at_least_fifteen_hundred_with_names_in_both_languages(self, rows):
        assert len(rows) >= 1500
        assert all(set(row.names) == {"ar", "en"} for row in rows)

    def test_ids_are_one_each(self, rows):
        assert [uri for uri, count in Counter(row.uri for row in rows).items() if count > 1] == []

    def test_links_lead_somewhere_and_upwards_to_a_top(self, rows):
        known = {row.uri: row for row in rows}
        for row in rows:
            assert all(other in known for other in (*row.broader, *row.related)), row.uri
            above, steps = row, 0
            while above.broader:
                above, steps = known[above.broader[0]], steps + 1
                assert steps < 8, row.uri

    def test_only_tops_stand_without_a_broader_one(self, rows):
        assert len([row.uri for row in rows if not row.broader]) == 14

    def test_labels_are_in_their_own_script(self, rows):
        assert [
            row.uri for row in rows if not any("\u0600" <= char <= "\u06ff" for char in row.names["ar"].label)
        ] == []
        assert [row.uri for row in rows if any("\u0600" <= char <= "\u06ff" for char in row.names["en"].label)] == []

    @pytest.mark.parametrize("lang", ["ar", "en"])
    def test_no_two_concepts_have_the_same_label(self, rows, lang):
        folded = Counter(arabic.fold(row.names[lang].label) for row in rows)
        assert [label for label, count in folded.items() if count > 1] == []


class TestRequests:
    requests = [json.loads(line) for line in REQUESTS.read_text(encoding="utf-8").splitlines()]

    def found(self, rows, resolver, only=None):
        first = top = total = 0
        missed = []
        for request in self.requests:
            if only and request["lang"] != only:
                continue
            hits = [rows[hit.concept].uri for hit in resolver.resolve(request["text"], request["lang"], limit=10)]
            total += 1
            first += bool(hits) and hits[0] in request["concepts"]
            good = bool(set(hits) & set(request["concepts"]))
            top += good
            if not good:
                missed.append(request["text"])
        return first / total, top / total, missed

    def test_name_concepts_that_exist(self, rows):
        known = {row.uri for row in rows}
        assert [uri for request in self.requests for uri in request["concepts"] if uri not in known] == []

    @pytest.mark.parametrize("lang", ["ar", "en"])
    def test_find_their_concept(self, rows, resolver, lang):
        first, top, missed = self.found(rows, resolver, lang)
        assert top >= 0.95, missed
        assert first >= 0.8

    @pytest.mark.parametrize("text", ["زقزقة برمائية", "quux frobnication", "", "؟!", "12345", "و"])
    def test_nonsense_is_not_taken_for_a_skill(self, resolver, text):
        assert resolver.resolve(text, sure=True) == []

    @pytest.mark.parametrize(
        ("text", "first"), [("نفسي أتعلم العود", "rukn:oud"), ("أتعلم أقصّر بناطيل أولادي", "rukn:hemming-trousers")]
    )
    def test_a_short_word_is_no_slip_of_another(self, rows, resolver, text, first):
        sure = [rows[hit.concept].uri for hit in resolver.resolve(text, "ar", sure=True)]
        assert sure[0] == first
        assert "rukn:contracts" not in sure
