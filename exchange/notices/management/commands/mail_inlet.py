"""Serve the inlet for answers by mail until the process is ended."""

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from exchange.lib import command, servers
from exchange.lib.environment import WrongVariable
from exchange.notices import inlet


class Command(BaseCommand):
    help = "Take answers to mails about talks from a mail server, by SMTP or LMTP; see docs/notices.md."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--listen", default=settings.MAIL_INLET, help="HOST:PORT (MAIL_INLET)")
        parser.add_argument("--lmtp", action="store_true", help="speak LMTP instead of SMTP")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.REPLY_ADDRESS:
            command.unusable("mail_inlet: set REPLY_ADDRESS, for example reply@rukn.example.org")
        try:
            host, port = servers.listening("--listen", options["listen"])
        except WrongVariable as error:
            command.unusable(f"mail_inlet: {error}")
        asyncio.run(self._serve(host, port, options["lmtp"]))

    async def _serve(self, host: str, port: int, is_lmtp: bool) -> None:
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, over.set)
        listener = await loop.create_server(lambda: inlet.server(is_lmtp=is_lmtp), host, port)
        self.stdout.write(f"Taking answers at {host}:{listener.sockets[0].getsockname()[1]}")
        self.stdout.flush()
        await over.wait()
        listener.close()
