"""The ways of writing an act: row by row everywhere, and by one call on PostgreSQL. Each test of acts runs on both."""

import pytest
from django.conf import settings

from exchange.ledger import services as ledger
from exchange.ledger.services import audit, book

WAYS = ["book"] if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") else ["book", "one_call"]


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Do every act of the test by one way, and hold the ledger against itself at the end."""
    if request.param == "book":
        monkeypatch.setattr(ledger.one_call, "perform", book.perform)
    yield request.param
    found = audit.verify()
    assert found.is_well, found.faults
