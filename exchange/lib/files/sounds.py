"""How long a recording lasts and whether it is sound alone, read from its container; what tells a place is taken out.

Recordings of browsers say no length in their head, so the container is walked to its end.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from exchange.lib.files.kinds import Unfit

MOST_PARTS = 60_000  # two minutes of sound hold some ten thousand
MEDIA_TYPES = {"webm": "audio/webm", "ogg": "audio/ogg", "mp4": "audio/mp4", "mp3": "audio/mpeg"}


class Sound(NamedTuple):
    """A recording: its bytes as they may be kept, and how long it lasts."""

    data: bytes
    seconds: float


def read(data: bytes, form: str) -> Sound:
    """Read a recording. Raises `Unfit`: "unreadable" when its container breaks off or lies, "not_sound" when it holds
    pictures or nothing that is heard."""
    try:
        return {"webm": _webm, "ogg": _ogg, "mp4": _mp4, "mp3": _mp3}[form](data)
    except (IndexError, struct.error, OverflowError, ZeroDivisionError):
        raise Unfit("unreadable") from None


class _Count:
    """Bounds how many parts of one file are looked at."""

    def __init__(self) -> None:
        self.left = MOST_PARTS

    def one(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Unfit("unreadable")


# --- WebM: what Chromium and Firefox record -------------------------------------------------------------------------
_SEGMENT, _CLUSTER, _TRACKS, _ENTRY, _INFO = 0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE, 0x1549A966
_TYPE, _CODEC, _SCALE, _TIMECODE, _SIMPLE, _GROUP, _BLOCK = 0x83, 0x86, 0x2AD7B1, 0xE7, 0xA3, 0xA0, 0xA1
_TAGS, _ATTACHMENTS = 0x1254C367, 0x1941A469
_INSIDE = {_SEGMENT, _CLUSTER, _TRACKS, _ENTRY, _INFO, _GROUP}


def _webm(data: bytes) -> Sound:
    scale, base, last, codecs = 1_000_000, 0, 0, []
    for name, start, end in _elements(data):
        if name == _TYPE and data[start:end] != b"\x02":
            raise Unfit("not_sound")
        if name == _CODEC:
            codecs.append(bytes(data[start:end]))
        elif name == _SCALE:
            scale = int.from_bytes(data[start:end], "big")
        elif name == _TIMECODE:
            base = int.from_bytes(data[start:end], "big")
        elif name in (_SIMPLE, _BLOCK):
            _track, width = _vint(data, start, keep=False)
            last = max(last, base + struct.unpack_from(">h", data, start + width)[0])
        elif name in (_TAGS, _ATTACHMENTS):
            raise Unfit("unreadable")  # no browser writes them into a recording
    if b"webm" not in data[:64] or codecs not in ([b"A_OPUS"], [b"A_VORBIS"]):
        raise Unfit("not_sound")
    return Sound(data, last * scale / 1e9)


def _elements(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Give (id, start, end) of the elements, those inside others after them."""
    place, count = 0, _Count()
    while place < len(data):
        count.one()
        name, width = _vint(data, place, keep=True)
        size, more = _vint(data, place + width, keep=False)
        start = place + width + more
        unknown = size == (1 << (7 * more)) - 1
        end = len(data) if unknown else start + size
        if name in _INSIDE:
            place = start
            continue
        if unknown or end > len(data):
            if name in (_SIMPLE, _GROUP):
                return  # the recording was cut off in its last block
            raise Unfit("unreadable")
        yield name, start, end
        place = end


def _vint(data: bytes, place: int, *, keep: bool) -> tuple[int, int]:
    """Give a number of variable width and its width."""
    first = data[place]
    width = 9 - first.bit_length()
    if width > 8 or place + width > len(data):
        raise Unfit("unreadable")
    value = int.from_bytes(data[place : place + width], "big")
    return (value if keep else value & ((1 << (7 * width)) - 1)), width


# --- Ogg with Opus or Vorbis -----------------------------------------------------------------------------------------
def _ogg(data: bytes) -> Sound:
    place, last, count, rate, skip = 0, 0, _Count(), 0, 0
    serial = None
    while place < len(data):
        count.one()
        if data[place : place + 4] != b"OggS":
            raise Unfit("unreadable")
        granule, stream, _number, _crc, segments = struct.unpack_from("<qIIIB", data, place + 6)
        size = sum(data[place + 27 : place + 27 + segments])
        body = place + 27 + segments
        if serial is None:
            serial = stream
            if data[body : body + 8] == b"OpusHead":
                rate, skip = 48_000, struct.unpack_from("<H", data, body + 10)[0]
            elif data[body : body + 7] == b"\x01vorbis":
                rate = struct.unpack_from("<I", data, body + 12)[0]
            else:
                raise Unfit("not_sound")
        elif stream != serial:
            raise Unfit("not_sound")  # a second stream: pictures, or another file
        last = max(last, granule)
        place = body + size
    if place != len(data):
        raise Unfit("unreadable")
    return Sound(data, max(0, last - skip) / rate)


# --- MP4 / M4A: what Safari and telephones record -------------------------------------------------------------------
_BOXES = {b"moov", b"trak", b"mdia", b"minf", b"moof", b"traf", b"mvex"}
_TELLS = {b"udta", b"meta", b"uuid"}  # names, places, pictures


def _mp4(data: bytes) -> Sound:
    film = _Film(data)
    film.walk()
    if not film.is_heard:
        raise Unfit("not_sound")
    in_parts = film.fragments / film.scale if film.fragments and film.scale else 0.0
    return Sound(bytes(film.out), max(film.seconds, in_parts))


class _Film:
    """The boxes of an MP4, one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.out, self.count = data, bytearray(data), _Count()
        self.seconds, self.scale, self.fragments, self.default = 0.0, 0, 0, 0
        self.is_heard = False

    def walk(self) -> None:
        """Look at every box, those inside others too."""
        stack = [(0, len(self.data))]
        while stack:
            place, until = stack.pop()
            while place + 8 <= until:
                self.count.one()
                name, start, end = self._box(place, until)
                if name in _BOXES:
                    stack.append((end, until))
                    place, until = start, end
                    continue
                self._note(name, start, end, place)
                place = end

    def _box(self, place: int, until: int) -> tuple[bytes, int, int]:
        size, name = struct.unpack_from(">I4s", self.data, place)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", self.data, place + 8)[0], 16
        elif size == 0:
            size = until - place
        if size < head or place + size > until:
            raise Unfit("unreadable")
        return name, place + head, place + size

    def _note(self, name: bytes, start: int, end: int, place: int) -> None:
        data = self.data
        if name in _TELLS:
            self.out[place + 4 : place + 8] = b"free"  # of the same size, so that nothing else moves
            self.out[start:end] = bytes(end - start)
        elif name == b"hdlr":
            kind = data[start + 8 : start + 12]
            self.is_heard = self.is_heard or kind == b"soun"
            if kind in (b"vide", b"auxv", b"pict"):
                raise Unfit("not_sound")
        elif name in (b"mvhd", b"mdhd"):
            self.seconds = max(self.seconds, _length(data, start))
            if name == b"mdhd":
                self.scale = struct.unpack_from(">I", data, start + (20 if data[start] else 12))[0]
        elif name == b"trex":
            self.default = struct.unpack_from(">I", data, start + 12)[0]
        elif name == b"tfhd":
            self.default = _default(data, start, self.default)
        elif name == b"trun":
            self.fragments += _run(data, start, end, self.default, self.count)


def _length(data: bytes, start: int) -> float:
    """Give the seconds that a head of a film or a track says."""
    if data[start] == 1:
        scale, length = struct.unpack_from(">IQ", data, start + 20)
        unknown = 2**64 - 1
    else:
        scale, length = struct.unpack_from(">II", data, start + 12)
        unknown = 2**32 - 1
    return 0.0 if length == unknown else length / scale


def _default(data: bytes, start: int, default: int) -> int:
    flags = int.from_bytes(data[start + 1 : start + 4], "big")
    place = start + 8 + (8 if flags & 1 else 0) + (4 if flags & 2 else 0)
    return int(struct.unpack_from(">I", data, place)[0]) if flags & 8 else default


def _run(data: bytes, start: int, end: int, default: int, count: _Count) -> int:
    """Give how long a run of samples lasts, in the units of its track."""
    flags, samples = int.from_bytes(data[start + 1 : start + 4], "big"), struct.unpack_from(">I", data, start + 4)[0]
    if not flags & 0x100:
        return int(samples) * default
    place = start + 8 + (4 if flags & 1 else 0) + (4 if flags & 4 else 0)
    step = 4 * sum(bool(flags & bit) for bit in (0x100, 0x200, 0x400, 0x800))
    if place + samples * step > end:
        raise Unfit("unreadable")
    total = 0
    for number in range(samples):
        count.one()
        total += struct.unpack_from(">I", data, place + number * step)[0]
    return total


# --- MP3 -------------------------------------------------------------------------------------------------------------
_BITRATES = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def _mp3(data: bytes) -> Sound:
    place, count = 0, _Count()
    if data.startswith(b"ID3"):  # title, pictures, notes: not kept
        place = 10 + ((data[6] << 21) | (data[7] << 14) | (data[8] << 7) | data[9])
    begin, seconds, frames = place, 0.0, 0
    while place + 4 <= len(data):
        if data[place : place + 3] == b"TAG":
            break
        count.one()
        head = struct.unpack_from(">I", data, place)[0]
        version, layer, bits, rate = (head >> 19) & 3, (head >> 17) & 3, (head >> 12) & 15, (head >> 10) & 3
        if head >> 21 != 0x7FF or layer != 1 or version == 1 or bits in (0, 15) or rate == 3:
            raise Unfit("unreadable")
        hertz, kilobits = _RATES[version][rate], _BITRATES[1 if version == 3 else 2][bits]
        samples = 1152 if version == 3 else 576
        place += samples // 8 * kilobits * 1000 // hertz + ((head >> 9) & 1)
        seconds += samples / hertz
        frames += 1
    if frames < 2:
        raise Unfit("not_sound")
    return Sound(data[begin : min(place, len(data))], seconds)
