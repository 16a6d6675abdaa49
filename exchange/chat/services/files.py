"""Photos, PDFs and voice notes in a talk: judged by what is in them, read apart, kept in private."""

import json
import re
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.chat import reader
from exchange.chat import services as chat
from exchange.chat.models import Conversation, File, Message
from exchange.chat.screening import screen
from exchange.chat.services import cabinet
from exchange.lib.errors import Refused
from exchange.lib.files import kinds, sounds
from exchange.lib.files.kinds import Unfit
from exchange.lib.text import clean

LARGEST = 10 * 1024 * 1024
LARGEST_VOICE = 6 * 1024 * 1024
LONGEST_VOICE = 120
GRACE_SECONDS = 2.0  # a browser stops a little late
READERS = threading.BoundedSemaphore(2)  # photos and PDFs that one server process reads at once
WAIT_SECONDS = 10
READ_SECONDS = 15


class TooEarly(Refused):
    """Not before both have written: contact details may be in a picture."""

    code = "too_early"


class FileTooLarge(Refused):
    """More than ten megabytes."""

    code = "file_too_large"


class FileUnfit(Refused):
    """A file that is no photo, PDF or voice note, or not one that can be read safely; the sentence says which."""

    code = "file_unfit"


class TooManyFiles(Refused):
    """As many files as one person may send in a day."""

    code = "too_many_files"


class WordsApart(Refused):
    """Words that a curator reads first go without a file."""

    code = "words_apart"


@dataclass(frozen=True)
class Read:
    """A file that was read: what is kept of it."""

    file: File
    data: bytes
    small: bytes = b""


def send_file(
    *,
    conversation_id: int,
    sender: Person,
    client_id: uuid.UUID,
    data: bytes,
    name: str,
    body: str = "",
    reply_to: int | None = None,
) -> Message:
    """Store a message with a file, once, however often it is sent with this client id. `body` may be empty.

    Refused: as `chat.send`; `TooEarly` before both have written, `FileTooLarge`, `FileUnfit`, `TooManyFiles`,
    `WordsApart` when a curator would read the words first.
    """
    body, digest = clean(body), _digest(data)
    with transaction.atomic():
        done = _checked(conversation_id, sender, client_id, body, digest, reply_to)
    if done is not None:
        return done
    if len(data) > LARGEST:
        raise FileTooLarge(too_large())
    found = read(data, name)  # outside the transaction: it may take a second
    with transaction.atomic():
        done = _checked(conversation_id, sender, client_id, body, digest, reply_to)
        if done is not None:
            return done
        conversation = chat.locked(conversation_id, sender)
        screened = screen(body, is_first_contact=False)
        findings = [{"rule": each.rule, "severity": each.severity} for each in screened.findings]
        if screened.is_held:
            raise WordsApart(_("Please send these words as a message of their own, without the file."))
        file = found.file
        file.digest = digest
        file.path = cabinet.put(found.data, _ending(file))
        file.small_path = cabinet.put(found.small, "webp") if found.small else ""
        words = chat.digest_of(body) if findings else ""
        return chat.put_last(conversation, sender, client_id, screened.masked, words, findings, reply_to, file)


def readable(*, person: Person, conversation_id: int, seq: int) -> File | None:
    """Give a file for a member of its talk: the only door to it. None for anyone else, and once it was deleted."""
    rows = File.objects.filter(message__conversation=conversation_id, message__seq=seq, message__deleted_at=None)
    return rows.filter(message__conversation__members__person=person).first()


def too_large() -> str:
    """Give the sentence for a file that is too large."""
    return _("This file is larger than 10 MB. Send a smaller one, or only some pages of it.")


def read(data: bytes, name: str) -> Read:
    """Give what may be kept of a file. Refused: `FileUnfit`, `FileTooLarge`."""
    try:
        form = kinds.judge(data, name)
        if kinds.KIND_OF[form] == kinds.VOICE:
            return _voice(data, form)
        return _drawn_anew(data, form, name)
    except Unfit as unfit:
        raise FileUnfit(_sentence(unfit.why)) from None


def _voice(data: bytes, form: str) -> Read:
    if len(data) > LARGEST_VOICE:
        raise Unfit("too_long")
    sound = sounds.read(data, form)
    if sound.seconds > LONGEST_VOICE + GRACE_SECONDS:
        raise Unfit("too_long")
    if sound.seconds < 0.2:
        raise Unfit("unreadable")
    seconds = max(1, min(LONGEST_VOICE, round(sound.seconds)))
    media_type = sounds.MEDIA_TYPES[form]
    return Read(File(kind=File.Kind.VOICE, media_type=media_type, size=len(sound.data), seconds=seconds), sound.data)


def _drawn_anew(data: bytes, form: str, name: str) -> Read:
    told, parts = _in_its_own_process(data, form)
    if form == "pdf":
        return Read(
            File(kind=File.Kind.PDF, media_type="application/pdf", size=len(parts[0]), name=_plain_name(name)), parts[0]
        )
    sizes = {key: told[key] for key in ("width", "height", "small_width", "small_height")}
    return Read(File(kind=File.Kind.PHOTO, media_type="image/webp", size=len(parts[0]), **sizes), *parts)


def _in_its_own_process(data: bytes, form: str) -> tuple[dict[str, int], list[bytes]]:
    command = [sys.executable, "-I", str(Path(reader.__file__)), form]
    with _slot():
        try:
            done = subprocess.run(command, input=data, capture_output=True, timeout=READ_SECONDS, check=True)  # noqa: S603
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError, BrokenPipeError):
            raise Unfit("unreadable") from None
    line, _newline, rest = done.stdout.partition(b"\n")
    told = json.loads(line)
    if "why" in told:
        raise Unfit(told["why"])
    parts = []
    for size in told["sizes"]:
        parts.append(rest[:size])
        rest = rest[size:]
    return told, parts


@contextmanager
def _slot() -> Iterator[None]:
    """Let only a few files be read at once, so that many senders cannot fill the memory."""
    if not READERS.acquire(timeout=WAIT_SECONDS):
        raise Unfit("busy")
    try:
        yield
    finally:
        READERS.release()


def _checked(
    conversation_id: int, sender: Person, client_id: uuid.UUID, body: str, digest: str, reply_to: int | None
) -> Message | None:
    """Give what this client id already stands for; refuse what cannot be sent now."""
    conversation = chat.locked(conversation_id, sender)
    done = Message.objects.select_related(*chat.BESIDE).filter(sender=sender, client_id=client_id).first()
    if done is not None:
        _require_same(done, conversation, digest)
        return done
    chat.require_open(conversation, sender)
    if len(body) > chat.LONGEST:
        raise chat.TooLong(_("This message is too long. Send it in two parts."))
    if reply_to is not None and not 1 <= reply_to <= conversation.last_seq:
        raise chat.NoSuchMessage(_("The message you answer is not in this talk."))
    if conversation.met_at is None:
        raise TooEarly(
            _("Photos, PDFs and voice notes can be sent once both of you have written: contact details may be in them.")
        )
    since = timezone.now() - timedelta(days=1)
    if File.objects.filter(message__sender=sender, message__at__gt=since).count() >= settings.FILES_A_DAY:
        raise TooManyFiles(_("You have sent many files today. Tomorrow you can go on."))
    return None


def _require_same(done: Message, conversation: Conversation, digest: str) -> None:
    file = chat.file_of(done)
    is_same = done.deleted_at is not None or (file is not None and file.digest == digest)
    if done.conversation_id != conversation.pk or not is_same:
        raise chat.ClientIdReused(_("This message number was already used for another message."))


def _digest(data: bytes) -> str:
    return salted_hmac("exchange.chat.file", data, algorithm="sha256").hexdigest()


def _ending(file: File) -> str:
    return {"application/pdf": "pdf", "image/webp": "webp"}.get(file.media_type, file.media_type.split("/")[1])


def _plain_name(name: str) -> str:
    """Give a file's name as it may be shown and offered: no folders, nothing invisible, one ending."""
    last = re.split(r"[/\\]", clean(name))[-1]
    stem = re.sub(r"[\x00-\x1f\"*:<>?|]+", " ", last.rsplit(".", 1)[0]).strip(" .")
    return f"{stem[:90] or 'rukn'}.pdf"


def _sentence(why: str) -> str:
    return {
        "unknown": _("Only photos (JPEG, PNG, WebP, GIF), PDFs and voice notes can be sent."),
        "mistyped": _("The name of this file says something else than what is in it. It was not sent."),
        "two_in_one": _("Something else is hidden in this file. It was not sent."),
        "too_many_pixels": _("This picture has too many points. Make it smaller and send it again."),
        "locked": _("This PDF is locked with a password. Take the password off and send it again."),
        "too_long": _("A voice note lasts two minutes at most."),
        "not_sound": _("There is no sound alone in this file. Films cannot be sent."),
        "busy": _("Many files are being read just now. Try again in a moment."),
    }.get(why) or _("This file is damaged and cannot be read.")
