"""Chat as a Django application."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """Conversations and messages."""

    name = "exchange.chat"
    label = "chat"
