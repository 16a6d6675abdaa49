"""Where a server of pages and the API enters: plain requests, a thread each from a fixed number of threads."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
