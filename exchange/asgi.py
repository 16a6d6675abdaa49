"""Where asynchronous servers enter: `application` is the whole city in one process, `sockets` only the talk.

Django starts threads for every page it serves so (docs/decisions, "Pages by WSGI, sockets by ASGI"); where several
processes run, pages go to `exchange.wsgi` and this carries nothing but `/ws/`.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")

from exchange.lib.environment import told_plainly

with told_plainly():
    from django.core.asgi import get_asgi_application

    pages = get_asgi_application()

    from exchange.storage import needs_collected

    needs_collected()

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator

from accounts.socket_auth import PersonAuth
from exchange.chat import screening
from exchange.chat.routing import urlpatterns
from exchange.watch.inside import inside

screening.make_ready()
talk = AllowedHostsOriginValidator(PersonAuth(URLRouter(urlpatterns)))
application = ProtocolTypeRouter({"http": pages, "websocket": talk})
sockets = ProtocolTypeRouter({"http": inside, "websocket": talk})
