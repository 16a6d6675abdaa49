"""Learners of 13 to 17: their guardian is in every talk from the start, or there is none."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import policies
from accounts import services as accounts
from accounts.models import Guardianship, Person
from accounts.rules import is_public_place
from accounts.services import care
from exchange.chat import one_statement
from exchange.chat import services as chat
from exchange.chat.models import Conversation, Member
from exchange.chat.services import groups
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from matching.services import rings
from skills.models import Listing
from skills.services import listings

pytestmark = pytest.mark.django_db


@pytest.fixture
def layan(districts):
    """15 years old; nobody looks after her yet."""
    person = accounts.make_person(email="layan@example.org", name="ليان", district=districts["waha"], age="")
    care.say_age(person=person, age="13-17")
    return person


@pytest.fixture
def guarded(layan, nadia):
    """Layan, whose mother Nadia has agreed."""
    asked = care.ask_guardian(young=layan, email=nadia.email.upper())
    care.accept_ward(guardianship_id=asked.pk, by=nadia)
    layan.refresh_from_db()
    layan.profile.refresh_from_db()
    return layan


@pytest.fixture
def lesson(make_offer, salma):
    return make_offer(salma, "خياطة للمبتدئات", ["خياطة"], place="مكتبة النسيم")


def say(talk, sender, body="أهلًا", **more):
    return chat.send(conversation_id=talk, sender=sender, client_id=uuid.uuid4(), body=body, **more)


class TestWithoutAGuardian:
    def test_nothing_begins_from_or_to_them(self, layan, lesson, make_offer, yusuf):
        with pytest.raises(care.NeedsGuardian):
            lessons.say_hello(listing=lesson, by=layan, body="مرحبًا")
        own = make_offer(layan, "أساعد في الرياضيات", ["رياضيات"], format="online")
        with pytest.raises(lessons.NotReachable):
            lessons.say_hello(listing=own, by=yusuf, body="مرحبًا")
        with pytest.raises(care.NeedsGuardian):
            chat.open_conversation(subject="", subject_lang="ar", people=[yusuf, layan])
        assert not Lesson.objects.exists()
        assert not Conversation.objects.exists()

    def test_they_are_hidden_and_cannot_show_themselves(self, layan, make_offer):
        own = make_offer(layan, "أساعد في الرياضيات", ["رياضيات"], format="online")
        assert not Listing.objects.open_for(None).filter(id=own.pk).exists()
        with pytest.raises(care.NeedsGuardian):
            accounts.resume(person=layan)

    def test_no_ring_is_accepted(self, layan, salma, make_offer, make_wish):
        from matching.models import Place, Ring, RingAnswer

        wish = make_wish(layan, "أتعلم خياطة", ["خياطة"], format="online")
        ring = Ring.objects.create(deadline=timezone.now() + timedelta(days=1))
        offer = make_offer(salma, "خياطة", ["خياطة"], format="online")
        Place.objects.create(ring=ring, number=0, teacher=salma, learner=layan, offer=offer, wish=wish)
        RingAnswer.objects.create(ring=ring, person=layan)
        with pytest.raises(care.NeedsGuardian):
            rings.answer(ring=ring, person=layan, is_yes=True)
        assert RingAnswer.objects.get(ring=ring).is_yes is None

    def test_talks_from_before_rest_until_the_guardian_is_in_them(self, salma, nadia, districts, relay):
        late = accounts.make_person(email="late@example.org", name="لين", age="")
        talk = chat.open_conversation(subject="", subject_lang="ar", people=[salma, late]).pk
        say(talk, late)
        say(talk, salma)
        care.say_age(person=late, age="13-17")
        for sender in (salma, late):
            with pytest.raises(care.NeedsGuardian):
                say(talk, sender)
        care.accept_ward(guardianship_id=care.ask_guardian(young=late, email=nadia.email).pk, by=nadia)
        with pytest.raises(care.NeedsGuardian):
            say(talk, salma)  # she has agreed, and is not in this talk yet
        relay()
        assert say(talk, salma).seq == 3
        assert Member.objects.get(conversation=talk, person=nadia).is_guardian


class TestWithAGuardian:
    def test_the_guardian_is_in_the_talk_before_the_first_word(self, guarded, lesson, nadia, salma):
        talk = lessons.say_hello(listing=lesson, by=guarded, body="مرحبًا").conversation
        members = dict(talk.members.values_list("person", "is_guardian"))
        assert members == {guarded.pk: False, salma.pk: False, nadia.pk: True}
        assert [message.body for message in chat.latest(person=nadia, conversation_id=talk.pk)] == ["مرحبًا"]

    def test_an_enquiry_to_them_has_the_guardian_too(self, guarded, make_offer, yusuf, nadia):
        own = make_offer(guarded, "أساعد في الرياضيات", ["رياضيات"], format="online")
        talk = lessons.say_hello(listing=own, by=yusuf, body="مرحبًا").conversation
        assert talk.members.get(person=nadia).is_guardian

    def test_the_guardians_words_answer_for_nobody(self, guarded, lesson, nadia, salma):
        talk = lessons.say_hello(listing=lesson, by=guarded, body="مرحبًا").conversation_id
        say(talk, nadia, "أنا والدتها")
        assert Conversation.objects.get(id=talk).met_at is None
        say(talk, guarded, "رقمي 0791234567")
        assert "0791234567" not in chat.latest(person=salma, conversation_id=talk)[-1].body
        say(talk, salma, "أهلًا بكما")
        assert Conversation.objects.get(id=talk).met_at is not None

    def test_the_one_who_wrote_first_and_the_guardian_make_no_meeting(self, guarded, nadia, salma):
        talk = chat.open_conversation(subject="", subject_lang="ar", people=[salma, guarded]).pk
        say(talk, nadia, "أنا والدتها")
        say(talk, salma, "أهلًا")
        assert Conversation.objects.get(id=talk).met_at is None  # the guardian is not who was asked

    def test_only_public_places_or_online(self, guarded, make_offer, salma):
        home = make_offer(salma, "تطريز", ["خياطة"], place="بيتي")
        with pytest.raises(listings.NotForYoung):
            lessons.say_hello(listing=home, by=guarded, body="مرحبًا")
        with pytest.raises(listings.NotForYoung):
            make_offer(guarded, "أساعد في الرياضيات", ["رياضيات"], place="عندنا في البيت")
        draft = listings.start(owner=guarded, kind="offer", lang="ar")
        listings.save_answers(
            revision=draft, by=guarded, title="رياضيات", body="نص.", tags=[{"text": "رياضيات"}], place="شقة 4", step=5
        )
        with pytest.raises(listings.NotForYoung):
            listings.send(revision=draft, by=guarded)

    def test_a_block_parts_them_though_three_are_there(self, guarded, lesson, nadia, salma):
        talk = lessons.say_hello(listing=lesson, by=guarded, body="مرحبًا").conversation_id
        say(talk, salma)
        accounts.block(blocker=guarded, blocked=salma)
        for sender in (salma, guarded):
            with pytest.raises(chat.NotReachable):
                say(talk, sender)

    def test_when_the_guardian_ends_it_everything_rests_at_once(self, guarded, lesson, nadia, salma, relay):
        talk = lessons.say_hello(listing=lesson, by=guarded, body="مرحبًا").conversation_id
        care.end_ward(guardianship_id=Guardianship.objects.get().pk, by=nadia)
        with pytest.raises(care.NeedsGuardian):
            say(talk, salma)
        relay()
        assert not Member.objects.filter(conversation=talk, person=nadia).exists()
        kept = Guardianship.objects.get()
        assert (kept.ended, bool(kept.consent)) == ("stopped", True)  # the trace stays

    def test_the_guardian_alone_says_that_they_are_18(self, guarded, nadia):
        with pytest.raises(care.GuardianDecides):
            care.say_age(person=guarded, age="18+")
        care.end_ward(guardianship_id=Guardianship.objects.get().pk, by=nadia, is_grown=True)
        assert Person.objects.get(id=guarded.pk).age == "18+"
        assert not policies.lacks_guardian(Person.objects.get(id=guarded.pk))

    def test_seen_is_said_of_those_who_talk(self, guarded, lesson, nadia, salma):
        talk = lessons.say_hello(listing=lesson, by=guarded, body="مرحبًا").conversation_id
        chat.mark_seen(person=nadia, conversation_id=talk, seq=1)
        assert chat.seen_by(chat.marks(person=guarded, of=chat.places(person=guarded, conversation_id=talk))) == {
            str(salma.pk): 0
        }
        assert {row[2] for row in chat.state(person=guarded)} == {salma.pk}


class TestWhoMayBeAGuardian:
    def test_only_the_one_who_was_asked(self, layan, nadia, karim):
        asked = care.ask_guardian(young=layan, email=nadia.email)
        for other in (karim, layan):
            with pytest.raises(care.NotYourWard):
                care.accept_ward(guardianship_id=asked.pk, by=other)
        with pytest.raises(care.GuardianDecides):
            care.ask_guardian(young=layan, email=layan.email)

    def test_nobody_young_and_nobody_who_has_not_said(self, layan, districts):
        for age, refused in (("13-17", care.NeedsGuardian), ("", care.AgeNotSaid)):
            other = accounts.make_person(email=f"other{age}@example.org", age=age)
            asked = care.ask_guardian(young=layan, email=other.email)
            with pytest.raises(refused):
                care.accept_ward(guardianship_id=asked.pk, by=other)

    def test_no_second_one_while_there_is_one(self, guarded, karim):
        with pytest.raises(care.GuardianDecides):
            care.ask_guardian(young=guarded, email=karim.email)


@pytest.mark.django_db(transaction=True)
async def test_the_one_statement_leaves_guarded_talks_to_the_rules(guarded, nadia, salma):
    from channels.db import database_sync_to_async as in_db

    talk = (await in_db(chat.open_conversation)(subject="", subject_lang="ar", people=[salma, guarded])).pk
    for sender in (salma, guarded, nadia):
        await in_db(say)(talk, sender)
    writer = one_statement.Writer()
    fields = {"conversation_id": talk, "client_id": uuid.uuid4(), "body": "بعد ذلك"}
    assert await writer.send(sender=salma, **fields) is None
    await writer.close()


class TestGroups:
    @pytest.fixture
    def group(self, guarded, salma, yusuf):
        return groups.open_group(subject="حلقة", subject_lang="ar", people=[guarded, salma, yusuf])

    def members(self, group):
        return dict(Member.objects.filter(conversation=group).values_list("person__email", "is_guardian"))

    def test_bring_the_guardian_with_somebody_young(self, group, nadia):
        assert self.members(group)[nadia.email] is True
        assert say(group.pk, nadia).seq == 1

    def test_are_not_opened_without_one(self, layan, salma):
        with pytest.raises(care.NeedsGuardian):
            groups.open_group(subject="حلقة", subject_lang="ar", people=[layan, salma])

    def test_take_both_in_later(self, guarded, salma, yusuf, nadia):
        group = groups.open_group(subject="حلقة", subject_lang="ar", people=[salma, yusuf])
        groups.join(conversation=group, person=guarded)
        assert self.members(group)[nadia.email] is True

    def test_are_left_together_and_by_the_guardian_only_so(self, group, guarded, nadia, salma):
        with pytest.raises(groups.GuardianStays):
            groups.leave(conversation_id=group.pk, person=nadia)
        groups.leave(conversation_id=group.pk, person=salma)
        assert nadia.email in self.members(group)
        groups.leave(conversation_id=group.pk, person=guarded)
        assert nadia.email not in self.members(group)

    def test_keep_a_guardian_who_takes_part_themselves(self, guarded, nadia, salma):
        group = groups.open_group(subject="حلقة", subject_lang="ar", people=[guarded, nadia, salma])
        groups.leave(conversation_id=group.pk, person=guarded)
        assert self.members(group)[nadia.email] is False


@pytest.mark.parametrize(
    ("place", "is_public"),
    [("مكتبة الحي", True), ("في المكتبة العامة", True), ("بيت الثقافة", True), ("the library in Naseem", True),
     ("في بيتي", False), ("my house near the park", False), ("عندي في البيت جنب المسجد", False), ("", False),
     ("حي النسيم", False)],
)  # fmt: skip
def test_a_place_names_itself_as_public(place, is_public):
    assert is_public_place(place) is is_public
