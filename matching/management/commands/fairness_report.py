"""Whether everybody is served, by language, district and age band."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from matching.services import fairness


class Command(BaseCommand):
    help = "Print how often each group's offers are suggested and its wishes are met; groups under five are not told."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(fairness.report(), ensure_ascii=False))
