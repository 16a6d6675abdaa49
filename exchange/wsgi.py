"""Where a server of pages and of the API enters: plain requests, each in one of a fixed number of threads."""

import logging
import os
import threading
import time

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
AGAIN_SECONDS = 5.0


def make_ready() -> None:
    """Do what the first visitor's search would wait for; as often as it takes, where the database is not there yet."""
    is_told = False
    while True:
        try:
            search.make_ready()
        except Exception as error:  # whatever it is, pages say it better than a process that does not start
            if not is_told:
                log.warning("The words of the skills cannot be read yet (%s)", type(error).__name__)
                is_told = True
        else:
            return
        finally:
            connection.close()
        time.sleep(AGAIN_SECONDS)


_ = get_resolver().url_patterns  # imports every room's views
# Beside the first pages: before them it would double the time in which a restarted city says "back in a moment".
threading.Thread(target=make_ready, name="make-ready", daemon=True).start()
