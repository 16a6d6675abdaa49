"""The ledger from the command line: hold it against itself, or print an account."""

import json
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from accounts.models import Person
from exchange.ledger import services as ledger
from exchange.ledger.models import Account, Posting
from exchange.ledger.services import audit
from exchange.lib import command
from exchange.lib.errors import Refused
from exchange.lib.logs import tell
from exchange.lib.text import clean


class Command(BaseCommand):
    help = (
        "ledger verify: exit status 1 when anything does not agree; ledger statement EMAIL|pot: an account, as JSON; "
        "ledger floor EMAIL MINUTES --reason WORDS: how far below zero one account may go."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["verify", "statement", "floor"])
        parser.add_argument("of", nargs="?", default="", help="an e-mail address; statement: or pot")
        parser.add_argument("minutes", nargs="?", type=int, help="floor: minutes below zero, 0 for none")
        parser.add_argument("--reason", default="", help="floor: why, in words that its owner reads")
        parser.add_argument("--quick", action="store_true", help="verify: balances only, without the digests")
        parser.add_argument("--limit", type=int, default=0, help="statement: the last so many lines only")
        parser.add_argument("--no-progress", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "verify":
            self._verify(is_quick=options["quick"], is_silent=options["no_progress"])
        elif options["act"] == "floor":
            self._floor(options["of"], options["minutes"], options["reason"])
        else:
            self._statement(options["of"], options["limit"])

    def _verify(self, *, is_quick: bool, is_silent: bool) -> None:
        started = time.monotonic()
        total = 0 if is_quick or is_silent else audit.count()
        with command.progress("Lines", total, hidden=is_silent or is_quick) as advance:
            found = audit.verify(is_quick=is_quick, advance=advance)
        for name, ids in found.faults.items():
            if ids:
                self.stderr.write(f"{name}: {len(ids)}, first {ids[:5]}")
        self.stdout.write(
            json.dumps(
                {
                    "ok": found.is_well,
                    "accounts": found.accounts,
                    "transfers": found.transfers,
                    "postings": found.postings,
                    **found.faults,
                    "seconds": {**found.seconds, "all": round(time.monotonic() - started, 3)},
                }
            )
        )
        if not found.is_well:
            sys.exit(1)

    def _floor(self, of: str, minutes: int | None, reason: str) -> None:
        person = _person(of)
        if minutes is None or not clean(reason):
            command.unusable("ledger floor: give an e-mail address, minutes, and --reason with words for its owner")
        try:
            account, before = ledger.set_floor(person=person, minutes=minutes, reason=reason)
        except Refused as refusal:
            command.unusable(f"ledger floor: {refusal}")
        tell("hours_floor", person=person.pk, minutes=minutes, before=before)
        told = {"account": person.pk, "balance": account.balance, "floor": account.floor, "before": before}
        self.stdout.write(json.dumps(told))

    def _statement(self, of: str, limit: int) -> None:
        if limit < 0:
            command.unusable("ledger statement: --limit is a number of lines")
        if of == "pot":
            accounts = list(Account.objects.pot())
            told: dict[str, Any] = {"account": "pot"}
        else:
            person = _person(of)
            accounts = list(Account.objects.of(person))
            told = {"account": person.pk}
        rows = Posting.objects.filter(account__in=accounts).select_related("transfer").order_by("-id")
        lines = list(reversed(rows[:limit] if limit else rows))
        told["balance"] = sum(account.balance for account in accounts)
        told["lines"] = [
            {
                "transfer": line.transfer_id,
                "at": timezone.localtime(line.transfer.at).isoformat(),
                "kind": line.transfer.kind,
                "minutes": line.minutes,
                "balance": line.balance,
                "subject": line.transfer.subject,
                "note": line.transfer.note,
                "digest": bytes(line.transfer.digest).hex(),
            }
            for line in lines
        ]
        self.stdout.write(json.dumps(told, ensure_ascii=False))


def _person(of: str) -> Person:
    found = Person.objects.filter(email__iexact=of).first() if of else None
    if found is None:
        command.unusable(f"ledger: nobody has the address {of!r}")
    return found
