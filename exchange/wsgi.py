"""Where a server of pages and of the API enters: plain requests, each in one of a fixed number of threads."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")

from exchange.lib.environment import told_plainly

with told_plainly():
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()

    from exchange.storage import needs_collected

    needs_collected()
