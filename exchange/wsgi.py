"""Where a server of pages and of the API enters: plain requests, each in one of a fixed number of threads."""

import logging
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")

from exchange.lib.environment import told_plainly

with told_plainly():
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()

    from exchange.storage import needs_collected

    needs_collected()

from django.db import connection
from django.urls import get_resolver

from search import services as search

log = logging.getLogger(__name__)


def make_ready() -> None:
    """Do what the first visitor's search would wait for. A server starts without its database as well."""
    _ = get_resolver().url_patterns  # imports every room's views
    try:
        search.make_ready()
    except Exception as error:  # whatever it is, pages say it better than a process that does not start
        log.warning("The first search will take some seconds: its words could not be read (%s)", type(error).__name__)
    finally:
        connection.close()
        # A server may fork after this, and no two processes share a line.
        getattr(connection, "close_pool", connection.close)()


make_ready()
