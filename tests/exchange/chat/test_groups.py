"""Talks of several people: opened among those who agreed, named bubbles, seen by whom, left at any time."""

import uuid

import pytest
from django.db import connection

from accounts import services as accounts
from exchange.chat import services as chat
from exchange.chat.models import Member, Message
from exchange.chat.services import groups
from tests.exchange.chat.test_ways import WAYS, by_reference

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def group(salma, yusuf, karim):
    return groups.open_group(subject="حلقتنا", subject_lang="ar", people=[salma, yusuf, karim], about_url="/help/")


def write(group, who, body="أهلًا بكم", way=by_reference):
    return way(conversation_id=group.pk, sender=who, client_id=uuid.uuid4(), body=body)


class TestOpen:
    def test_puts_everyone_in_once_and_hides_nothing(self, salma, yusuf, karim):
        made = groups.open_group(subject="س", subject_lang="ar", people=[salma, yusuf, karim, salma])
        assert made.members.count() == 3
        write(made, salma, "رقمي 0791234567")
        assert "0791234567" in Message.objects.get().body

    def test_never_puts_a_pair_together_that_keeps_apart(self, salma, yusuf, karim):
        accounts.block(blocker=karim, blocked=salma)
        with pytest.raises(groups.Apart):
            groups.open_group(subject="س", subject_lang="ar", people=[salma, yusuf, karim])
        made = groups.open_group(subject="س", subject_lang="ar", people=[salma, yusuf])
        with pytest.raises(groups.Apart):
            groups.join(conversation=made, person=karim)

    def test_needs_two_and_takes_forty(self, salma, monkeypatch, yusuf, karim):
        with pytest.raises(groups.TooFew):
            groups.open_group(subject="س", subject_lang="ar", people=[salma, salma])
        monkeypatch.setattr(groups, "MOST", 2)
        with pytest.raises(groups.TooManyPeople):
            groups.open_group(subject="س", subject_lang="ar", people=[salma, yusuf, karim])

    def test_is_in_the_list_before_anybody_wrote(self, group, salma, client_of):
        shown = client_of(salma).get("/talks/").content.decode()
        assert "حلقتنا" in shown
        assert "لم يُكتب شيء بعد." in shown


@pytest.mark.parametrize("way", WAYS)
class TestEveryWay:
    def test_stores_in_order_though_not_all_have_written(self, way, group, salma, yusuf):
        assert [write(group, who, way=way) for who in (salma, yusuf, salma)] == [1, 2, 3]
        assert set(Member.objects.values_list("first_seq", flat=True)) == {0}

    def test_a_later_block_changes_nothing(self, way, group, salma, yusuf, client_of):
        accounts.block(blocker=yusuf, blocked=salma)
        assert write(group, salma, way=way) == 1
        assert [each["seq"] for each in chat.since(person=yusuf, conversation_id=group.pk, seq=0)] == [1]
        notice = "في هذه المجموعة شخص أبعدته"
        assert notice in client_of(yusuf).get(f"/talks/{group.pk}/").content.decode()
        assert notice not in client_of(salma).get(f"/talks/{group.pk}/").content.decode()

    def test_of_two_is_ended_by_a_block(self, way, group, salma, yusuf, karim, client_of):
        groups.leave(conversation_id=group.pk, person=karim)
        accounts.block(blocker=yusuf, blocked=salma)
        for who in (salma, yusuf):
            with pytest.raises(chat.NotReachable):
                write(group, who, way=way)
        page = client_of(salma).get(f"/talks/{group.pk}/").content.decode()
        assert "لا يمكنكما تبادل الرسائل الآن." in page

    def test_who_left_is_out(self, way, group, salma, karim):
        groups.leave(conversation_id=group.pk, person=karim)
        with pytest.raises(chat.NoSuchTalk):
            write(group, karim, way=way)
        assert write(group, salma, way=way) == 2


if connection.vendor == "postgresql":

    async def test_a_group_takes_the_one_statement(group, salma):
        from exchange.chat.one_statement import Writer

        writer = Writer()
        given = {"conversation_id": group.pk, "sender": salma, "client_id": uuid.uuid4(), "body": "أهلًا"}
        stored = await writer.send(**given)
        assert stored is not None
        assert len(stored.people) == 3
        await writer.close()


class TestJoin:
    def test_reads_what_was_said_before(self, group, salma, nadia):
        write(group, salma)
        for _twice in range(2):
            groups.join(conversation=group, person=nadia)
        assert group.members.count() == 4
        assert chat.unread_count(person=nadia) == 0
        assert len(chat.latest(person=nadia, conversation_id=group.pk)) == 1

    def test_is_not_for_talks_of_two(self, salma, yusuf, nadia):
        two = chat.open_conversation(subject="س", subject_lang="ar", people=[salma, yusuf])
        with pytest.raises(groups.NotAGroup):
            groups.join(conversation=two, person=nadia)
        with pytest.raises(groups.NotAGroup):
            groups.leave(conversation_id=two.pk, person=salma)


class TestPage:
    def test_names_the_sender_and_who_has_seen_it(self, group, salma, yusuf, karim, client_of):
        seq = write(group, salma)
        write(group, yusuf, "وأنا هنا")
        chat.mark_seen(person=yusuf, conversation_id=group.pk, seq=seq)
        shown = client_of(salma).get(f"/talks/{group.pk}/").content.decode()
        assert '<span class="who"><bdi>يوسف</bdi>' in shown
        assert ">قُرئت عند: \u2068يوسف\u2069</span>" in shown
        assert 'href="/help/">حلقتنا</a>' in shown
        chat.mark_seen(person=karim, conversation_id=group.pk, seq=seq)
        assert ">قُرئت</span>" in client_of(salma).get(f"/talks/{group.pk}/").content.decode()

    def test_is_left_with_a_line_and_closed_to_who_left(self, group, salma, karim, client_of):
        write(group, salma)
        client_of(karim).post(f"/talks/{group.pk}/leave/")
        assert client_of(karim).get(f"/talks/{group.pk}/").status_code == 404
        last = Message.objects.order_by("seq").last()
        assert (last.sender_id, last.body) == (karim.pk, "خرجت من هذه المجموعة.")
        assert "كريم" not in client_of(salma).get("/talks/").content.decode()

    def test_of_the_last_one_says_so(self, salma, yusuf, client_of):
        made = groups.open_group(subject="س", subject_lang="ar", people=[salma, yusuf])
        groups.leave(conversation_id=made.pk, person=yusuf)
        assert "خرج الآخرون من هذه المجموعة." in client_of(salma).get(f"/talks/{made.pk}/").content.decode()
