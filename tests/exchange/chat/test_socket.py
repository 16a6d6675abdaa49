"""The socket: frames in, frames out, and it lives through bad ones."""

import contextlib
import json
import uuid

import pytest
from channels.db import database_sync_to_async as in_db
from channels.testing import WebsocketCommunicator
from hypothesis import given
from hypothesis import strategies as st

from accounts import services as accounts
from accounts.models import Token
from exchange.asgi import application
from exchange.chat import rules
from exchange.chat import services as chat

pytestmark = pytest.mark.django_db(transaction=True)


async def open_socket(person):
    token = await in_db(accounts.make_token)(person=person)
    headers = [(b"authorization", f"Token {token}".encode()), (b"origin", b"http://testserver")]
    socket = WebsocketCommunicator(application, "/ws/chat/", headers=headers)
    connected, _ = await socket.connect()
    assert connected
    return socket


async def put(socket, **frame):
    await socket.send_to(text_data=json.dumps(frame))


async def take(socket, kind):
    """Give the next frame of a kind."""
    while True:
        frame = json.loads(await socket.receive_from(timeout=6))
        if frame["type"] == kind:
            return frame


@pytest.fixture
def talk(salma, yusuf):
    return chat.open_conversation(subject="خياطة", subject_lang="ar", people=[salma, yusuf])


async def test_message_is_acknowledged_and_told_to_the_other(talk, salma, yusuf):
    hers, his = await open_socket(salma), await open_socket(yusuf)
    await put(hers, type="hello", resume={})
    await put(his, type="hello", resume={})
    number = str(uuid.uuid4())
    await put(hers, type="send", conversation=talk.pk, client_id=number, body="أهلًا")
    ack = await take(hers, "ack")
    assert (ack["client_id"], ack["seq"]) == (number, 1)
    message = await take(his, "message")
    assert (message["body"], message["seq"], message["sender"]["id"]) == ("أهلًا", 1, salma.pk)
    await put(his, type="seen", conversation=talk.pk, seq=1)
    assert (await take(hers, "seen"))["seq"] == 1
    await put(his, type="typing", conversation=talk.pk)
    assert (await take(hers, "typing"))["person"] == yusuf.pk
    await hers.disconnect()
    await his.disconnect()


async def test_resume_gives_all_that_was_missed_in_order(talk, salma, yusuf):
    for word in ("واحد", "اثنان", "ثلاثة"):
        await in_db(chat.send)(conversation_id=talk.pk, sender=salma, client_id=uuid.uuid4(), body=word)
    his = await open_socket(yusuf)
    await put(his, type="hello", data={"resume": {str(talk.pk): 1}})
    assert [(await take(his, "message"))["seq"] for _ in range(2)] == [2, 3]
    await his.disconnect()


async def test_rows_are_read_although_no_bell_rings(talk, salma, yusuf, monkeypatch):
    monkeypatch.setattr(chat, "_send_bell", lambda people, event: None)
    his = await open_socket(yusuf)
    await put(his, type="hello", resume={str(talk.pk): 0})
    await in_db(chat.send)(conversation_id=talk.pk, sender=salma, client_id=uuid.uuid4(), body="بلا جرس")
    assert (await take(his, "message"))["body"] == "بلا جرس"
    await his.disconnect()


@pytest.mark.parametrize(
    "raw",
    ["x", "[]", "null", "{}", '{"type":"send"}', '{"type":"fly"}', '{"type":"hello","resume":[]}', "[" * 5000,
     '{"type":"send","conversation":1,"client_id":"x","body":"y"}', '{"type":"seen","conversation":true,"seq":1}'],
)  # fmt: skip
async def test_bad_frame_is_refused_and_the_socket_lives(talk, yusuf, raw):
    his = await open_socket(yusuf)
    await his.send_to(text_data=raw)
    assert (await take(his, "refused"))["code"] == "bad_frame"
    await put(his, type="send", conversation=talk.pk, client_id=str(uuid.uuid4()), body="ما زلت هنا")
    await take(his, "ack")
    await his.disconnect()


async def test_refusal_names_the_message(talk, stranger):
    socket = await open_socket(stranger)
    number = str(uuid.uuid4())
    await put(socket, type="send", conversation=talk.pk, client_id=number, body="x")
    refused = await take(socket, "refused")
    assert (refused["code"], refused["client_id"]) == ("no_such_conversation", number)
    await socket.disconnect()


async def test_nobody_unknown_stays_connected(db):
    socket = WebsocketCommunicator(application, "/ws/chat/", headers=[(b"origin", b"http://testserver")])
    await socket.connect()
    assert (await socket.receive_output(timeout=3)) == {"type": "websocket.close", "code": 4401}


async def test_foreign_origin_is_turned_away(db):
    socket = WebsocketCommunicator(application, "/ws/chat/", headers=[(b"origin", b"http://evil.example")])
    connected, _ = await socket.connect()
    assert not connected


async def test_socket_closes_when_the_key_is_withdrawn(yusuf):
    his = await open_socket(yusuf)
    await in_db(accounts.sign_out_everywhere)(person=yusuf)
    closed = await his.receive_output(timeout=6)
    assert closed["code"] == 4401


async def test_a_key_that_may_not_talk_is_turned_away(yusuf):
    token = await in_db(accounts.make_token)(person=yusuf, scopes=["read", "write", "curate"])
    headers = [(b"authorization", f"Token {token}".encode()), (b"origin", b"http://testserver")]
    socket = WebsocketCommunicator(application, "/ws/chat/", headers=headers)
    await socket.connect()
    assert (await socket.receive_output(timeout=3)) == {"type": "websocket.close", "code": 4403}


async def test_socket_closes_when_its_own_key_is_removed_though_others_stay(yusuf):
    his = await open_socket(yusuf)
    key = await in_db(Token.objects.get)()
    await in_db(accounts.make_token)(person=yusuf, name="another")
    await in_db(accounts.remove_token)(person=yusuf, token_id=key.pk)
    assert (await his.receive_output(timeout=6))["code"] == 4401


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_a_frame_or_a_bad_frame(value):
    with contextlib.suppress(rules.BadFrame):
        rules.read(value)
