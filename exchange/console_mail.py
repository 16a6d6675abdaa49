"""Mail as the demo prints it: what was written, not how mail is packed. A notice is one line, a code its text."""

import sys
from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class PrintedMail(BaseEmailBackend):
    """Prints mails on standard output, or on `stream`."""

    def __init__(self, *args: Any, stream: Any = None, **kwargs: Any) -> None:
        self.stream = stream
        super().__init__(*args, **kwargs)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Print each mail; gives how many."""
        stream = self.stream or sys.stdout
        for message in email_messages:
            lines = [f"✉ {', '.join(message.to)} · {message.subject}"]
            if "List-Unsubscribe" not in message.extra_headers:
                lines += [f"  {line}" for line in str(message.body).strip().splitlines() if line.strip()]
            stream.write("\n".join(lines) + "\n")
        stream.flush()
        return len(email_messages)
