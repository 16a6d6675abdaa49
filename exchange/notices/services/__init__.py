"""The acts of notices. What other rooms need is here; the rest by the full path of its module."""

from exchange.notices.services.telling import tell, unread_count, unread_of

__all__ = ["tell", "unread_count", "unread_of"]
