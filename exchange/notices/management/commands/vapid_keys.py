"""Make the pair of keys with which a city pushes notices to devices."""

from typing import Any

from django.core.management.base import BaseCommand

from exchange.notices import webpush


class Command(BaseCommand):
    help = "Print a new pair of keys for notices on devices, as variables of the environment."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        keys = webpush.new_keys()
        self.stdout.write(f"VAPID_PUBLIC_KEY={keys.public}\nVAPID_PRIVATE_KEY={keys.private}")
