"""Hold the promises against the rows: talks, the ledger, lessons, the search index, matches, the outbox."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count, F, Max, Q
from django.utils import timezone

from exchange.chat.models import Conversation, Member
from exchange.chat.services import cabinet
from exchange.ledger.services import audit
from exchange.lessons.services import checking as lessons_checking
from exchange.outbox import services as outbox
from matching.models import Match
from search import indexing
from search.backends.base import Away
from skills.models import Listing, Revision

OLDEST_OUTBOX_SECONDS = 300


class Command(BaseCommand):
    help = "Check talks, the ledger, lessons, the index, matches and the outbox; exit status 1 on a fault."

    def handle(self, *args: Any, **options: Any) -> None:
        faults = {
            "gaps_in_talks": list(_gaps()),
            "seen_beyond_the_end": list(
                Member.objects.filter(seen_seq__gt=F("conversation__last_seq")).values_list("id", flat=True)
            ),
            "files_missing": cabinet.missing(),
            "ledger": _ledger(),
            **_index(),
            "matches_of_one_owner": list(
                Match.objects.filter(offer__owner=F("wish__owner")).values_list("id", flat=True)
            ),
            "waiting_without_text": list(
                Listing.objects.filter(state=Listing.State.IN_REVIEW)
                .exclude(revisions__state=Revision.State.IN_REVIEW)
                .values_list("id", flat=True)
            ),
        }
        faults |= lessons_checking.faults(now=timezone.now())
        age = outbox.oldest_waiting_seconds()
        is_well = not any(faults.values()) and age < OLDEST_OUTBOX_SECONDS
        for name, ids in faults.items():
            if ids:
                self.stderr.write(f"{name}: {len(ids)}, first {ids[:5]}")
        self.stdout.write(json.dumps({"ok": is_well, "outbox_seconds": round(age, 1), **faults}))
        if not is_well:
            sys.exit(1)


def _ledger() -> list[str]:
    """Give what does not agree in the ledger, fault and row."""
    return [f"{name} {number}" for name, ids in audit.verify().faults.items() for number in ids]


def _index() -> dict[str, list[Any]]:
    try:
        found = indexing.settled_drift()
    except Away as error:
        return {"index_away": [str(error)]}
    return {"index_missing": found.missing, "index_stale": found.stale, "index_ghosts": found.ghosts}


def _gaps() -> Any:
    """Give conversations whose messages are not numbered 1 to last_seq without a gap."""
    counted = Conversation.objects.annotate(count=Count("messages"), top=Max("messages__seq"))
    return counted.exclude(Q(count=F("last_seq")) & (Q(top=F("last_seq")) | Q(last_seq=0))).values_list("id", flat=True)
