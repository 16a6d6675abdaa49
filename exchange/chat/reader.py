"""Reads one photo or PDF in a process of its own, so that no file can hurt the server: little memory, little time.

Started as a script with the form as its argument and the file on standard input; standard output gives one line of JSON
and then the bytes it names. Knows nothing of Django.
"""

import json
import re
import resource
import sys
import zlib
from io import BytesIO
from typing import Any, cast

SECONDS = 6
MEMORY = {"pdf": 320_000_000, "photo": 900_000_000}
LONGEST_SIDE, SMALL_SIDE = 2048, 480
# A photo of 50 million pixels is what telephones make; only JPEG can be read smaller than it is.
MOST_PIXELS = {"jpeg": 64_000_000, "png": 25_000_000, "webp": 25_000_000, "gif": 25_000_000}
MOST_OBJECTS = 60_000
DEEPEST = 60
LARGE, STEEP = 200_000, 250  # a stream longer than this that grows by more than this is there to fill a memory
ACTS = {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/GoToR", "/Rendition", "/Movie", "/Sound",
        "/RichMediaExecute", "/Thread"}  # fmt: skip
GOES = (
    "/JS", "/JavaScript", "/AA", "/OpenAction", "/EmbeddedFiles", "/EF", "/RF", "/AF", "/XFA", "/RichMediaContent",
    "/Metadata", "/PieceInfo", "/Collection",
)  # fmt: skip


class Unfit(Exception):
    """A file that is not taken, and why."""


def main() -> None:
    """Read one file; whatever goes wrong inside a decoder is "unreadable"."""
    form = sys.argv[1]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY["pdf" if form == "pdf" else "photo"],) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    data = sys.stdin.buffer.read()
    try:
        told, parts = pdf(data) if form == "pdf" else photo(data, form)
    except Unfit as error:
        told, parts = {"why": str(error)}, []
    except (Exception, MemoryError):
        told, parts = {"why": "unreadable"}, []
    out = sys.stdout.buffer
    out.write(json.dumps({**told, "sizes": [len(part) for part in parts]}).encode() + b"\n")
    for part in parts:
        out.write(part)
    out.flush()


def photo(data: bytes, form: str) -> tuple[dict[str, Any], list[bytes]]:
    """Give a photo drawn anew, upright, without all that was written into the file beside it; and a small one."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # bounded here, by form
    image: Image.Image = Image.open(BytesIO(data), formats=[form.upper()])
    if image.width * image.height > MOST_PIXELS[form]:
        raise Unfit("too_many_pixels")
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode not in ("RGB", "L"):
        if "A" in image.getbands() or "transparency" in image.info:
            clear = image.convert("RGBA")
            image = Image.new("RGB", clear.size, "white")
            image.paste(clear, mask=clear.getchannel("A"))
        else:
            image = image.convert("RGB")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    small = image.copy()
    small.thumbnail((SMALL_SIDE, SMALL_SIDE))
    parts = []
    for each, quality in ((image, 82), (small, 74)):
        each.info.clear()  # what stood beside the picture: place, camera, notes
        out = BytesIO()
        each.save(out, "WEBP", quality=quality, method=3)
        parts.append(out.getvalue())
    told = {"width": image.width, "height": image.height, "small_width": small.width, "small_height": small.height}
    return told, parts


def pdf(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Give a PDF written anew without scripts, files inside it, acts that reach out, and notes about its author."""
    import pikepdf

    try:
        document = pikepdf.open(BytesIO(data))
    except pikepdf.PasswordError:
        raise Unfit("locked") from None
    if len(document.objects) > MOST_OBJECTS:
        raise Unfit("unreadable")
    pages = len(document.pages)
    if not pages:
        raise Unfit("unreadable")
    for each in document.objects:
        _clean(each, 0)
        if not isinstance(each, pikepdf.Stream):
            continue
        raw = each.read_raw_bytes()
        if len(raw) > LARGE and _is_bomb(raw):
            raise Unfit("unreadable")
        if each.get("/Filter") == pikepdf.Name.DCTDecode:
            bare = _without_notes(raw)
            if len(bare) != len(raw):
                each.write(bare, filter=pikepdf.Name.DCTDecode, decode_parms=cast(Any, each.get("/DecodeParms")))
    if "/Info" in document.trailer:
        del document.trailer["/Info"]
    out = BytesIO()
    document.save(out, encryption=False, fix_metadata_version=False)
    return {"pages": pages}, [out.getvalue()]


def _is_bomb(raw: bytes) -> bool:
    part = raw[: LARGE // 4]
    try:
        return len(zlib.decompressobj().decompress(part, len(part) * STEEP)) >= len(part) * STEEP
    except zlib.error:
        return False  # not deflated


def _clean(value: Any, depth: int) -> None:
    """Take out what acts, in one object of the file and in all that lies directly in it."""
    import pikepdf

    if depth > DEEPEST:
        raise Unfit("unreadable")
    inside: list[Any] = []
    if isinstance(value, pikepdf.Array):
        inside = list(value)
    elif isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
        acts = isinstance(value.get("/S"), pikepdf.Name) and str(value["/S"]) in ACTS
        for key in [key for key in value.keys() if acts or key in GOES]:  # noqa: SIM118 - no plain dictionary
            del value[key]
        inside = [value.get(key) for key in value.keys()]  # noqa: SIM118
    for each in inside:
        if isinstance(each, pikepdf.Dictionary | pikepdf.Array) and not each.is_indirect:
            _clean(each, depth + 1)


def _without_notes(data: bytes) -> bytes:
    """Give a JPEG without its notes (EXIF, XMP, comments): place and camera stand there."""
    if not data.startswith(b"\xff\xd8"):
        return data
    out, place = [b"\xff\xd8"], 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker, size = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if marker == 0xDA:
            break
        segment = data[place : place + 2 + size]
        if marker not in (0xE1, 0xED, 0xFE) or re.match(rb"....ICC_PROFILE", segment, re.DOTALL):
            out.append(segment)
        place += 2 + size
    return b"".join([*out, data[place:]])


if __name__ == "__main__":
    main()
