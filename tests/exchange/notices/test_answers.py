"""An answer by mail is a message like any other: through a real mail server, into the talk, under its rules."""

import asyncio
import smtplib
import threading
import uuid
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts import services as accounts
from exchange.chat import services as chat
from exchange.chat.models import Held, Message
from exchange.lessons import services as lessons
from exchange.notices import inlet, reply_address
from exchange.notices.models import Notice
from exchange.notices.services import answering, mailing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _address(settings):
    settings.REPLY_ADDRESS = "reply@rukn.example.org"


@pytest.fixture(params=["SMTP", "LMTP"])
def server(request):
    """A real mail server in a thread of its own; gives how to reach it."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    place = []

    async def begin():
        listener = await loop.create_server(lambda: inlet.server(is_lmtp=request.param == "LMTP"), "127.0.0.1", 0)
        place.append(listener.sockets[0].getsockname()[1])
        ready.set()

    def run():
        loop.run_until_complete(begin())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait(10)
    client = smtplib.LMTP if request.param == "LMTP" else smtplib.SMTP
    yield lambda: client("127.0.0.1", place[0], timeout=20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


@pytest.fixture
def talk(make_offer, karim, yusuf, relay):
    offer = make_offer(karim, "Fix your own bike", ["bike repair"])
    lesson = lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا")
    chat.send(conversation_id=lesson.conversation_id, sender=karim, client_id=uuid.uuid4(), body="Hello!")
    relay()
    return lesson.conversation


def letter(person, talk, body="Yes, Tuesday.", **headers):
    """Write an answer of a person in a talk."""
    message = EmailMessage()
    message["From"] = headers.pop("sender", person.email)
    message["To"] = headers.pop("to", None) or reply_address.make(person_id=person.pk, conversation_id=talk.pk)
    message["Subject"] = "Re: x"
    message["Message-ID"] = headers.pop("name", f"<{uuid.uuid4()}@mail.example>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    return message


def words(talk):
    return list(
        Message.objects.filter(conversation=talk, seq__gt=2).order_by("seq").values_list("sender__email", "body")
    )


def refused(line, message):
    with pytest.raises((smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)) as error:
        line.send_message(message)
    line.quit()
    found = error.value
    return (
        next(iter(found.recipients.values())) if hasattr(found, "recipients") else (found.smtp_code, found.smtp_error)
    )


class TestAnswer:
    def test_to_a_mail_of_ours_lands_in_the_talk_without_what_it_quotes(self, server, talk, karim, yusuf, relay):
        Notice.objects.all().delete()
        with time_machine.travel(datetime(2026, 11, 24, 10, tzinfo=UTC), tick=True):
            chat.send(conversation_id=talk.pk, sender=karim, client_id=uuid.uuid4(), body="Does Tuesday suit you?")
            relay()
            mailing.send_due(now=timezone.now() + timedelta(minutes=6))
            sent = next(each for each in mail.outbox if each.to == [yusuf.email])
            assert "اكتب ردّك فوق هذا السطر" in sent.body
            quoted = "\n".join(f"> {line}" for line in sent.body.splitlines())
            body = f"نعم، الثلاثاء.\n\nفي الثلاثاء، ٢٤ نوفمبر ٢٠٢٦ كتب ركن <{sent.reply_to[0]}>:\n{quoted}"
            with server() as line:
                assert line.send_message(letter(yusuf, talk, body, to=sent.reply_to[0])) == {}
        assert words(talk)[-1] == (yusuf.email, "نعم، الثلاثاء.")

    def test_twice_is_once(self, server, talk, yusuf):
        message = letter(yusuf, talk)
        for _time in range(2):
            with server() as line:
                line.send_message(message)
        assert words(talk) == [(yusuf.email, "Yes, Tuesday.")]

    def test_without_a_message_id_is_once_too(self, talk, yusuf):
        message = letter(yusuf, talk)
        del message["Message-ID"]
        for _time in range(2):
            assert answering.take(recipient=message["To"], content=message.as_bytes()) is answering.OK
        assert len(words(talk)) == 1

    def test_replayed_with_other_words_is_refused(self, server, talk, yusuf):
        name = "<one@mail.example>"
        with server() as line:
            line.send_message(letter(yusuf, talk, name=name))
        code, text = refused(server(), letter(yusuf, talk, "Send money.", name=name))
        assert (code, b"already used" in text) == (550, True)
        assert len(words(talk)) == 1

    def test_from_another_address_is_refused(self, server, talk, yusuf, karim):
        code, text = refused(server(), letter(yusuf, talk, sender=karim.email))
        assert (code, b"address that you come in with" in text) == (550, True)
        assert words(talk) == []

    def test_to_a_stale_address_is_refused_before_it_is_sent(self, server, talk, yusuf):
        with time_machine.travel(timezone.now() - timedelta(days=15)):
            old = reply_address.make(person_id=yusuf.pk, conversation_id=talk.pk)
        code, text = refused(server(), letter(yusuf, talk, to=old))
        assert (code, b"too old" in text) == (550, True)

    def test_of_a_stranger_to_the_talk_is_refused(self, server, talk, nadia):
        assert refused(server(), letter(nadia, talk))[0] == 550

    def test_of_somebody_blocked_is_refused(self, server, talk, karim, yusuf):
        accounts.block(blocker=karim, blocked=yusuf)
        assert refused(server(), letter(yusuf, talk))[0] == 550
        assert words(talk) == []

    def test_of_somebody_who_left_is_refused(self, server, talk, yusuf):
        yusuf.is_active = False
        yusuf.save()
        assert refused(server(), letter(yusuf, talk))[0] == 550

    def test_that_asks_for_a_code_waits_for_a_curator(self, server, talk, yusuf):
        with server() as line:
            line.send_message(letter(yusuf, talk, "Send me the code you got by SMS"))
        assert words(talk) == []
        assert Held.objects.get().sender_id == yusuf.pk

    def test_with_nothing_but_a_quotation_is_refused(self, server, talk, yusuf):
        code, text = refused(server(), letter(yusuf, talk, "> Tuesday?"))
        assert (code, b"Write something" in text) == (550, True)

    def test_with_a_photo_says_that_it_stayed_behind(self, server, talk, yusuf, client_of):
        message = letter(yusuf, talk, "هذه صورة")
        message.add_attachment(b"\xff\xd8", maintype="image", subtype="jpeg", filename="a.jpg")
        with server() as line:
            line.send_message(message)
        assert words(talk) == [(yusuf.email, "هذه صورة")]
        assert "أما المرفقات فلم تصل" in client_of(yusuf).get("/notices/").content.decode()

    @pytest.mark.parametrize(
        "headers",
        [{"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"X_Autoreply": "yes"}],
        ids=lambda each: next(iter(each)),
    )
    def test_of_an_automaton_is_taken_and_forgotten(self, talk, yusuf, headers):
        message = letter(yusuf, talk, "I am away.", **headers)
        assert answering.take(recipient=message["To"], content=message.as_bytes()) is answering.OK
        assert words(talk) == []

    def test_to_several_addresses_is_taken_one_by_one(self, server, talk, yusuf):
        there = reply_address.make(person_id=yusuf.pk, conversation_id=talk.pk)
        with server() as line:
            rest = line.sendmail(yusuf.email, [there, there], letter(yusuf, talk).as_bytes())
        assert [code for code, _text in rest.values()] in ([452], [])
        assert len(words(talk)) == 1

    def test_that_no_parser_likes_is_refused_and_harms_nothing(self, talk, yusuf):
        there = reply_address.make(person_id=yusuf.pk, conversation_id=talk.pk)
        deep = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(3000))
        for content in (
            b"",
            b"\x00" * 1000,
            deep.encode(),
            b"Content-Type: text/plain; charset=\xff\n\nx",
            b"From: \xff<",
        ):
            taken = answering.take(recipient=there, content=content)
            assert taken.code.startswith("550")
        assert words(talk) == []

    def test_waits_at_the_mail_server_while_the_database_is_away(self, server, talk, yusuf, monkeypatch):
        def away(**_given):
            raise connection.Database.OperationalError

        monkeypatch.setattr(answering, "take", away)
        assert refused(server(), letter(yusuf, talk))[0] == 451


class TestAddress:
    def test_fits_into_a_local_part_and_is_read_whatever_its_case(self):
        made = reply_address.make(person_id=2**39, conversation_id=2**39)
        assert len(made.partition("@")[0]) <= 64
        assert reply_address.read(made.upper(), now=timezone.now()) == (2**39, 2**39, True)

    def test_forged_in_any_one_letter_is_none_of_ours(self):
        made = reply_address.make(person_id=5, conversation_id=7)
        local, _, host = made.partition("@")
        for place in range(len("reply+"), len(local) - 1):
            other = "b" if local[place] != "b" else "c"
            forged = f"{local[:place]}{other}{local[place + 1 :]}@{host}"
            assert reply_address.read(forged, now=timezone.now()) is None

    @pytest.mark.parametrize(
        "made",
        ["", "@", "reply@rukn.example.org", "reply+@rukn.example.org", "reply+ı@rukn.example.org",
         "reply+aaaa@rukn.example.org", "postmaster@rukn.example.org", "reply+x@evil.example"],
    )  # fmt: skip
    def test_of_somebody_else_is_none_of_ours(self, made):
        assert reply_address.read(made, now=timezone.now()) is None
        assert answering.address(made).code.startswith("550")

    def test_signed_with_the_key_before_is_still_good(self, settings):
        made = reply_address.make(person_id=5, conversation_id=7)
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
        assert reply_address.read(made, now=timezone.now()) == (5, 7, True)
        settings.SECRET_KEY_FALLBACKS = []
        assert reply_address.read(made, now=timezone.now()) is None


def test_the_command_says_what_it_needs(settings, capsys):
    settings.REPLY_ADDRESS = ""
    with pytest.raises(SystemExit) as ended:
        call_command("mail_inlet")
    assert ended.value.code == 2
    assert "REPLY_ADDRESS" in capsys.readouterr().err
