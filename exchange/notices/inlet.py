"""Where the mail server of an installation hands over answers: SMTP, or LMTP. It takes mail for our addresses only."""

from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from channels.db import database_sync_to_async
from django.db import Error as DatabaseError

from exchange.lib.logs import tell as note
from exchange.notices.services import answering

LARGEST = 5_000_000  # bytes of a mail: only its words are taken
AWAY = "451 4.3.0 Not now, please try again"
TOO_MANY = "452 4.5.3 One address at a time"  # so that each has its own answer; mail servers go on by themselves


class Inlet:
    """The handler of aiosmtpd: asks the services, and translates what they say."""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Refuse a forged or stale address before the mail is sent."""
        if envelope.rcpt_tos:
            return TOO_MANY
        known = answering.address(address)
        if known is not answering.OK:
            return str(known)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take one mail."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        try:
            taken = await database_sync_to_async(answering.take)(
                recipient=envelope.rcpt_tos[0], content=content, is_bounce=not envelope.mail_from
            )
        except DatabaseError:
            note("mail_waits")
            return AWAY
        return str(taken)

    async def handle_exception(self, error: Exception) -> str:
        """Whatever else goes wrong: the mail server keeps the mail and tries again."""
        note("mail_waits", kind=type(error).__name__)
        return AWAY


def server(*, is_lmtp: bool = False) -> Any:
    """Give the protocol for one connection of a mail server."""
    kind = LMTP if is_lmtp else SMTP
    return kind(Inlet(), data_size_limit=LARGEST, ident="Rukn", enable_SMTPUTF8=True, decode_data=False)
