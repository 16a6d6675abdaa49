"""Where sockets enter."""

from django.urls import path

from exchange.chat.consumers import ChatConsumer

urlpatterns = [path("ws/chat/", ChatConsumer.as_asgi())]
