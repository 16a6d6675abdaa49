"""Where servers enter: pages over HTTP, the talk over one WebSocket."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")

from django.core.asgi import get_asgi_application

pages = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator

from accounts.socket_auth import PersonAuth
from exchange.chat.routing import urlpatterns

application = ProtocolTypeRouter(
    {
        "http": pages,
        "websocket": AllowedHostsOriginValidator(PersonAuth(URLRouter(urlpatterns))),
    }
)
