"""The shape of each frame, checked before anything is called."""

import uuid
from typing import Any

LARGEST_FRAME = 64 * 1024


class BadFrame(ValueError):
    """A frame that does not have the shape the protocol gives it."""


def read(frame: object) -> tuple[str, dict[str, Any]]:
    """Give (type, fields) of a client's frame. Fields stand beside "type" or inside "data".

    Raises `BadFrame` with what is wrong.
    """
    if not isinstance(frame, dict):
        raise BadFrame("a frame is a JSON object")
    kind = frame.get("type")
    if not isinstance(kind, str) or kind not in FRAMES:
        raise BadFrame("unknown type")
    data = frame.get("data", frame)
    if not isinstance(data, dict):
        raise BadFrame("data must be an object")
    return kind, {name: check(data.get(name), name) for name, check in FRAMES[kind].items()}


def _number(value: object, name: str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**62:
        raise BadFrame(f"{name} must be a whole number")
    return value


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise BadFrame(f"{name} must be text")
    return value


def _uuid(value: object, name: str) -> uuid.UUID:
    try:
        return uuid.UUID(_text(value, name))
    except ValueError:
        raise BadFrame(f"{name} must be a UUID") from None


def _number_or_nothing(value: object, name: str) -> int | None:
    return None if value is None else _number(value, name)


def _resume(value: object, name: str) -> dict[int, int]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > 2000:
        raise BadFrame(f"{name} must be an object of conversation and last seq")
    return {_number(key, name): _number(seq, name) for key, seq in value.items()}


FRAMES: dict[str, dict[str, Any]] = {
    "hello": {"resume": _resume},
    "send": {"conversation": _number, "client_id": _uuid, "body": _text, "reply_to": _number_or_nothing},
    "seen": {"conversation": _number, "seq": _number},
    "received": {"conversation": _number, "seq": _number},
    "typing": {"conversation": _number},
    "delete": {"conversation": _number, "seq": _number},
}
