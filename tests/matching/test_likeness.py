"""Likeness: from the tree, from links, from what people hold together; sparse, symmetric, told in one sentence."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import explain
from matching.models import Neighbourhood, State
from matching.services import likeness
from matching.similarity import LEAST, Similarity, co_occurrence, count_together, information, positive_pmi

# 1 is above 2 and 3; 4 and 5 are related.
BELOW = {1: [1, 2, 3], **{concept: [concept] for concept in range(2, 9)}}


def measure(together=None):
    return Similarity(
        information({concept: len(below) - 1 for concept, below in BELOW.items()}),
        lambda concept: {2: {2: 0, 1: 1}, 3: {3: 0, 1: 1}}.get(concept, {concept: 0}),
        {4: (5,), 5: (4,)},
        together or {},
    )


class TestBetween:
    def test_of_a_concept_with_itself_is_one(self):
        assert measure().between(2, 2).value == 1.0

    def test_of_siblings_lies_between(self):
        assert 0 < measure().between(2, 3).value < 1

    def test_of_strangers_is_nothing(self):
        assert measure().between(2, 4).value == 0

    def test_hears_related_links(self):
        assert measure().between(4, 5).road == "related"

    def test_learns_from_people_who_hold_both(self):
        held = dict.fromkeys(range(9), (1, 2)) | dict.fromkeys(range(9, 60), (3,))
        together = co_occurrence(count_together(held), len(held))
        assert together[1, 2] > 0.8
        assert measure(together).between(1, 2).road == "together"


class TestSparse:
    @given(st.integers(1, 4), st.dictionaries(st.sampled_from([(2, 6), (2, 7), (3, 6), (6, 7)]), st.floats(0.72, 1)))
    def test_is_the_whole_measure_where_it_counts(self, most, together):
        full = measure(together)
        sparse = full.sparse(BELOW, most=most)
        for one in range(1, 9):
            for other, like in sparse.of(one).items():
                assert like == full.between(one, other)
                assert like.value >= LEAST
                assert sparse.between(other, one) == like
            if sum(full.between(one, other).value >= LEAST for other in range(1, 9) if other != one) <= most:
                assert all(
                    other in sparse.of(one)
                    for other in range(1, 9)
                    if other != one and full.between(one, other).value >= LEAST
                )


class TestPositivePmi:
    counts = st.integers(1, 60)

    @given(counts, counts, counts, st.integers(121, 2_000))
    def test_lies_between_0_and_1_and_is_symmetric(self, both, one, other, people):
        one, other = both + one, both + other
        value = positive_pmi(both=both, one=one, other=other, people=people)
        assert 0 <= value <= 1
        assert value == positive_pmi(both=both, one=other, other=one, people=people)

    def test_is_nothing_for_chance_and_for_few(self):
        assert positive_pmi(both=10, one=100, other=100, people=1_000) == 0
        assert positive_pmi(both=2, one=2, other=2, people=1_000) == 0

    def test_is_shrunk_for_small_counts(self):
        few = positive_pmi(both=3, one=3, other=3, people=1_000)
        many = positive_pmi(both=30, one=30, other=30, people=1_000)
        assert few < many < 1


class TestKept:
    @pytest.fixture
    def held(self, make_offer, cast, relay):
        for person in cast.values():
            make_offer(person, "كذا", ["rukn:oud", "rukn:bicycle-repair"])
        relay()

    def test_counts_reach_matching_only_when_folded_in(self, held, concepts):
        before = likeness.current().between(concepts["rukn:oud"], concepts["rukn:bicycle-repair"])
        assert before.value == 0
        assert State.objects.get().likeness_rev == 1

    def test_folding_twice_changes_nothing(self, held):
        likeness.fold()
        rev = State.objects.get().likeness_rev
        assert likeness.fold() == set()
        assert State.objects.get().likeness_rev == rev

    def test_is_stored_both_ways(self, held):
        likeness.fold()
        rows = {
            row.concept_id: {other: (value, road) for other, value, road in row.near}
            for row in Neighbourhood.objects.all()
        }
        assert rows
        assert all(rows[other][concept] == what for concept, near in rows.items() for other, what in near.items())

    def test_is_told_in_one_sentence(self, concepts):
        taught, wished = concepts["rukn:embroidery"], concepts["rukn:sewing"]
        facts = {"taught": taught, "wished": wished, "road": "tree"}
        names = {
            "ar": explain.Names({taught: "التطريز", wished: "الخياطة"}, {}),
            "en": explain.Names({taught: "embroidery", wished: "sewing"}, {}),
        }
        said = {
            language: explain.reasons(
                {"related_skill": 0.2}, facts, reader="learner", language=language, names=each, today=date(2026, 1, 1)
            )
            for language, each in names.items()
        }
        assert said == {
            "ar": ["مهارة «التطريز» قريبة من رغبتك «الخياطة»."],
            "en": ["“embroidery” is close to your wish “sewing”."],
        }
