"""One contract, every way a message may be stored: the path of reference, and on PostgreSQL the one statement."""

import uuid

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection

from accounts import services as accounts
from exchange.chat import services as chat
from exchange.chat.models import Member, Message
from exchange.chat.one_statement import Writer
from exchange.outbox.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


def by_reference(**fields):
    message = chat.send(**fields)
    return message.seq


def by_one_statement(**fields):
    async def run():
        writer = Writer()
        try:
            stored = await writer.send(**fields)
            return stored.seq if stored is not None else await sync_to_async(by_reference)(**fields)
        finally:
            await writer.close()

    return async_to_sync(run)()


WAYS = [by_reference, *([by_one_statement] if connection.vendor == "postgresql" else [])]


@pytest.fixture
def talk(salma, yusuf):
    made = chat.open_conversation(subject="خياطة", subject_lang="ar", people=[salma, yusuf])
    for who in (salma, yusuf):
        by_reference(conversation_id=made.pk, sender=who, client_id=uuid.uuid4(), body="أهلًا")
    return made


@pytest.mark.parametrize("way", WAYS)
class TestEveryWay:
    def test_stores_once_in_order_and_tells_the_outbox(self, way, talk, salma, yusuf):
        number = uuid.uuid4()
        events = Event.objects.filter(name="message.sent").count()
        first = {"conversation_id": talk.pk, "sender": salma, "client_id": number, "body": " كيف\u200b حالك؟ "}
        assert [way(**first), way(**first)] == [3, 3]
        answer = {"conversation_id": talk.pk, "sender": yusuf, "client_id": uuid.uuid4(), "body": "بخير", "reply_to": 3}
        assert way(**answer) == 4
        rows = list(Message.objects.order_by("seq").values_list("seq", "sender", "body", "reply_to")[2:])
        assert rows == [(3, salma.pk, chat.clean(first["body"]), None), (4, yusuf.pk, "بخير", 3)]
        talk.refresh_from_db()
        assert (talk.last_seq, talk.last_at) == (4, Message.objects.get(seq=4).at)
        assert dict(Member.objects.values_list("person", "seen_seq")) == {salma.pk: 3, yusuf.pk: 4}
        assert dict(Member.objects.values_list("person", "first_seq")) == {salma.pk: 1, yusuf.pk: 2}
        new = list(Event.objects.filter(name="message.sent").order_by("id")[events:])
        assert {(event.subject_id, event.payload["seq"]) for event in new} == {(str(talk.pk), 3), (str(talk.pk), 4)}
        assert len(new) == events  # two messages before, two now: as many rows for each

    def test_refuses_what_must_not_be_stored(self, way, talk, salma, yusuf, stranger):
        other = chat.open_conversation(subject="", subject_lang="ar", people=[salma, yusuf])
        number = uuid.uuid4()
        good = {"conversation_id": talk.pk, "sender": salma, "client_id": number, "body": "واحد"}
        way(**good)
        for change, refusal in (
            ({"body": "اثنان"}, chat.ClientIdReused),
            ({"conversation_id": other.pk}, chat.ClientIdReused),
            ({"reply_to": 1}, chat.ClientIdReused),
            ({"client_id": uuid.uuid4(), "reply_to": 99}, chat.NoSuchMessage),
            ({"client_id": uuid.uuid4(), "reply_to": 0}, chat.NoSuchMessage),
            ({"client_id": uuid.uuid4(), "reply_to": 2**61}, chat.NoSuchMessage),
            ({"client_id": uuid.uuid4(), "body": "\u200b"}, chat.EmptyMessage),
            ({"client_id": uuid.uuid4(), "body": "س" * 4001}, chat.TooLong),
            ({"sender": stranger}, chat.NoSuchTalk),
            ({"conversation_id": 2**61}, chat.NoSuchTalk),
        ):
            with pytest.raises(refusal):
                way(**{**good, **change})
        assert Message.objects.filter(conversation=talk).count() == 3

    def test_ends_with_a_block_and_with_an_account(self, way, talk, salma, yusuf):
        def write(who):
            return way(conversation_id=talk.pk, sender=who, client_id=uuid.uuid4(), body="هل أنت هنا؟")

        accounts.block(blocker=yusuf, blocked=salma)
        for who in (salma, yusuf):
            with pytest.raises(chat.NotReachable):
                write(who)
        yusuf.blocks_made.all().delete()
        assert write(salma) == 3
        yusuf.is_active = False
        yusuf.save(update_fields=["is_active"])
        with pytest.raises(chat.NotReachable):
            write(salma)


if connection.vendor == "postgresql":

    async def test_first_words_are_left_to_the_way_of_reference(salma, yusuf):
        new = await sync_to_async(chat.open_conversation)(subject="", subject_lang="ar", people=[salma, yusuf])
        writer = Writer()
        given = {"conversation_id": new.pk, "sender": salma, "client_id": uuid.uuid4(), "body": "أهلًا"}
        assert await writer.send(**given) is None
        assert await Message.objects.acount() == 0
        await writer.close()


class TestDelete:
    def test_leaves_a_trace_for_ten_minutes_only(self, talk, salma, yusuf):
        number = uuid.uuid4()
        given = {"conversation_id": talk.pk, "sender": salma, "client_id": number, "body": "خطأ"}
        chat.send(**given)
        with pytest.raises(chat.NoSuchMessage):
            chat.take_back(person=yusuf, conversation_id=talk.pk, seq=3)
        chat.take_back(person=salma, conversation_id=talk.pk, seq=3)
        told = chat.since(person=yusuf, conversation_id=talk.pk, seq=2)
        assert [(frame["body"], frame["deleted"]) for frame in told] == [("", True)]
        assert chat.send(**given).seq == 3  # a late retry brings nothing back
        assert Message.objects.get(conversation=talk, seq=3).body == ""
        Message.objects.filter(conversation=talk, seq=1).update(at="2026-01-01T00:00Z")
        with pytest.raises(chat.TooLate):
            chat.take_back(person=salma, conversation_id=talk.pk, seq=1)


class TestPlainPages:
    def test_answer_quick_answer_and_deletion_work_without_scripts(self, talk, salma, client_of):
        page = client_of(salma)
        assert 'name="reply_to" value="2"' in page.get(f"/talks/{talk.pk}/?answer=2").content.decode()
        page.post(f"/talks/{talk.pk}/messages/", {"body": "وأنا بخير", "reply_to": "2"})
        page.post(f"/talks/{talk.pk}/messages/", {"body": "", "quick": "0"})
        rows = list(Message.objects.order_by("seq").values_list("body", "reply_to")[2:])
        assert rows == [("وأنا بخير", 2), ("أيّ يوم يناسبك؟", None)]
        assert 'data-answers="2">أهلًا</p>' in page.get(f"/talks/{talk.pk}/").content.decode()
        assert 'أنت: <bdi dir="auto">أيّ يوم يناسبك؟</bdi>' in page.get("/talks/").content.decode()
        page.post(f"/talks/{talk.pk}/messages/4/delete/")
        shown = page.get(f"/talks/{talk.pk}/").content.decode()
        assert "حُذفت هذه الرسالة." in shown
        assert "حُذفت هذه الرسالة." in page.get("/talks/").content.decode()

    def test_nobody_deletes_the_words_of_others(self, talk, salma, client_of):
        client_of(salma).post(f"/talks/{talk.pk}/messages/2/delete/")
        assert Message.objects.get(conversation=talk, seq=2).body == "أهلًا"
