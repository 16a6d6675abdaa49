"""Safe first words in a talk: what is hidden, who is warned, what waits for a curator."""

import json
import uuid

import pytest
from django.test import Client

from exchange.chat import services as chat
from exchange.chat.models import Conversation, Held, Member, Message, Screening
from exchange.chat.screening import judging

PHONE = "رقمي ٠٧٩١٢٣٤٥٦٧ كلميني"
CODE = "You will get a code by SMS, please send it to me"


@pytest.fixture
def talk(salma, yusuf):
    return chat.open_conversation(subject="خياطة", subject_lang="ar", people=[salma, yusuf])


def say(talk, person, body, client_id=None):
    return chat.send(conversation_id=talk.pk, sender=person, client_id=client_id or uuid.uuid4(), body=body)


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


class TestMasking:
    def test_hides_a_number_for_everybody_and_says_why(self, talk, salma, yusuf):
        say(talk, yusuf, PHONE)
        assert "٧٩١" not in Message.objects.get().body
        for person in (salma, yusuf):
            (frame,) = chat.since(person=person, conversation_id=talk.pk, seq=0)
            assert judging.COVER in frame["body"]
            assert frame["note"]
            page = signed_in(person).get(f"/talks/{talk.pk}/").content.decode()
            assert "٧٩١" not in page
            assert frame["note"] in page

    def test_stores_the_number_nowhere(self, talk, yusuf):
        say(talk, yusuf, PHONE)
        say(talk, yusuf, "my mail is sam.teacher@gmail.com")
        rows = json.dumps([list(model.objects.values()) for model in (Message, Screening, Held)], default=str)
        assert "١٢٣٤" not in rows
        assert "sam.teacher" not in rows

    def test_ends_when_both_have_written(self, talk, salma, yusuf):
        say(talk, yusuf, "مرحبًا")
        say(talk, yusuf, PHONE)  # twice from one side is still one side
        assert judging.COVER in Message.objects.get(seq=2).body
        say(talk, salma, "أهلًا")
        assert say(talk, yusuf, PHONE).body == PHONE

    def test_a_retry_is_the_same_message_also_when_the_rules_would_now_differ(self, talk, salma, yusuf):
        number = uuid.uuid4()
        first = say(talk, yusuf, PHONE, number)
        say(talk, salma, "أهلًا")
        again = say(talk, yusuf, PHONE, number)
        assert (again.pk, again.body) == (first.pk, first.body)
        with pytest.raises(chat.ClientIdReused):
            say(talk, yusuf, PHONE + "٨", number)
        with pytest.raises(chat.ClientIdReused):
            say(talk, yusuf, first.body, number)

    def test_the_api_says_the_same(self, talk, salma, yusuf):
        say(talk, yusuf, PHONE)
        (shown,) = signed_in(salma).get(f"/api/talks/{talk.pk}/messages/").json()["messages"]
        assert judging.COVER in shown["body"]
        assert shown["note"]


class TestWarning:
    def test_is_for_the_receiver_in_their_language_and_not_for_the_sender(self, talk, salma, yusuf):
        say(talk, yusuf, "how old are you?")
        (told,) = chat.since(person=salma, conversation_id=talk.pk, seq=0)
        assert told["warnings"] == [judging.reason("age_question", "ar")]
        (own,) = chat.since(person=yusuf, conversation_id=talk.pk, seq=0)
        assert "warnings" not in own
        assert judging.reason("age_question", "ar") in signed_in(salma).get(f"/talks/{talk.pk}/").content.decode()

    def test_reading_costs_no_more_queries_however_many(self, talk, salma, yusuf, django_assert_num_queries):
        for _ in range(5):
            say(talk, yusuf, "how old are you?")
        with django_assert_num_queries(1):
            assert len(chat.since(person=salma, conversation_id=talk.pk, seq=0)) == 5


class TestHolding:
    def test_keeps_the_message_out_of_the_order_and_tells_its_sender(self, talk, salma, yusuf):
        with pytest.raises(chat.HeldForCurator):
            say(talk, yusuf, CODE)
        assert Held.objects.waiting().count() == 1
        assert not Message.objects.exists()
        assert chat.since(person=salma, conversation_id=talk.pk, seq=0) == []
        assert str(talk.pk) not in [str(row.conversation.pk) for row in chat.conversations(person=salma)]

    def test_the_same_client_id_says_the_same_and_waits_once(self, talk, yusuf):
        number = uuid.uuid4()
        for _ in range(3):
            with pytest.raises(chat.HeldForCurator):
                say(talk, yusuf, CODE, number)
        assert Held.objects.count() == 1
        with pytest.raises(chat.ClientIdReused):
            say(talk, yusuf, "مرحبًا", number)

    def test_the_page_and_its_json_say_so(self, talk, yusuf):
        client, number = signed_in(yusuf), str(uuid.uuid4())
        answer = client.post(
            f"/talks/{talk.pk}/messages/", {"client_id": number, "body": CODE}, content_type="application/json"
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "held")
        page = client.post(f"/talks/{talk.pk}/messages/", {"client_id": number, "body": CODE}, follow=True)
        assert CODE in page.content.decode()
        assert Held.objects.count() == 1
        api = client.post(
            f"/api/talks/{talk.pk}/messages/", {"client_id": number, "body": CODE}, content_type="application/json"
        )
        assert (api.status_code, api.json()["code"]) == (422, "held")

    def test_released_it_takes_the_next_place_once_and_a_retry_finds_it(self, talk, salma, yusuf):
        number = uuid.uuid4()
        with pytest.raises(chat.HeldForCurator):
            say(talk, yusuf, CODE, number)
        say(talk, salma, "مرحبًا")
        (held,) = Held.objects.all()
        message = chat.release(held=held)
        assert chat.release(held=held) == message
        assert say(talk, yusuf, CODE, number) == message
        assert (message.seq, Conversation.objects.get().last_seq) == (2, 2)
        (_own, told) = chat.since(person=salma, conversation_id=talk.pk, seq=0)
        assert told["warnings"]

    def test_kept_back_it_is_never_delivered(self, talk, salma, yusuf):
        number = uuid.uuid4()
        with pytest.raises(chat.HeldForCurator):
            say(talk, yusuf, CODE, number)
        chat.keep_back(held=Held.objects.get())
        with pytest.raises(chat.HeldForCurator):
            say(talk, yusuf, CODE, number)
        assert not Message.objects.exists()
        assert Member.objects.get(person=salma).seen_seq == 0
