"""Sent, delivered, seen: in words, live, and hidden by whoever wishes so, for both sides alike."""

import json
import uuid

import pytest
from channels.db import database_sync_to_async as in_db

from exchange.chat import hub
from exchange.chat import services as chat
from exchange.chat.models import Member
from tests.exchange.chat.test_socket import open_socket, put, say_hello, take

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def talk(salma, yusuf):
    made = chat.open_conversation(subject="خياطة", subject_lang="ar", people=[salma, yusuf])
    for who in (salma, yusuf):
        chat.send(conversation_id=made.pk, sender=who, client_id=uuid.uuid4(), body="أهلًا")
    return made


def write(talk, who):
    return chat.send(conversation_id=talk.pk, sender=who, client_id=uuid.uuid4(), body="هل وصلت؟").seq


def how_far(talk, who):
    found = chat.marks(person=who, of=chat.places(person=who, conversation_id=talk.pk))
    return chat.seen_by(found), chat.delivered_to(found)


class TestWords:
    def test_of_the_page_follow_the_message(self, talk, salma, yusuf, client_of):
        def last(who):
            return (
                client_of(who)
                .get(f"/talks/{talk.pk}/")
                .content.decode()
                .split('<span data-state aria-live="off">')[-1]
                .split("<")[0]
            )

        seq = write(talk, salma)
        assert last(salma) == "أُرسلت"
        chat.note_received(marks={(yusuf.pk, talk.pk): seq})
        assert last(salma) == "وصلت"
        chat.mark_seen(person=yusuf, conversation_id=talk.pk, seq=seq)
        assert last(salma) == "قُرئت"

    def test_what_was_received_only_grows(self, talk, salma, yusuf):
        for seq in (2, 1):
            chat.note_received(marks={(yusuf.pk, talk.pk): seq, (yusuf.pk, 10**9): 5})
        assert Member.objects.get(conversation=talk, person=yusuf).received_seq == 2


class TestHiding:
    @pytest.mark.parametrize("hider", ["salma", "yusuf"])
    def test_is_mutual_and_leaves_delivery(self, talk, salma, yusuf, cast, hider):
        seq = write(talk, salma)
        chat.mark_seen(person=yusuf, conversation_id=talk.pk, seq=seq)
        chat.choose_seen(person=cast[hider], is_shown=False)
        assert how_far(talk, salma) == ({}, {str(yusuf.pk): seq})
        assert how_far(talk, yusuf)[0] == {}
        assert [row[3] for row in chat.state(person=salma)] == [0]
        since = talk.made_at
        assert {row[4] for row in chat.changes(people=[salma.pk, yusuf.pk], since=since)} == {0}
        chat.choose_seen(person=cast[hider], is_shown=True)
        assert how_far(talk, salma)[0] == {str(yusuf.pk): seq}
        assert [row[3] for row in chat.state(person=salma)] == [seq]

    def test_is_chosen_on_ones_own_page_without_scripts(self, salma, client_of):
        page = client_of(salma)
        assert 'name="shown" value="no"' in page.get("/me/").content.decode()
        page.post("/me/seen/", {"shown": "no"})
        assert chat.hides_seen(person=salma)
        assert 'name="shown" value="yes"' in page.get("/me/").content.decode()
        page.post("/me/seen/", {"shown": "yes"})
        assert not chat.hides_seen(person=salma)

    def test_holds_for_the_twin_and_the_page(self, talk, salma, yusuf, client_of):
        seq = write(talk, salma)
        chat.mark_seen(person=yusuf, conversation_id=talk.pk, seq=seq)
        chat.choose_seen(person=yusuf, is_shown=False)
        told = client_of(salma).get(f"/talks/{talk.pk}/messages/?after={seq}").json()
        assert (told["seen"], told["delivered"]) == ({}, {str(yusuf.pk): seq})
        assert ">قُرئت</span>" not in client_of(salma).get(f"/talks/{talk.pk}/").content.decode()


async def test_a_device_says_what_it_has_and_the_sender_is_told(talk, salma, yusuf, monkeypatch):
    monkeypatch.setattr(hub, "NOTE_RECEIVED_SECONDS", 0.05)
    hers, his = await open_socket(salma), await open_socket(yusuf)
    await say_hello(hers)
    await say_hello(his)
    await put(hers, type="send", conversation=talk.pk, client_id=str(uuid.uuid4()), body="هل وصلت؟")
    seq = (await take(his, "message"))["seq"]
    await put(his, type="received", conversation=talk.pk, seq=10**9)  # no more than it was told counts
    told = await take(hers, "delivered")
    assert (told["conversation"], told["person"], told["seq"]) == (talk.pk, yusuf.pk, seq)
    await hers.disconnect()
    await his.disconnect()


@pytest.mark.parametrize("hider", ["salma", "yusuf"])
async def test_who_hides_sends_no_seen_frame_and_gets_none(talk, salma, yusuf, cast, hider, monkeypatch):
    monkeypatch.setattr(hub, "READ_ROWS_SECONDS", 0.2)
    await in_db(chat.choose_seen)(person=cast[hider], is_shown=False)
    hers, his = await open_socket(salma), await open_socket(yusuf)
    await say_hello(hers)
    await say_hello(his)
    await put(hers, type="send", conversation=talk.pk, client_id=str(uuid.uuid4()), body="هل قرأت؟")
    seq = (await take(his, "message"))["seq"]
    await put(his, type="seen", conversation=talk.pk, seq=seq)
    heard = []
    while not heard or heard[-1]["type"] != "delivered":  # comes from the rows, as the seen mark would
        heard.append(await take_any(hers))
    assert [frame for frame in heard if frame["type"] == "seen"] == []
    await hers.disconnect()
    await his.disconnect()


async def take_any(socket):
    return json.loads(await socket.receive_from(timeout=6))
