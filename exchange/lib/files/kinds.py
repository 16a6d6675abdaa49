"""What a file is, by its bytes; and what speaks against reading it at all, before anything is decoded."""

import re

PHOTO, PDF, VOICE = "photo", "pdf", "voice"
MOST_SCANS = 24  # of a progressive JPEG: cameras write about ten, each costs a pass over the whole picture
_TAIL = 66_000  # a ZIP archive is known by its end
_MARKUP = re.compile(rb"<(?:script|!doctype|iframe|\?php)", re.IGNORECASE)
_EXTENSIONS = {
    "jpg": PHOTO, "jpeg": PHOTO, "jpe": PHOTO, "png": PHOTO, "webp": PHOTO, "gif": PHOTO, "pdf": PDF,
    "webm": VOICE, "weba": VOICE, "ogg": VOICE, "oga": VOICE, "opus": VOICE, "m4a": VOICE, "mp4": VOICE, "mp3": VOICE,
}  # fmt: skip
KIND_OF = {
    "jpeg": PHOTO, "png": PHOTO, "webp": PHOTO, "gif": PHOTO, "pdf": PDF,
    "webm": VOICE, "ogg": VOICE, "mp4": VOICE, "mp3": VOICE,
}  # fmt: skip


class Unfit(ValueError):
    """A file that is not taken. `why`: unknown, mistyped, two_in_one, too_many_pixels, unreadable, locked, too_long,
    not_sound."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def form_of(data: bytes) -> str:
    """Give the form of a file (a key of `KIND_OF`), "" for any other."""
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    if data.startswith((b"%PDF-1.", b"%PDF-2.")):
        return "pdf"
    if data.startswith(b"\x1aE\xdf\xa3"):
        return "webm"
    if data.startswith(b"OggS"):
        return "ogg"
    if data[4:8] == b"ftyp":
        return "mp4"
    if data.startswith(b"ID3") or (len(data) > 2 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2):
        return "mp3"
    return ""


def judge(data: bytes, name: str) -> str:
    """Give the form of a file that may be read. Raises `Unfit`: of no known form, called something that it is not, or
    two files in one (an archive or a page hidden in a picture)."""
    form = form_of(data)
    if not form:
        raise Unfit("unknown")
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension and _EXTENSIONS.get(extension) != KIND_OF[form]:
        raise Unfit("mistyped")
    if b"PK\x05\x06" in data[-_TAIL:] and data.count(b"PK\x03\x04"):
        raise Unfit("two_in_one")
    if form != "pdf" and (b"%PDF-" in data[:1024] or _MARKUP.search(data)):
        raise Unfit("two_in_one")
    if form == "jpeg" and data.count(b"\xff\xda") > MOST_SCANS:
        raise Unfit("unreadable")
    return form
