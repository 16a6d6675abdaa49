"""Make a person, or find one: for the first administrator, for tests, for machines."""

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser
from django.core.validators import validate_email

from accounts import services as accounts
from accounts.models import District, Person
from exchange.lib import command


class Command(BaseCommand):
    help = 'Make or find a person by e-mail; prints {"id","email","token"?}.'

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="")
        parser.add_argument("--district", help="slug of a district")
        parser.add_argument("--role", choices=Person.Role.values, default=Person.Role.RESIDENT)
        parser.add_argument("--language", choices=["ar", "en"], default="ar")
        parser.add_argument("--token", action="store_true", help="make a key for the socket and the API, shown once")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            validate_email(options["email"])
        except ValidationError:
            command.unusable(f"make_person: {options['email']!r} is not an e-mail address")
        district = None
        if options["district"]:
            district = District.objects.filter(slug=options["district"]).first()
            if district is None:
                command.unusable(f"make_person: there is no district {options['district']!r}")
        person = accounts.make_person(
            email=options["email"],
            name=options["name"] or options["email"].split("@")[0],
            district=district,
            language=options["language"],
            role=options["role"],
        )
        answer: dict[str, Any] = {"id": person.pk, "email": person.email}
        if options["token"]:
            answer["token"] = accounts.make_token(person=person)
        self.stdout.write(json.dumps(answer))
