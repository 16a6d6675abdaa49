"""The best offers for wishes from a file, with the numbers and the reasons, without writing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.models import District
from exchange.lib import command
from matching import scoring
from matching import services as matching
from skills import rules
from skills.services import concepts, imports, listings

BEST = 10


class Command(BaseCommand):
    help = 'Wishes as JSONL → lines {"key","offers":[{"key","score","contributions","reasons"}]}, best ten first.'

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="JSONL, `-` = standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["file"]
        if concepts.ensure_shipped():
            self.stderr.write("match: no concepts yet, so the shipped ones were loaded first")
        with command.opened(name) as lines:
            for line, value in rules.json_lines(name, lines):
                try:
                    if isinstance(value, rules.BadRow):
                        raise value
                    row = imports.checked(rules.listing_row({"owner": "nobody", "kind": "wish", **value}))
                    if row.kind != "wish":
                        raise ValueError("match reads wishes, this is an offer")
                except rules.BadRow as error:
                    command.unusable(error)
                except ValueError as error:
                    command.unusable(rules.BadRow(name, line, str(error)))
                pairs = matching.pairs_for(_side(row), limit=BEST)
                keys = matching.keys_of([pair.offer.listing_id for pair in pairs])
                offers = [_told(pair, keys) for pair in pairs]
                command.put(self.stdout, {"key": row.key, "offers": offers})


def _told(pair: scoring.Pair, keys: dict[int, str]) -> dict[str, Any]:
    reasons = {language: matching.told(pair, reader="learner", language=language) for language in ("ar", "en")}
    key = keys[pair.offer.listing_id]
    return {"key": key, "score": pair.score, "contributions": pair.contributions, "reasons": reasons}


def _side(row: rules.ListingRow) -> scoring.Side:
    given = [
        {"text": "" if rules.URI_PATTERN.match(tag) else tag, "uri": tag, "lang": row.lang} for tag in row.concepts
    ]
    tags = listings.mapped_tags(given or imports.tags_of_text(f"{row.title}\n{row.body}", row.title, row.lang))
    ids = concepts.tree().ids
    place = District.objects.filter(slug=row.district).first() if row.district else None
    return scoring.Side(
        listing_id=0,
        owner_id=matching.owner_of(imports.address(row.owner)),
        kind="wish",
        title=row.title,
        concepts=tuple((ids[tag["uri"]], float(tag["score"])) for tag in tags if tag["uri"]),
        words=matching.words_of(row.title),
        district=place.pk if place else None,
        position=(place.x, place.y) if place else None,
        format=row.format,
        speaks=frozenset(),
        free_mask=row.free,
    )
