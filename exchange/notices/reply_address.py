"""Addresses that take an answer by mail: person, conversation and last day, signed; nothing is stored for them.

The local part of an address has at most 64 characters and some servers fold its case, so the word is base32: 5 bytes
person, 5 bytes conversation, 3 bytes hour of expiry (since 1970), 16 bytes (128 bits) of HMAC-SHA256 over them.
"""

import base64
import binascii
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

SALT = "rukn.notices.reply"
SIGNED, WHOLE = 13, 29  # bytes


def make(*, person_id: int, conversation_id: int) -> str:
    """Give the address at which this person can answer in this conversation for `REPLY_DAYS`."""
    until = timezone.now() + timedelta(days=settings.REPLY_DAYS)
    fact = person_id.to_bytes(5) + conversation_id.to_bytes(5) + int(until.timestamp() // 3600).to_bytes(3)
    word = base64.b32encode(fact + _signature(fact, settings.SECRET_KEY)).decode().rstrip("=").lower()
    name, _, domain = settings.REPLY_ADDRESS.rpartition("@")
    return f"{name}+{word}@{domain}"


def read(address: str, *, now: datetime) -> tuple[int, int, bool] | None:
    """Give (person, conversation, whether it is still good) of an address of ours; None for any other."""
    name, _, domain = settings.REPLY_ADDRESS.lower().rpartition("@")
    local, _, host = address.strip().lower().rpartition("@")
    given, plus, word = local.partition("+")
    if not settings.REPLY_ADDRESS or (given, plus, host) != (name, "+", domain):
        return None
    try:
        whole = base64.b32decode(word.upper() + "=" * (-len(word) % 8))
    except (binascii.Error, ValueError):
        return None
    fact, signature = whole[:SIGNED], whole[SIGNED:]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if len(whole) != WHOLE or not any(constant_time_compare(signature, _signature(fact, key)) for key in keys):
        return None
    until = int.from_bytes(fact[10:]) * 3600
    return int.from_bytes(fact[:5]), int.from_bytes(fact[5:10]), now.timestamp() < until + 3600


def _signature(fact: bytes, key: str) -> bytes:
    return salted_hmac(SALT, fact, secret=key, algorithm="sha256").digest()[:16]
