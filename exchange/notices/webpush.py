"""One message to one browser: encrypted for it (RFC 8291, RFC 8188) and signed by the city's key (RFC 8292).

Keys are as browsers write them: base64url without padding; a public key is an uncompressed point of P-256.
"""

import base64
import json
import os
import struct
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# Whom browsers name as their service; nothing is ever sent elsewhere, whatever a browser says its address is.
SERVICES = ("fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com")
RECORD = 4096
HOURS_SIGNED = 12


@dataclass(frozen=True)
class Keys:
    """The city's pair."""

    public: str
    private: str


def new_keys() -> Keys:
    """Make a pair."""
    made = ec.generate_private_key(ec.SECP256R1())
    return Keys(wide(_point(made.public_key())), wide(made.private_numbers().private_value.to_bytes(32, "big")))


def public_of(private: str) -> str:
    """Give the public key that goes with a private one. Raises `ValueError` for what is no key."""
    return wide(_point(_private(private).public_key()))


def is_known_service(endpoint: str) -> bool:
    """Whether an address is one of a push service, by TLS."""
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    is_one = any(host == name or host.endswith(f".{name}") for name in SERVICES)
    return parts.scheme == "https" and port in (None, 443) and not parts.username and is_one


def sealed(words: bytes, *, p256dh: str, auth: str, salt: bytes = b"", own: str = "") -> bytes:
    """Encrypt for a browser; `salt` and `own` (a private key) are made anew unless given. Raises `ValueError`."""
    salt, secret = salt or os.urandom(16), _private(own) if own else ec.generate_private_key(ec.SECP256R1())
    theirs, ours = narrow(p256dh), _point(secret.public_key())
    shared = secret.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
    key = _derive(narrow(auth), shared, b"WebPush: info\x00" + theirs + ours, 32)
    cipher = AESGCM(_derive(salt, key, b"Content-Encoding: aes128gcm\x00", 16))
    nonce = _derive(salt, key, b"Content-Encoding: nonce\x00", 12)
    head = salt + struct.pack("!IB", RECORD, len(ours)) + ours
    return head + cipher.encrypt(nonce, words + b"\x02", None)


def signed(endpoint: str, *, keys: Keys, contact: str, now: float | None = None) -> str:
    """Give the Authorization line that says who sends."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((time.time() if now is None else now) + HOURS_SIGNED * 3600),
        "sub": contact,
    }
    told = ".".join(wide(json.dumps(each).encode()) for each in ({"typ": "JWT", "alg": "ES256"}, claims))
    r, s = decode_dss_signature(_private(keys.private).sign(told.encode(), ec.ECDSA(hashes.SHA256())))
    return f"vapid t={told}.{wide(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}, k={keys.public}"


def wide(value: bytes) -> str:
    """Bytes as browsers write them."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def narrow(value: str) -> bytes:
    """What browsers wrote as bytes. Raises `ValueError`."""
    return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)


def _private(value: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(narrow(value), "big"), ec.SECP256R1())


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derive(salt: bytes, key: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(key)
