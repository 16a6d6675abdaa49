"""Write the shipped dictionary between the languages anew, for developers who changed a lexicon file or the stems."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from skills.services import words


class Command(BaseCommand):
    help = "Learn skills/data/lexicon/words.tsv from the lexicon files beside it."

    def handle(self, *args: Any, **options: Any) -> None:
        text = words.shipped_text()
        words.SHIPPED_WORDS.write_text(text, encoding="utf-8")
        self.stdout.write(json.dumps({"entries": text.count("\n")}))
