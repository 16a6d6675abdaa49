"""Fit what each fact is worth to what came of hellos; nothing counts before an operator accepts it."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from exchange.lib import command
from matching import scoring
from matching.services import learning, state


class Command(BaseCommand):
    help = "Fit the weights of matching to outcomes and print them beside the priors; `--accept N` lets a fit count."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--accept", metavar="N", help="number of a fit, or `prior`; then everything is rematched")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["accept"] is not None:
            self._accept(options["accept"])
            return
        try:
            kept, found = learning.fit()
        except learning.TooFew as error:
            self.stderr.write(f"fit_matching: {error}")
            self.stdout.write(json.dumps({"fit": None, "outcomes": error.rows, "prior": dict(scoring.PRIOR)}))
            sys.exit(1)
        told = {
            "fit": kept.pk,
            "outcomes": kept.outcomes,
            "log_loss": found.log_loss,
            "prior_log_loss": found.prior_log_loss,
            "base_log_loss": found.base_log_loss,
            "weights": found.values,
            "prior": dict(scoring.PRIOR),
            "calibration": found.calibration,
            "in_use": state.weights().version,
        }
        self.stdout.write(json.dumps(told))

    def _accept(self, name: str) -> None:
        if name != "prior" and not (name.isascii() and name.isdigit() and len(name) < 19):
            command.unusable(f"fit_matching: {name!r} is neither the number of a fit nor `prior`")
        fit = learning.accept(fit_id=None if name == "prior" else int(name))
        if fit is None:
            command.unusable(f"fit_matching: there is no fit {name}")
        self.stdout.write(json.dumps({"accepted": fit.pk, "weights": fit.values}))
