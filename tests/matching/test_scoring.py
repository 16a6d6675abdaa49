"""The laws of the score: it adds up, it is symmetric, each fact helps, limits hold, numpy agrees with paper."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from matching import batch, hints, scoring
from matching.scoring import Side
from matching.similarity import Likeness, Sparse

TODAY = date(2026, 3, 1)
WEIGH = scoring.weights()
NEAR = Sparse({
    1: {2: Likeness(0.7, "related"), 3: Likeness(0.85, "tree")},
    2: {1: Likeness(0.7, "related")},
    3: {1: Likeness(0.85, "tree"), 4: Likeness(0.52, "together")},
    4: {3: Likeness(0.52, "together")},
})  # fmt: skip
PLACES = {None: None, 1: (0.0, 0.0), 2: (10.0, 3.0), 3: (90.0, 90.0)}


def sides(kind):
    concepts = st.lists(st.sampled_from([1, 2, 3, 4, 5]), unique=True, max_size=3)
    return st.builds(
        lambda named, sure, words, district, form, speaks, mask, days, room, answers, owner, key: Side(
            listing_id=key,
            owner_id=owner,
            kind=kind,
            concepts=tuple((concept, sure) for concept in named),
            words=words,
            district=district,
            position=PLACES[district],
            format=form,
            speaks=speaks,
            free_mask=mask,
            answered_on=TODAY - timedelta(days=days),
            room=room if kind == "offer" else 1.0,
            answers=answers if kind == "offer" else 1.0,
        ),
        concepts,
        st.sampled_from([1.0, 0.9, 0.55]),
        st.frozensets(st.sampled_from(["oud", "sew", "cook"]), max_size=3),
        st.sampled_from([None, 1, 2, 3]),
        st.sampled_from(["place", "online", "both"]),
        st.sampled_from([frozenset(), frozenset({"ar"}), frozenset({"en"}), frozenset({"ar", "en"})]),
        st.integers(0, 2**21 - 1),
        st.integers(0, 90),
        st.sampled_from([1.0, 0.5, 0.1]),
        st.sampled_from([1.0, 0.75]),
        st.integers(1, 6),
        st.integers(1, 10_000),
    )


def score(offer, wish, **more):
    return scoring.score(offer, wish, likeness=NEAR.between, today=TODAY, weigh=WEIGH, **more)


PAIRS = st.tuples(sides("offer"), sides("wish"))
KNOWN = PAIRS.map(lambda pair: (replace(pair[0], owner_id=1), replace(pair[1], owner_id=2)))


class TestScore:
    @given(KNOWN)
    def test_is_the_sum_of_its_parts_to_the_last_decimal(self, pair):
        found = score(*pair, two_way=(1, 2))
        if found:
            parts = [Decimal(str(value)) for value in found.contributions.values()]
            assert sum(parts) == Decimal(str(found.score))
            assert all(value > 0 for value in parts)
            assert 0 < found.score <= 1

    @given(KNOWN)
    def test_does_not_depend_on_which_side_asks(self, pair):
        offer, wish = pair
        swapped = score(replace(wish, kind="offer"), replace(offer, kind="wish", room=1.0, answers=1.0))
        found = score(offer, wish)
        assert (found is None) == (swapped is None)
        if found:
            both = {"free_hours", "place", "format", "language", "same_skill", "related_skill", "text"}
            assert {name: found.parts.get(name) for name in both} == {name: swapped.parts.get(name) for name in both}

    @given(KNOWN, st.integers(0, 20))
    def test_never_falls_when_a_fact_is_added(self, pair, place):
        offer, wish = pair
        before = score(offer, wish)
        if before is None:
            return
        better = [
            (offer, replace(wish, free_mask=wish.free_mask | 1 << place)),
            (replace(offer, format="both"), wish),
            (replace(offer, answered_on=TODAY), wish),
            (replace(offer, room=1.0), wish),
            (replace(offer, answers=1.0), wish),
            (offer, replace(wish, district=offer.district, position=offer.position)),
        ]
        assert all(score(*each).units >= before.units for each in better)
        assert score(offer, wish, two_way=(1, 1)).units > before.units

    @given(KNOWN)
    def test_stops_at_every_limit(self, pair):
        offer, wish = pair
        apart = {"speaks": frozenset({"ar"})}, {"speaks": frozenset({"en"})}
        assert score(replace(offer, owner_id=2), wish) is None
        assert score(replace(offer, room=0.0), wish) is None
        assert score(replace(offer, is_open=False), wish) is None
        assert score(offer, replace(wish, is_open=False)) is None
        assert score(replace(offer, **apart[0]), replace(wish, **apart[1])) is None

    def test_counts_no_shared_words_where_both_skills_are_known(self):
        offer = Side(1, 1, "offer", concepts=((1, 1.0),), words=frozenset({"oud"}))
        wish = Side(2, 2, "wish", concepts=((1, 1.0),), words=frozenset({"oud"}))
        assert "text" not in score(offer, wish).parts

    def test_knows_nothing_of_fame_or_of_who_people_are(self):
        fields = set(Side.__dataclass_fields__)
        assert not fields & {"age", "age_band", "gender", "name", "lang", "views", "thanks", "popularity"}


class TestBatch:
    @settings(max_examples=100, deadline=None)
    @given(
        st.lists(sides("offer"), max_size=25, unique_by=lambda side: side.listing_id),
        st.lists(sides("wish"), min_size=1, max_size=8, unique_by=lambda side: side.listing_id),
        st.integers(1, 6),
        st.booleans(),
    )
    def test_finds_what_scoring_every_pair_finds(self, offers, wishes, keep, from_offers):
        rows, columns = (offers, wishes) if from_offers else (wishes, offers)
        arrays = batch.Sides(rows, today=TODAY, weigh=WEIGH), batch.Sides(columns, today=TODAY, weigh=WEIGH)
        # More concepts are wanted than there are bits, so both ways of finding a swap are taken.
        wants = {owner: set(range(100, 165)) for owner in (5, 6)} | {4: {170}}
        swaps = batch.Swaps({1: {100}, 2: {164, 170}}, wants)
        own = arrays[1].of_owner
        spare = batch.np.array([len(own.get(row.owner_id, ())) for row in rows], dtype="int64")
        found = batch.best(*arrays, near=NEAR.of, keep=keep, spare=spare, swaps=swaps)
        best = batch.ordered(found, *arrays, spare + keep)
        triples = list(zip(best.rows.tolist(), best.columns.tolist(), best.units.tolist(), strict=True))
        for place, row in enumerate(rows):
            every = []
            for column, other in enumerate(columns):
                pair = (row, other) if from_offers else (other, row)
                gives, wanted = swaps.gives.get(row.owner_id, set()), wants.get(other.owner_id, set())
                two_way = (1, 1) if gives & wanted else None
                scored = score(*pair, two_way=two_way)
                if scored and row.concepts and other.concepts:
                    every.append((scored.order, column, scored.units))
            wanted = [(column, units) for _order, column, units in sorted(every)[:keep]]
            ranked = [each[1:] for each in triples if each[0] == place]
            ranked = [each for each in ranked if columns[each[0]].owner_id != row.owner_id]
            assert ranked[:keep] == wanted

    def test_mixes_numbers_as_paper_does(self):
        offers, wishes = batch.np.array([1, 77, 2**40]), batch.np.array([5, 0, 12345])
        mixed = [scoring.mixed(*pair) for pair in zip(offers.tolist(), wishes.tolist(), strict=True)]
        assert batch._mixed(offers, wishes).tolist() == mixed


class TestHint:
    @given(KNOWN, st.booleans())
    def test_is_true(self, pair, by_wish):
        offer, wish = pair
        before = score(offer, wish)
        own, other = (wish, offer) if by_wish else (offer, wish)
        change = hints.best_change(own, other, likeness=NEAR.between, today=TODAY, weigh=WEIGH)
        if change is None or before is None:
            return
        done = {
            "hours": {"free_mask": own.free_mask | change.bit},
            "say_hours": {"free_mask": change.bit},
            "online": {"format": "both"},
            "in_person": {"format": "both"},
            "language": {"speaks": frozenset([change.language])},
            "confirm": {"answered_on": TODAY},
        }[change.kind]
        changed = replace(own, **done)
        after = score(offer, changed) if by_wish else score(changed, wish)
        assert after.units - before.units == change.gain > 0
        if change.makes_possible:
            assert not (offer.free_mask and wish.free_mask and offer.free_mask & wish.free_mask) or {
                offer.format, wish.format
            } == {"place", "online"}  # fmt: skip

    def test_says_possible_only_where_nothing_else_stands_in_the_way(self):
        own = Side(1, 1, "wish", concepts=((1, 1.0),), format="place", free_mask=1)
        other = Side(2, 2, "offer", concepts=((1, 1.0),), format="online", free_mask=2)
        assert not hints.best_change(own, other, likeness=NEAR.between, today=TODAY, weigh=WEIGH).makes_possible
        near = replace(other, format="place")
        assert hints.best_change(own, near, likeness=NEAR.between, today=TODAY, weigh=WEIGH).makes_possible
