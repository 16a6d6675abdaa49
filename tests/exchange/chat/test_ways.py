"""One contract, every way a message may be stored: the path of reference, and on PostgreSQL the one statement."""

import asyncio
import uuid

import psycopg
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection
from django.test import override_settings

from accounts import services as accounts
from exchange.chat import services as chat
from exchange.chat.models import Member, Message
from exchange.chat.one_statement import MOST_TOGETHER, Writer
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


def among_others(**fields):
    """By one statement that stores several messages; the others of it are refused."""

    async def run():
        writer = Writer()
        refused = {"conversation_id": 2**60, "sender": fields["sender"], "body": "إلى لا أحد"}
        others = [writer.send(client_id=uuid.uuid4(), **refused) for _other in range(3)]
        try:
            told = await asyncio.gather(*others[:2], writer.send(**fields), others[2], return_exceptions=True)
            assert all(isinstance(told[place], chat.NoSuchTalk) for place in (0, 1, 3))
            if isinstance(told[2], Exception):
                raise told[2]
            return told[2].seq if told[2] is not None else await sync_to_async(by_reference)(**fields)
        finally:
            await writer.close()

    with override_settings(DATABASE_POOL=1):
        return async_to_sync(run)()


WAYS = [by_reference, *([by_one_statement, among_others] if connection.vendor == "postgresql" else [])]


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

    @pytest.fixture
    def few_lines(settings):
        settings.DATABASE_POOL = 1

    async def send_all(talk, people, count):
        """Send so many messages at once through one connection; gives the sizes of what was stored together."""
        writer, sizes = Writer(), []
        store = writer._store

        async def noted(some):
            sizes.append(len(some))
            return await store(some)

        writer._store = noted
        given = [
            {"conversation_id": talk.pk, "sender": people[n % 2], "client_id": uuid.UUID(int=n), "body": f"رسالة {n}"}
            for n in range(count)
        ]
        told = await asyncio.gather(*(writer.send(**each) for each in given + given[:1]))
        await writer.close()
        return [stored.seq for stored in told], sizes

    async def test_what_waits_for_a_connection_is_stored_together_in_its_order(few_lines, talk, salma, yusuf):
        places, sizes = await send_all(talk, [salma, yusuf], 40)
        assert places == [*range(3, 43), 3]  # the retry of the first found it stored
        assert sizes == [MOST_TOGETHER, 41 - MOST_TOGETHER]
        rows = Message.objects.filter(seq__gt=2).order_by("seq").values_list("body", flat=True)
        assert [body async for body in rows] == [f"رسالة {number}" for number in range(40)]

    async def test_one_that_fails_takes_no_other_with_it(few_lines, talk, salma, yusuf, monkeypatch):
        store, asked = Writer._store, []

        async def broken(writer, some):
            asked.append(len(some))
            if any(one.given[3] == "رسالة 3" for one in some):
                raise psycopg.errors.LockNotAvailable
            return await store(writer, some)

        monkeypatch.setattr(Writer, "_store", broken)
        writer = Writer()
        told = await asyncio.gather(
            *(
                writer.send(conversation_id=talk.pk, sender=salma, client_id=uuid.uuid4(), body=f"رسالة {number}")
                for number in range(6)
            ),
            return_exceptions=True,
        )
        await writer.close()
        assert isinstance(told.pop(3), psycopg.errors.LockNotAvailable)
        assert [stored.seq for stored in told] == [3, 4, 5, 6, 7]
        assert asked[:7] == [6, 1, 1, 1, 1, 1, 1]


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
        assert 'أنت: <bdi dir="rtl">أيّ يوم يناسبك؟</bdi>' in page.get("/talks/").content.decode()
        page.post(f"/talks/{talk.pk}/messages/4/delete/")
        shown = page.get(f"/talks/{talk.pk}/").content.decode()
        assert "حُذفت هذه الرسالة." in shown
        assert "حُذفت هذه الرسالة." in page.get("/talks/").content.decode()

    def test_a_script_hears_whether_its_words_are_gone(self, talk, salma, client_of):
        page = client_of(salma)
        address, asks = f"/talks/{talk.pk}/messages/{{}}/delete/", {"headers": {"accept": "application/json"}}
        told = page.post(address.format(1), **asks)
        assert told.json() == {"type": "deleted", "conversation": talk.pk, "seq": 1}
        Message.objects.filter(conversation=talk, seq=1).update(at="2026-01-01T00:00Z", deleted_at=None)
        told = page.post(address.format(1), **asks)
        assert (told.status_code, told.json()["code"]) == (422, "too_late")

    def test_what_was_written_stands_in_its_order(self, talk, salma, client_of):
        page = client_of(salma)
        page.post(f"/talks/{talk.pk}/messages/", {"body": "Excel يوم الأحد 2026-11-23 <b>\nسطر"})
        shown = page.get(f"/talks/{talk.pk}/").content.decode()
        assert 'dir="rtl">Excel يوم الأحد <bdi dir="ltr">2026-11-23</bdi> &lt;b&gt;\nسطر</p>' in shown

    def test_nobody_deletes_the_words_of_others(self, talk, salma, client_of):
        client_of(salma).post(f"/talks/{talk.pk}/messages/2/delete/")
        assert Message.objects.get(conversation=talk, seq=2).body == "أهلًا"
