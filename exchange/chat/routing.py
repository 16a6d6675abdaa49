"""Where sockets enter."""

from typing import Any

from django.urls import path

from exchange.chat.consumers import talk

entrance: Any = talk  # path() is typed for pages
urlpatterns = [path("ws/chat/", entrance)]
