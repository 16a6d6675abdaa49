"""Messages: stored once, in one order, never through a block."""

import uuid

import pytest

from accounts import services as accounts
from exchange.chat import services as chat
from exchange.chat.models import Message


@pytest.fixture
def talk(salma, yusuf):
    return chat.open_conversation(subject="خياطة", subject_lang="ar", people=[salma, yusuf])


def send(talk, sender, body="مرحبًا", client_id=None):
    return chat.send(conversation_id=talk.pk, sender=sender, client_id=client_id or uuid.uuid4(), body=body)


class TestSend:
    def test_numbers_messages_without_gaps(self, talk, salma, yusuf):
        assert [send(talk, who).seq for who in (salma, yusuf, salma)] == [1, 2, 3]

    def test_stores_one_client_id_once(self, talk, salma):
        number = uuid.uuid4()
        assert send(talk, salma, client_id=number).pk == send(talk, salma, client_id=number).pk
        assert Message.objects.count() == 1

    def test_refuses_a_client_id_with_other_words(self, talk, salma):
        number = uuid.uuid4()
        send(talk, salma, "واحد", number)
        with pytest.raises(chat.ClientIdReused):
            send(talk, salma, "اثنان", number)

    @pytest.mark.parametrize("body", ["", "   ", "\u200b\u202e\x00"])
    def test_refuses_nothing_to_see(self, talk, salma, body):
        with pytest.raises(chat.EmptyMessage):
            send(talk, salma, body)

    def test_refuses_a_megabyte(self, talk, salma):
        with pytest.raises(chat.TooLong):
            send(talk, salma, "x" * 1_000_000)

    def test_refuses_a_stranger_as_if_the_talk_were_not_there(self, talk, stranger):
        with pytest.raises(chat.NoSuchTalk):
            send(talk, stranger)

    @pytest.mark.parametrize("by", ["salma", "yusuf"])
    def test_is_refused_both_ways_by_a_block(self, talk, salma, yusuf, by):
        people = {"salma": salma, "yusuf": yusuf}
        other = people["yusuf" if by == "salma" else "salma"]
        accounts.block(blocker=people[by], blocked=other)
        for who in (salma, yusuf):
            with pytest.raises(chat.NotReachable):
                send(talk, who)


class TestSeen:
    def test_only_grows_and_never_passes_the_end(self, talk, salma, yusuf):
        send(talk, salma)
        send(talk, salma)
        assert chat.mark_seen(person=yusuf, conversation_id=talk.pk, seq=99) == 2
        assert chat.mark_seen(person=yusuf, conversation_id=talk.pk, seq=1) == 2
        assert chat.unread_count(person=yusuf) == 0

    def test_counts_what_was_not_seen(self, talk, salma, yusuf):
        send(talk, salma)
        assert chat.unread_count(person=yusuf) == 1
        assert chat.unread_count(person=salma) == 0


class TestPlainForms:
    def test_send_without_scripts(self, talk, yusuf, client_of):
        answer = client_of(yusuf).post(f"/talks/{talk.pk}/messages/", {"body": "سلام", "client_id": str(uuid.uuid4())})
        assert answer.status_code == 302
        assert "سلام" in client_of(yusuf).get(f"/talks/{talk.pk}/").content.decode()

    def test_keep_what_was_typed_when_it_is_too_long(self, talk, yusuf, client_of):
        answer = client_of(yusuf).post(f"/talks/{talk.pk}/messages/", {"body": "س" * 5000})
        assert answer.status_code == 422
        assert "س" * 5000 in answer.content.decode()

    def test_give_newer_messages_as_json(self, talk, salma, yusuf, client_of):
        send(talk, salma)
        found = client_of(yusuf).get(f"/talks/{talk.pk}/messages/?after=0").json()
        assert [message["seq"] for message in found["messages"]] == [1]

    @pytest.mark.parametrize("after", ["x", "-1", "٣", "9" * 40])
    def test_refuse_a_bad_place(self, talk, yusuf, client_of, after):
        assert client_of(yusuf).get(f"/talks/{talk.pk}/messages/", {"after": after}).status_code == 422

    def test_hide_the_talk_of_others(self, talk, stranger, client_of):
        assert client_of(stranger).get(f"/talks/{talk.pk}/").status_code == 404
