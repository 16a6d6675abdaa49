"""The best offers for wishes from a file, with the numbers and the reasons, without writing."""

import shutil
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandParser

from accounts.models import District
from exchange.lib import command
from matching import scoring
from matching import services as matching
from skills import rules
from skills.services import concepts, imports, listings

BEST = 10
IN_MEMORY = 1 << 20  # bytes of a file that are kept in memory between the two readings


class Command(BaseCommand):
    help = 'Wishes as JSONL → lines {"key","offers":[{"key","score","contributions","reasons"}]}, best ten first.'

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="JSONL, `-` = standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["file"]
        with command.opened(name) as lines, tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as kept:
            shutil.copyfileobj(lines, kept)
            for _row in _read(name, kept):  # a bad line is told before anything is answered
                pass
            offers = matching.Catalogue()
            for row in _read(name, kept):
                pairs = offers.best(_side(row), limit=BEST)
                keys = matching.keys_of([pair.offer.listing_id for pair in pairs])
                told = matching.told_in_both(pairs, reader="learner")
                found = [
                    {
                        "key": keys[pair.offer.listing_id],
                        "score": pair.score,
                        "contributions": pair.contributions,
                        "reasons": reasons,
                    }
                    for pair, reasons in zip(pairs, told, strict=True)
                ]
                command.put(self.stdout, {"key": row.key, "offers": found})


def _read(name: str, lines: BinaryIO | Any) -> Iterator[rules.ListingRow]:
    lines.seek(0)
    known = concepts.tree().ids.keys() or {row.uri for row in concepts.shipped_rows()}
    for line, value in rules.json_lines(name, lines):
        try:
            if isinstance(value, rules.BadRow):
                raise value
            row = imports.checked(rules.listing_row({"owner": "nobody", "kind": "wish", **value}), known)
            if row.kind != "wish":
                raise ValueError("match reads wishes, this is an offer")
        except rules.BadRow as error:
            command.unusable(error)
        except ValueError as error:
            command.unusable(rules.BadRow(name, line, str(error)))
        yield row


def _side(row: rules.ListingRow) -> scoring.Side:
    given = [
        {"text": "" if rules.URI_PATTERN.match(tag) else tag, "uri": tag, "lang": row.lang} for tag in row.concepts
    ]
    tags = listings.mapped_tags(given or imports.tags_of_text(f"{row.title}\n{row.body}", row.title, row.lang))
    ids = concepts.tree().ids
    place = _district(row.district) if row.district else None
    return scoring.Side(
        listing_id=0,
        owner_id=matching.owner_of(imports.address(row.owner)),
        kind="wish",
        title=row.title,
        concepts=tuple((ids[tag["uri"]], float(tag["score"])) for tag in tags if tag["uri"]),
        words=matching.words_of(row.title),
        district=place.pk if place else None,
        position=place.position if place else None,
        format=row.format,
        free_mask=row.free,
    )


def _district(name: str) -> District | None:
    """Find a district as `import_listings` would, but make none."""
    found = District.objects.filter(slug=name).first() or District.objects.filter(en__iexact=name).first()
    return found or District.objects.filter(ar=name).first()
