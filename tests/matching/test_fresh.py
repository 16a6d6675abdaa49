"""Fresh and incremental: whatever happened, the rows are those of a full pass, and what went is gone at once."""

import uuid

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts import services as accounts
from exchange.chat import services as chat
from exchange.lessons import services as lessons
from exchange.outbox.models import Event
from matching import services as matching
from matching import tasks
from matching.models import Held, Match, State, Together, Written
from matching.services import likeness, pairs, state
from skills.models import Concept
from skills.services import concepts as concepts_service
from skills.services import listings

SKILLS = ["rukn:sewing", "rukn:sewing", "rukn:embroidery", "rukn:oud", ""]
WORDS = ["خياطة يدوية قديمة", "عود شرقي قديم", "تصليح دراجات قديمة", "شيء آخر تمامًا"]


def rows():
    fields = ("offer_id", "wish_id", "score", "contributions", "facts", "for_offer", "for_wish")
    return {row[:2]: row[2:] for row in Match.objects.values_list(*fields)}


@pytest.fixture
def few(monkeypatch):
    """Lists of two, so that a handful of listings crowds them."""
    monkeypatch.setattr(pairs, "KEPT", 2)
    monkeypatch.setattr(pairs, "SHARD", 3)


ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["offer", "wish", "offer", "wish", "pause", "close", "away", "hours", "block", "dismiss", "full"]
        ),
        st.integers(0, 4),
        st.integers(0, 4),
        st.integers(0, 30),
    ),
    min_size=8,
    max_size=20,
)
QUICK: dict = {
    "deadline": None,
    "phases": [Phase.explicit, Phase.generate],
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


class TestIncremental:
    @settings(max_examples=12, **QUICK)
    @given(acts=ACTS, together=st.integers(1, 4))
    def test_equals_a_full_pass(self, acts, together, few, cast, concepts, relay):
        Match.objects.all().delete()
        for person in cast.values():
            person.listings.all().delete()
            accounts.change_profile(person=person, max_learners=2)
        for number, act in enumerate(acts):
            self.do(act, list(cast.values()))
            if number % together == 0:
                relay()
        relay()
        kept = rows()
        Match.objects.filter(id__in=list(Match.objects.values_list("id", flat=True)[::2])).delete()
        matching.rematch()
        assert kept == rows()

    def do(self, act, people):
        what, who, skill, number = act
        person = people[who]
        mine = list(person.listings.filter(state="published").order_by("id"))
        if what in ("offer", "wish"):
            tags = [{"text": "", "lang": "ar", "uri": SKILLS[skill]}] if SKILLS[skill] else [{"text": "ما لا اسم له"}]
            listings.publish_directly(
                owner=person, kind=what, tags=tags, title=WORDS[number % 4], body="…", lang="ar", free_mask=number
            )
        elif what in ("pause", "close") and mine:
            getattr(listings, what)(listing=mine[number % len(mine)], by=person)
        elif what == "away":
            (accounts.resume if person.profile.is_paused else accounts.pause)(person=person)
        elif what == "hours":
            accounts.set_free_hours(person=person, codes=["tue-evening", "sun-morning"][: number % 3])
        elif what == "full":
            accounts.change_profile(person=person, max_learners=number % 3)
        elif what == "block" and skill != who:
            accounts.block(blocker=person, blocked=people[skill])
        elif what == "dismiss":
            match = (
                Match.objects.filter(offer__owner=person).first() or Match.objects.filter(wish__owner=person).first()
            )
            if match:
                matching.dismiss(person=person, offer_id=match.offer_id, wish_id=match.wish_id)


class TestFresh:
    @pytest.fixture
    def pair(self, make_offer, make_wish, salma, yusuf, relay):
        offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
        wish = make_wish(yusuf, "learn to sew", ["rukn:sewing"], lang="en")
        relay()
        return offer, wish

    @pytest.mark.parametrize("act", [listings.pause, listings.close])
    def test_what_is_taken_away_goes_at_once(self, pair, salma, relay, act):
        act(listing=pair[0], by=salma)
        assert not Match.objects.for_owner(salma).exists()
        relay()
        assert not Match.objects.exists()

    def test_blocked_pairs_go(self, pair, salma, yusuf, relay):
        accounts.block(blocker=salma, blocked=yusuf)
        relay()
        assert not Match.objects.exists()
        accounts.unblock(blocker=salma, blocked=yusuf)
        relay()
        assert Match.objects.count() == 1

    def test_merged_concepts_count_as_one(self, make_offer, make_wish, karim, yusuf, concepts, relay):
        make_offer(karim, "عود", ["rukn:oud"])
        wish = make_wish(yusuf, "دراجة", ["rukn:bicycle-repair"])
        relay()
        assert not Match.objects.exists()
        Concept.objects.filter(uri="rukn:bicycle-repair").update(merged_into=concepts["rukn:oud"])
        concepts_service.refresh_tree()
        relay()
        assert Match.objects.get().wish == wish
        assert "same_skill" in Match.objects.get().contributions

    def test_a_swap_shows_in_both_lists(self, pair, make_offer, make_wish, salma, yusuf, relay):
        make_offer(yusuf, "مكالمات الفيديو", ["rukn:video-calls"])
        make_wish(salma, "مكالمات الفيديو", ["rukn:video-calls"])
        relay()
        assert Match.objects.count() == 2
        assert all("two_way" in match.contributions for match in Match.objects.all())

    def test_a_mentor_in_talks_gives_way(self, pair, salma, yusuf, karim, relay):
        before = Match.objects.get().contributions["room"]
        lesson = lessons.say_hello(listing=pair[0], by=karim, body="مرحبا")
        chat.send(conversation_id=lesson.conversation_id, sender=salma, client_id=uuid.uuid4(), body="أهلا")
        relay()
        assert Match.objects.get().contributions["room"] < before

    def test_two_writers_at_once_do_not_undo_each_other(self, pair, make_offer, karim, nadia, monkeypatch):
        make_offer(karim, "خياطة", ["rukn:sewing"])
        computed, looks = pairs._changed, []

        def changed(people, frame):
            lists = computed(people, frame)
            looks.append(people)
            if len(looks) == 1:  # somebody else writes between this one's look and its own writing
                make_offer(nadia, "خياطة", ["rukn:sewing"])
                matching.refresh_people(person_ids=[nadia.pk])
            return lists

        monkeypatch.setattr(pairs, "_changed", changed)
        matching.refresh_people(person_ids=[karim.pk])
        assert looks == [[karim.pk], [nadia.pk], [karim.pk]]
        kept = rows()
        matching.rematch()
        assert kept == rows()

    def test_the_full_pass_goes_by_rows_that_workers_share(self, pair, relay):
        Match.objects.all().delete()
        assert pairs.rematch_by_queue() == 2
        assert Event.objects.filter(name="lists.due", queue="long", finished_at=None).count() == 2
        relay()
        assert Match.objects.count() == 1

    def test_a_page_of_matches_costs_the_same_however_many(
        self, pair, make_offer, karim, yusuf, relay, django_assert_max_num_queries
    ):
        for _ in range(4):
            make_offer(karim, "خياطة", ["rukn:sewing"])
        relay()
        with django_assert_max_num_queries(12):
            assert len(matching.matches_for(listing=pair[1], person=yusuf, language="ar")) == 5


class TestCounts:
    @settings(max_examples=5, **QUICK)
    @given(acts=ACTS)
    def test_kept_as_listings_change_equal_a_recount(self, acts, cast, concepts, relay):
        for act in acts:
            TestIncremental().do(act, list(cast.values()))
            relay()
        kept = counts()
        likeness.count_people([person.pk for person in cast.values()])
        assert counts() == kept
        likeness.recount()
        assert counts() == kept


def counts():
    return (
        set(Held.objects.values_list("person_id", "concept_id")),
        set(Together.objects.values_list("one_id", "other_id", "people")),
    )


class TestPool:
    """What a process keeps in memory is never older than the matches it is used for."""

    @pytest.fixture
    def town(self, make_offer, make_wish, salma, yusuf, karim, relay):
        make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
        make_wish(yusuf, "learn to sew", ["rukn:sewing"], lang="en")
        make_wish(karim, "خياطة", ["rukn:sewing"])
        relay()

    def test_follows_every_change_without_being_read_again(self, town, make_offer, nadia, salma, relay, monkeypatch):
        pairs._kept.current(state.read())
        make_offer(nadia, "تطريز", ["rukn:embroidery"])
        listings.pause(listing=salma.listings.get(), by=salma)
        relay()
        monkeypatch.setattr(pairs.Pool, "of", None)
        kept = pairs._kept.current(state.read())
        monkeypatch.undo()
        anew = pairs.Pool.of(kept.frame, with_marks=True)
        for kind in ("offer", "wish"):
            places = [place for places in kept.arrays[kind].of_owner.values() for place in places]
            shown = {kept.arrays[kind].sides[place] for place in places}
            assert shown == set(anew.arrays[kind].sides)
            assert kept.marks[kind] == anew.marks[kind]
            assert kept.held[kind] == anew.held[kind]
            assert {key: held for key, held in kept.holders[kind].items() if held} == anew.holders[kind]

    def test_is_read_before_somebody_waits_for_it(self, town, make_wish, nadia, relay, monkeypatch):
        pairs._kept.forget()
        tasks.stay_ready()
        monkeypatch.setattr(pairs.Pool, "of", None)
        make_wish(nadia, "خياطة", ["rukn:sewing"])
        relay()
        assert Match.objects.filter(wish__owner=nadia).exists()

    def test_is_not_read_over_and_over_where_nothing_was_matched_yet(self, town, monkeypatch):
        pairs._kept.forget()
        Written.objects.all().delete()
        monkeypatch.setattr(pairs.Pool, "of", None)
        tasks.stay_ready()

    @pytest.mark.parametrize("break_log", [
        lambda rev: Written.objects.filter(rev=rev).update(token="other"),
        lambda rev: Written.objects.filter(rev=rev).delete(),
        lambda rev: State.objects.update(as_of="2001-01-01"),
    ])  # fmt: skip
    def test_is_read_anew_where_the_log_cannot_be_trusted(self, town, break_log):
        before = pairs._kept.current(state.read())
        assert pairs._kept.current(state.read()).arrays == before.arrays
        break_log(before.frame.now.rev)
        assert pairs._kept.current(state.read()).arrays != before.arrays

    def test_survives_rows_that_were_deleted_behind_its_back(self, town, make_wish, nadia, salma, relay):
        pairs._kept.current(state.read())
        salma.listings.all().delete()
        make_wish(nadia, "خياطة", ["rukn:sewing"])
        relay()
        assert not Match.objects.filter(wish__owner=nadia).exists()
