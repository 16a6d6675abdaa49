"""The short form of the bent frames: in this process, every frame is answered with a code or closes with one."""

import json
import logging
from collections import Counter

import pytest
from channels.db import database_sync_to_async as in_db
from channels.testing import WebsocketCommunicator

from accounts import services as accounts
from exchange.asgi import application
from exchange.chat import services as chat
from exchange.chat.models import Message
from tests.faults.frame_faults import Frames, Gone, ask, meaning

FRAMES = 800


class Line:
    """A line of this process."""

    def __init__(self, socket):
        self.socket = socket

    async def put(self, frame):
        kind = "bytes" if isinstance(frame, bytes) else "text"
        await self.socket.send_input({"type": "websocket.receive", kind: frame})

    async def take(self):
        output = await self.socket.receive_output(timeout=15)
        if output["type"] == "websocket.close":
            raise Gone(output["code"])
        return json.loads(output["text"])


@pytest.mark.django_db(transaction=True)
async def test_no_frame_goes_unanswered_or_breaks_the_socket(salma, yusuf, caplog):
    talk = await in_db(chat.open_conversation)(subject="", subject_lang="ar", people=[salma, yusuf])
    token = await in_db(accounts.make_token)(person=yusuf)
    headers = [(b"authorization", f"Token {token}".encode()), (b"origin", b"http://testserver")]

    async def again():
        socket = WebsocketCommunicator(application, "/ws/chat/", headers=headers)
        await socket.connect()
        return Line(socket)

    told, wrong = Counter(), []
    line = await ask(await again(), Frames(7, talk.pk), FRAMES, told, wrong, again)
    await line.socket.disconnect()
    assert wrong == []
    assert told["refused bad_frame"] > FRAMES / 2
    assert min(told[f"taken {kind}"] for kind in ("hello", "send", "seen", "typing", "delete")) > 0
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    rows = [seq async for seq in Message.objects.order_by("seq").values_list("seq", flat=True)]
    assert rows == list(range(1, len(rows) + 1))


def test_the_row_of_frames_is_the_same_for_the_same_seed_and_holds_every_kind():
    one, two = Frames(3, 1), Frames(3, 1)
    row = [one.next() for _ in range(2000)]
    assert row == [two.next() for _ in range(2000)]
    kinds = Counter(meaning(frame)[0] for frame in row)
    assert kinds[""] > 1000
    assert min(kinds[kind] for kind in ("hello", "send", "seen", "typing", "delete")) > 10
